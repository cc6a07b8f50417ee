//! Who gets a lead, and why: precedence, rules, target, distribution.

use std::sync::Arc;

use crate::Time;
use crate::config::{Config, Rules};
use crate::entity::{Cause, Decision, InboxReason, Outcome, Source, Turns};
use crate::id::{BrandId, ConversationId, GroupId, LeadId, OfferId, UserId};
use crate::port::Missing;

use super::Facts;

/// Version of the evaluator. A change that alters a replay raises it and keeps the old evaluator.
pub const ENGINE: u16 = 1;

/// A person the payload names to get the lead, as it was written. Found by e-mail, then phone, then MLS and its id.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Assignee {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub mls: Option<String>,
    pub mls_id: Option<String>,
}

/// All a decision is made of.
pub struct Request<'a> {
    pub config: &'a Config,
    pub source: &'a Source,
    pub rules: &'a Rules,
    pub facts: Arc<Facts>,
    pub lead: LeadId,
    pub epoch: u32,
    pub conversation: ConversationId,
    /// The contact's brand: who is named, or owned the contact before, must work in it.
    pub brand: BrandId,
    pub cause: Cause,
    pub now: Time,
    pub explicit: &'a [Assignee],
    /// False: `explicit` is recorded only.
    pub obey_explicit: bool,
    /// The conversation's owner until now.
    pub owner_before: Option<UserId>,
    /// Whether that owner keeps a returning contact.
    pub sticky: bool,
    /// Users a group may not choose: those already tried.
    pub excluded: &'a [UserId],
    /// Reads the turns of a group; `None` when it never gave one.
    pub turns: &'a mut dyn FnMut(GroupId) -> Result<Option<Arc<Turns>>, Missing>,
    /// Drawn up front, used only if the outcome is an offer.
    pub offer_id: OfferId,
}

/// What was decided, and the turns to put if a turn was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    pub decision: Decision,
    pub turns: Option<Turns>,
}

/// Decides. The same request gives the same decision.
pub fn decide(request: Request<'_>) -> Result<Decided, Missing> {
    let decision = Decision {
        lead: request.lead,
        epoch: request.epoch,
        at: request.now,
        conversation: request.conversation,
        cause: request.cause,
        engine: ENGINE,
        source: request.source.id,
        rules_version: request.rules.set.version,
        facts: request.facts,
        explicit: Vec::new(),
        owner_before: request.owner_before,
        skipped: Vec::new(),
        rule: None,
        flow: None,
        group: None,
        outcome: Outcome::Inbox { brand: request.source.brand, reason: InboxReason::NothingResolvable },
    };
    Ok(Decided { decision, turns: None })
}
