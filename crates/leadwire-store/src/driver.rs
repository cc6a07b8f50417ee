//! The seams to an engine. [`Driver`] is the one writer of a store, [`Reader`] its readers, [`Session`] the two ways
//! to run SQL that both are built on. One module per engine implements them; nothing outside knows an engine.
//!
//! The methods are `async` for engines behind a network; SQLite's are ready at once.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{Contact, Conversation};
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, UnitId};
use leadwire_core::port::{BoxFuture, Fault, Key, Row, Rows, Sweep};

use crate::table::Value;

/// The head of an agency's log. A transaction locks it first and writes it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) agency: AgencyId,
    /// The agency's number in this store; 0 before it has one.
    pub(crate) local: i64,
    /// Position of the last unit.
    pub(crate) position: u64,
    /// Leads numbered so far.
    pub(crate) numbered: u64,
    /// `now` of the last unit.
    pub(crate) last: Time,
    /// Raised by every group that changed the configuration.
    pub(crate) config: u64,
    pub(crate) dead: DeadLetters,
}

/// How many dead letters are kept, and their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct DeadLetters {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

impl Head {
    /// Of an agency nothing was stored of yet.
    pub(crate) fn new(agency: AgencyId) -> Self {
        Self { agency, local: 0, position: 0, numbered: 0, last: Time::MIN, config: 0, dead: DeadLetters::default() }
    }
}

/// A transaction that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    /// In the order asked.
    pub(crate) heads: Vec<Head>,
    /// The engine's own clock, where several processes write.
    pub(crate) clock: Option<Time>,
}

/// What one group changed in one agency.
#[derive(Debug)]
pub(crate) struct Part<'g> {
    /// As it is to be written. A new agency is given its number, and swept dead letters are taken off.
    pub(crate) head: &'g mut Head,
    pub(crate) changes: &'g Rows,
    pub(crate) sweeps: &'g [Sweep],
    pub(crate) units: &'g [Arc<Unit>],
}

/// What an engine could not do, by what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Something in this group cannot be stored or read: halve it until it is alone.
    Unit(Fault),
    /// No space: the group fails, and later ones may not.
    Full,
    /// Nothing happened; run the group again.
    #[cfg_attr(not(test), expect(dead_code, reason = "engines behind a network give it; the suite provokes it"))]
    Again(String),
    /// The connection went away; what was asked last may have happened or not.
    #[cfg_attr(not(test), expect(dead_code, reason = "engines behind a network give it; the suite provokes it"))]
    Lost(String),
    /// Nothing happened, and trying at once again will not help.
    Unavailable(String),
    /// A write was acknowledged by nobody knows whom: the process must stop, and find out when it starts.
    Fatal(String),
}

/// One open connection, as shared statements see it.
pub(crate) trait Session {
    /// What is put after a SELECT that locks its rows.
    const FOR_UPDATE: &'static str;

    /// Runs a statement; gives the number of rows it changed.
    async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Trouble>;

    /// Runs a query and gives each row to `each`.
    async fn select(&mut self, sql: &str, params: &[Value<'_>], each: Each<'_>) -> Result<(), Trouble>;
}

/// Takes one row.
pub(crate) type Each<'a> = &'a mut (dyn FnMut(&[Value<'_>]) -> Result<(), Fault> + Send);

/// A row by its agency's number and its key.
pub(crate) type Want<'k> = (i64, &'k Key);

/// The writer. Any error between `begin` and `commit` is followed by `rollback`.
pub(crate) trait Driver: Send + 'static {
    /// How many agencies one transaction may hold.
    const AGENCIES_MAX: usize;
    /// Whether no other process writes to this store while it is open.
    const ALONE: bool;

    /// Begins a transaction and locks these agencies' heads.
    async fn begin(&mut self, agencies: &[AgencyId]) -> Result<Begun, Trouble>;
    /// The rows that exist, in any order.
    async fn load(&mut self, wants: &[Want<'_>]) -> Result<Vec<(i64, Row)>, Trouble>;
    /// Ids of the units after a position.
    async fn units_after(&mut self, local: i64, position: u64) -> Result<Vec<UnitId>, Trouble>;
    /// Every row of an agency's configuration, a source before its rules.
    async fn config(&mut self, local: i64) -> Result<Vec<Row>, Trouble>;
    /// Writes all of a group's changes, heads last.
    async fn flush(&mut self, parts: &mut [Part<'_>]) -> Result<(), Trouble>;
    async fn commit(&mut self) -> Result<(), Trouble>;
    async fn rollback(&mut self);
    /// Inside a transaction: drops some receipts that expired and units of the feed older than `feed_before`; gives
    /// how many rows went.
    async fn tidy(&mut self, local: i64, now: Time, feed_before: Time) -> Result<u64, Trouble>;
    /// Between groups: what the engine needs now and then.
    async fn tend(&mut self) -> Result<(), Trouble>;
    /// Ends loading in bulk: all is durable, and from now on every commit is.
    async fn finish_bulk(&mut self) -> Result<(), Trouble>;
    /// Leaves the files as small and as whole as they can be.
    async fn close(&mut self) -> Result<(), Trouble>;
}

/// Readers, used by many threads at once.
pub(crate) trait Reader: Send + Sync + 'static {
    /// The rows that exist, in any order.
    fn load<'a>(&'a self, wants: &'a [Want<'a>]) -> BoxFuture<'a, Result<Vec<(i64, Row)>, Fault>>;
    /// Runs one query.
    fn select<'a>(&'a self, sql: &'a str, params: &'a [Value<'a>], each: Each<'a>) -> BoxFuture<'a, Result<(), Fault>>;
    /// All heads.
    fn heads(&self) -> BoxFuture<'_, Result<Vec<Head>, Fault>>;
    /// Every document of an agency, in one snapshot; gives the position of the feed it was taken at. Not on a
    /// thread that serves requests.
    fn documents(&self, local: i64, each: &mut dyn FnMut(Whole) -> Result<(), Fault>) -> Result<u64, Fault>;
    /// Lets go of every connection; later reads fail.
    fn close(&self);
}

/// A conversation with its contact and the texts of its messages, oldest first.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) conversation: Arc<Conversation>,
    pub(crate) contact: Arc<Contact>,
    pub(crate) texts: Vec<Box<str>>,
}
