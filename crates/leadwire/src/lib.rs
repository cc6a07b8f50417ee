//! The server as a program: settings, command line, sockets, signals, and the wiring of the ports to what they
//! stand for. It decides nothing about leads.

pub mod accept;
pub mod bench;
pub mod cli;
pub mod config;
pub mod control;
pub mod demo;
pub mod fault;
#[cfg(feature = "fault-injection")]
pub mod injected;
pub mod keys;
pub mod log;
pub mod node;
pub mod os;
pub mod patience;
pub mod quantity;
pub mod random;
pub mod serve;
