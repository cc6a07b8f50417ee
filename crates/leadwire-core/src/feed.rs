//! The feed: per agency, every unit of work in the order of its commit. The index, live events, webhooks, other
//! nodes and outside readers all read it; there is no second queue.

use std::sync::Arc;

use crate::Time;
use crate::entity::{AssignReason, InboxReason};
use crate::id::{BotId, BrandId, ContactId, ConversationId, FlowId, GroupId, KeyId, LeadId, MessageId, OfferId, PersonaId, SourceId, UnitId, UserId};
use crate::search::DocumentChange;

/// One committed unit of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// 1, 2, 3 … without holes, per agency.
    pub position: u64,
    pub id: UnitId,
    pub at: Time,
    pub events: Vec<Event>,
    pub documents: Vec<DocumentChange>,
}

/// What happened, by id. Whoever wants the rows reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    LeadCaptured { lead: LeadId, source: SourceId, contact: ContactId, conversation: ConversationId, duplicate: bool },
    LeadAssigned { lead: LeadId, user: UserId, reason: AssignReason },
    LeadOffered { lead: LeadId, offer: OfferId, group: GroupId },
    LeadInbox { lead: LeadId, brand: BrandId, reason: InboxReason },
    LeadEnrolled { lead: LeadId, flow: FlowId },
    OfferClaimed { offer: OfferId, lead: LeadId, user: UserId },
    OfferDeclined { offer: OfferId, lead: LeadId, user: UserId },
    OfferExpired { offer: OfferId, lead: LeadId },
    ContactCreated { contact: ContactId },
    ContactUpdated { contact: ContactId },
    ContactDeleted { contact: ContactId },
    ConversationUpdated { conversation: ConversationId },
    ConversationDeleted { conversation: ConversationId },
    MessageAdded { message: MessageId, conversation: ConversationId },
    ConfigChanged { what: ConfigThing, change: Change },
}

/// A thing of the configuration, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigThing {
    Brand(BrandId),
    User(UserId),
    Key(KeyId),
    Source(SourceId),
    Rules(SourceId),
    Group(GroupId),
    Bot(BotId),
    Persona(PersonaId),
    Flow(FlowId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Created,
    Updated,
    Deleted,
}

/// A page of the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPage {
    pub units: Vec<Arc<Unit>>,
    /// The position of the newest unit there is.
    pub head: u64,
}
