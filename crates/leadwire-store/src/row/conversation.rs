//! Conversations.

use leadwire_core::Time;
use leadwire_core::entity::{Action, BotInstance, Conversation, Direction, LastMessage, MessageType, Profile, Score, SourceSeen};
use leadwire_core::id::{BotId, BrandId, ContactId, ConversationId, LeadId, MessageId, OfferId, ProfileId, SourceId, UserId};

use super::{body, mirror};
use crate::table::versioned;

versioned!(Conversation, "conversation", ConversationId);

body!(Conversation, apart { id: ConversationId, version: u64 }, {
    created_at "created": Time,
    updated_at "updated": Time,
    brand: BrandId,
    contact: ContactId,
    lead: Option<LeadId>,
    starred: bool,
    unread_count "unread": u32,
    owner: Option<UserId>,
    offer: Option<OfferId>,
    offered_to: Vec<UserId>,
    followers: Vec<UserId>,
    mentions: Vec<UserId>,
    last_message "last": Option<LastMessage>,
    last_manual_at "manual": Option<Time>,
    outbound_action "action": Option<Action>,
    sources: Vec<SourceSeen>,
    bots: Vec<BotInstance>,
    bot_replies "replies": u32,
    wont_respond_until: Option<Time>,
    failure_reason: Option<String>,
    mimic_source: Option<SourceId>,
    scores: Vec<Score>,
    due: Vec<Time>,
    profile: Profile,
});

mirror!(LastMessage {
    id: MessageId,
    at: Time,
    kind: MessageType,
    direction "dir": Direction,
    body: String,
    bot: Option<BotId>,
    user: Option<UserId>,
    source: Option<SourceId>,
});
mirror!(SourceSeen { source "s": SourceId, at "at": Time });
mirror!(BotInstance {
    bot: BotId,
    active: bool,
    version: Option<String>,
    follow_up_timezone_kind "tz_kind": String,
    follow_up_timezone "tz": Option<String>,
    follow_up_at: Option<Time>,
    smart_follow_up: bool,
    scheduled_response_at: Option<Time>,
});
mirror!(Score { profile: ProfileId, score: f64 });
