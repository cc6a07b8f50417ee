//! A writer that says it has committed and does so only when the next transaction begins, so that answers leave before
//! their commit. Exists to show that the proofs of durability notice, and only with the feature `fault-injection`.

use leadwire_core::Time;
use leadwire_core::id::{AgencyId, UnitId};
use leadwire_core::port::Row;

use crate::driver::{Begun, Driver, Part, Trouble, Want};

pub(crate) struct Late<D> {
    inner: D,
    /// A commit was promised and is not done.
    owed: bool,
}

impl<D: Driver> Late<D> {
    pub(crate) fn new(inner: D) -> Self {
        Self { inner, owed: false }
    }

    async fn pay(&mut self) -> Result<(), Trouble> {
        if std::mem::take(&mut self.owed) { self.inner.commit().await } else { Ok(()) }
    }
}

impl<D: Driver> Driver for Late<D> {
    const AGENCIES_MAX: usize = D::AGENCIES_MAX;
    const ALONE: bool = D::ALONE;

    async fn begin(&mut self, agencies: &[AgencyId]) -> Result<Begun, Trouble> {
        self.pay().await?;
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
        self.inner.flush(parts).await
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        self.owed = true;
        Ok(())
    }

    async fn rollback(&mut self) {
        self.inner.rollback().await;
    }

    async fn tidy(&mut self, local: i64, now: Time, feed_before: Time) -> Result<u64, Trouble> {
        self.inner.tidy(local, now, feed_before).await
    }

    async fn tend(&mut self) -> Result<(), Trouble> {
        // The transaction that is owed is still open, and nothing can be tended beside it.
        if self.owed { Ok(()) } else { self.inner.tend().await }
    }

    async fn finish_bulk(&mut self) -> Result<(), Trouble> {
        self.pay().await?;
        self.inner.finish_bulk().await
    }

    async fn close(&mut self) -> Result<(), Trouble> {
        self.pay().await?;
        self.inner.close().await
    }
}
