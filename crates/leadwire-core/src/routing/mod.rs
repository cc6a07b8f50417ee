//! Routing: facts of a lead, rules over facts, whose turn it is, and the decision. Pure, replayable, explained.

mod facts;

pub use facts::{Atom, Facts, Field};

use crate::entity::RuleSet;

/// One turn of a round robin, in the units lags are kept in: the least common multiple of 1..=40, so that shares of
/// a turn are exact while the eligible weights sum to at most 40.
pub const TURN: i64 = 5_342_931_457_063_200;

/// A rule set compiled for evaluation.
#[derive(Clone, Debug)]
pub struct Program;

impl Program {
    pub fn new(_set: &RuleSet) -> Self {
        Self
    }
}
