//! leadwire-store: everything durable. The one place with SQL.
//!
//! Writes go through one [`committer`] per store, reads run where they are asked for. Nothing here knows what a lead
//! is worth or who may see it: commands come from the core and decide, the store remembers.

mod cache;
mod committer;
mod driver;
mod group;
#[cfg(feature = "fault-injection")]
mod late;
mod queue;
mod read;
mod rebuild;
mod row;
mod shared;
mod sqlite;
mod statement;
mod stats;
mod store;
mod table;
mod wait;

#[cfg(test)]
mod suite;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leadwire_core::Time;
use leadwire_core::search::Index;

pub use shared::OnFatal;
pub use stats::{Count, Stats};
pub use store::Store;

/// What time it is. Given by the binary.
pub trait Clock: Send + Sync + 'static {
    /// The moment, by the wall clock; it may go back.
    fn now(&self) -> Time;
    /// Time since some fixed moment of this process; it never goes back.
    fn uptime(&self) -> Duration;
}

/// Bytes nobody can guess. Given by the binary.
pub trait Chance: Send + Sync + 'static {
    fn bytes(&self) -> [u8; 32];
}

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Made if it is not there; locked while the store is open.
    pub data_dir: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    /// Built from the tables before the store is open, and fed from then on.
    pub index: Arc<dyn Index>,
    /// Units that may wait; more are turned away.
    pub queue_len: usize,
    /// Units of one transaction.
    pub group_max: usize,
    /// Units of the feed older than this are dropped; `None` keeps all.
    pub feed_retention: Option<Duration>,
    /// Whether an answer means that the disk has it. Only benchmarks and tests that must fail say no.
    pub durable: bool,
    /// Large groups that no commit makes durable, until [`Store::finish_bulk`].
    pub bulk: bool,
    /// Database pages the writer and each reader keep, and rows kept by key.
    pub writer_cache_kib: u32,
    pub reader_cache_kib: u32,
    pub row_cache_bytes: u64,
    /// Called when a write to the disk failed in a way that leaves it open what is there. It should not return.
    pub on_fatal: OnFatal,
}

impl Options {
    pub fn new(data_dir: impl Into<PathBuf>, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>, index: Arc<dyn Index>) -> Self {
        Self {
            data_dir: data_dir.into(),
            clock,
            chance,
            index,
            queue_len: 4096,
            group_max: 256,
            feed_retention: Some(Duration::from_hours(30 * 24)),
            durable: true,
            bulk: false,
            writer_cache_kib: 64 << 10,
            reader_cache_kib: 2 << 10,
            row_cache_bytes: 64 << 20,
            on_fatal: Arc::new(|_| std::process::abort()),
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("the data directory {} cannot be used", .0.display())]
    Directory(PathBuf, #[source] std::io::Error),
    #[error("the database cannot be opened")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database cannot be read: {0}")]
    Read(leadwire_core::port::Fault),
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Opens the store of a data directory: makes or brings forward its tables, reads the configuration, builds the
/// index, and starts the committer.
pub fn open(options: Options) -> Result<Arc<Store>, OpenError> {
    store::open(options, |writer| writer)
}

/// As [`open`], but a group is answered before it is committed: for tests that must notice.
#[cfg(feature = "fault-injection")]
pub fn open_answering_early(options: Options) -> Result<Arc<Store>, OpenError> {
    store::open(options, late::Late::new)
}
