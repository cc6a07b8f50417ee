//! Makes the files as the disk was sure to hold them at some call of the record, and starts the server from them.
//!
//! Of each file only what was written before its last returned sync began is kept: the worst that a power cut may do.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::load::Acknowledged;
use super::log::{Kind, Log};
use super::{Bench, copy_files};
use crate::serve::{How, Server};

/// Files of the data directory as of their last sync before `cut`. What the record does not mention is copied from the
/// directory itself: it was there before.
pub(super) fn files_as_synced(base: &Path, left: &Path, log: &Log, cut: usize, to: &Path) -> Result<()> {
    copy_files(left, to)?;
    for (name, content) in contents(log, cut, |name| std::fs::read(base.join(name)).ok()) {
        match content {
            Some(bytes) => std::fs::write(to.join(name), bytes)?,
            None => remove(&to.join(name))?,
        }
    }
    // The shared-memory index is made anew from the log, and never synced.
    for entry in std::fs::read_dir(to)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with("-shm") {
            remove(&path)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Every file of the record with its surely kept content; `None`: it is not there.
fn contents(log: &Log, cut: usize, before: impl Fn(&str) -> Option<Vec<u8>>) -> BTreeMap<&str, Option<Vec<u8>>> {
    let syncs = log.syncs();
    let mut all: BTreeMap<&str, Option<Vec<u8>>> = BTreeMap::new();
    for (at, call) in log.calls.iter().enumerate() {
        if !matches!(call.kind, Kind::Written | Kind::Truncated | Kind::Unlinked) {
            continue;
        }
        let content = all.entry(&call.name).or_insert_with(|| before(&call.name));
        let kept = syncs.get(call.name.as_str()).and_then(|it| it.iter().rev().find(|(_, ended)| *ended < cut));
        // A removal is part of the directory, which has its own order; it is taken as done at once.
        if call.kind == Kind::Unlinked && at < cut {
            *content = None;
        } else if kept.is_some_and(|(began, _)| at < *began) {
            change(content.get_or_insert_default(), call.kind, call.offset, log.data(call));
        }
    }
    all
}

fn change(content: &mut Vec<u8>, kind: Kind, offset: usize, data: &[u8]) {
    if kind == Kind::Truncated {
        content.resize(offset, 0);
        return;
    }
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(offset..end) {
        place.copy_from_slice(data);
    }
}

/// Starts the server from these files and asks for every owed capture. Complains about each that is not there.
pub(super) fn lost(bench: &Bench, data: &Path, owed: &[&Acknowledged]) -> Vec<String> {
    match ask(bench, data, owed) {
        Ok(complaints) => complaints,
        // Files from which the server cannot start have lost everything.
        Err(error) => vec![format!("{error:#}")],
    }
}

fn ask(bench: &Bench, data: &Path, owed: &[&Acknowledged]) -> Result<Vec<String>> {
    let server = Server::start(&How { binary: &bench.binary, data, key: &bench.key, env: &[] })?;
    let mut client = server.client()?;
    let mut complaints = Vec::new();
    for it in owed {
        let answer = client.get(&format!("/v1/leads/{}", it.lead))?;
        if answer.status != 200 || !answer.text().contains(&it.tag) {
            complaints.push(format!("{} was answered and is lost ({})", it.tag, answer.status));
        }
    }
    server.stop()?;
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[(Kind, &str, usize, &[u8])], cut: usize) -> Option<Vec<u8>> {
        let log = Log::made_up(steps);
        contents(&log, cut, |_| Some(b"old".to_vec())).remove("a").unwrap()
    }

    const STEPS: &[(Kind, &str, usize, &[u8])] = &[
        (Kind::Written, "a", 3, b"er"),
        (Kind::SyncBegins, "a", 0, b""),
        (Kind::Written, "a", 0, b"c"),
        (Kind::SyncEnded, "a", 0, b""),
        (Kind::Truncated, "a", 1, b""),
        (Kind::SyncBegins, "a", 0, b""),
        (Kind::SyncEnded, "a", 0, b""),
    ];

    #[test]
    fn what_was_never_synced_is_as_it_was_before() {
        assert_eq!(after(STEPS, 3).unwrap(), b"old");
    }

    #[test]
    fn a_write_within_a_sync_is_not_covered_by_it() {
        assert_eq!(after(STEPS, 4).unwrap(), b"older");
    }

    #[test]
    fn the_next_sync_covers_everything_before_it() {
        assert_eq!(after(STEPS, 7).unwrap(), b"c");
    }

    #[test]
    fn an_unlinked_file_is_gone() {
        assert_eq!(after(&[(Kind::Unlinked, "a", 0, b"")], 1), None);
    }
}
