//! Routing: facts of a lead, rules over facts, whose turn it is, and the decision.
//!
//! Pure and replayable: `(facts, snapshot, now, ids) -> decision`. A dry run is the same function without the commit.
//! A decision keeps its inputs and its outcome; the trace is computed from them when asked. Nothing here reads a
//! clock, draws a chance or loads a row by itself.

mod condition;
mod decide;
mod facts;
mod normal;
mod program;
mod round_robin;
mod trace;
mod words;

#[cfg(test)]
mod world;

pub use condition::{Truth, check_rule};
pub use decide::{Assignee, Decided, ENGINE, Request, decide};
pub use facts::{Atom, Facts, FactsInput, Field, FieldType, RawFact};
pub use program::{Evaluated, Program};
pub use trace::{Because, GroupTrace, MemberTrace, Precedence, RuleResult, RuleTrace, Step, StepResult, Trace, replay, trace};
pub use words::summary;

/// One turn of a round robin, in the units lags are kept in: the least common multiple of 1..=40, so that shares of
/// a turn are exact while the eligible weights sum to at most 40.
pub const TURN: i64 = 5_342_931_457_063_200;
