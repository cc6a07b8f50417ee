//! The index held against the scan, against its own rebuild, and against a crowd of readers.

mod against_the_scan;
mod concurrency;
mod feeding;
mod world;
