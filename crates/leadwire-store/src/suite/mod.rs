//! What every engine must do, written against the port: an engine passes all of it or is none of ours.
//!
//! An engine gives an [`Engine`]: a database that outlives the stores opened on it, with a [`Faulty`] driver between
//! committer and engine. Nothing here sleeps: a gate holds the committer until what is to be one group is queued.

mod bed;
mod group;
mod keep;
mod lost;
mod order;
mod range;
mod same;
mod sqlite;

pub(super) use bed::{Bed, Faulty, Plan};

/// Each case as a test of one engine.
macro_rules! cases {
    ($engine:expr; $($module:ident :: { $($case:ident),* $(,)? })*) => {$(
        mod $module {
            $(#[test]
            fn $case() {
                super::super::$module::$case(&$engine);
            })*
        }
    )*};
}

pub(super) use cases;
