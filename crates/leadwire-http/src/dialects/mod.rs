//! Other vendors' wire formats, one folder each. None knows another; each imports the core and the kit.

pub mod closebot;
pub mod rechat;
