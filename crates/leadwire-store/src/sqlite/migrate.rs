//! Tables are made and brought forward when a database is opened: numbered files, each run once, in order, each in a
//! transaction of its own with the note that it ran. A file that ran is never changed; its checksum is kept.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use sha2::{Digest, Sha256};

/// By number, from 1 without holes.
const MIGRATIONS: &[(u32, &str, &str)] = &[(1, "tables", include_str!("../migrations/sqlite/0001_tables.sql"))];

#[derive(Debug, thiserror::Error)]
pub(super) enum MigrateError {
    #[error("migration {0} ran here with another text; this program and this database do not belong together")]
    Changed(u32),
    #[error("the database was made by a newer program: it has migration {0}")]
    Newer(u32),
    #[error("migration {0} failed")]
    Failed(u32, #[source] rusqlite::Error),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

pub(super) fn migrate(conn: &mut Connection) -> Result<(), MigrateError> {
    run(conn, MIGRATIONS)
}

fn run(conn: &mut Connection, all: &[(u32, &str, &str)]) -> Result<(), MigrateError> {
    conn.execute_batch("CREATE TABLE IF NOT EXISTS schema (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL) STRICT")?;
    let newest: Option<u32> = conn.query_row("SELECT max(version) FROM schema", (), |row| row.get(0))?;
    if let Some(newest) = newest.filter(|newest| all.iter().all(|(version, _, _)| version < newest)) {
        return Err(MigrateError::Newer(newest));
    }
    for (version, name, sql) in all {
        let checksum = Sha256::digest(sql);
        let ran: Option<Vec<u8>> = conn.query_row("SELECT checksum FROM schema WHERE version = ?1", [version], |row| row.get(0)).optional()?;
        match ran {
            Some(before) if before == checksum.as_slice() => {}
            Some(_) => return Err(MigrateError::Changed(*version)),
            None => {
                let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
                tx.execute_batch(sql).map_err(|error| MigrateError::Failed(*version, error))?;
                tx.execute("INSERT INTO schema (version, name, checksum) VALUES (?1, ?2, ?3)", (version, name, checksum.as_slice()))?;
                tx.commit()?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: (u32, &str, &str) = (1, "one", "CREATE TABLE a (x)");
    const TWO: (u32, &str, &str) = (2, "two", "CREATE TABLE b (x)");

    #[test]
    fn migrations_run_once_and_in_order() {
        let mut conn = Connection::open_in_memory().unwrap();
        run(&mut conn, &[ONE]).unwrap();
        run(&mut conn, &[ONE, TWO]).unwrap();
        run(&mut conn, &[ONE, TWO]).unwrap();
        let versions: u32 = conn.query_row("SELECT count(*) FROM schema", (), |row| row.get(0)).unwrap();
        assert_eq!(versions, 2);
    }

    #[test]
    fn a_changed_migration_is_refused() {
        let mut conn = Connection::open_in_memory().unwrap();
        run(&mut conn, &[ONE]).unwrap();
        let changed = (1, "one", "CREATE TABLE a (y)");
        assert!(matches!(run(&mut conn, &[changed]), Err(MigrateError::Changed(1))));
    }

    #[test]
    fn a_database_of_a_newer_program_is_refused() {
        let mut conn = Connection::open_in_memory().unwrap();
        run(&mut conn, &[ONE, TWO]).unwrap();
        assert!(matches!(run(&mut conn, &[ONE]), Err(MigrateError::Newer(2))));
    }

    #[test]
    fn a_failed_migration_leaves_nothing() {
        let mut conn = Connection::open_in_memory().unwrap();
        let bad = (2, "two", "CREATE TABLE b (x); CREATE TABLE b (x)");
        assert!(matches!(run(&mut conn, &[ONE, bad]), Err(MigrateError::Failed(2, _))));
        run(&mut conn, &[ONE, TWO]).unwrap();
    }
}
