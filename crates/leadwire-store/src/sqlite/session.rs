//! Running statements on a connection, and what its errors mean.

use std::borrow::Cow;

use leadwire_core::port::Fault;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ffi};

use crate::driver::{Each, Session, Trouble};
use crate::table::Value;

/// No statement reads more columns.
const COLUMNS_MAX: usize = 8;

/// A connection in use. Every call is done when it returns.
pub(super) struct Run<'c>(pub(super) &'c Connection);

impl Session for Run<'_> {
    const FOR_UPDATE: &'static str = "";

    async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, Trouble> {
        execute(self.0, sql, params).map_err(|error| trouble(&error))
    }

    async fn select(&mut self, sql: &str, params: &[Value<'_>], each: Each<'_>) -> Result<(), Trouble> {
        let mut statement = self.0.prepare_cached(sql).map_err(|error| trouble(&error))?;
        bind(&mut statement, params).map_err(|error| trouble(&error))?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| trouble(&error))? {
            let values = values(row, columns);
            each(values.get(..columns).unwrap_or_default()).map_err(Trouble::Unit)?;
        }
        Ok(())
    }
}

pub(super) fn execute(conn: &Connection, sql: &str, params: &[Value<'_>]) -> Result<u64, rusqlite::Error> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    statement.raw_execute().map(|it| it as u64)
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, params: &[Value<'_>]) -> Result<(), rusqlite::Error> {
    for (value, at) in params.iter().zip(1..) {
        debug_assert_eq!(statement.parameter_name(at), Some(format!("${at}").as_str()), "parameters appear in their order");
        statement.raw_bind_parameter(at, value)?;
    }
    Ok(())
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(it) => ValueRef::Integer(*it),
            Self::Id(it) => ValueRef::Blob(it),
            Self::Text(it) => ValueRef::Text(it.as_bytes()),
            Self::Blob(it) => ValueRef::Blob(it),
        }))
    }
}

/// The first columns of a row.
pub(super) fn values<'r>(row: &'r rusqlite::Row<'_>, columns: usize) -> [Value<'r>; COLUMNS_MAX] {
    std::array::from_fn(|at| if at < columns { value(&row.get_ref(at)) } else { Value::Null })
}

/// A text that is no UTF-8, or a number with a fraction, is no value of ours: the row is found corrupt.
fn value<'r>(it: &Result<ValueRef<'r>, rusqlite::Error>) -> Value<'r> {
    match *it {
        Ok(ValueRef::Integer(it)) => Value::Int(it),
        Ok(ValueRef::Text(it)) => std::str::from_utf8(it).map_or(Value::Null, Value::text),
        Ok(ValueRef::Blob(it)) => Value::Blob(Cow::Borrowed(it)),
        Ok(ValueRef::Null | ValueRef::Real(_)) | Err(_) => Value::Null,
    }
}

/// What an error of a statement means.
pub(super) fn trouble(error: &rusqlite::Error) -> Trouble {
    let text = error.to_string();
    let rusqlite::Error::SqliteFailure(code, _) = error else { return Trouble::Unit(Fault::Poison(text)) };
    match (code.code, code.extended_code) {
        // The shared index of the WAL is a file too, and grows with it.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Trouble::Full,
        (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => Trouble::Fatal(text),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Trouble::Unavailable(text),
        // A bad sector, a damaged page: whoever does not touch it goes on.
        (ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::OutOfMemory, _) => {
            Trouble::Unit(Fault::Unavailable(text))
        }
        _ => Trouble::Unit(Fault::Poison(text)),
    }
}

/// What an error of COMMIT means: but for want of space, nobody knows what is on the disk.
pub(super) fn commit_trouble(error: &rusqlite::Error) -> Trouble {
    match trouble(error) {
        Trouble::Unit(Fault::Unavailable(text)) => Trouble::Fatal(text),
        other => other,
    }
}

/// What an error means to a reader.
pub(super) fn fault(trouble: Trouble) -> Fault {
    match trouble {
        Trouble::Unit(Fault::Poison(text)) | Trouble::Again(text) | Trouble::Lost(text) | Trouble::Unavailable(text) | Trouble::Fatal(text) => {
            Fault::Unavailable(text)
        }
        Trouble::Unit(fault) => fault,
        Trouble::Full => Fault::Full,
    }
}
