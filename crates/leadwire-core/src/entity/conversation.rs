//! The one thread with a contact: who owns it, what was said last, what follows up when.

use super::{Action, Direction, MessageType, Profile};
use crate::Time;
use crate::id::{BotId, BrandId, ContactId, ConversationId, LeadId, MessageId, OfferId, ProfileId, SourceId, UserId};

/// Leads of one thread that follow its owner; older ones keep the owner they had.
pub const ROUTED_MAX: usize = 32;

/// The one thread with a contact, with all its state.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub brand: BrandId,
    pub contact: ContactId,
    pub starred: bool,
    /// Inbound messages since it was last read.
    pub unread_count: u32,
    pub owner: Option<UserId>,
    /// Its newest lead, where the line of its leads begins.
    pub lead: Option<LeadId>,
    /// Its leads that were routed, newest last: they go where the thread goes. The latest [`ROUTED_MAX`].
    pub routed: Vec<LeadId>,
    /// Its latest captures, by what was sent: how a repetition is told.
    pub captured: Vec<CapturedBefore>,
    /// The open offer of its newest lead, and whom it invites.
    pub offer: Option<OfferId>,
    pub offered_to: Vec<UserId>,
    pub followers: Vec<UserId>,
    pub mentions: Vec<UserId>,
    pub last_message: Option<LastMessage>,
    /// When a person last wrote, if the last message is a person's.
    pub last_manual_at: Option<Time>,
    /// Action of the last outbound message.
    pub outbound_action: Option<Action>,
    /// Every source the contact came through, with the last time.
    pub sources: Vec<SourceSeen>,
    /// Bots at work on it, and bots that wrote in it.
    pub bots: Vec<BotInstance>,
    pub bot_replies: u32,
    pub wont_respond_until: Option<Time>,
    /// Why a bot last failed to answer.
    pub failure_reason: Option<String>,
    pub mimic_source: Option<SourceId>,
    pub scores: Vec<Score>,
    /// When something on it is due.
    pub due: Vec<Time>,
    pub profile: Profile,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    pub id: MessageId,
    pub at: Time,
    pub kind: MessageType,
    pub direction: Direction,
    pub body: String,
    pub bot: Option<BotId>,
    pub user: Option<UserId>,
    pub source: Option<SourceId>,
}

/// A capture that the same payload would repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedBefore {
    /// Hash of source and payload.
    pub payload: [u8; 16],
    pub lead: LeadId,
    /// Until when the same payload is a repetition.
    pub until: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSeen {
    pub source: SourceId,
    pub at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotInstance {
    pub bot: BotId,
    /// False: it only wrote here, it has no instance.
    pub active: bool,
    pub version: Option<String>,
    /// `contact`, `source` or `unknown`: whose clock the follow-up follows.
    pub follow_up_timezone_kind: String,
    pub follow_up_timezone: Option<String>,
    pub follow_up_at: Option<Time>,
    pub smart_follow_up: bool,
    pub scheduled_response_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub profile: ProfileId,
    pub score: f64,
}

impl Conversation {
    /// The source last seen, among those asked for when some are.
    pub fn latest_source(&self, asked: Option<&[SourceId]>) -> Option<SourceId> {
        self.sources.iter().filter(|it| asked.is_none_or(|asked| asked.contains(&it.source))).max_by_key(|it| it.at).map(|it| it.source)
    }

    /// The last message, or creation where there is none.
    pub fn last_activity(&self) -> Time {
        self.last_message.as_ref().map_or(self.created_at, |it| it.at)
    }
}
