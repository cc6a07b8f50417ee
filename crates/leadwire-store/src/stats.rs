//! What the store counts, for whoever shows metrics. Reading is free and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that is read and written on its own.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    pub(crate) fn spent(&self, time: Duration) {
        self.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }
}

/// Counted since the store was opened, but for the gauges.
#[derive(Debug, Default)]
pub struct Stats {
    /// Groups committed.
    pub commits: Count,
    /// Units in them, and those refused or without a change.
    pub units: Count,
    /// Runs over groups, reruns among them.
    pub passes: Count,
    /// Groups halved.
    pub halved: Count,
    /// Units that could not be stored.
    pub poisoned: Count,
    /// Writes turned away because the queue was full.
    pub busy: Count,
    /// Units that failed for want of space.
    pub full: Count,
    /// Commits whose outcome had to be found out.
    pub ambiguous: Count,
    /// Dead letters dropped to make room.
    pub dead_letters_dropped: Count,
    /// Rows read from the cache, and those that were not in it.
    pub cache_hits: Count,
    pub cache_misses: Count,
    /// Nanoseconds from the beginning of groups to their commit; and of these in running commands, in loading rows,
    /// in writing changes, in COMMIT itself, and in applying them to the index.
    pub group_nanos: Count,
    pub run_nanos: Count,
    pub load_nanos: Count,
    pub flush_nanos: Count,
    pub commit_nanos: Count,
    pub index_nanos: Count,
    /// Gauge: units waiting.
    pub queued: Count,
    /// Gauge: size of the last group.
    pub group_size: Count,
    /// Gauge: bytes in the WAL.
    pub wal_bytes: Count,
}
