//! What the store keeps: one struct per kind of row, each with its key.
//!
//! Plain data without behaviour that needs more than itself. Nothing here is serialisable on purpose: the store and
//! every surface have their own spelling of each.

mod agency;
mod bot;
mod contact;
mod conversation;
mod decision;
mod lead;
mod message;
mod offer;
mod receipt;
mod source;

pub use agency::{ApiKey, Brand, Group, KeyHash, Member, Membership, Role, ScopeName, User};
pub use bot::{Attachment, Bot, Flow, Persona, TagFilter, TagFilterGroup, TagFilterRule, TagGate};
pub use contact::{Address, Contact, ContactEmail, ContactKey, ContactKeyId, ContactPhone, ExternalId, ExternalIdKey, FieldValue, KeyKind};
pub use conversation::{BotInstance, CapturedBefore, Conversation, LastMessage, ROUTED_MAX, Score, SourceSeen};
pub use decision::{AssignReason, Cause, Decision, GroupPick, InboxReason, MemberSeen, Outcome, SkipReason, Skipped};
pub use lead::{DeadLetter, Lead, LeadState, RawBody, RoutingState};
pub use message::{Action, Direction, Message, MessageType};
pub use offer::{Offer, OfferState};
pub use receipt::{Receipt, ReceiptKey, Stored, StoredAnswer};
pub use source::{
    CaptureMode, CaptureSettings, Combine, Condition, ConditionValue, Distribution, Operator, Rule, RuleSet, Source, SourceCount, Target, Turn, Turns,
};

use std::sync::Arc;

/// An opaque JSON object of vendor fields the core has no use for, as text. Surfaces map it.
pub type Profile = Option<Arc<str>>;
