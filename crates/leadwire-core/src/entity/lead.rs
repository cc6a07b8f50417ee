//! One captured inquiry, the state of its routing, which alone changes, and what could not be read as one.

use std::sync::Arc;

use super::{Decision, Outcome};
use crate::Time;
use crate::id::{BotId, BrandId, ContactId, ConversationId, DeadLetterId, LeadId, OfferId, SourceId, UserId};

/// One captured inquiry. Never changed; its raw bytes are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    pub id: LeadId,
    /// 1, 2, 3 … per agency.
    pub number: u64,
    pub created_at: Time,
    pub source: SourceId,
    pub contact: ContactId,
    pub conversation: ConversationId,
    /// The bot that captured it and the enabled bots then attached to its source.
    pub bots: Vec<BotId>,
    pub source_type: Option<String>,
    pub raw: RawBody,
    /// The part of the body that was understood, as the surface shows it (JSON text). None when it is the raw body.
    pub parsed: Option<Arc<str>>,
    /// The lead the same contact left before this one: a contact's leads are read along this line.
    pub previous: Option<LeadId>,
    /// An earlier lead with the same natural id and another payload.
    pub duplicate_of: Option<LeadId>,
    /// Took the path without a key.
    pub keyless: bool,
}

/// The captured body as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBody {
    /// As sent, lower-cased, without parameters.
    pub content_type: Arc<str>,
    pub bytes: Arc<[u8]>,
}

/// Where a lead's routing stands. Kept only after the first transition: until then its first decision says it, see
/// [`LeadState::first`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadState {
    pub lead: LeadId,
    /// +1 at each (re)routing; a command that saw a smaller one is stale.
    pub epoch: u32,
    pub state: RoutingState,
    pub since: Time,
}

impl LeadState {
    /// As a lead's first decision left it.
    pub fn first(decision: &Decision) -> Self {
        Self { lead: decision.lead, epoch: decision.epoch, state: RoutingState::of(&decision.outcome), since: decision.at }
    }
}

impl RoutingState {
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Assigned { user, .. } => Self::Assigned { user: *user },
            Outcome::Offered { offer, .. } => Self::Offered { offer: *offer },
            Outcome::Inbox { brand, .. } => Self::Inbox { brand: *brand },
            Outcome::Closed => Self::Closed,
        }
    }
}

/// There is no state "nowhere".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutingState {
    Assigned {
        user: UserId,
    },
    Offered {
        offer: OfferId,
    },
    Inbox {
        brand: BrandId,
    },
    /// Kept, not routed: a duplicate of another lead.
    Closed,
}

/// A captured body that could not be read: kept, not a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub at: Time,
    pub source: SourceId,
    pub error: String,
    pub raw: RawBody,
}
