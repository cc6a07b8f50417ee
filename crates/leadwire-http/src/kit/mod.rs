//! What every surface shares: reading requests within bounds, who calls, how often they may, how faults are told, and
//! the one log line of each request.
//!
//! Neutral: nothing here knows a vendor's words. A surface gives its words by implementing [`Envelope`].

pub mod auth;
pub mod body;
pub mod call;
pub mod document;
pub mod etag;
pub mod fault;
pub mod id;
pub mod idempotency;
pub mod limit;
pub mod metrics;
pub mod page;
pub mod query;
pub mod shell;
pub mod strict;
pub mod whole;

pub use call::{Call, Peer};
pub use fault::{Envelope, Error, No};
