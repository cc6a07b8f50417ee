//! The index: which conversations match a query, in which order, and how many there are, exactly.
//!
//! [`MemoryIndex`] serves; [`NaiveIndex`] is the definition it is held against. Both implement
//! [`leadwire_core::search::Index`]. The index answers ids, never rows; it does no I/O and is never the truth: it can be
//! dropped and rebuilt at will.
//!
//! A journey through it: `memory` takes units in and queries; `state` holds an agency and puts changes in; `plan`
//! takes what a query needs under the lock and finds what matches without it (`found`); `page` puts it in order. Below them:
//! `leaves` (filters), `order` and `follow_ups` (keys and times), `message_words` with `runs`, and `field_words`
//! (text), all made of `posting` and `packed` (sets) and `chunked` (shared vectors).

mod chunked;
mod field_words;
mod follow_ups;
mod found;
mod leaves;
mod memory;
mod message_words;
pub mod naive;
mod order;
mod packed;
mod page;
mod plan;
mod posting;
mod rows;
mod runs;
mod state;
#[cfg(test)]
mod tests;
mod varint;

pub use memory::MemoryIndex;
pub use naive::NaiveIndex;
pub use state::Bytes;
