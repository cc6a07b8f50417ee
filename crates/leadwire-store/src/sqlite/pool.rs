//! Reading connections. A read runs on the thread that asks, on a connection it takes from the pool: handing it to
//! another thread can cost more than the read itself.

use std::path::PathBuf;
use std::sync::Arc;

use leadwire_core::entity::{Contact, Conversation};
use leadwire_core::id::ConversationId;
use leadwire_core::port::{BoxFuture, Fault, Row};
use parking_lot::Mutex;
use rusqlite::Connection;

use super::open_reader;
use super::session::{Run, fault, trouble, values};
use crate::driver::{Each, Head, Reader, Trouble, Want, Whole};
use crate::statement;
use crate::table::{Cells, Stored, Value, decode_as};
use crate::wait::wait;

/// Connections kept open; more are opened for a moment when more threads read at once.
const KEPT_MAX: usize = 16;

pub(crate) struct Pool {
    dir: PathBuf,
    cache_kib: u32,
    idle: Mutex<Idle>,
}

struct Idle {
    kept: Vec<Connection>,
    closed: bool,
}

/// A connection on loan.
struct Loan<'p> {
    pool: &'p Pool,
    conn: Option<Connection>,
}

impl Pool {
    pub(crate) fn new(dir: PathBuf, cache_kib: u32) -> Self {
        Self { dir, cache_kib, idle: Mutex::new(Idle { kept: Vec::new(), closed: false }) }
    }

    fn run<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Trouble>) -> Result<T, Fault> {
        let loan = self.borrow()?;
        let Some(conn) = &loan.conn else { return Err(Fault::Stopping) };
        read(conn).map_err(fault)
    }

    fn borrow(&self) -> Result<Loan<'_>, Fault> {
        let kept = {
            let mut idle = self.idle.lock();
            if idle.closed {
                return Err(Fault::Stopping);
            }
            idle.kept.pop()
        };
        let conn = match kept {
            Some(conn) => conn,
            None => open_reader(&self.dir, self.cache_kib).map_err(|error| fault(trouble(&error)))?,
        };
        Ok(Loan { pool: self, conn: Some(conn) })
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut idle = self.pool.idle.lock();
        if !idle.closed && idle.kept.len() < KEPT_MAX {
            idle.kept.extend(self.conn.take());
        }
    }
}

impl Reader for Pool {
    fn load<'a>(&'a self, wants: &'a [Want<'a>]) -> BoxFuture<'a, Result<Vec<(i64, Row)>, Fault>> {
        let rows = self.run(|conn| wait(statement::load(&mut Run(conn), wants)));
        Box::pin(std::future::ready(rows))
    }

    fn select<'a>(&'a self, sql: &'a str, params: &'a [Value<'a>], each: Each<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        let done = self.run(|conn| wait(statement::select(&mut Run(conn), sql, params, each)));
        Box::pin(std::future::ready(done))
    }

    fn heads(&self) -> BoxFuture<'_, Result<Vec<Head>, Fault>> {
        let heads = self.run(|conn| wait(statement::all_heads(&mut Run(conn))));
        Box::pin(std::future::ready(heads))
    }

    fn documents(&self, local: i64, each: &mut dyn FnMut(Whole) -> Result<(), Fault>) -> Result<u64, Fault> {
        self.run(|conn| {
            let snapshot = conn.unchecked_transaction().map_err(|error| trouble(&error))?;
            let position = documents(&snapshot, local, each)?;
            snapshot.finish().map_err(|error| trouble(&error))?;
            Ok(position)
        })
    }

    fn close(&self) {
        let mut idle = self.idle.lock();
        idle.closed = true;
        idle.kept.clear();
    }
}

/// Walks conversations and messages side by side: both lie in the order of the conversation's id.
fn documents(conn: &Connection, local: i64, each: &mut dyn FnMut(Whole) -> Result<(), Fault>) -> Result<u64, Trouble> {
    let bad = |error: rusqlite::Error| trouble(&error);
    let position: i64 = conn.query_row("SELECT position FROM agency WHERE id = ?1", [local], |row| row.get(0)).map_err(bad)?;
    let mut texts = conn.prepare_cached("SELECT conversation, text FROM message WHERE agency = ?1 ORDER BY conversation, at, id").map_err(bad)?;
    let mut texts = texts.query([local]).map_err(bad)?;
    let mut waiting: Option<(ConversationId, Box<str>)> = None;
    let mut conversations = conn.prepare_cached("SELECT id, version, body FROM conversation WHERE agency = ?1 ORDER BY id").map_err(bad)?;
    let mut contacts = conn.prepare_cached("SELECT id, version, body FROM contact WHERE agency = ?1 AND id = ?2").map_err(bad)?;
    let mut conversations = conversations.query([local]).map_err(bad)?;
    while let Some(row) = conversations.next().map_err(bad)? {
        let conversation = decoded::<Conversation>(row)?;
        let mut found = contacts.query((local, conversation.contact.0.as_bytes())).map_err(bad)?;
        let Some(row) = found.next().map_err(bad)? else { continue };
        let contact = decoded::<Contact>(row)?;
        drop(found);
        let mut said = Vec::new();
        loop {
            let next = match waiting.take() {
                Some(it) => Some(it),
                None => match texts.next().map_err(bad)? {
                    Some(row) => Some(text(row)?),
                    None => None,
                },
            };
            match next {
                // Of a conversation that is gone: swept in the end, searched no more.
                Some((of, _)) if of < conversation.id => {}
                Some((of, text)) if of == conversation.id => said.push(text),
                other => {
                    waiting = other;
                    break;
                }
            }
        }
        each(Whole { conversation, contact, texts: said }).map_err(Trouble::Unit)?;
    }
    Ok(position.cast_unsigned())
}

fn decoded<E: Stored>(row: &rusqlite::Row<'_>) -> Result<Arc<E>, Trouble> {
    let values = values(row, 3);
    decode_as::<E>(values.get(..3).unwrap_or_default()).map_err(Trouble::Unit)
}

fn text(row: &rusqlite::Row<'_>) -> Result<(ConversationId, Box<str>), Trouble> {
    let values = values(row, 2);
    let cells = Cells(&values);
    let corrupt = |column| Trouble::Unit(Fault::Corrupt { table: "message", column, row: String::new() });
    let of = cells.uuid(0).map_err(|_| corrupt("conversation"))?;
    Ok((ConversationId(of), cells.text(1).map_err(|_| corrupt("text"))?.into()))
}
