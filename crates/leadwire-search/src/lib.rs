//! The index: which conversations match a query, in which order, and how many there are, exactly.

pub mod naive;

pub use naive::NaiveIndex;
/// Served from the scan until the bitmaps stand.
pub use naive::NaiveIndex as MemoryIndex;
