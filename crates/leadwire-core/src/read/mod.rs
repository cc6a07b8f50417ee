//! The questions: lists and single things, as far as the asker may see them.
//!
//! Whoever asks is made an [`Asker`] first, from the configuration of the moment; every read takes one. What may not
//! be seen is answered as what is not there. Nothing here writes.

mod asker;
pub mod configured;
pub mod contacts;
pub mod conversations;
pub mod feed;
pub mod leads;
pub mod offers;

pub use asker::{Asker, asker, may_found_agency};
pub use configured::Of;

/// Part of a list, with where the next part begins.
#[derive(Clone, Debug)]
pub struct Page<T, K> {
    pub rows: Vec<T>,
    /// Give this as `before` to go on; `None`: that was all.
    pub next: Option<K>,
}

/// A list in which rows may be hidden is read in so many rounds at most; what is left comes with the next page.
const ROUNDS_MAX: usize = 64;
/// Rows read in one round at least, so that hidden rows do not cost a round each.
const ROUND_ROWS_MIN: usize = 50;

#[cfg(test)]
mod tests;
