//! The index held against the scan, against its own rebuild, and against a crowd of readers.

#![expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the numbers of a test are small")]

mod against_the_scan;
mod concurrency;
mod feeding;
mod world;
