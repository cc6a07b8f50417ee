//! What the committer and the readers share.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use leadwire_core::config::Directory;
use leadwire_core::id::AgencyId;
use leadwire_core::search::Index;
use parking_lot::RwLock;

use crate::cache::Cache;
use crate::driver::Reader;
use crate::queue::Queue;
use crate::stats::Stats;
use crate::{Chance, Clock};

pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) directory: ArcSwap<Directory>,
    pub(crate) cache: Cache,
    pub(crate) stats: Arc<Stats>,
    /// Each agency's number in this store. An agency is never removed.
    pub(crate) locals: RwLock<HashMap<AgencyId, i64>>,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) index: Arc<dyn Index>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) on_fatal: OnFatal,
}

/// Called when what is on the disk can no longer be told.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

impl Shared {
    /// The agency's number, if anything was ever stored of it.
    pub(crate) fn local(&self, agency: AgencyId) -> Option<i64> {
        self.locals.read().get(&agency).copied()
    }
}
