//! The question a list of conversations answers, and the seam to the index that answers it.
//!
//! One meaning of text for every surface (see [`crate::text`]), one total order, exact totals. What a query cannot
//! say, no surface can ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Time;
use crate::entity::{Action, Direction, MessageType};
use crate::feed::Unit;
use crate::id::{AgencyId, BotId, BrandId, ContactId, ConversationId, ProfileId, SourceId, UserId};

/// Who asks: what they may see at all. It is applied before anything is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Conversations of these brands.
    pub brands: Arc<BTreeSet<BrandId>>,
    /// With `Some`, only conversations this user owns or is offered (`own_only`).
    pub own_only: Option<UserId>,
}

/// Every condition must hold. An empty list matches nothing; `None` is no condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub scope: Scope,
    /// The moment the question is asked: conditions on the future and the past are seen from here.
    pub now: Time,
    pub text: Option<String>,
    pub conversations: Option<Vec<ConversationId>>,
    pub contacts: Option<Vec<ContactId>>,
    /// The contact came through one of these.
    pub sources: Option<Vec<SourceId>>,
    /// Type of the last message.
    pub types: Option<Vec<MessageType>>,
    /// A bot with an instance on the conversation, or that wrote in it.
    pub bots: Option<Vec<BotId>>,
    /// The same, for the bots of the personas asked for.
    pub persona_bots: Option<Vec<BotId>>,
    /// At least so many replies by bots.
    pub bot_replies_min: Option<u32>,
    /// Direction of the last message.
    pub direction: Option<Direction>,
    /// Action of the last outbound message.
    pub outbound_action: Option<Action>,
    /// Some bot's follow-up lies after `now` (true), or none does (false).
    pub follow_up_scheduled: Option<bool>,
    pub assigned: Option<Assigned>,
    pub followers: Option<Vec<UserId>>,
    pub mentions: Option<Vec<UserId>>,
    pub starred: Option<bool>,
    pub unread: Option<bool>,
    pub score: Option<ScoreRange>,
    /// Conversations created at or after, and at or before.
    pub created_from: Option<Time>,
    pub created_to: Option<Time>,
    /// Last activity at or after, and at or before.
    pub active_from: Option<Time>,
    pub active_to: Option<Time>,
    pub sort: Sort,
    pub page: Page,
}

impl Query {
    /// Everything in `scope`, newest activity first, the first `limit`.
    pub fn new(scope: Scope, now: Time, limit: usize) -> Self {
        Self {
            scope,
            now,
            text: None,
            conversations: None,
            contacts: None,
            sources: None,
            types: None,
            bots: None,
            persona_bots: None,
            bot_replies_min: None,
            direction: None,
            outbound_action: None,
            follow_up_scheduled: None,
            assigned: None,
            followers: None,
            mentions: None,
            starred: None,
            unread: None,
            score: None,
            created_from: None,
            created_to: None,
            active_from: None,
            active_to: None,
            sort: Sort { by: SortBy::LastActivity, descending: true },
            page: Page::Offset { offset: 0, limit },
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    Nobody,
    AnyOf(Vec<UserId>),
}

/// Conversations that have this score at all, within the bounds given (both inclusive).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    pub profile: ProfileId,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// Order is (key, conversation id): the id compared as 16 bytes in the key's direction. A row without a key stands
/// after every row with one, in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The last message, or creation where there is none. Never null.
    LastActivity,
    /// The last message, if a person wrote it.
    LastManual,
    /// When something on it is due next, as seen from `now`: the earliest due time not before `now`.
    Due,
    /// Since when something on it is overdue: the earliest due time before `now`.
    Overdue,
    /// A score, by profile. Keys compare as numbers.
    Score(ProfileId),
    Created,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// Skip `offset` rows, give `limit`. A `limit` of 0 asks for the total only.
    Offset { offset: usize, limit: usize },
    /// The rows after a cursor.
    After { cursor: Cursor, limit: usize },
    /// The first rows (no cursor), or the rows after the last row whose key is `key`, extended past `limit` to the
    /// end of a run of equal keys (at most [`TIE_ROWS_MAX`] more).
    AfterKey { key: Option<SortKey>, limit: usize },
}

/// A page by key alone is extended by at most so many rows.
pub const TIE_ROWS_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    pub key: SortKey,
    pub conversation: ConversationId,
}

/// The value a row is sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SortKey {
    Null,
    /// Milliseconds.
    Time(i64),
    Score(f64),
}

/// One row of the answer, by id and version. Rows themselves are read from the store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub conversation: ConversationId,
    pub contact: ContactId,
    /// Versions of the two rows the index last saw. A row read with another version makes the query run again.
    pub conversation_version: u64,
    pub contact_version: u64,
    pub key: SortKey,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Hits {
    pub rows: Vec<Hit>,
    /// Every match, before paging.
    pub total: u64,
}

/// The index, as the core sees it.
///
/// It is fed the units of each agency strictly in the order of the feed, by whoever committed or read them, before
/// the writer is answered.
pub trait Index: Send + Sync + 'static {
    /// Takes units whose positions follow directly on what the index holds; older ones are passed over. A gap is
    /// refused and changes nothing.
    fn apply(&self, agency: AgencyId, units: &[Arc<Unit>]) -> Result<(), Gap>;

    /// The position of the last unit the index holds of this agency; 0 when it holds none.
    fn position(&self, agency: AgencyId) -> u64;

    /// Runs a query. Never waits for a writer longer than it takes to share the leaves it names.
    fn search(&self, agency: AgencyId, query: &Query) -> Hits;

    /// Replaces all that is held of an agency by what is loaded through the returned loader.
    fn rebuild(&self, agency: AgencyId) -> Box<dyn Loader>;
}

/// Fills the index of one agency from the tables. Nothing shows before [`Loader::finish`].
pub trait Loader: Send {
    /// A document with every message text of its conversation.
    fn add(&mut self, document: &Document, messages: &mut dyn Iterator<Item = &str>);
    /// What was loaded stood at this position of the feed.
    fn finish(self: Box<Self>, position: u64);
}

/// The index is not at the position the units follow on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the index stands at {at}, the units begin at {begin}")]
pub struct Gap {
    pub at: u64,
    pub begin: u64,
}

/// What the index knows of one conversation with its contact, but for the texts of its messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub columns: Columns,
    pub fields: Fields,
}

/// All that a filter or a sort asks of a conversation. Written whole at each change.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    pub conversation: ConversationId,
    pub contact: ContactId,
    pub brand: BrandId,
    pub conversation_version: u64,
    pub contact_version: u64,
    pub created_at: Time,
    pub last_message_at: Option<Time>,
    pub last_manual_at: Option<Time>,
    pub last_type: Option<MessageType>,
    pub last_direction: Option<Direction>,
    pub outbound_action: Option<Action>,
    pub owner: Option<UserId>,
    /// Users an open offer of this conversation invites: they may see it although they do not own it.
    pub offered_to: Vec<UserId>,
    pub followers: Vec<UserId>,
    pub mentions: Vec<UserId>,
    pub sources: Vec<SourceId>,
    pub bots: Vec<BotId>,
    pub bot_replies: u32,
    pub starred: bool,
    pub unread: bool,
    /// Times of follow-ups, one per bot at most, in any order.
    pub follow_ups: Vec<Time>,
    /// Times at which something is due, in any order.
    pub due: Vec<Time>,
    pub scores: Vec<(ProfileId, f64)>,
}

/// The words of the contact, for the one meaning of text. `infix` are the texts found from their middle too: name,
/// e-mail, phone digits, external ids; `words` the rest: tags, field values, company and the like.
/// Each text is already folded (see [`crate::text::fold`]) and given once: an index need not fold it again. Texts of
/// messages come as they were written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Fields {
    pub infix: Vec<String>,
    pub words: Vec<String>,
}

/// The change a unit made to one document.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentChange {
    Put {
        columns: Box<Columns>,
        /// The texts before and after, when they changed (before is empty for a new document).
        fields: Option<Box<FieldsChange>>,
        /// Texts of messages added.
        messages: Vec<Arc<str>>,
    },
    Removed(ConversationId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsChange {
    pub before: Fields,
    pub after: Fields,
}

/// What the index keeps of a conversation.
pub fn columns_of(conversation: &crate::entity::Conversation, contact: &crate::entity::Contact) -> Columns {
    Columns {
        conversation: conversation.id,
        contact: contact.id,
        brand: conversation.brand,
        conversation_version: conversation.version,
        contact_version: contact.version,
        created_at: conversation.created_at,
        last_message_at: conversation.last_message.as_ref().map(|it| it.at),
        last_manual_at: conversation.last_manual_at,
        last_type: conversation.last_message.as_ref().map(|it| it.kind),
        last_direction: conversation.last_message.as_ref().map(|it| it.direction),
        outbound_action: conversation.outbound_action,
        owner: conversation.owner,
        offered_to: conversation.offered_to.clone(),
        followers: conversation.followers.clone(),
        mentions: conversation.mentions.clone(),
        sources: conversation.sources.iter().map(|it| it.source).collect(),
        bots: conversation.bots.iter().map(|it| it.bot).collect(),
        bot_replies: conversation.bot_replies,
        starred: conversation.starred,
        unread: conversation.unread_count > 0,
        follow_ups: conversation.bots.iter().filter_map(|it| it.follow_up_at).collect(),
        due: conversation.due.clone(),
        scores: conversation.scores.iter().map(|it| (it.profile, it.score)).collect(),
    }
}
