//! The verbs.

pub mod capture;
pub mod check;
pub mod dead_letter;
pub mod idempotent;
pub mod known;
pub mod message;
pub mod thread;
pub mod config;
