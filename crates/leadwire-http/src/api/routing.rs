//! The trace of a lead's routing, as it is shown.

use std::collections::BTreeMap;

use leadwire_core::config::Config;
use leadwire_core::entity::{Outcome, RuleSet};
use leadwire_core::read::leads;
use leadwire_core::routing::{self, Atom, TURN, Trace};
use serde::Serialize;
use utoipa::ToSchema;

use super::leads::{LeadWithState, with_state};
use super::wire::{Id, When};
use super::words::{AssignReason, Cause, InboxReason, Precedence, RuleResult, SkipReason, StepResult};

/// A lead with every decision on it, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    pub lead: LeadWithState,
    pub decisions: Vec<Decision>,
}

/// A decision explained.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// In plain words.
    pub summary: String,
    pub epoch: u32,
    pub at: When,
    pub conversation: Id,
    pub cause: Cause,
    /// Version of the evaluator.
    pub engine: u16,
    pub source: Id,
    pub rules_version: u32,
    /// What was known of the lead, by the names conditions use.
    pub facts: BTreeMap<String, Vec<String>>,
    /// Fields that were there but could not be read as what they should be.
    pub unreadable_facts: Vec<String>,
    /// What comes before the rules, and whether the rules were read.
    pub steps: Vec<Step>,
    /// Every rule, in the order of evaluation.
    pub rules: Vec<RuleTrace>,
    #[schema(required)]
    pub flow: Option<Id>,
    #[schema(required)]
    pub group: Option<GroupTrace>,
    pub outcome: DecisionOutcome,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub step: Precedence,
    pub result: StepResult,
    pub reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTrace {
    pub rule: Id,
    pub is_default: bool,
    pub order: u16,
    pub result: RuleResult,
    /// The first condition that settles the result.
    #[schema(required)]
    pub because: Option<Because>,
    /// True, but it could not be resolved.
    #[schema(required)]
    pub skipped: Option<SkipReason>,
    /// This rule decided.
    pub chosen: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    pub condition: Id,
    /// Its place in the rule's conditions, from 0.
    pub index: usize,
    pub field: String,
    pub reason: String,
}

/// The group at its pick.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupTrace {
    pub group: Id,
    /// Turns given before.
    pub turns: u64,
    pub members: Vec<MemberTrace>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberTrace {
    pub user: Id,
    pub order: u16,
    pub weight: u32,
    pub eligible: bool,
    pub picked: bool,
    /// Turns owed (positive) or ahead (negative) before the pick.
    pub lag_before: f64,
    pub lag_after: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionOutcome {
    pub outcome: OutcomeName,
    /// Of `assigned`.
    #[schema(required)]
    pub user: Option<Id>,
    #[schema(required)]
    pub assign_reason: Option<AssignReason>,
    /// Of `offered`.
    #[schema(required)]
    pub offer: Option<Id>,
    pub invited: Vec<Id>,
    #[schema(required)]
    pub expires_at: Option<When>,
    /// Of `inbox`.
    #[schema(required)]
    pub brand: Option<Id>,
    #[schema(required)]
    pub inbox_reason: Option<InboxReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeName {
    Assigned,
    Offered,
    Inbox,
    Closed,
}

pub fn view(found: &leads::Routing, config: &Config) -> Routing {
    let decisions = found.decisions.iter().map(|it| {
        let decision = &it.decision;
        let none = RuleSet { source: decision.source, version: decision.rules_version, rules: Vec::new() };
        decision_of(routing::trace(decision, it.rules.as_deref().unwrap_or(&none)), config)
    });
    Routing { lead: with_state(&found.row), decisions: decisions.collect() }
}

fn decision_of(it: Trace, config: &Config) -> Decision {
    let summary = routing::summary(&it, &|user| config.user(user).map(|it| format!("{} {}", it.first_name, it.last_name)));
    Decision {
        summary,
        epoch: it.epoch,
        at: it.at.into(),
        conversation: it.conversation.into(),
        cause: it.cause.into(),
        engine: it.engine,
        source: it.source.into(),
        rules_version: it.rules_version,
        facts: it.facts.known.iter().map(|(field, values)| (field.name().to_owned(), values.iter().map(text).collect())).collect(),
        unreadable_facts: it.facts.unparseable.iter().map(|it| it.name().to_owned()).collect(),
        steps: it.precedence.into_iter().map(|it| Step { step: it.step.into(), result: it.result.into(), reason: it.reason }).collect(),
        rules: it.rules.into_iter().map(rule).collect(),
        flow: it.flow.map(Into::into),
        group: it.group.map(group),
        outcome: outcome(it.outcome),
    }
}

fn text(it: &Atom) -> String {
    match it {
        Atom::Number(it) => it.to_string(),
        Atom::Text(it) => it.clone(),
        Atom::Bool(it) => it.to_string(),
        Atom::Time(it) => {
            let secs = it.seconds();
            format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
        }
    }
}

fn rule(it: routing::RuleTrace) -> RuleTrace {
    RuleTrace {
        rule: it.rule.into(),
        is_default: it.is_default,
        order: it.order,
        result: it.result.into(),
        because: it.because.map(|it| Because { condition: it.condition.into(), index: it.index, field: it.field, reason: it.reason }),
        skipped: it.skipped.map(Into::into),
        chosen: it.chosen,
    }
}

fn group(it: routing::GroupTrace) -> GroupTrace {
    let member = |it: routing::MemberTrace| MemberTrace {
        user: it.user.into(),
        order: it.order,
        weight: it.weight,
        eligible: it.eligible,
        picked: it.picked,
        lag_before: turns(it.lag_before),
        lag_after: turns(it.lag_after),
    };
    GroupTrace { group: it.group.into(), turns: it.turns, members: it.members.into_iter().map(member).collect() }
}

/// A lag in turns.
#[expect(clippy::cast_precision_loss, reason = "shown, never computed with")]
fn turns(lag: i64) -> f64 {
    lag as f64 / TURN as f64
}

fn outcome(it: Outcome) -> DecisionOutcome {
    let mut out = DecisionOutcome {
        outcome: OutcomeName::Closed,
        user: None,
        assign_reason: None,
        offer: None,
        invited: Vec::new(),
        expires_at: None,
        brand: None,
        inbox_reason: None,
    };
    match it {
        Outcome::Assigned { user, reason } => {
            out.outcome = OutcomeName::Assigned;
            out.user = Some(user.into());
            out.assign_reason = Some(reason.into());
        }
        Outcome::Offered { offer, invited, expires_at } => {
            out.outcome = OutcomeName::Offered;
            out.offer = Some(offer.into());
            out.invited = invited.into_iter().map(Into::into).collect();
            out.expires_at = Some(expires_at.into());
        }
        Outcome::Inbox { brand, reason } => {
            out.outcome = OutcomeName::Inbox;
            out.brand = Some(brand.into());
            out.inbox_reason = Some(reason.into());
        }
        Outcome::Closed => {}
    }
    out
}
