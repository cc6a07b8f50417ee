//! A world in memory for tests: runs commands one after another, keeps rows in a map, and answers as a store does.
//!
//! It keeps the store's promises (rows load on demand, a refusal changes nothing, the feed has no holes, an answer
//! follows the index) and checks the commands' side of the bargain: a row put over another was read before. It never
//! waits and has no threads, so that a test with it is the same every time. Not part of the product.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Time;
use crate::command::config::{FoundAgency, Founded, NewKey};
use crate::config::{Config, Directory};
use crate::entity::{DeadLetter, Decision, KeyHash, Lead, Message, Offer};
use crate::feed::{FeedPage, Unit};
use crate::id::{AgencyId, ConversationId, DeadLetterId, KeyId, LeadId, MessageId, OfferId, UnitId};
use crate::port::{BoxFuture, Command, Entity, Failure, Fault, Halt, Key, Layer, LeadFilter, Ran, Row, Rows, Seed, Store, Sweep, Table, Tx, Work};
use crate::search::Index;
use crate::who::Who;

/// So often a command may ask for more rows, as in the store.
const PASSES_MAX: usize = 8;

/// Every agency, in memory.
pub struct World {
    inner: Mutex<Inner>,
    index: Option<Arc<dyn Index>>,
}

struct Inner {
    chance: u64,
    drawn: u64,
    now: Time,
    agencies: BTreeMap<AgencyId, Agency>,
    directory: Arc<Directory>,
    /// What every command is answered with, while set.
    fault: Option<Fault>,
}

struct Agency {
    rows: BTreeMap<Key, Row>,
    units: Vec<Arc<Unit>>,
    /// Units dropped from the front of the feed.
    dropped: u64,
    numbered: u64,
    last: Time,
    config: Arc<Config>,
}

impl Agency {
    fn new(agency: AgencyId) -> Self {
        Self { rows: BTreeMap::new(), units: Vec::new(), dropped: 0, numbered: 0, last: Time::MIN, config: Arc::new(Config::new(agency)) }
    }

    fn head(&self) -> u64 {
        self.dropped + self.units.len() as u64
    }

    fn all<E: Entity>(&self) -> impl DoubleEndedIterator<Item = &Arc<E>> {
        self.rows.iter().filter(|(key, _)| key.table() == E::TABLE).filter_map(|(_, row)| E::reveal(row))
    }

    fn sweep(&mut self, what: &Sweep) {
        match what {
            Sweep::Messages(of) => self.rows.retain(|_, row| !matches!(row, Row::Message(it) if it.conversation == *of)),
            Sweep::Receipts(before) => self.rows.retain(|_, row| !matches!(row, Row::Receipt(it) if it.expires_at < *before)),
            Sweep::DeadLetters { keep, bytes } => {
                let (mut letters, mut size) = (0, 0);
                let mut old: Vec<DeadLetterId> = Vec::new();
                for it in self.all::<DeadLetter>().rev() {
                    letters += 1;
                    size += it.raw.bytes.len() as u64;
                    if letters > *keep || size > *bytes {
                        old.push(it.id);
                    }
                }
                for id in old {
                    self.rows.remove(&Key::DeadLetter(id));
                }
            }
        }
    }
}

impl World {
    /// An empty world at 2026-07-02T12:00:00Z. The same `chance` draws the same ids.
    pub fn new(chance: u64) -> Self {
        Self::build(chance, None)
    }

    /// The same, with an index that is fed every unit before its answer.
    pub fn with_index(chance: u64, index: Arc<dyn Index>) -> Self {
        Self::build(chance, Some(index))
    }

    fn build(chance: u64, index: Option<Arc<dyn Index>>) -> Self {
        let now = Time::from_millis(1_782_993_600_000);
        let directory = Arc::new(Directory::default());
        Self { inner: Mutex::new(Inner { chance, drawn: 0, now, agencies: BTreeMap::new(), directory, fault: None }), index }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_now(&self, now: Time) {
        self.inner().now = now;
    }

    pub fn advance_secs(&self, secs: i64) {
        let mut inner = self.inner();
        inner.now = inner.now.plus_secs(secs);
    }

    /// Answers every command with this from now on, or no longer.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.inner().fault = fault;
    }

    /// Drops all but the newest units of the feed.
    pub fn drop_feed(&self, agency: AgencyId, keep: usize) {
        if let Some(it) = self.inner().agencies.get_mut(&agency) {
            let gone = it.units.len().saturating_sub(keep);
            it.units.drain(..gone);
            it.dropped += gone as u64;
        }
    }

    /// A fresh random id.
    pub fn draw<I: From<Uuid>>(&self) -> I {
        let bytes = self.inner().draw();
        I::from(uuid::Builder::from_random_bytes(*bytes.first_chunk::<16>().unwrap_or(&[0; 16])).into_uuid())
    }

    /// 32 random bytes.
    pub fn draw_bytes(&self) -> [u8; 32] {
        self.inner().draw()
    }

    /// Runs a command to its end.
    pub fn write<C: Command>(&self, who: Who, command: C) -> Result<C::Outcome, Failure> {
        let store: &dyn Store = self;
        block_on(store.write(who, command))
    }

    /// A new agency with an admin key that acts as nobody.
    pub fn found(&self, name: &str) -> Result<Founded, Failure> {
        let agency: AgencyId = self.draw();
        let hash = KeyHash(self.draw_bytes());
        let command = FoundAgency {
            name: name.to_owned(),
            brand_type: None,
            timezone: None,
            default_country: None,
            profile: None,
            admin_key: NewKey { name: "admin".to_owned(), hash, hint: "lw_test".to_owned() },
            operator: false,
        };
        self.write(Who::System { agency }, command)
    }

    /// Puts a row as it is, as the server itself would, past every use-case.
    pub fn put<E: Entity + Clone>(&self, agency: AgencyId, row: E) -> Result<Arc<E>, Failure> {
        self.write(Who::System { agency }, Put(row))
    }

    /// Whoever holds this key.
    pub fn key(&self, agency: AgencyId, key: KeyId) -> Who {
        Who::Key { agency, key }
    }

    /// The configuration as it stands; empty for an unknown agency.
    pub fn config(&self, agency: AgencyId) -> Arc<Config> {
        self.inner().agencies.get(&agency).map_or_else(|| Arc::new(Config::new(agency)), |it| Arc::clone(&it.config))
    }

    /// Every row of a kind, by key.
    pub fn all<E: Entity>(&self, agency: AgencyId) -> Vec<Arc<E>> {
        self.inner().agencies.get(&agency).map(|it| it.all::<E>().map(Arc::clone).collect()).unwrap_or_default()
    }

    pub fn one<E: Entity>(&self, agency: AgencyId, key: &E::Key) -> Option<Arc<E>> {
        self.inner().agencies.get(&agency).and_then(|it| it.rows.get(&E::erase_key(key))).and_then(E::reveal).map(Arc::clone)
    }

    /// The whole feed still held, oldest first.
    pub fn units(&self, agency: AgencyId) -> Vec<Arc<Unit>> {
        self.inner().agencies.get(&agency).map(|it| it.units.clone()).unwrap_or_default()
    }

    /// How many rows each table holds, over all agencies.
    pub fn counts(&self) -> HashMap<Table, usize> {
        let mut counts = HashMap::new();
        for agency in self.inner().agencies.values() {
            for key in agency.rows.keys() {
                *counts.entry(key.table()).or_default() += 1;
            }
        }
        counts
    }
}

impl Inner {
    fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(self.chance.to_be_bytes());
        hash.update(self.drawn.to_be_bytes());
        hash.finalize().into()
    }

    /// Runs one unit of work to its commit or its refusal.
    fn perform(&mut self, work: &mut dyn Work, index: Option<&Arc<dyn Index>>) -> Result<(), Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let id = work.agency();
        // An agency stands only once something was committed to it.
        let mut fresh = Agency::new(id);
        let agency = self.agencies.get_mut(&id).unwrap_or(&mut fresh);
        let now = self.now.max(agency.last);
        let mut loaded = Rows::new();
        let group = Rows::new();
        for _ in 0..PASSES_MAX {
            let mut tx = Tx::new(now, Arc::clone(&agency.config), &loaded, &group, work.seed(), agency.numbered);
            let done = work.run(&mut tx) == Ran::Done;
            match tx.seal(done) {
                Err(missing) => {
                    for key in missing {
                        let row = agency.rows.get(&key).cloned();
                        loaded.insert(key, row);
                    }
                }
                Ok(None) => return Ok(()),
                Ok(Some(layer)) => {
                    for (key, row) in &layer.changes {
                        if row.is_some() && !loaded.contains_key(key) && agency.rows.contains_key(key) {
                            return Err(Fault::Poison(format!("{key:?} was put over a row that was never read")));
                        }
                    }
                    agency.commit(now, work.seed(), layer, &mut self.directory);
                    let told = index.map_or(Ok(()), |index| agency.tell(index.as_ref()));
                    if fresh.head() > 0 {
                        self.agencies.insert(id, fresh);
                    }
                    return told;
                }
            }
        }
        Err(Fault::Poison(format!("the command still asked for rows after {PASSES_MAX} passes")))
    }
}

impl Agency {
    fn commit(&mut self, now: Time, seed: Seed, layer: Layer, directory: &mut Arc<Directory>) {
        self.last = now;
        self.numbered = layer.numbered;
        let mut changed: Vec<Key> = layer.changes.keys().filter(|it| it.table().is_config()).cloned().collect();
        changed.sort_unstable();
        let silent = layer.changes.is_empty() && layer.events.is_empty() && layer.sweeps.is_empty();
        for (key, row) in layer.changes {
            match row {
                Some(row) => drop(self.rows.insert(key, row)),
                None => drop(self.rows.remove(&key)),
            }
        }
        for what in &layer.sweeps {
            self.sweep(what);
        }
        if let Some(config) = layer.config {
            self.config = Arc::clone(&config);
            Arc::make_mut(directory).publish(&config, &changed);
        }
        if !silent {
            let position = self.head() + 1;
            self.units.push(Arc::new(Unit { position, id: seed.unit, at: now, events: layer.events, documents: layer.documents }));
        }
    }

    /// Brings the index up to the head.
    fn tell(&self, index: &dyn Index) -> Result<(), Fault> {
        let agency = self.config.agency();
        let at = index.position(agency);
        let behind: Vec<Arc<Unit>> = self.units.iter().filter(|it| it.position > at).map(Arc::clone).collect();
        index.apply(agency, &behind).map_err(|gap| Fault::Unavailable(gap.to_string()))
    }
}

impl Store for World {
    fn seed(&self) -> Seed {
        let mut inner = self.inner();
        let random = inner.draw();
        let millis = inner.now.millis().max(0).unsigned_abs();
        let unit = uuid::Builder::from_unix_timestamp_millis(millis, random.first_chunk::<10>().unwrap_or(&[0; 10])).into_uuid();
        Seed { unit: UnitId(unit), secret: *random.last_chunk::<16>().unwrap_or(&[0; 16]) }
    }

    fn now(&self) -> Time {
        self.inner().now
    }

    fn submit(&self, mut work: Box<dyn Work>) -> Result<(), (Box<dyn Work>, Fault)> {
        let result = self.inner().perform(work.as_mut(), self.index.as_ref());
        match result {
            Err(fault @ (Fault::Busy | Fault::Stopping)) => Err((work, fault)),
            result => {
                work.answer(result);
                Ok(())
            }
        }
    }

    fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.inner().directory)
    }

    fn load<'a>(&'a self, agency: AgencyId, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>> {
        let inner = self.inner();
        let agency = inner.agencies.get(&agency);
        let rows = keys.iter().map(|key| agency.and_then(|it| it.rows.get(key)).cloned()).collect();
        Box::pin(ready(Ok(rows)))
    }

    fn messages(
        &self,
        agency: AgencyId,
        of: ConversationId,
        before: Option<(Time, MessageId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Message>>, Fault>> {
        let mut rows: Vec<Arc<Message>> = self.all(agency);
        rows.retain(|it| it.conversation == of && before.is_none_or(|before| (it.at, it.id) < before));
        rows.sort_unstable_by_key(|it| std::cmp::Reverse((it.at, it.id)));
        rows.truncate(limit);
        Box::pin(ready(Ok(rows)))
    }

    fn leads<'a>(
        &'a self,
        agency: AgencyId,
        filter: &'a LeadFilter,
        before: Option<LeadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<Lead>>, Fault>> {
        let mut rows: Vec<Arc<Lead>> = self.all(agency);
        rows.retain(|it| {
            filter.source.is_none_or(|asked| it.source == asked) && filter.sources.as_ref().is_none_or(|asked| asked.contains(&it.source))
        });
        Box::pin(ready(Ok(newest(rows, |it| it.id, before.as_ref(), limit))))
    }

    fn decisions(&self, agency: AgencyId, of: LeadId) -> BoxFuture<'_, Result<Vec<Arc<Decision>>, Fault>> {
        let mut rows: Vec<Arc<Decision>> = self.all(agency);
        rows.retain(|it| it.lead == of);
        Box::pin(ready(Ok(rows)))
    }

    fn offers(&self, agency: AgencyId, before: Option<OfferId>, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Offer>>, Fault>> {
        Box::pin(ready(Ok(newest(self.all::<Offer>(agency), |it| it.id, before.as_ref(), limit))))
    }

    fn dead_letters(&self, agency: AgencyId, before: Option<DeadLetterId>, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<DeadLetter>>, Fault>> {
        Box::pin(ready(Ok(newest(self.all::<DeadLetter>(agency), |it| it.id, before.as_ref(), limit))))
    }

    fn feed(&self, agency: AgencyId, after: u64, limit: usize) -> BoxFuture<'_, Result<Option<FeedPage>, Fault>> {
        let inner = self.inner();
        let page = match inner.agencies.get(&agency) {
            None => Some(FeedPage { units: Vec::new(), head: 0 }),
            Some(it) if after < it.dropped => None,
            Some(it) => {
                Some(FeedPage { units: it.units.iter().filter(|unit| unit.position > after).take(limit).map(Arc::clone).collect(), head: it.head() })
            }
        };
        Box::pin(ready(Ok(page)))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(ready(Ok(())))
    }
}

struct Put<E>(E);

impl<E: Entity + Clone> Command for Put<E> {
    type Outcome = Arc<E>;

    fn run(&self, _: &Who, tx: &mut Tx<'_>) -> Result<Arc<E>, Halt> {
        tx.get::<E>(&self.0.key())?;
        Ok(tx.put(self.0.clone()))
    }
}

/// The rows before the one named, newest first.
fn newest<E, K: Ord>(mut rows: Vec<Arc<E>>, key: impl Fn(&E) -> K, before: Option<&K>, limit: usize) -> Vec<Arc<E>> {
    rows.retain(|it| before.is_none_or(|before| key(it) < *before));
    rows.sort_by_key(|it| std::cmp::Reverse(key(it)));
    rows.truncate(limit);
    rows
}

/// Polls a future that never waits for anything but itself.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(it) = future.as_mut().poll(&mut context) {
            return it;
        }
    }
}
