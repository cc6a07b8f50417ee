//! The seams: what a command sees of the world ([`Tx`]), what the world sees of a command ([`Work`]), and what the
//! surfaces see of the store ([`Store`]).
//!
//! A command reads rows by key, decides with pure functions, puts rows and names events. Nothing is declared in
//! advance: a key that is not loaded ends the run with [`Missing`], and the whole group runs again with it loaded.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;

use futures_channel::oneshot;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Time;
use crate::config::{Config, Directory};
use crate::entity::{
    ApiKey, Bot, Brand, Contact, ContactKey, ContactKeyId, Conversation, DeadLetter, Decision, ExternalId, ExternalIdKey, Flow, Group, Lead,
    LeadState, Message, Offer, Persona, Receipt, ReceiptKey, RuleSet, Source, SourceCount, Turns, User,
};
use crate::feed::{Event, FeedPage};
use crate::id::{
    AgencyId, BotId, BrandId, ContactId, ConversationId, DeadLetterId, FlowId, GroupId, KeyId, LeadId, MessageId, OfferId, PersonaId, SourceId,
    UnitId, UserId,
};
use crate::refusal::Refusal;
use crate::search::{DocumentChange, FieldsChange};
use crate::who::Who;

/// A kind of row: its key, its table, and the way in and out of the erased [`Key`] and [`Row`].
pub trait Entity: Send + Sync + Sized + 'static {
    type Key: Clone + Ord + Hash + fmt::Debug + Send + Sync;
    const TABLE: Table;
    fn key(&self) -> Self::Key;
    /// Takes the version after `before`'s; kinds without versions do nothing.
    fn succeed(&mut self, before: Option<&Self>);
    fn erase_key(key: &Self::Key) -> Key;
    fn erase(row: Arc<Self>) -> Row;
    fn reveal(row: &Row) -> Option<&Arc<Self>>;
}

macro_rules! tables {
    (@succeed versioned, $this:ident, $before:ident) => { $this.version = $before.map_or(0, |it| it.version) + 1 };
    (@succeed plain, $this:ident, $before:ident) => { let _ = $before; };
    ($($mode:ident $name:ident ( $key:ty ) = |$it:ident| $get:expr;)*) => {
        /// Every kind of row the store keeps, apart from its own heads and feed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table { $($name),* }

        impl Table {
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }

        /// A row's address inside its agency.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key { $($name($key)),* }

        impl Key {
            pub fn table(&self) -> Table {
                match self { $(Self::$name(_) => Table::$name),* }
            }
        }

        /// A row.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Row { $($name(Arc<$name>)),* }

        impl Row {
            pub fn key(&self) -> Key {
                match self { $(Self::$name(it) => Key::$name(Entity::key(it.as_ref()))),* }
            }
        }

        $(impl Entity for $name {
            type Key = $key;
            const TABLE: Table = Table::$name;
            fn key(&self) -> $key { let $it = self; $get }
            fn succeed(&mut self, before: Option<&Self>) { tables!(@succeed $mode, self, before); }
            fn erase_key(key: &$key) -> Key { Key::$name(key.clone()) }
            fn erase(row: Arc<Self>) -> Row { Row::$name(row) }
            fn reveal(row: &Row) -> Option<&Arc<Self>> { match row { Row::$name(it) => Some(it), _ => None } }
        })*
    };
}

tables! {
    versioned Brand(BrandId) = |it| it.id;
    versioned User(UserId) = |it| it.id;
    versioned ApiKey(KeyId) = |it| it.id;
    versioned Source(SourceId) = |it| it.id;
    plain RuleSet((SourceId, u32)) = |it| (it.source, it.version);
    versioned Group(GroupId) = |it| it.id;
    versioned Bot(BotId) = |it| it.id;
    versioned Persona(PersonaId) = |it| it.id;
    versioned Flow(FlowId) = |it| it.id;
    versioned Contact(ContactId) = |it| it.id;
    plain ContactKey(ContactKeyId) = |it| it.id.clone();
    plain ExternalId(ExternalIdKey) = |it| ExternalIdKey { source: it.source, id: it.id.clone() };
    versioned Conversation(ConversationId) = |it| it.id;
    versioned Message(MessageId) = |it| it.id;
    plain Lead(LeadId) = |it| it.id;
    plain LeadState(LeadId) = |it| it.lead;
    plain Decision((LeadId, u32)) = |it| (it.lead, it.epoch);
    versioned Offer(OfferId) = |it| it.id;
    plain Turns(GroupId) = |it| it.group;
    plain SourceCount(SourceId) = |it| it.source;
    plain Receipt(ReceiptKey) = |it| it.key;
    plain DeadLetter(DeadLetterId) = |it| it.id;
}

impl Table {
    /// Rows of the configuration, held in memory whole.
    pub fn is_config(self) -> bool {
        matches!(self, Self::Brand | Self::User | Self::ApiKey | Self::Source | Self::RuleSet | Self::Group | Self::Bot | Self::Persona | Self::Flow)
    }
}

/// Rows by key; `None` is known to be absent.
pub type Rows = HashMap<Key, Option<Row>>;

/// A row is not loaded yet: the group runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

/// Why a run ended without an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    Missing,
    Refused(Refusal),
}

impl From<Missing> for Halt {
    fn from(_: Missing) -> Self {
        Self::Missing
    }
}

impl From<Refusal> for Halt {
    fn from(it: Refusal) -> Self {
        Self::Refused(it)
    }
}

/// Removals by range, for what is never read by key before: write-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// All messages of a conversation.
    Messages(ConversationId),
    /// Receipts that expired before this.
    Receipts(Time),
    /// The oldest dead letters beyond the newest `keep`, or beyond `bytes` of raw bodies in all.
    DeadLetters { keep: u64, bytes: u64 },
}

/// A use-case that changes something: pure, synchronous, run as often as it takes.
pub trait Command: Send + Sync + 'static {
    /// Owns every row it shows.
    type Outcome: Send + 'static;
    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Self::Outcome, Halt>;
}

/// What a command sees: the rows loaded so far under the changes of the units before it, and its own.
#[derive(Debug)]
pub struct Tx<'g> {
    pub now: Time,
    /// The configuration as the units before this one left it.
    pub config: Arc<Config>,
    loaded: &'g Rows,
    group: &'g Rows,
    mine: HashMap<Key, Option<Row>>,
    wants: Vec<Key>,
    events: Vec<Event>,
    sweeps: Vec<Sweep>,
    seed: Seed,
    drawn: u64,
    /// Leads numbered before this unit.
    numbered: u64,
    taken: u64,
}

/// A unit's id and the secret its own ids are drawn from. The same on every rerun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    pub unit: UnitId,
    pub secret: [u8; 16],
}

/// What one successful run left behind.
#[derive(Debug)]
pub struct Layer {
    pub changes: HashMap<Key, Option<Row>>,
    pub events: Vec<Event>,
    pub documents: Vec<DocumentChange>,
    pub sweeps: Vec<Sweep>,
    /// The configuration after it, when it changed any.
    pub config: Option<Arc<Config>>,
    /// Leads numbered after this unit.
    pub numbered: u64,
}

impl<'g> Tx<'g> {
    /// For whoever runs commands: `loaded` from the store, `group` changed by the units before.
    pub fn new(now: Time, config: Arc<Config>, loaded: &'g Rows, group: &'g Rows, seed: Seed, numbered: u64) -> Self {
        Self {
            now,
            config,
            loaded,
            group,
            mine: HashMap::new(),
            wants: Vec::new(),
            events: Vec::new(),
            sweeps: Vec::new(),
            seed,
            drawn: 0,
            numbered,
            taken: 0,
        }
    }

    pub fn agency(&self) -> AgencyId {
        self.config.agency()
    }

    fn known(&self, key: &Key) -> Option<&Option<Row>> {
        self.mine.get(key).or_else(|| self.group.get(key)).or_else(|| self.loaded.get(key))
    }

    /// Asks for a row early, to save a pass.
    pub fn want<E: Entity>(&mut self, key: &E::Key) {
        let key = E::erase_key(key);
        if self.known(&key).is_none() {
            self.wants.push(key);
        }
    }

    pub fn get<E: Entity>(&mut self, key: &E::Key) -> Result<Option<Arc<E>>, Missing> {
        let key = E::erase_key(key);
        match self.known(&key) {
            Some(row) => Ok(row.as_ref().and_then(E::reveal).map(Arc::clone)),
            None => {
                self.wants.push(key);
                Err(Missing)
            }
        }
    }

    /// Writes a row, with its version set, and gives it back as it will stand. A row that exists must have been
    /// read before; a new one must have an id of its own.
    pub fn put<E: Entity>(&mut self, mut row: E) -> Arc<E> {
        let key = E::erase_key(&row.key());
        let before = self.group.get(&key).or_else(|| self.loaded.get(&key)).and_then(Option::as_ref).and_then(E::reveal);
        row.succeed(before.map(Arc::as_ref));
        let row = Arc::new(row);
        self.mine.insert(key, Some(E::erase(Arc::clone(&row))));
        row
    }

    pub fn delete<E: Entity>(&mut self, key: &E::Key) {
        self.mine.insert(E::erase_key(key), None);
    }

    pub fn sweep(&mut self, what: Sweep) {
        self.sweeps.push(what);
    }

    pub fn event(&mut self, what: Event) {
        self.events.push(what);
    }

    /// The next lead number of the agency.
    pub fn lead_number(&mut self) -> u64 {
        self.taken += 1;
        self.numbered + self.taken
    }

    /// 32 bytes nobody can guess, the same on every rerun.
    pub fn secret(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.secret);
        hash.update(self.drawn.to_be_bytes());
        hash.finalize().into()
    }

    /// A new id that sorts by time (UUIDv7, its time taken from the unit's id).
    pub fn id<I: From<Uuid>>(&mut self) -> I {
        let random = self.secret();
        // Twelve bits of count, so that what one unit makes sorts as it was made.
        let count = u16::try_from(self.drawn & 0x0fff).unwrap_or(0).to_be_bytes();
        let mut bytes = [0u8; 16];
        let (time, rest) = bytes.split_at_mut(6);
        time.copy_from_slice(self.seed.unit.0.as_bytes().first_chunk::<6>().unwrap_or(&[0; 6]));
        let (counted, drawn) = rest.split_at_mut(2);
        counted.copy_from_slice(&count);
        drawn.copy_from_slice(random.first_chunk::<8>().unwrap_or(&[0; 8]));
        I::from(uuid::Builder::from_bytes(bytes).with_variant(uuid::Variant::RFC4122).with_version(uuid::Version::SortRand).into_uuid())
    }

    /// A new id that tells nothing (UUIDv4).
    pub fn random_id<I: From<Uuid>>(&mut self) -> I {
        let random = self.secret();
        I::from(uuid::Builder::from_random_bytes(*random.first_chunk::<16>().unwrap_or(&[0; 16])).into_uuid())
    }

    /// Ends a run. `done` says whether the command succeeded. Gives what it wrote, or what must be loaded first.
    pub fn seal(mut self, done: bool) -> Result<Option<Layer>, Vec<Key>> {
        let documents = if done && self.wants.is_empty() { self.documents().unwrap_or_default() } else { Vec::new() };
        if !self.wants.is_empty() {
            return Err(self.wants);
        }
        if !done {
            return Ok(None);
        }
        let mut config = None;
        if self.mine.keys().any(|it| it.table().is_config()) {
            let mut next = Config::clone(&self.config);
            // In key order, so that a source precedes its rules and the result is the same everywhere.
            let mut changed: Vec<(&Key, &Option<Row>)> = self.mine.iter().filter(|(key, _)| key.table().is_config()).collect();
            changed.sort_unstable_by_key(|(key, _)| *key);
            for (key, row) in changed {
                next.fold(key, row.as_ref());
            }
            config = Some(Arc::new(next));
        }
        Ok(Some(Layer { changes: self.mine, events: self.events, documents, sweeps: self.sweeps, config, numbered: self.numbered + self.taken }))
    }

    /// The change of each touched document, from the rows before and after.
    fn documents(&mut self) -> Result<Vec<DocumentChange>, Missing> {
        let mut touched: Vec<ConversationId> = Vec::new();
        let mut said: HashMap<ConversationId, Vec<(Time, MessageId, Arc<str>)>> = HashMap::new();
        for (key, row) in &self.mine {
            match (key, row) {
                (Key::Conversation(id), _) => touched.push(*id),
                (Key::Contact(_), Some(Row::Contact(it))) => touched.extend(it.conversation),
                (Key::Message(_), Some(Row::Message(it))) => said.entry(it.conversation).or_default().push((it.at, it.id, Arc::clone(&it.body))),
                _ => {}
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let mut changes = Vec::with_capacity(touched.len());
        for id in touched {
            let Some(conversation) = self.get::<Conversation>(&id)? else {
                changes.push(DocumentChange::Removed(id));
                continue;
            };
            let Some(contact) = self.get::<Contact>(&conversation.contact)? else { continue };
            let born = !self.existed(&Key::Conversation(id));
            let contact_key = Key::Contact(contact.id);
            let fields = if born {
                Some(Box::new(FieldsChange { before: crate::search::Fields::default(), after: crate::text::fields_of(&contact) }))
            } else if self.mine.contains_key(&contact_key) {
                let before =
                    self.group.get(&contact_key).or_else(|| self.loaded.get(&contact_key)).and_then(Option::as_ref).and_then(Contact::reveal);
                let before = before.map(|it| crate::text::fields_of(it)).unwrap_or_default();
                let after = crate::text::fields_of(&contact);
                (before != after).then(|| Box::new(FieldsChange { before, after }))
            } else {
                None
            };
            let mut messages = said.remove(&id).unwrap_or_default();
            messages.sort_unstable_by_key(|(at, id, _)| (*at, *id));
            let columns = Box::new(crate::search::columns_of(&conversation, &contact));
            changes.push(DocumentChange::Put { columns, fields, messages: messages.into_iter().map(|(_, _, body)| body).collect() });
        }
        Ok(changes)
    }

    fn existed(&self, key: &Key) -> bool {
        self.group.get(key).or_else(|| self.loaded.get(key)).is_some_and(Option::is_some)
    }
}

/// How a run ended, as the committer needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    Done,
    Refused,
    Missing,
}

/// A command with its asker, erased for the queue.
pub trait Work: Send {
    fn agency(&self) -> AgencyId;
    fn seed(&self) -> Seed;
    /// Runs the command and keeps the outcome; a later run replaces it.
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran;
    /// Tells the asker: after the commit, or with what went wrong.
    fn answer(self: Box<Self>, result: Result<(), Fault>);
}

/// The engine could not do it. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the queue is full")]
    Busy,
    #[error("no space left to write")]
    Full,
    #[error("the server is stopping")]
    Stopping,
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// This unit's changes cannot be stored; those of its neighbours were.
    #[error("the change cannot be stored: {0}")]
    Poison(String),
    #[error("corrupt: table {table}, column {column}, row {row}")]
    Corrupt { table: &'static str, column: &'static str, row: String },
}

/// Why a write has no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    Fault(Fault),
}

impl From<Refusal> for Failure {
    fn from(it: Refusal) -> Self {
        Self::Refused(it)
    }
}

impl From<Fault> for Failure {
    fn from(it: Fault) -> Self {
        Self::Fault(it)
    }
}

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which leads a list shows. All conditions hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LeadFilter {
    pub source: Option<SourceId>,
    /// Leads of these sources only: what the asker may see.
    pub sources: Option<Arc<std::collections::BTreeSet<SourceId>>>,
}

/// The store, as the surfaces see it. Reads not by key are one named method each.
pub trait Store: Send + Sync + 'static {
    /// A fresh unit id and secret.
    fn seed(&self) -> Seed;
    /// The moment, by the store's clock.
    fn now(&self) -> Time;
    /// Puts a unit in the queue; gives it back when the queue is full or closed.
    fn submit(&self, work: Box<dyn Work>) -> Result<(), (Box<dyn Work>, Fault)>;
    /// Every agency's configuration: at least as new as any answer given.
    fn directory(&self) -> Arc<Directory>;
    /// Rows by key, in the order asked.
    fn load<'a>(&'a self, agency: AgencyId, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>>;
    /// Messages of a conversation, newest first by (at, id), before the one named.
    fn messages(
        &self,
        agency: AgencyId,
        of: ConversationId,
        before: Option<(Time, MessageId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Message>>, Fault>>;
    /// Leads, newest first by id, before the one named.
    fn leads<'a>(
        &'a self,
        agency: AgencyId,
        filter: &'a LeadFilter,
        before: Option<LeadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<Lead>>, Fault>>;
    /// Decisions of a lead, oldest first.
    fn decisions(&self, agency: AgencyId, of: LeadId) -> BoxFuture<'_, Result<Vec<Arc<Decision>>, Fault>>;
    /// Offers, newest first by id, before the one named.
    fn offers(&self, agency: AgencyId, before: Option<OfferId>, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Offer>>, Fault>>;
    /// Dead letters, newest first by id, before the one named.
    fn dead_letters(&self, agency: AgencyId, before: Option<DeadLetterId>, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<DeadLetter>>, Fault>>;
    /// Units after a position, oldest first. `None`: that position has been dropped already.
    fn feed(&self, agency: AgencyId, after: u64, limit: usize) -> BoxFuture<'_, Result<Option<FeedPage>, Fault>>;
    /// Whether a trivial read and the writer work.
    fn check(&self) -> BoxFuture<'_, Result<(), Fault>>;
}

impl dyn Store {
    /// Runs a command as one unit of work and gives its outcome once it is durable.
    pub async fn write<C: Command>(&self, who: Who, command: C) -> Result<C::Outcome, Failure> {
        let (tell, hear) = oneshot::channel();
        let pending = Pending { who, command, seed: self.seed(), out: None, tell };
        if let Err((_, fault)) = self.submit(Box::new(pending)) {
            return Err(Failure::Fault(fault));
        }
        hear.await.unwrap_or(Err(Failure::Fault(Fault::Stopping)))
    }

    /// Rows of one kind by key, in the order asked.
    pub async fn rows<E: Entity>(&self, agency: AgencyId, keys: &[E::Key]) -> Result<Vec<Option<Arc<E>>>, Fault> {
        let keys: Vec<Key> = keys.iter().map(E::erase_key).collect();
        let rows = self.load(agency, &keys).await?;
        Ok(rows.iter().map(|it| it.as_ref().and_then(E::reveal).map(Arc::clone)).collect())
    }

    pub async fn row<E: Entity>(&self, agency: AgencyId, key: &E::Key) -> Result<Option<Arc<E>>, Fault> {
        let rows = self.rows::<E>(agency, std::slice::from_ref(key)).await?;
        Ok(rows.into_iter().next().flatten())
    }
}

struct Pending<C: Command> {
    who: Who,
    command: C,
    seed: Seed,
    out: Option<Result<C::Outcome, Refusal>>,
    tell: oneshot::Sender<Result<C::Outcome, Failure>>,
}

impl<C: Command> Work for Pending<C> {
    fn agency(&self) -> AgencyId {
        self.who.agency()
    }

    fn seed(&self) -> Seed {
        self.seed
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Ran {
        match self.command.run(&self.who, tx) {
            Ok(outcome) => {
                self.out = Some(Ok(outcome));
                Ran::Done
            }
            Err(Halt::Refused(refusal)) => {
                self.out = Some(Err(refusal));
                Ran::Refused
            }
            Err(Halt::Missing) => Ran::Missing,
        }
    }

    fn answer(self: Box<Self>, result: Result<(), Fault>) {
        let answer = match (result, self.out) {
            (Ok(()), Some(out)) => out.map_err(Failure::Refused),
            (Ok(()), None) => Err(Failure::Fault(Fault::Poison("the command never finished".to_owned()))),
            (Err(fault), _) => Err(Failure::Fault(fault)),
        };
        // The asker may have gone; what it asked for stands all the same.
        drop(self.tell.send(answer));
    }
}
