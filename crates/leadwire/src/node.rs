//! One node: the store and the index of a data directory, and the application that stands on them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use leadwire_core::port;
use leadwire_core::search::Index;
use leadwire_http::{App, Limits, Parts, Policy, Stat};
use leadwire_search::MemoryIndex;
#[cfg(not(feature = "fault-injection"))]
use leadwire_store::open;
use leadwire_store::{Count, Options, Stats, Store};

use crate::config::Settings;
#[cfg(feature = "fault-injection")]
use crate::injected::open;
use crate::os::{Chance, Clock};
use crate::quantity::RateLimit;

/// An open data directory.
pub struct Node {
    pub store: Arc<dyn port::Store>,
    pub app: App,
    files: Arc<Store>,
}

/// What a node can be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tuning {
    pub limits: Limits,
    /// None: the feed is kept for ever.
    pub feed_retention: Option<Duration>,
    /// Nothing written is durable until [`Node::finish_bulk`].
    pub bulk: bool,
}

impl Tuning {
    pub fn of(settings: &Settings) -> Self {
        let rate = match settings.rate_limit {
            RateLimit::Off => None,
            RateLimit::Per { requests, window_secs } => Some(Policy { requests: requests.get(), window_secs: window_secs.get() }),
        };
        Self { limits: Limits { rate, body_bytes: settings.body_limit.0 }, feed_retention: Some(settings.feed_retention.0), bulk: false }
    }

    /// Without a limit on requests.
    pub fn unlimited() -> Self {
        Self { limits: Limits { rate: None, ..Limits::default() }, ..Self::default() }
    }
}

impl Node {
    /// Opens a directory, or makes one, and builds its index.
    pub fn open(dir: &Path, tuning: Tuning, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> anyhow::Result<Self> {
        // The first phone number loads the numbering plans of the world: before there is somebody who waits for it.
        drop(leadwire_core::Phone::parse("+14155550100", "US"));
        let index: Arc<dyn Index> = Arc::new(MemoryIndex::new());
        let options =
            Options { feed_retention: tuning.feed_retention, bulk: tuning.bulk, ..Options::new(dir, clock, Arc::clone(&chance), Arc::clone(&index)) };
        let files = open(options).with_context(|| format!("cannot open the data at {}", dir.display()))?;
        let store: Arc<dyn port::Store> = Arc::clone(&files) as Arc<dyn port::Store>;
        let stats = Arc::clone(files.stats());
        let app = App::new(Parts {
            store: Arc::clone(&store),
            index,
            limits: tuning.limits,
            secret: Arc::new(move || chance.bytes()),
            stats: Arc::new(move || figures(&stats)),
        });
        Ok(Self { store, app, files })
    }

    /// Ends loading in bulk: all is durable, and from now on every answer means so.
    pub async fn finish_bulk(&self) -> anyhow::Result<()> {
        Ok(self.files.finish_bulk().await?)
    }

    /// What the store has counted.
    pub fn stats(&self) -> &Stats {
        self.files.stats()
    }

    /// Rows of each table.
    pub async fn census(&self) -> anyhow::Result<Vec<(&'static str, u64)>> {
        Ok(self.files.census().await?)
    }

    /// Finishes what is in the queue and closes the files.
    pub async fn close(&self) {
        let files = Arc::clone(&self.files);
        // It waits for the committer's thread: not on a thread that serves.
        drop(tokio::task::spawn_blocking(move || files.close()).await);
    }
}

/// The store's counts, for `/metrics`.
fn figures(stats: &Stats) -> Vec<Stat> {
    #[expect(clippy::cast_precision_loss, reason = "a metric is a float")]
    let figure = |name, help, count: &Count| Stat { name, help, value: count.get() as f64 };
    #[expect(clippy::cast_precision_loss, reason = "a metric is a float")]
    let seconds = |name, help, count: &Count| Stat { name, help, value: count.get() as f64 / 1e9 };
    vec![
        figure("store_commits", "Groups committed", &stats.commits),
        figure("store_units", "Units of work finished", &stats.units),
        figure("store_passes", "Runs over groups, reruns among them", &stats.passes),
        figure("store_halved", "Groups halved to find a unit that cannot be stored", &stats.halved),
        figure("store_poisoned", "Units that could not be stored", &stats.poisoned),
        figure("store_busy", "Writes turned away because the queue was full", &stats.busy),
        figure("store_full", "Units that failed for want of space", &stats.full),
        figure("store_ambiguous", "Commits whose outcome had to be found out", &stats.ambiguous),
        figure("store_dead_letters_dropped", "Dead letters dropped to make room", &stats.dead_letters_dropped),
        figure("store_cache_hits", "Rows read from the cache", &stats.cache_hits),
        figure("store_cache_misses", "Rows that were not in the cache", &stats.cache_misses),
        seconds("store_group_seconds", "Time from the beginning of groups to their commit", &stats.group_nanos),
        seconds("store_commit_seconds", "Time in commits themselves", &stats.commit_nanos),
        seconds("store_index_seconds", "Time applying commits to the index", &stats.index_nanos),
        figure("store_queued", "Units waiting now", &stats.queued),
        figure("store_group_size", "Units of the last group", &stats.group_size),
        figure("store_wal_bytes", "Bytes in the write-ahead log now", &stats.wal_bytes),
    ]
}
