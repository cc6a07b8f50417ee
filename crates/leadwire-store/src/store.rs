//! The store as the surfaces see it, and how it is opened and closed.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use futures_channel::oneshot;
use leadwire_core::Time;
use leadwire_core::config::Directory;
use leadwire_core::entity::{DeadLetter, Decision, Lead, Message, Offer};
use leadwire_core::feed::FeedPage;
use leadwire_core::id::{AgencyId, ConversationId, DeadLetterId, LeadId, MessageId, OfferId, UnitId};
use leadwire_core::port::{self, BoxFuture, Entity as _, Fault, Key, LeadFilter, Row, Seed, Work};
use parking_lot::{Mutex, RwLock};

use crate::cache::Cache;
use crate::committer::{Committer, CommitterOptions, fold};
use crate::driver::{Driver, Reader};
use crate::queue::{Order, Queue};
use crate::shared::Shared;
use crate::sqlite::{self, Writer};
use crate::stats::Stats;
use crate::wait::wait;
use crate::{OpenError, Options, read, rebuild};

/// Units of one group while loading in bulk.
const BULK_GROUP_MAX: usize = 4096;

/// An open store.
pub struct Store {
    shared: Arc<Shared>,
    committer: Mutex<Option<JoinHandle<()>>>,
    /// Locked while the store is open.
    lock: Mutex<Option<File>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("stats", &self.shared.stats).finish_non_exhaustive()
    }
}

/// What an engine gives: its one writer and its readers.
pub(crate) struct Engine<D> {
    pub(crate) driver: D,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) stats: Arc<Stats>,
}

/// A store on SQLite. `wrap` puts something between the committer and the engine, in tests.
pub(crate) fn open<D: Driver>(options: Options, wrap: impl FnOnce(Writer) -> D) -> Result<Arc<Store>, OpenError> {
    let lock = lock(&options.data_dir)?;
    let stats = Arc::new(Stats::default());
    let (writer, pool) = sqlite::engine(&options, &stats)?;
    start(options, Engine { driver: wrap(writer), reader: Box::new(pool), stats }, lock)
}

/// Reads the configuration, builds the index, and starts the committer, whatever the engine.
fn start<D: Driver>(options: Options, engine: Engine<D>, lock: File) -> Result<Arc<Store>, OpenError> {
    let Engine { mut driver, reader, stats } = engine;
    let mut directory = Directory::default();
    let mut configs = HashMap::new();
    let mut locals = HashMap::new();
    for head in wait(reader.heads()).map_err(OpenError::Read)? {
        let rows = wait(driver.config(head.local)).map_err(|it| OpenError::Read(Fault::Unavailable(format!("{it:?}"))))?;
        let (config, keys) = fold(head.agency, &rows);
        directory.publish(&config, &keys);
        configs.insert(head.agency, (head.config, config));
        locals.insert(head.agency, head.local);
    }

    let shared = Arc::new(Shared {
        queue: Queue::new(options.queue_len),
        directory: ArcSwap::from_pointee(directory),
        cache: Cache::new(options.row_cache_bytes),
        stats,
        locals: RwLock::new(locals),
        reader,
        index: options.index,
        clock: options.clock,
        chance: options.chance,
        on_fatal: options.on_fatal,
    });
    rebuild::all(&shared).map_err(OpenError::Read)?;

    let committer = Committer::new(
        driver,
        Arc::clone(&shared),
        CommitterOptions {
            configs,
            group_max: if options.bulk { BULK_GROUP_MAX } else { options.group_max },
            group_max_after_bulk: options.group_max,
            feed_retention: options.feed_retention,
        },
    );
    let watched = Arc::clone(&shared);
    let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
        if catch_unwind(AssertUnwindSafe(|| committer.run())).is_err() {
            watched.queue.close();
            (watched.on_fatal)("the committer panicked");
        }
    });
    let committer = Mutex::new(Some(thread.map_err(OpenError::Thread)?));
    Ok(Arc::new(Store { shared, committer, lock: Mutex::new(Some(lock)) }))
}

/// Makes the directory if need be, and takes it for this process.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let failed = |error| OpenError::Directory(dir.to_owned(), error);
    make(dir).map_err(failed)?;
    let file = File::options().read(true).write(true).create(true).truncate(false).open(dir.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// What lies in it is for its owner only.
fn make(dir: &Path) -> Result<(), std::io::Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

impl Store {
    /// What it has counted.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.shared.stats
    }

    /// Builds the index anew from the tables. Writes wait meanwhile, searches go on over the old one.
    pub async fn rebuild_index(&self) -> Result<(), Fault> {
        self.order(Order::Rebuild).await
    }

    /// Ends loading in bulk: when it returns, all is durable, and from now on every answer means so.
    pub async fn finish_bulk(&self) -> Result<(), Fault> {
        self.order(Order::FinishBulk).await
    }

    /// Rows of each table, and of the feed, by name. It walks them whole: for whoever measures.
    pub async fn census(&self) -> Result<Vec<(&'static str, u64)>, Fault> {
        read::census(self.shared.reader.as_ref()).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<Result<(), Fault>>) -> Order) -> Result<(), Fault> {
        let (tell, hear) = oneshot::channel();
        self.shared.queue.order(order(tell));
        hear.await.unwrap_or(Err(Fault::Stopping))
    }

    /// Turns new writes away, finishes those in the queue, and closes the files. Waits for all of it.
    pub fn close(&self) {
        self.shared.queue.close();
        let thread = self.committer.lock().take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
        self.shared.reader.close();
        drop(self.lock.lock().take());
    }

    #[cfg(test)]
    pub(crate) fn queued(&self) -> usize {
        self.shared.queue.len()
    }

    #[cfg(test)]
    pub(crate) fn forget_rows(&self) {
        self.shared.cache.forget_all();
    }

    async fn load_rows(&self, agency: AgencyId, keys: &[Key]) -> Result<Vec<Option<Row>>, Fault> {
        let shared = &*self.shared;
        let mut rows: Vec<Option<Row>> = keys.iter().map(|key| shared.cache.get(agency, key)).collect();
        let missing: Vec<&Key> = keys.iter().zip(&rows).filter(|(_, row)| row.is_none()).map(|(key, _)| key).collect();
        shared.stats.cache_hits.add((keys.len() - missing.len()) as u64);
        shared.stats.cache_misses.add(missing.len() as u64);
        if missing.is_empty() {
            return Ok(rows);
        }
        let Some(local) = shared.local(agency) else { return Ok(rows) };
        let moment = shared.cache.moment();
        let wants: Vec<(i64, &Key)> = missing.iter().map(|key| (local, *key)).collect();
        let found = shared.reader.load(&wants).await?;
        let found: HashMap<Key, Row> = found.into_iter().map(|(_, row)| (row.key(), row)).collect();
        for row in found.values() {
            shared.cache.keep(moment, agency, row);
        }
        for (row, key) in rows.iter_mut().zip(keys).filter(|(row, _)| row.is_none()) {
            *row = found.get(key).cloned();
        }
        Ok(rows)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl port::Store for Store {
    fn seed(&self) -> Seed {
        let random = self.shared.chance.bytes();
        let millis = self.shared.clock.now().millis().max(0).cast_unsigned();
        let mut id = [0u8; 10];
        let mut secret = [0u8; 16];
        let (head, tail) = random.split_at(10);
        id.copy_from_slice(head);
        secret.copy_from_slice(tail.first_chunk::<16>().unwrap_or(&[0; 16]));
        Seed { unit: UnitId(uuid::Builder::from_unix_timestamp_millis(millis, &id).into_uuid()), secret }
    }

    fn now(&self) -> Time {
        self.shared.clock.now()
    }

    fn submit(&self, work: Box<dyn Work>) -> Result<(), (Box<dyn Work>, Fault)> {
        let pushed = self.shared.queue.push(work);
        if matches!(pushed, Err((_, Fault::Busy))) {
            self.shared.stats.busy.add(1);
        }
        pushed
    }

    fn directory(&self) -> Arc<Directory> {
        self.shared.directory.load_full()
    }

    fn load<'a>(&'a self, agency: AgencyId, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>> {
        Box::pin(self.load_rows(agency, keys))
    }

    fn messages(
        &self,
        agency: AgencyId,
        of: ConversationId,
        before: Option<(Time, MessageId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Message>>, Fault>> {
        Box::pin(async move {
            let Some(local) = self.shared.local(agency) else { return Ok(Vec::new()) };
            read::messages(self.shared.reader.as_ref(), local, of, before, limit).await
        })
    }

    fn leads<'a>(
        &'a self,
        agency: AgencyId,
        filter: &'a LeadFilter,
        before: Option<LeadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<Lead>>, Fault>> {
        Box::pin(async move {
            let Some(local) = self.shared.local(agency) else { return Ok(Vec::new()) };
            let ids = read::leads(self.shared.reader.as_ref(), local, filter, before, limit).await?;
            let keys: Vec<Key> = ids.iter().map(Lead::erase_key).collect();
            let rows = self.load_rows(agency, &keys).await?;
            Ok(rows.iter().flatten().filter_map(Lead::reveal).map(Arc::clone).collect())
        })
    }

    fn decisions(&self, agency: AgencyId, of: LeadId) -> BoxFuture<'_, Result<Vec<Arc<Decision>>, Fault>> {
        Box::pin(async move {
            let Some(local) = self.shared.local(agency) else { return Ok(Vec::new()) };
            read::decisions(self.shared.reader.as_ref(), local, of).await
        })
    }

    fn offers(&self, agency: AgencyId, before: Option<OfferId>, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Offer>>, Fault>> {
        Box::pin(async move {
            let Some(local) = self.shared.local(agency) else { return Ok(Vec::new()) };
            read::offers(self.shared.reader.as_ref(), local, before, limit).await
        })
    }

    fn dead_letters(&self, agency: AgencyId, before: Option<DeadLetterId>, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<DeadLetter>>, Fault>> {
        Box::pin(async move {
            let Some(local) = self.shared.local(agency) else { return Ok(Vec::new()) };
            read::dead_letters(self.shared.reader.as_ref(), local, before, limit).await
        })
    }

    fn feed(&self, agency: AgencyId, after: u64, limit: usize) -> BoxFuture<'_, Result<Option<FeedPage>, Fault>> {
        Box::pin(async move {
            let Some(local) = self.shared.local(agency) else { return Ok(Some(FeedPage { units: Vec::new(), head: 0 })) };
            read::feed(self.shared.reader.as_ref(), local, after, limit).await
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            self.shared.reader.heads().await?;
            self.order(Order::Check).await
        })
    }
}
