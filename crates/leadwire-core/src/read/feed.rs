//! The feed, for outside readers. It is not told apart by brand, so only an admin of the whole agency reads it.

use crate::feed::FeedPage;
use crate::port::{Failure, Store};

use super::Asker;

/// Units after a position, oldest first. `None`: that position has been dropped already, start over.
pub async fn feed(store: &dyn Store, asker: &Asker, after: u64, limit: usize) -> Result<Option<FeedPage>, Failure> {
    asker.administers_agency()?;
    Ok(store.feed(asker.agency, after, limit).await?)
}
