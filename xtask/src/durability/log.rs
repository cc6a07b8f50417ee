//! The record that the shim leaves, read back. Knows nothing of what it means.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Written,
    Truncated,
    Unlinked,
    SyncBegins,
    SyncEnded,
    Received,
    Sent,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) fd: i32,
    /// Where in the file; a truncation's new length.
    pub(super) offset: usize,
    pub(super) data: Range<usize>,
    pub(super) failed: bool,
    /// The file's name inside the data directory; a socket's own name.
    pub(super) name: String,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) calls: Vec<Call>,
    bytes: Vec<u8>,
}

impl Log {
    /// Reads `<prefix>.log` and `<prefix>.data`. A last line cut short by the kill is no call.
    pub(super) fn read(prefix: &Path, directory: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(prefix.with_extension("log")).context("the shim left no record")?;
        let bytes = std::fs::read(prefix.with_extension("data"))?;
        let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
        let directory = format!("{}/", directory.display());
        let calls: Option<Vec<Call>> = whole.lines().map(|it| call(it, &directory)).collect();
        Ok(Self { calls: calls.context("the shim's record cannot be read")?, bytes })
    }

    pub(super) fn data(&self, call: &Call) -> &[u8] {
        self.bytes.get(call.data.clone()).unwrap_or_default()
    }

    /// For each successful sync, where it began and where it ended, by file.
    pub(super) fn syncs(&self) -> HashMap<&str, Vec<(usize, usize)>> {
        let mut open: HashMap<(&str, i32), usize> = HashMap::new();
        let mut all: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        for (at, call) in self.calls.iter().enumerate() {
            match call.kind {
                Kind::SyncBegins => {
                    open.insert((&call.name, call.fd), at);
                }
                Kind::SyncEnded if !call.failed => {
                    if let Some(began) = open.remove(&(call.name.as_str(), call.fd)) {
                        all.entry(&call.name).or_default().push((began, at));
                    }
                }
                _ => {}
            }
        }
        all
    }
}

fn call(line: &str, directory: &str) -> Option<Call> {
    let mut words = line.splitn(7, ' ');
    let kind = match words.next()? {
        "w" => Kind::Written,
        "t" => Kind::Truncated,
        "u" => Kind::Unlinked,
        "b" => Kind::SyncBegins,
        "e" => Kind::SyncEnded,
        "r" => Kind::Received,
        "s" => Kind::Sent,
        _ => return None,
    };
    let fd = words.next()?.parse().ok()?;
    let offset = words.next()?.parse().ok()?;
    let length: usize = words.next()?.parse().ok()?;
    let position: usize = words.next()?.parse().ok()?;
    let failed = words.next()? != "0";
    let path = words.next()?;
    let name = path.strip_prefix(directory).unwrap_or(path).to_owned();
    Some(Call { kind, fd, offset, data: position..position + length, failed, name })
}

#[cfg(test)]
impl Log {
    /// A record made up for a test: kind, file or socket, offset, bytes.
    pub(super) fn made_up(calls: &[(Kind, &str, usize, &[u8])]) -> Self {
        let mut log = Self::default();
        for (kind, name, offset, data) in calls {
            let start = log.bytes.len();
            log.bytes.extend_from_slice(data);
            let call = Call { kind: *kind, fd: 1, offset: *offset, data: start..log.bytes.len(), failed: false, name: (*name).to_owned() };
            log.calls.push(call);
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_file_inside_the_directory() {
        let it = call("w 6 4152 24 8780 0 /d/with space/a.db-wal", "/d/with space/").unwrap();
        assert_eq!((it.kind, it.fd, it.offset, it.data, it.name.as_str()), (Kind::Written, 6, 4152, 8780..8804, "a.db-wal"));
    }

    #[test]
    fn a_failed_sync_is_none() {
        let mut log = Log::made_up(&[(Kind::SyncBegins, "a", 0, b""), (Kind::SyncEnded, "a", 0, b"")]);
        assert_eq!(log.syncs().get("a").map(Vec::len), Some(1));
        log.calls[1].failed = true;
        assert!(log.syncs().is_empty());
    }
}
