//! Proves from the record that no answer left before the sync that covers its commit had returned.
//!
//! A capture's bytes are found in the write-ahead log by its tag. Its transaction ends with the next commit frame; only
//! a sync that began after that frame was written covers it; and only after that sync returned may the answer leave.

use std::collections::{BTreeSet, HashMap};

use super::load::{self, Acknowledged};
use super::log::{Kind, Log};

/// SQLite's write-ahead log: each page stands behind a head of 24 bytes, whose second number is not 0 in the last frame
/// of a transaction.
const FRAME_HEAD: usize = 24;

pub(super) struct Report {
    pub(super) answers: usize,
    pub(super) syncs: usize,
    pub(super) complaints: Vec<String>,
}

/// An acknowledged capture in the record; places are indexes of calls.
pub(super) struct Leaving {
    pub(super) tag: String,
    pub(super) sent: usize,
    /// Where the sync that covers it returned. `None`: there is none, or its bytes were never written.
    pub(super) synced: Option<usize>,
}

pub(super) fn check(log: &Log, ledger: &[Acknowledged]) -> Report {
    let answers = answers(log, ledger);
    let mut complaints = Vec::new();
    for it in &answers {
        match it.synced {
            Some(sync) if sync < it.sent => {}
            Some(_) => complaints.push(format!("{} was answered before its sync returned", it.tag)),
            None => complaints.push(format!("{} was answered and never synced", it.tag)),
        }
    }
    let seen: BTreeSet<&str> = answers.iter().map(|it| it.tag.as_str()).collect();
    complaints.extend(ledger.iter().filter(|it| !seen.contains(it.tag.as_str())).map(|it| format!("the record lacks the answer to {}", it.tag)));
    let syncs = log.syncs().iter().filter(|(name, _)| is_wal(name)).map(|(_, it)| it.len()).sum();
    Report { answers: answers.len(), syncs, complaints }
}

fn is_wal(name: &str) -> bool {
    name.ends_with("-wal")
}

/// The answers to acknowledged captures, in the order in which they left.
pub(super) fn answers(log: &Log, ledger: &[Acknowledged]) -> Vec<Leaving> {
    let told: BTreeSet<&str> = ledger.iter().map(|it| it.tag.as_str()).collect();
    let sure = commits(log);
    let mut written: HashMap<String, usize> = HashMap::new();
    let mut asked: HashMap<&str, String> = HashMap::new();
    let mut all: Vec<(String, usize)> = Vec::new();
    for (at, call) in log.calls.iter().enumerate() {
        match call.kind {
            Kind::Written if is_wal(&call.name) => {
                for tag in load::tags(log.data(call)) {
                    written.entry(tag).or_insert(at);
                }
            }
            Kind::Received => {
                if let Some(tag) = load::tags(log.data(call)).into_iter().next() {
                    asked.insert(&call.name, tag);
                }
            }
            Kind::Sent => all.extend(asked.remove(call.name.as_str()).map(|tag| (tag, at))),
            _ => {}
        }
    }
    let synced = |tag: &str| written.get(tag).and_then(|at| sure.iter().find(|(commit, _)| commit >= at)).and_then(|(_, sync)| *sync);
    all.into_iter().filter(|(tag, _)| told.contains(tag.as_str())).map(|(tag, sent)| Leaving { synced: synced(&tag), tag, sent }).collect()
}

/// Where each transaction's last page was written, and where the first sync that covers it returned.
fn commits(log: &Log) -> Vec<(usize, Option<usize>)> {
    let syncs = log.syncs();
    let mut all = Vec::new();
    let mut last: HashMap<&str, bool> = HashMap::new();
    for (at, call) in log.calls.iter().enumerate().filter(|(_, it)| it.kind == Kind::Written && is_wal(&it.name)) {
        let data = log.data(call);
        if data.len() == FRAME_HEAD {
            let commits = data.get(4..8).is_some_and(|it| it.iter().any(|byte| *byte != 0));
            last.insert(&call.name, commits);
        } else if last.remove(call.name.as_str()) == Some(true) {
            let covering = syncs.get(call.name.as_str()).and_then(|it| it.iter().find(|(began, _)| *began > at));
            all.push((at, covering.map(|(_, ended)| *ended)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &[u8] = b"lwtag000000000001z";
    const COMMIT: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const FRAME: &[u8] = &[0; FRAME_HEAD];

    type Step = (Kind, &'static str, usize, &'static [u8]);

    const ASKED: Step = (Kind::Received, "socket:[1]", 0, TAG);
    const PAGE: Step = (Kind::Written, "a.db-wal", 56, TAG);
    const OTHER_PAGE: Step = (Kind::Written, "a.db-wal", 99, b"another page");
    const HEAD: Step = (Kind::Written, "a.db-wal", 32, FRAME);
    const LAST_HEAD: Step = (Kind::Written, "a.db-wal", 32, COMMIT);
    const BEGIN: Step = (Kind::SyncBegins, "a.db-wal", 0, b"");
    const END: Step = (Kind::SyncEnded, "a.db-wal", 0, b"");
    const ANSWER: Step = (Kind::Sent, "socket:[1]", 0, b"HTTP/1.1 200 OK");

    fn complaints(steps: &[Step]) -> Vec<String> {
        let ledger = [Acknowledged { tag: String::from_utf8_lossy(TAG).into_owned(), lead: String::new() }];
        check(&Log::made_up(steps), &ledger).complaints
    }

    #[test]
    fn an_answer_after_its_sync_is_fine() {
        assert_eq!(complaints(&[ASKED, LAST_HEAD, PAGE, BEGIN, END, ANSWER]), Vec::<String>::new());
    }

    #[test]
    fn an_answer_before_the_sync_returned_is_noticed() {
        assert_eq!(complaints(&[ASKED, LAST_HEAD, PAGE, BEGIN, ANSWER, END]).len(), 1);
    }

    #[test]
    fn a_sync_that_began_before_the_commit_was_written_does_not_count() {
        assert_eq!(complaints(&[ASKED, HEAD, PAGE, BEGIN, LAST_HEAD, OTHER_PAGE, END, ANSWER]).len(), 1);
    }

    #[test]
    fn an_answer_without_any_sync_is_noticed() {
        assert_eq!(complaints(&[ASKED, LAST_HEAD, PAGE, ANSWER]).len(), 1);
    }

    #[test]
    fn an_answer_whose_bytes_were_never_written_is_noticed() {
        assert_eq!(complaints(&[ASKED, LAST_HEAD, OTHER_PAGE, BEGIN, END, ANSWER]).len(), 1);
    }

    #[test]
    fn an_answer_that_the_record_lacks_is_noticed() {
        assert_eq!(complaints(&[ASKED, LAST_HEAD, PAGE, BEGIN, END]).len(), 1);
    }
}
