//! The writing connection.

use std::sync::Arc;
use std::time::Duration;

use leadwire_core::Time;
use leadwire_core::id::{AgencyId, UnitId};
use leadwire_core::port::{Fault, Row};
use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::checkpoint::{Checkpointer, progress};
use super::session::{Run, commit_trouble, execute, trouble};
use super::{BUSY_TIMEOUT, set_durable};
use crate::driver::{Begun, Driver, Part, Trouble, Want};
use crate::statement;
use crate::stats::Stats;

/// How long starting the WAL over waits for readers.
const RESTART_PATIENCE: Duration = Duration::from_millis(20);

pub(crate) struct Writer {
    conn: Connection,
    checkpointer: Checkpointer,
    stats: Arc<Stats>,
}

impl Writer {
    pub(super) fn new(conn: Connection, checkpointer: Checkpointer, stats: Arc<Stats>) -> Result<Self, rusqlite::Error> {
        conn.busy_timeout(RESTART_PATIENCE)?;
        Ok(Self { conn, checkpointer, stats })
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.conn
    }
}

impl Driver for Writer {
    const AGENCIES_MAX: usize = usize::MAX;
    const ALONE: bool = true;

    async fn begin(&mut self, agencies: &[AgencyId]) -> Result<Begun, Trouble> {
        execute(&self.conn, "BEGIN IMMEDIATE", &[]).map_err(|error| trouble(&error))?;
        let heads = statement::lock_heads(&mut Run(&self.conn), agencies).await?;
        Ok(Begun { heads, clock: None })
    }

    async fn load(&mut self, wants: &[Want<'_>]) -> Result<Vec<(i64, Row)>, Trouble> {
        statement::load(&mut Run(&self.conn), wants).await
    }

    async fn units_after(&mut self, local: i64, position: u64) -> Result<Vec<UnitId>, Trouble> {
        statement::units_after(&mut Run(&self.conn), local, position).await
    }

    async fn config(&mut self, local: i64) -> Result<Vec<Row>, Trouble> {
        statement::config(&mut Run(&self.conn), local).await
    }

    async fn flush(&mut self, parts: &mut [Part<'_>]) -> Result<(), Trouble> {
        statement::flush(&mut Run(&self.conn), parts).await
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        execute(&self.conn, "COMMIT", &[]).map(drop).map_err(|error| commit_trouble(&error))
    }

    async fn rollback(&mut self) {
        // Some errors have rolled back already.
        if !self.conn.is_autocommit()
            && let Err(error) = execute(&self.conn, "ROLLBACK", &[])
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    async fn tidy(&mut self, local: i64, now: Time, feed_before: Time) -> Result<u64, Trouble> {
        statement::tidy(&mut Run(&self.conn), local, now, feed_before).await
    }

    async fn tend(&mut self) -> Result<(), Trouble> {
        self.stats.wal_bytes.set(self.checkpointer.tend(&self.conn)?);
        Ok(())
    }

    async fn finish_bulk(&mut self) -> Result<(), Trouble> {
        self.checkpointer.rest();
        // Before the checkpoint, which then syncs both files.
        let failed = |error: rusqlite::Error| trouble(&error);
        set_durable(&self.conn, true).map_err(failed)?;
        self.conn.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        // The WAL keeps its length: writing over it is cheaper to sync than letting it grow again.
        let done = progress(&self.conn, CheckpointMode::RESTART).map(drop);
        self.conn.busy_timeout(RESTART_PATIENCE).map_err(failed)?;
        done
    }

    async fn close(&mut self) -> Result<(), Trouble> {
        self.checkpointer.rest();
        let done = match progress(&self.conn, CheckpointMode::TRUNCATE) {
            Err(Trouble::Unavailable(text)) => Err(Trouble::Unit(Fault::Unavailable(text))),
            other => other.map(drop),
        };
        self.checkpointer.close();
        done
    }
}
