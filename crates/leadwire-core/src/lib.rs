//! Leadwire's core: what a lead is, who gets it and why, and how every change is decided.
//!
//! Pure: no I/O, no clock, no chance, no transport and no serialisation of domain types. Time, ids and
//! rows are given by whoever runs a command; see [`port`] for the seams and [`command`] for the verbs.

pub mod command;
pub mod config;
pub mod entity;
pub mod feed;
pub mod id;
pub mod limits;
pub mod port;
pub mod read;
pub mod refusal;
pub mod routing;
pub mod search;
pub mod secret;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod time;
pub mod who;

mod email;
mod phone;

pub use email::Email;
pub use phone::{Phone, PhoneKey};
pub use time::Time;
