//! Why a decision went as it did: computed from its stored inputs, never stored itself.

use std::sync::Arc;

use crate::Time;
use crate::entity::{Cause, Decision, Outcome, RuleSet, SkipReason};
use crate::id::{ConditionId, ConversationId, FlowId, GroupId, LeadId, RuleId, SourceId, UserId};

use super::Facts;

/// A decision explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub lead: LeadId,
    pub epoch: u32,
    pub at: Time,
    pub conversation: ConversationId,
    pub cause: Cause,
    pub engine: u16,
    pub source: SourceId,
    pub rules_version: u32,
    pub facts: Arc<Facts>,
    /// What comes before the rules, and whether the rules were read, in order.
    pub precedence: Vec<Step>,
    /// Every rule of the set, in the order of evaluation.
    pub rules: Vec<RuleTrace>,
    pub flow: Option<FlowId>,
    pub group: Option<GroupTrace>,
    pub outcome: Outcome,
}

/// One step of precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub step: Precedence,
    pub result: StepResult,
    /// Lower case, no full stop.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    Explicit,
    Sticky,
    Rules,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// It ended the routing.
    Decided,
    /// It was looked at and led on.
    Passed,
    /// There was nothing to look at, or an earlier step had decided.
    NotApplicable,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTrace {
    pub rule: RuleId,
    pub is_default: bool,
    pub order: u16,
    pub result: RuleResult,
    /// The first condition that settles the result; none for a rule without conditions, the default or one not evaluated.
    pub because: Option<Because>,
    /// True, but it could not be resolved.
    pub skipped: Option<SkipReason>,
    /// This rule decided.
    pub chosen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleResult {
    True,
    False,
    /// A fact it asks for is missing: it does not match.
    Unknown,
    NotEvaluated,
}

/// A condition that settled a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    pub condition: ConditionId,
    /// Its place in the rule's conditions.
    pub index: usize,
    pub field: String,
    /// Lower case, no full stop.
    pub reason: String,
}

/// A group at its pick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTrace {
    pub group: GroupId,
    /// Turns given before.
    pub turns: u64,
    pub members: Vec<MemberTrace>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberTrace {
    pub user: UserId,
    pub order: u16,
    pub weight: u32,
    pub eligible: bool,
    pub picked: bool,
    /// In units of [`super::TURN`].
    pub lag_before: i64,
    pub lag_after: i64,
}

/// Explains a decision by the rule set it read.
pub fn trace(decision: &Decision, _rules: &RuleSet) -> Trace {
    Trace {
        lead: decision.lead,
        epoch: decision.epoch,
        at: decision.at,
        conversation: decision.conversation,
        cause: decision.cause,
        engine: decision.engine,
        source: decision.source,
        rules_version: decision.rules_version,
        facts: Arc::clone(&decision.facts),
        precedence: Vec::new(),
        rules: Vec::new(),
        flow: decision.flow,
        group: None,
        outcome: decision.outcome.clone(),
    }
}

/// The trace in a paragraph of plain English; `names` gives a user's name where it is known.
pub fn summary(_trace: &Trace, _names: &dyn Fn(UserId) -> Option<String>) -> String {
    String::new()
}

/// The outcome, computed again from the stored inputs.
pub fn replay(decision: &Decision, _rules: &RuleSet) -> Outcome {
    decision.outcome.clone()
}
