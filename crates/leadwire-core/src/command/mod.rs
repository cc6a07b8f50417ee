//! The verbs: each a pure, synchronous function from what is asked, who asks and what stands, to what will stand.
//!
//! A command checks rights first, then what it was given, then does its work. It never reads a clock, draws chance,
//! or waits; see [`crate::port`].

pub mod capture;
pub mod check;
pub mod config;
pub mod contact;
pub mod conversation;
pub mod dead_letter;
pub mod idempotent;
pub mod known;
pub mod message;
pub mod offer;
pub mod thread;

#[cfg(test)]
mod tests;
