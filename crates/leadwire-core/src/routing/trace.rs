//! Why a decision went as it did: computed from its stored inputs, never stored itself.
//!
//! Whether a named user worked in a brand at the time is an outcome, not an input: steps that passed say both reasons
//! they may have had. Everything else is evaluated again, by the evaluator that decided.

use std::sync::Arc;

use crate::Time;
use crate::entity::{AssignReason, Cause, Condition, Decision, GroupPick, InboxReason, Outcome, Rule, RuleSet, SkipReason, Target};
use crate::id::{ConditionId, ConversationId, FlowId, GroupId, LeadId, RuleId, SourceId, UserId};

use super::condition::Truth;
use super::program::{Evaluated, Program};
use super::{Facts, Field, round_robin, words};

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
pub fn trace(decision: &Decision, rules: &RuleSet) -> Trace {
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
        precedence: vec![explicit_step(decision), sticky_step(decision), rules_step(decision)],
        rules: rule_traces(decision, rules),
        flow: decision.flow,
        group: decision.group.as_ref().map(|it| group_trace(it, &decision.outcome)),
        outcome: decision.outcome.clone(),
    }
}

/// What ended the routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Explicit,
    Sticky,
    /// The contact's open offer stands for this lead too.
    StandingOffer,
    Rules,
    /// Not routed: a claim, a hand, the end of an offer, a duplicate.
    Outside,
}

fn ended(decision: &Decision) -> Ended {
    match &decision.outcome {
        Outcome::Assigned { reason: AssignReason::Explicit, .. } => Ended::Explicit,
        Outcome::Assigned { reason: AssignReason::Sticky, .. } => Ended::Sticky,
        Outcome::Assigned { reason: AssignReason::Rule | AssignReason::RoundRobin, .. }
        | Outcome::Inbox { reason: InboxReason::Rule | InboxReason::NothingResolvable, .. } => Ended::Rules,
        Outcome::Offered { .. } if decision.rule.is_some() => Ended::Rules,
        Outcome::Offered { .. } => Ended::StandingOffer,
        Outcome::Assigned { reason: AssignReason::Claimed | AssignReason::Manual, .. }
        | Outcome::Inbox { reason: InboxReason::OfferExpired | InboxReason::OfferDeclined | InboxReason::Unassigned, .. }
        | Outcome::Closed => Ended::Outside,
    }
}

fn explicit_step(decision: &Decision) -> Step {
    let named = decision.explicit.join("; ");
    let (result, reason) = match ended(decision) {
        Ended::Explicit => (StepResult::Decided, format!("the payload names {named}")),
        Ended::Outside => (StepResult::NotApplicable, "the lead was not routed anew".to_owned()),
        _ if named.is_empty() => (StepResult::NotApplicable, "the payload names nobody".to_owned()),
        _ => (StepResult::Passed, format!("the payload names {named}: nobody who works in the brand, or this way in does not obey it")),
    };
    Step { step: Precedence::Explicit, result, reason }
}

fn sticky_step(decision: &Decision) -> Step {
    let (result, reason) = match (ended(decision), decision.owner_before) {
        (Ended::Sticky, _) => (StepResult::Decided, "the contact keeps its owner"),
        (Ended::StandingOffer, _) => (StepResult::Decided, "an offer of this contact is still open and stands for this lead too"),
        (Ended::Explicit, _) => (StepResult::NotApplicable, "decided before"),
        (Ended::Outside, _) => (StepResult::NotApplicable, "the lead was not routed anew"),
        (Ended::Rules, None) => (StepResult::NotApplicable, "the contact had no owner"),
        (Ended::Rules, Some(_)) => (StepResult::Passed, "the contact's owner does not work in the brand, or this way in does not keep owners"),
    };
    Step { step: Precedence::Sticky, result, reason: reason.to_owned() }
}

fn rules_step(decision: &Decision) -> Step {
    let (result, reason) = match ended(decision) {
        Ended::Rules if decision.rule.is_some() => (StepResult::Decided, "the first rule that was true and could be resolved"),
        Ended::Rules => (StepResult::Passed, "no rule was true and could be resolved, not even the default rule"),
        Ended::Outside => (StepResult::NotApplicable, "the lead was not routed anew"),
        Ended::Explicit | Ended::Sticky | Ended::StandingOffer => (StepResult::NotApplicable, "decided before"),
    };
    Step { step: Precedence::Rules, result, reason: reason.to_owned() }
}

fn rule_traces(decision: &Decision, rules: &RuleSet) -> Vec<RuleTrace> {
    let program = Program::new(rules);
    let mut running = ended(decision) == Ended::Rules;
    let mut traces = Vec::with_capacity(rules.rules.len());
    for (place, evaluated) in program.evaluate(&decision.facts) {
        let Some(rule) = rules.rules.get(place) else { continue };
        let chosen = running && decision.rule == Some(rule.id);
        traces.push(RuleTrace {
            rule: rule.id,
            is_default: rule.is_default,
            order: rule.order,
            result: if running { RuleResult::from(evaluated.truth) } else { RuleResult::NotEvaluated },
            because: if running { because(rule, evaluated, &decision.facts) } else { None },
            skipped: decision.skipped.iter().find(|it| it.rule == rule.id).filter(|_| running).map(|it| it.reason),
            chosen,
        });
        running &= !chosen;
    }
    traces
}

impl From<Truth> for RuleResult {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Unknown => Self::Unknown,
        }
    }
}

fn because(rule: &Rule, evaluated: Evaluated, facts: &Facts) -> Option<Because> {
    let (index, truth) = evaluated.because?;
    let condition: &Condition = rule.conditions.get(index)?;
    let reason = match Field::from_name(&condition.field) {
        Some(field) => words::reason(condition, field, truth, facts),
        None => "the stored condition cannot be read".to_owned(),
    };
    Some(Because { condition: condition.id, index, field: condition.field.clone(), reason })
}

fn group_trace(group: &GroupPick, outcome: &Outcome) -> GroupTrace {
    let given = match outcome {
        Outcome::Assigned { reason: AssignReason::RoundRobin, .. } => round_robin::pick(&group.members),
        _ => None,
    };
    let member = |(at, it): (usize, &crate::entity::MemberSeen)| MemberTrace {
        user: it.user,
        order: it.order,
        weight: it.weight,
        eligible: it.eligible,
        picked: given.as_ref().is_some_and(|(picked, _)| *picked == at),
        lag_before: it.lag,
        lag_after: given.as_ref().and_then(|(_, lags)| lags.get(at)).copied().unwrap_or(it.lag),
    };
    GroupTrace { group: group.group, turns: group.turns, members: group.members.iter().enumerate().map(member).collect() }
}

/// The outcome, computed again from the stored inputs; equal to the stored one, or something is corrupt. Of an outcome
/// that no rule made there is nothing to compute. None: the inputs lead nowhere.
pub fn replay(decision: &Decision, rules: &RuleSet) -> Option<Outcome> {
    if ended(decision) != Ended::Rules {
        return Some(decision.outcome.clone());
    }
    let program = Program::new(rules);
    let resolvable = program
        .matching(&decision.facts)
        .filter_map(|place| rules.rules.get(place))
        .find(|rule| !decision.skipped.iter().any(|it| it.rule == rule.id));
    let Some(rule) = resolvable else {
        return match &decision.outcome {
            Outcome::Inbox { brand, .. } => Some(Outcome::Inbox { brand: *brand, reason: InboxReason::NothingResolvable }),
            _ => None,
        };
    };
    match rule.target {
        Target::User => Some(Outcome::Assigned { user: rule.user?, reason: AssignReason::Rule }),
        Target::Brand => Some(Outcome::Inbox { brand: rule.brand?, reason: InboxReason::Rule }),
        Target::Group => {
            let group = decision.group.as_ref().filter(|it| Some(it.group) == rule.group)?;
            if let Outcome::Offered { offer, expires_at, .. } = &decision.outcome {
                let invited = group.members.iter().filter(|it| it.eligible).map(|it| it.user).collect();
                return Some(Outcome::Offered { offer: *offer, invited, expires_at: *expires_at });
            }
            let (picked, _) = round_robin::pick(&group.members)?;
            let user = group.members.get(picked)?.user;
            Some(Outcome::Assigned { user, reason: AssignReason::RoundRobin })
        }
    }
}

#[cfg(test)]
mod tests;
