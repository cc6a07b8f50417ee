//! What the cases stand on: an engine, a clock and a chance that are told, faults on demand, and an index that checks
//! what it is fed.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use leadwire_core::Time;
use leadwire_core::entity::{Brand, Contact, Conversation, Direction, Message, MessageType, SourceCount};
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, BrandId, ContactId, ConversationId, MessageId, SourceId, UnitId, Uuid};
use leadwire_core::port::{self, Command, Failure, Fault, Halt, Key, Row, Tx};
use leadwire_core::search::{Columns, Document, DocumentChange, Fields, Gap, Hits, Index, Loader, Query};
use leadwire_core::who::Who;
use parking_lot::{Condvar, Mutex};

use crate::driver::{Begun, Driver, Part, Trouble, Want};
use crate::wait::wait;
use crate::{Chance, Clock, Options, Store};

/// A database that outlives the stores opened on it.
pub(crate) trait Engine {
    /// Opens a store with `plan` between committer and engine.
    fn open(&self, options: Options, plan: Arc<Plan>) -> Arc<Store>;
    /// Where its files are.
    fn dir(&self) -> std::path::PathBuf;
}

/// What is to go wrong, and when the committer may go on.
#[derive(Default)]
pub(crate) struct Plan {
    closed: Mutex<bool>,
    opened: Condvar,
    /// A flush with this counter in it fails.
    pub(crate) poison: Mutex<Option<SourceId>>,
    pub(crate) flush: Mutex<VecDeque<Trouble>>,
    pub(crate) commit: Mutex<VecDeque<Commit>>,
}

/// How a commit ends.
pub(crate) enum Commit {
    /// As the engine says.
    Fine,
    /// The answer is lost, and it happened.
    LostAfter,
    /// The answer is lost, and it did not happen.
    LostBefore,
    Fails(Trouble),
}

impl Plan {
    /// The next transaction does not begin until [`Plan::open_gate`].
    pub(crate) fn close_gate(&self) {
        *self.closed.lock() = true;
    }

    pub(crate) fn open_gate(&self) {
        *self.closed.lock() = false;
        self.opened.notify_all();
    }
}

/// An engine's driver with faults.
pub(crate) struct Faulty<D> {
    pub(crate) inner: D,
    pub(crate) plan: Arc<Plan>,
    /// Called before each transaction.
    pub(crate) before: Box<dyn Fn(&D) + Send>,
}

impl<D: Driver> Driver for Faulty<D> {
    const AGENCIES_MAX: usize = D::AGENCIES_MAX;
    const ALONE: bool = D::ALONE;

    async fn begin(&mut self, agencies: &[AgencyId]) -> Result<Begun, Trouble> {
        {
            let mut closed = self.plan.closed.lock();
            while *closed {
                self.plan.opened.wait(&mut closed);
            }
        }
        (self.before)(&self.inner);
        self.inner.begin(agencies).await
    }

    async fn load(&mut self, wants: &[Want<'_>]) -> Result<Vec<(i64, Row)>, Trouble> {
        self.inner.load(wants).await
    }

    async fn units_after(&mut self, local: i64, position: u64) -> Result<Vec<UnitId>, Trouble> {
        self.inner.units_after(local, position).await
    }

    async fn config(&mut self, local: i64) -> Result<Vec<Row>, Trouble> {
        self.inner.config(local).await
    }

    async fn flush(&mut self, parts: &mut [Part<'_>]) -> Result<(), Trouble> {
        if let Some(trouble) = self.plan.flush.lock().pop_front() {
            return Err(trouble);
        }
        let poison = *self.plan.poison.lock();
        if let Some(id) = poison
            && parts.iter().any(|it| it.changes.contains_key(&Key::SourceCount(id)))
        {
            return Err(Trouble::Unit(Fault::Poison("as planned".to_owned())));
        }
        self.inner.flush(parts).await
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        let planned = self.plan.commit.lock().pop_front().unwrap_or(Commit::Fine);
        match planned {
            Commit::Fine => self.inner.commit().await,
            Commit::LostAfter => {
                self.inner.commit().await?;
                Err(Trouble::Lost("the answer was lost".to_owned()))
            }
            Commit::LostBefore => {
                self.inner.rollback().await;
                Err(Trouble::Lost("the answer was lost".to_owned()))
            }
            Commit::Fails(trouble) => Err(trouble),
        }
    }

    async fn rollback(&mut self) {
        self.inner.rollback().await;
    }

    async fn tidy(&mut self, local: i64, now: Time, feed_before: Time) -> Result<u64, Trouble> {
        self.inner.tidy(local, now, feed_before).await
    }

    async fn tend(&mut self) -> Result<(), Trouble> {
        self.inner.tend().await
    }

    async fn finish_bulk(&mut self) -> Result<(), Trouble> {
        self.inner.finish_bulk().await
    }

    async fn close(&mut self) -> Result<(), Trouble> {
        self.inner.close().await
    }
}

/// A clock that is told the time.
pub(crate) struct TestClock {
    pub(crate) now: AtomicI64,
    pub(crate) uptime_secs: AtomicU64,
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_millis(self.now.load(Ordering::Relaxed))
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(self.uptime_secs.load(Ordering::Relaxed))
    }
}

/// Different every time, the same in every run.
#[derive(Default)]
pub(crate) struct TestChance(AtomicU64);

impl Chance for TestChance {
    fn bytes(&self) -> [u8; 32] {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let mut source = crate::row::arb::Source::new(n);
        let mut bytes = [0; 32];
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&source.next().to_be_bytes());
        }
        bytes
    }
}

type Texts = Vec<String>;

/// An index that is nothing but what it was fed. It refuses gaps, and says so loudly.
#[derive(Default)]
pub(crate) struct TestIndex {
    pub(crate) held: Arc<Mutex<BTreeMap<AgencyId, Held>>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Held {
    pub(crate) position: u64,
    pub(crate) documents: BTreeMap<ConversationId, (Columns, Fields, Texts)>,
}

impl Index for TestIndex {
    fn apply(&self, agency: AgencyId, units: &[Arc<Unit>]) -> Result<(), Gap> {
        let mut held = self.held.lock();
        let held = held.entry(agency).or_default();
        for unit in units {
            if unit.position <= held.position {
                continue;
            }
            if unit.position != held.position + 1 {
                return Err(Gap { at: held.position, begin: unit.position });
            }
            held.position = unit.position;
            for change in &unit.documents {
                match change {
                    DocumentChange::Removed(id) => drop(held.documents.remove(id)),
                    DocumentChange::Put { columns, fields, messages } => {
                        let document =
                            held.documents.entry(columns.conversation).or_insert_with(|| ((**columns).clone(), Fields::default(), Vec::new()));
                        document.0 = (**columns).clone();
                        if let Some(fields) = fields {
                            assert_eq!(document.1, fields.before, "the feed knows what the fields were");
                            document.1 = fields.after.clone();
                        }
                        document.2.extend(messages.iter().map(ToString::to_string));
                        document.2.sort_unstable();
                    }
                }
            }
        }
        Ok(())
    }

    fn position(&self, agency: AgencyId) -> u64 {
        self.held.lock().get(&agency).map_or(0, |it| it.position)
    }

    fn search(&self, _: AgencyId, _: &Query) -> Hits {
        Hits::default()
    }

    fn rebuild(&self, agency: AgencyId) -> Box<dyn Loader> {
        Box::new(TestLoader { agency, to: Arc::clone(&self.held), held: Held::default() })
    }
}

struct TestLoader {
    agency: AgencyId,
    to: Arc<Mutex<BTreeMap<AgencyId, Held>>>,
    held: Held,
}

impl Loader for TestLoader {
    fn add(&mut self, document: &Document, messages: &mut dyn Iterator<Item = &str>) {
        let mut texts: Texts = messages.map(str::to_owned).collect();
        texts.sort_unstable();
        self.held.documents.insert(document.columns.conversation, (document.columns.clone(), document.fields.clone(), texts));
    }

    fn finish(mut self: Box<Self>, position: u64) {
        self.held.position = position;
        self.to.lock().insert(self.agency, self.held);
    }
}

/// An open store and everything it was given.
pub(crate) struct Bed<'e> {
    engine: &'e dyn Engine,
    pub(crate) clock: Arc<TestClock>,
    chance: Arc<TestChance>,
    pub(crate) index: Arc<TestIndex>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) fatal: Arc<Mutex<Vec<String>>>,
    pub(crate) store: Arc<Store>,
    tune: fn(&mut Options),
}

pub(crate) const NOON: i64 = 1_782_993_600_000;

impl<'e> Bed<'e> {
    pub(crate) fn new(engine: &'e dyn Engine) -> Self {
        Self::tuned(engine, |_| {})
    }

    pub(crate) fn tuned(engine: &'e dyn Engine, tune: fn(&mut Options)) -> Self {
        let clock = Arc::new(TestClock { now: AtomicI64::new(NOON), uptime_secs: AtomicU64::new(0) });
        let (chance, plan, fatal) = (Arc::new(TestChance::default()), Arc::new(Plan::default()), Arc::default());
        let index = Arc::new(TestIndex::default());
        let store = Self::open(engine, &clock, &chance, &index, &plan, &fatal, tune);
        Self { engine, clock, chance, index, plan, fatal, store, tune }
    }

    fn open(
        engine: &dyn Engine,
        clock: &Arc<TestClock>,
        chance: &Arc<TestChance>,
        index: &Arc<TestIndex>,
        plan: &Arc<Plan>,
        fatal: &Arc<Mutex<Vec<String>>>,
        tune: fn(&mut Options),
    ) -> Arc<Store> {
        let mut options = Options::new(
            engine.dir(),
            Arc::clone(clock) as Arc<dyn Clock>,
            Arc::clone(chance) as Arc<dyn Chance>,
            Arc::clone(index) as Arc<dyn Index>,
        );
        let told = Arc::clone(fatal);
        options.on_fatal = Arc::new(move |text| told.lock().push(text.to_owned()));
        tune(&mut options);
        engine.open(options, Arc::clone(plan))
    }

    /// Closes the store and opens another one on the same database, with an empty index.
    pub(crate) fn reopen(self) -> Self {
        let Self { engine, clock, chance, index: _, plan, fatal, store, tune } = self;
        store.close();
        drop(store);
        let index = Arc::new(TestIndex::default());
        let store = Self::open(engine, &clock, &chance, &index, &plan, &fatal, tune);
        Self { engine, clock, chance, index, plan, fatal, store, tune }
    }

    pub(crate) fn port(&self) -> &dyn port::Store {
        self.store.as_ref()
    }

    /// Runs one command to its end.
    pub(crate) fn run<T, F>(&self, agency: AgencyId, run: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Halt> + Send + Sync + 'static,
    {
        wait(self.port().write(Who::System { agency }, Do(run)))
    }

    /// Queues a command.
    pub(crate) fn start<T, F>(&self, agency: AgencyId, run: F) -> Started<'_, T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Halt> + Send + Sync + 'static,
    {
        let mut future: Future<'_, T> = Box::pin(self.port().write(Who::System { agency }, Do(run)));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Started::Done(done),
            Poll::Pending => Started::Running(future),
        }
    }

    /// Runs what `fill` queues as one group.
    pub(crate) fn as_one_group<T>(&self, fill: impl FnOnce() -> T) -> T {
        self.plan.close_gate();
        let plug = self.start(agency(999), |_| Ok(()));
        // The plug is in the committer's hands, and waits at the gate, once the queue is empty.
        while self.store.queued() > 0 {
            std::thread::yield_now();
        }
        let filled = fill();
        self.plan.open_gate();
        plug.end().unwrap();
        filled
    }

    pub(crate) fn row<E: port::Entity>(&self, agency: AgencyId, key: &E::Key) -> Option<Arc<E>> {
        wait(self.port().row::<E>(agency, key)).unwrap()
    }

    pub(crate) fn feed(&self, agency: AgencyId) -> Vec<Arc<Unit>> {
        wait(self.port().feed(agency, 0, usize::MAX)).unwrap().unwrap().units
    }

    /// The feed is whole, and the index stands where it ends.
    pub(crate) fn check_feed(&self, agency: AgencyId) {
        let units = self.feed(agency);
        let positions: Vec<u64> = units.iter().map(|it| it.position).collect();
        assert_eq!(positions, (1..=units.len() as u64).collect::<Vec<_>>());
        assert!(units.is_sorted_by_key(|it| it.at));
        assert_eq!(self.index.position(agency), units.len() as u64);
    }

    pub(crate) fn held(&self, agency: AgencyId) -> Held {
        self.index.held.lock().get(&agency).cloned().unwrap_or_default()
    }
}

type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = Result<T, Failure>> + 'a>>;

/// A command in the queue.
pub(crate) enum Started<'a, T> {
    Running(Future<'a, T>),
    Done(Result<T, Failure>),
}

impl<T> Started<'_, T> {
    pub(crate) fn end(self) -> Result<T, Failure> {
        match self {
            Self::Running(future) => wait(future),
            Self::Done(done) => done,
        }
    }
}

/// A closure as a command.
struct Do<F>(F);

impl<T: Send + 'static, F: Fn(&mut Tx<'_>) -> Result<T, Halt> + Send + Sync + 'static> Command for Do<F> {
    type Outcome = T;

    fn run(&self, _: &Who, tx: &mut Tx<'_>) -> Result<T, Halt> {
        (self.0)(tx)
    }
}

pub(crate) fn uuid(n: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 + n)
}

pub(crate) fn agency(n: u64) -> AgencyId {
    AgencyId(uuid(n))
}

/// Adds one to a counter and gives what it is then.
pub(crate) fn count(id: SourceId) -> impl Fn(&mut Tx<'_>) -> Result<u64, Halt> + Send + Sync + 'static {
    move |tx| {
        let before = tx.get::<SourceCount>(&id)?.map_or(0, |it| it.capture_number);
        tx.put(SourceCount { source: id, capture_number: before + 1, last_capture_at: Some(tx.now) });
        Ok(before + 1)
    }
}

pub(crate) fn a_brand(id: BrandId, name: &str, now: Time) -> Brand {
    Brand {
        id,
        version: 0,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        parent: None,
        name: name.to_owned(),
        brand_type: "Office".to_owned(),
        timezone: "UTC".to_owned(),
        default_country: "US".to_owned(),
        profile: None,
    }
}

pub(crate) fn a_contact(id: ContactId, conversation: ConversationId, name: &str, now: Time) -> Contact {
    Contact {
        id,
        version: 0,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        brand: BrandId(uuid(1)),
        conversation: Some(conversation),
        last_lead: None,
        first_name: Some(name.to_owned()),
        last_name: None,
        company: None,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: Vec::new(),
        fields: Vec::new(),
        external_ids: Vec::new(),
        source_type: None,
        lead_source: None,
        timezone: None,
        last_touch_at: None,
        created_for: "test".to_owned(),
        updated_for: "test".to_owned(),
        possible_duplicates: Vec::new(),
        profile: None,
    }
}

pub(crate) fn a_conversation(id: ConversationId, contact: ContactId, now: Time) -> Conversation {
    Conversation {
        id,
        version: 0,
        created_at: now,
        updated_at: now,
        brand: BrandId(uuid(1)),
        contact,
        starred: false,
        unread_count: 0,
        owner: None,
        lead: None,
        routed: Vec::new(),
        captured: Vec::new(),
        offer: None,
        offered_to: Vec::new(),
        followers: Vec::new(),
        mentions: Vec::new(),
        last_message: None,
        last_manual_at: None,
        outbound_action: None,
        sources: Vec::new(),
        bots: Vec::new(),
        bot_replies: 0,
        wont_respond_until: None,
        failure_reason: None,
        mimic_source: None,
        scores: Vec::new(),
        due: Vec::new(),
        profile: None,
    }
}

pub(crate) fn a_message(id: MessageId, conversation: ConversationId, at: Time, body: &str) -> Message {
    Message {
        id,
        version: 0,
        created_at: at,
        conversation,
        at,
        kind: MessageType::Sms,
        direction: Direction::Inbound,
        body: body.into(),
        bot: None,
        user: None,
        source: None,
        lead: None,
        profile: None,
    }
}

/// A contact with its conversation, by number.
pub(crate) fn person(n: u64) -> (ContactId, ConversationId) {
    (ContactId(uuid(n)), ConversationId(uuid(n)))
}

pub(crate) fn add_person(n: u64) -> impl Fn(&mut Tx<'_>) -> Result<(), Halt> + Send + Sync + 'static {
    move |tx| {
        let (contact, conversation) = person(n);
        tx.put(a_contact(contact, conversation, &format!("Person {n}"), tx.now));
        tx.put(a_conversation(conversation, contact, tx.now));
        Ok(())
    }
}

/// Says something in the thread of a person that exists.
pub(crate) fn say(n: u64, body: &str) -> impl Fn(&mut Tx<'_>) -> Result<MessageId, Halt> + Send + Sync + 'static {
    let body = body.to_owned();
    move |tx| {
        let (_, conversation) = person(n);
        let before = tx.get::<Conversation>(&conversation)?.ok_or(Halt::Refused(leadwire_core::refusal::Refusal::OfferGone))?;
        let mut after = Conversation::clone(&before);
        after.unread_count += 1;
        tx.put(after);
        let id = tx.id();
        tx.put(a_message(id, conversation, tx.now, &body));
        Ok(id)
    }
}
