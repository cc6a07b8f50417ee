//! SQLite: one writing connection, a pool of reading ones, and checkpoints of our own. The only module that names it.

mod checkpoint;
mod migrate;
mod pool;
mod session;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use checkpoint::Checkpointer;
use migrate::MigrateError;
pub(crate) use pool::Pool;
pub(crate) use writer::Writer;

use crate::stats::Stats;
use crate::{OpenError, Options};

/// The database's file in the data directory.
pub(crate) const FILE: &str = "leadwire.db";

/// Before this a checkpoint that races a reset of the WAL could corrupt the file (sqlite.org/wal.html#walresetbug).
const VERSION_MIN: i32 = 3_051_003;

/// How long a statement waits for a lock. Only checkpoints and opening ever meet one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept prepared by one connection: every size of every table, and the others.
const STATEMENTS_MAX: usize = 512;

/// Writers touch small pages at random: the smaller a page, the less is written for each.
const PAGE_BYTES: u32 = 4096;

#[derive(Debug, thiserror::Error)]
enum SetupError {
    #[error("the SQLite library is {0}, older than 3.51.3")]
    TooOld(&'static str),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file cannot be kept in WAL mode, but in {0}")]
    NoWal(String),
    #[error("the database cannot be made: {0}")]
    File(std::io::Error),
}

/// Opens the data directory's database: its writer and its readers.
pub(crate) fn engine(options: &Options, stats: &Arc<Stats>) -> Result<(Writer, Pool), OpenError> {
    let failed = |error: SetupError| OpenError::Database(Box::new(error));
    let dir = &options.data_dir;
    let conn = open_writer(dir, options.writer_cache_kib, options.durable && !options.bulk).map_err(failed)?;
    let checkpointer = Checkpointer::start(dir).map_err(OpenError::Thread)?;
    let writer = Writer::new(conn, checkpointer, Arc::clone(stats)).map_err(|error| failed(error.into()))?;
    Ok((writer, Pool::new(dir.clone(), options.reader_cache_kib)))
}

/// Opens the writing connection, and makes or brings forward the tables.
fn open_writer(dir: &Path, cache_kib: u32, durable: bool) -> Result<Connection, SetupError> {
    if rusqlite::version_number() < VERSION_MIN {
        return Err(SetupError::TooOld(rusqlite::version()));
    }
    keep_to_owner(&path(dir)).map_err(SetupError::File)?;
    let mut conn = Connection::open(path(dir))?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.pragma_update(None, "page_size", PAGE_BYTES)?;
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(SetupError::NoWal(mode));
    }
    set_durable(&conn, durable)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    conn.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    conn.pragma_update_and_check(None, "journal_size_limit", checkpoint::WAL_BYTES_MAX, |_| Ok(()))?;
    migrate::migrate(&mut conn)?;
    Ok(conn)
}

/// What lies in the file is for its owner only, whoever made the directory. SQLite gives its other files the same mode.
fn keep_to_owner(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// With FULL every commit is synced; with OFF none is, and a crash of the machine may lose all.
fn set_durable(conn: &Connection, durable: bool) -> Result<(), rusqlite::Error> {
    conn.pragma_update(None, "synchronous", if durable { "full" } else { "off" })
}

/// Opens a reading connection.
fn open_reader(dir: &Path, cache_kib: u32) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path(dir), flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    conn.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    Ok(conn)
}

pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}
