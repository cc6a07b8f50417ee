//! Who got a lead, and everything that was known when that was decided.

use std::sync::Arc;

use crate::Time;
use crate::id::{BrandId, ConversationId, FlowId, GroupId, LeadId, OfferId, RuleId, SourceId, UserId};
use crate::routing::Facts;

/// Why a lead went where it went: the inputs and the outcome. The trace is computed from them when asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub lead: LeadId,
    pub epoch: u32,
    pub at: Time,
    pub conversation: ConversationId,
    pub cause: Cause,
    /// Version of the evaluator; a change that alters a replay raises it.
    pub engine: u16,
    pub source: SourceId,
    /// The rule set it read: (source, version).
    pub rules_version: u32,
    pub facts: Arc<Facts>,
    /// The user named in the payload, when precedence ended the routing before the rules or was noted.
    pub explicit: Vec<String>,
    pub owner_before: Option<UserId>,
    /// Rules that were true but could not be resolved, in order.
    pub skipped: Vec<Skipped>,
    /// The rule that decided, if one did.
    pub rule: Option<RuleId>,
    pub flow: Option<FlowId>,
    pub group: Option<GroupPick>,
    pub outcome: Outcome,
}

impl Decision {
    /// The first decision on a lead; a later one counts on from it.
    pub const FIRST: u32 = 1;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Capture,
    Claim,
    Decline,
    OfferExpired,
    Manual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub rule: RuleId,
    pub reason: SkipReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    UserGone,
    UserNotInBrand,
    BrandGone,
    GroupGone,
    NobodyEligible,
}

/// The group as it stood before the pick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPick {
    pub group: GroupId,
    pub turns: u64,
    pub members: Vec<MemberSeen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSeen {
    pub user: UserId,
    pub order: u16,
    pub weight: u32,
    pub eligible: bool,
    /// Lag before the pick, in units of [`crate::routing::TURN`].
    pub lag: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Assigned { user: UserId, reason: AssignReason },
    Offered { offer: OfferId, invited: Vec<UserId>, expires_at: Time },
    Inbox { brand: BrandId, reason: InboxReason },
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignReason {
    /// Named in the payload.
    Explicit,
    /// The contact already had this owner.
    Sticky,
    /// A rule names the user.
    Rule,
    RoundRobin,
    Claimed,
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxReason {
    /// A rule names the brand.
    Rule,
    /// Not even the default rule could be resolved.
    NothingResolvable,
    OfferExpired,
    OfferDeclined,
    /// Somebody took it from its owner by hand and gave it to nobody.
    Unassigned,
}
