//! Conversations.

use leadwire_core::Time;
use leadwire_core::entity::{Action, BotInstance, CapturedBefore, Conversation, Direction, LastMessage, MessageType, Profile, Score, SourceSeen};
use leadwire_core::id::{BotId, BrandId, ContactId, ConversationId, LeadId, MessageId, OfferId, ProfileId, SourceId, UserId};

use super::{body, mirror};
use crate::table::versioned;

versioned!(Conversation, "conversation", ConversationId);

body!(Conversation, apart { id: ConversationId, version: u64 }, {
    created_at "c": Time,
    updated_at "u": Time,
    brand "b": BrandId,
    contact "p": ContactId,
    lead "l": Option<LeadId>,
    routed "r": Vec<LeadId>,
    captured "a": Vec<CapturedBefore>,
    starred: bool,
    unread_count "n": u32,
    owner "o": Option<UserId>,
    offer: Option<OfferId>,
    offered_to: Vec<UserId>,
    followers: Vec<UserId>,
    mentions: Vec<UserId>,
    last_message "m": Option<LastMessage>,
    last_manual_at "manual": Option<Time>,
    outbound_action "action": Option<Action>,
    sources "s": Vec<SourceSeen>,
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
    id "i": MessageId,
    at "t": Time,
    kind "k": MessageType,
    direction "d": Direction,
    body "x": String,
    bot: Option<BotId>,
    user: Option<UserId>,
    source "s": Option<SourceId>,
});
mirror!(CapturedBefore { payload "p": [u8; 16], lead "l": LeadId, until "t": Time });
mirror!(SourceSeen { source "s": SourceId, at "t": Time });
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
