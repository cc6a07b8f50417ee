//! Conversations: the one thread with each contact, found by everything a query can say.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::conversation::{DeleteConversation, UpdateConversation};
use leadwire_core::entity;
use leadwire_core::id::{BotId, BrandId, ConversationId, PersonaId, Uuid};
use leadwire_core::read::{Asker, conversations};
use leadwire_core::search::{Assigned, Cursor, Page as Window, Query, ScoreRange, Sort, SortBy, SortKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, gone, ok, tagged};
use super::contacts::{self, Contact};
use super::problem::Error;
use super::wire::{Id, When, given, named};
use super::words::{Action, Direction, MessageType};
use crate::kit::page;
use crate::kit::query::QueryError;

/// The one thread with a contact, with all its state.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub brand: Id,
    pub contact: Contact,
    pub starred: bool,
    pub unread: bool,
    /// Inbound messages since it was last read.
    pub unread_count: u32,
    #[schema(required)]
    pub owner: Option<Id>,
    /// The lead that was routed last.
    #[schema(required)]
    pub lead: Option<Id>,
    /// The open offer, and whom it invites.
    #[schema(required)]
    pub offer: Option<Id>,
    pub offered_to: Vec<Id>,
    pub followers: Vec<Id>,
    pub mentions: Vec<Id>,
    #[schema(required)]
    pub last_message: Option<LastMessage>,
    /// When a person last wrote, if the last message is a person's.
    #[schema(required)]
    pub last_manual_at: Option<When>,
    /// Of the last outbound message.
    #[schema(required)]
    pub outbound_action: Option<Action>,
    pub sources: Vec<SourceSeen>,
    pub bots: Vec<BotInstance>,
    pub bot_replies: u32,
    #[schema(required)]
    pub wont_respond_until: Option<When>,
    #[schema(required)]
    pub failure_reason: Option<String>,
    #[schema(required)]
    pub mimic_source: Option<Id>,
    pub scores: Vec<Score>,
    pub due: Vec<When>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LastMessage {
    pub id: Id,
    pub at: When,
    pub r#type: MessageType,
    pub direction: Direction,
    pub body: String,
    #[schema(required)]
    pub bot: Option<Id>,
    #[schema(required)]
    pub user: Option<Id>,
    #[schema(required)]
    pub source: Option<Id>,
}

/// A source the contact came through, and when last.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSeen {
    pub source: Id,
    pub at: When,
}

/// A bot at work on the conversation, or that wrote in it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotInstance {
    pub bot: Id,
    /// False: it only wrote here.
    #[serde(default = "yes")]
    pub active: bool,
    #[serde(default)]
    pub version: Option<String>,
    /// Whose clock the follow-up follows: `contact`, `source` or `unknown`.
    #[serde(default = "unknown")]
    pub follow_up_timezone_kind: String,
    #[serde(default)]
    pub follow_up_timezone: Option<String>,
    #[serde(default)]
    pub follow_up_at: Option<When>,
    #[serde(default)]
    pub smart_follow_up: bool,
    #[serde(default)]
    pub scheduled_response_at: Option<When>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    pub profile: Id,
    pub score: f64,
}

/// A page of conversations, with the number of all that match.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPage {
    pub data: Vec<Conversation>,
    #[schema(required)]
    pub next: Option<String>,
    pub total: u64,
}

/// What is absent stays as it is; lists are replaced whole, but for `bots`: each replaces what is known of that bot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub starred: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub unread: Option<bool>,
    /// Null gives it to nobody. An open offer is withdrawn.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Id>)]
    pub owner: Option<Option<Id>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub followers: Option<Vec<Id>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub mentions: Option<Vec<Id>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub bots: Option<Vec<BotInstance>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<When>)]
    pub wont_respond_until: Option<Option<When>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub failure_reason: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Id>)]
    pub mimic_source: Option<Option<Id>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub scores: Option<Vec<Score>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub due: Option<Vec<When>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortName {
    #[default]
    LastActivity,
    LastManual,
    Due,
    Overdue,
    Score,
    Created,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Asc,
    #[default]
    Desc,
}

/// All conditions must hold; of a repeated parameter, one value must.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// Words; each must begin a word of the contact or of a message, or, from three characters, stand anywhere in a name,
    /// e-mail address, phone number or external id.
    pub search: Option<String>,
    /// This brand and all below it; repeatable.
    #[param(value_type = Vec<Uuid>)]
    pub brand: Vec<Id>,
    #[param(value_type = Vec<Uuid>)]
    pub id: Vec<Id>,
    #[param(value_type = Vec<Uuid>)]
    pub contact: Vec<Id>,
    /// The contact came through it.
    #[param(value_type = Vec<Uuid>)]
    pub source: Vec<Id>,
    /// Type of the last message.
    #[param(inline)]
    pub last_type: Vec<MessageType>,
    /// At work on the conversation, or wrote in it.
    #[param(value_type = Vec<Uuid>)]
    pub bot: Vec<Id>,
    /// The same, for the bots of a persona.
    #[param(value_type = Vec<Uuid>)]
    pub persona: Vec<Id>,
    /// At least so many replies by bots.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    pub min_bot_replies: Option<u32>,
    /// Of the last message.
    #[param(inline)]
    pub last_direction: Option<Direction>,
    /// Of the last outbound message.
    #[param(inline)]
    pub outbound_action: Option<Action>,
    /// Whether some bot's follow-up lies ahead.
    pub follow_up_scheduled: Option<bool>,
    #[param(value_type = Vec<Uuid>)]
    pub owner: Vec<Id>,
    /// True: owned by nobody. False: no condition.
    pub unassigned: Option<bool>,
    #[param(value_type = Vec<Uuid>)]
    pub follower: Vec<Id>,
    #[param(value_type = Vec<Uuid>)]
    pub mention: Vec<Id>,
    pub starred: Option<bool>,
    pub unread: Option<bool>,
    /// Has a score of this profile, within `min_score` and `max_score`.
    #[param(value_type = Option<Uuid>)]
    pub score_profile: Option<Id>,
    pub min_score: Option<f64>,
    pub max_score: Option<f64>,
    #[param(value_type = Option<String>, format = DateTime)]
    pub created_from: Option<When>,
    #[param(value_type = Option<String>, format = DateTime)]
    pub created_to: Option<When>,
    #[param(value_type = Option<String>, format = DateTime)]
    pub active_from: Option<When>,
    #[param(value_type = Option<String>, format = DateTime)]
    pub active_to: Option<When>,
    /// `last_activity` unless given. Rows without a value come last.
    #[param(inline)]
    pub sort: Option<SortName>,
    /// The profile whose score is sorted by.
    #[param(value_type = Option<Uuid>)]
    pub sort_profile: Option<Id>,
    /// `desc` unless given.
    #[param(inline)]
    pub order: Option<Order>,
    /// Rows of a page, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// `next` of the page before, with the same conditions and order.
    #[param(pattern = "^0[0-2][0-9a-f]{48}$")]
    pub after: Option<String>,
}

fn yes() -> bool {
    true
}

fn unknown() -> String {
    "unknown".to_owned()
}

pub fn view(it: &entity::Conversation, contact: &entity::Contact) -> Conversation {
    let ids = |list: &[leadwire_core::id::UserId]| list.iter().map(|it| (*it).into()).collect();
    Conversation {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        brand: it.brand.into(),
        contact: contacts::view(contact),
        starred: it.starred,
        unread: it.unread_count > 0,
        unread_count: it.unread_count,
        owner: it.owner.map(Into::into),
        lead: it.lead.map(Into::into),
        offer: it.offer.map(Into::into),
        offered_to: ids(&it.offered_to),
        followers: ids(&it.followers),
        mentions: ids(&it.mentions),
        last_message: it.last_message.as_ref().map(last),
        last_manual_at: it.last_manual_at.map(Into::into),
        outbound_action: it.outbound_action.map(Into::into),
        sources: it.sources.iter().map(|it| SourceSeen { source: it.source.into(), at: it.at.into() }).collect(),
        bots: it.bots.iter().map(instance).collect(),
        bot_replies: it.bot_replies,
        wont_respond_until: it.wont_respond_until.map(Into::into),
        failure_reason: it.failure_reason.clone(),
        mimic_source: it.mimic_source.map(Into::into),
        scores: it.scores.iter().map(|it| Score { profile: it.profile.into(), score: it.score }).collect(),
        due: it.due.iter().map(|it| (*it).into()).collect(),
    }
}

fn last(it: &entity::LastMessage) -> LastMessage {
    LastMessage {
        id: it.id.into(),
        at: it.at.into(),
        r#type: MessageType(it.kind),
        direction: it.direction.into(),
        body: it.body.clone(),
        bot: it.bot.map(Into::into),
        user: it.user.map(Into::into),
        source: it.source.map(Into::into),
    }
}

fn instance(it: &entity::BotInstance) -> BotInstance {
    BotInstance {
        bot: it.bot.into(),
        active: it.active,
        version: it.version.clone(),
        follow_up_timezone_kind: it.follow_up_timezone_kind.clone(),
        follow_up_timezone: it.follow_up_timezone.clone(),
        follow_up_at: it.follow_up_at.map(Into::into),
        smart_follow_up: it.smart_follow_up,
        scheduled_response_at: it.scheduled_response_at.map(Into::into),
    }
}

fn into_instance(it: BotInstance) -> entity::BotInstance {
    let BotInstance { bot, active, version, follow_up_timezone_kind, follow_up_timezone, follow_up_at, smart_follow_up, scheduled_response_at } = it;
    entity::BotInstance {
        bot: bot.to(),
        active,
        version,
        follow_up_timezone_kind,
        follow_up_timezone,
        follow_up_at: follow_up_at.map(|it| it.0),
        smart_follow_up,
        scheduled_response_at: scheduled_response_at.map(|it| it.0),
    }
}

impl ConversationQuery {
    /// As the core's question. `limit` has been checked.
    fn into_query(self, asker: &Asker, limit: usize) -> Result<Query, QueryError> {
        let mut query = Query::new(asker.scope(), asker.now, limit);
        if !self.brand.is_empty() {
            let asked = self.brand.iter().flat_map(|it| asker.config.subtree(it.to::<BrandId>()).iter().copied().collect::<Vec<_>>());
            query.scope.brands = std::sync::Arc::new(asked.filter(|it| asker.rights.sees_brand(*it)).collect());
        }
        query.text = self.search;
        query.conversations = some(self.id);
        query.contacts = some(self.contact);
        query.sources = some(self.source);
        query.types = (!self.last_type.is_empty()).then(|| self.last_type.into_iter().map(|it| it.0).collect());
        query.bots = some(self.bot);
        if !self.persona.is_empty() {
            let personas: Vec<PersonaId> = self.persona.into_iter().map(Id::to).collect();
            query.persona_bots = Some(bots_of(asker, &personas));
        }
        query.bot_replies_min = self.min_bot_replies;
        query.direction = self.last_direction.map(Into::into);
        query.outbound_action = self.outbound_action.map(Into::into);
        query.follow_up_scheduled = self.follow_up_scheduled;
        query.assigned = match (self.unassigned, some(self.owner)) {
            (Some(true), None) => Some(Assigned::Nobody),
            // Owned by nobody and by somebody: nothing is.
            (Some(true), Some(_)) => Some(Assigned::AnyOf(Vec::new())),
            (_, owners) => owners.map(Assigned::AnyOf),
        };
        query.followers = some(self.follower);
        query.mentions = some(self.mention);
        query.starred = self.starred;
        query.unread = self.unread;
        for (name, bound) in [("min_score", self.min_score), ("max_score", self.max_score)] {
            if bound.is_some_and(|it| !it.is_finite()) {
                return Err(QueryError::invalid(name, "must be a number"));
            }
            if bound.is_some() && self.score_profile.is_none() {
                return Err(QueryError::invalid(name, "needs score_profile"));
            }
        }
        query.score = self.score_profile.map(|it| ScoreRange { profile: it.to(), min: self.min_score, max: self.max_score });
        query.created_from = self.created_from.map(|it| it.0);
        query.created_to = self.created_to.map(|it| it.0);
        query.active_from = self.active_from.map(|it| it.0);
        query.active_to = self.active_to.map(|it| it.0);
        let by = match self.sort.unwrap_or_default() {
            SortName::LastActivity => SortBy::LastActivity,
            SortName::LastManual => SortBy::LastManual,
            SortName::Due => SortBy::Due,
            SortName::Overdue => SortBy::Overdue,
            SortName::Score => {
                SortBy::Score(self.sort_profile.ok_or_else(|| QueryError::invalid("sort_profile", "must be given to sort by score"))?.to())
            }
            SortName::Created => SortBy::Created,
        };
        query.sort = Sort { by, descending: self.order.unwrap_or_default() == Order::Desc };
        if let Some(after) = &self.after {
            query.page = Window::After { cursor: decode_cursor(after)?, limit };
        }
        Ok(query)
    }
}

/// None where nothing was asked.
fn some<I: From<Uuid>>(list: Vec<Id>) -> Option<Vec<I>> {
    (!list.is_empty()).then(|| list.into_iter().map(Id::to).collect())
}

fn bots_of(asker: &Asker, personas: &[PersonaId]) -> Vec<BotId> {
    asker.config.bots().filter(|it| it.personas.iter().any(|it| personas.contains(it))).map(|it| it.id).collect()
}

/// Where a page ended: the kind of key, its 8 bytes, the id.
pub fn cursor(row: &conversations::FoundRow) -> String {
    let (kind, key) = match row.key {
        SortKey::Null => (0u8, 0u64),
        SortKey::Time(it) => (1, it.cast_unsigned()),
        SortKey::Score(it) => (2, it.to_bits()),
    };
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&key.to_be_bytes());
    bytes.extend_from_slice(row.row.conversation.id.0.as_bytes());
    page::encode(&bytes)
}

pub fn decode_cursor(text: &str) -> Result<Cursor, QueryError> {
    let wrong = || QueryError::new("after", "not a cursor given by this list");
    let bytes = page::decode(text)?;
    let (kind, rest) = bytes.split_first().ok_or_else(wrong)?;
    let (key, id) = rest.split_first_chunk::<8>().ok_or_else(wrong)?;
    let key = u64::from_be_bytes(*key);
    let key = match kind {
        0 => SortKey::Null,
        1 => SortKey::Time(key.cast_signed()),
        2 => Some(f64::from_bits(key)).filter(|it| it.is_finite()).map_or(SortKey::Null, SortKey::Score),
        _ => return Err(wrong()),
    };
    Ok(Cursor { key, conversation: ConversationId(Uuid::from_slice(id).map_err(|_| wrong())?) })
}

/// Finds conversations: exactly those that match, in one total order, with their number.
#[utoipa::path(get, path = "/v1/conversations", tag = "conversations", params(ConversationQuery), responses((status = 200, body = ConversationPage)))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: ConversationQuery = ask.query()?;
    let limit = page::limit(query.limit)?;
    let query = query.into_query(&asker, limit)?;
    let found = conversations::search(ask.app.store.as_ref(), ask.app.index.as_ref(), &asker, query).await?;
    let next = found.rows.last().filter(|_| found.rows.len() == limit).map(cursor);
    let link = next.as_deref().and_then(|it| page::link_next(&ask.uri, it));
    let data = found.rows.iter().map(|it| view(&it.row.conversation, &it.row.contact)).collect();
    let mut response = ok(&ConversationPage { data, next, total: found.total });
    if let Some((name, value)) = link {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// One conversation.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Conversation), (status = 404, description = "No such conversation")))]
pub async fn one(ask: Ask, Named(id): Named<ConversationId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = conversations::conversation(ask.app.store.as_ref(), &asker, id).await?;
    Ok(tagged(&view(&row.conversation, &row.contact), row.conversation.version))
}

/// Changes a conversation.
#[utoipa::path(patch, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = Uuid, Path)), request_body = ConversationChange, responses(
    (status = 200, body = Conversation), (status = 404, description = "No such conversation"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<ConversationId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<ConversationChange>(body).await?;
    let users = |it: Option<Vec<Id>>| it.map(|it| it.into_iter().map(Id::to).collect());
    let command = UpdateConversation {
        id: Some(id),
        if_match: ask.if_match(),
        starred: it.starred,
        unread: it.unread,
        owner: it.owner.map(|it| it.map(Id::to)),
        followers: users(it.followers),
        mentions: users(it.mentions),
        bots: it.bots.map(|it| it.into_iter().map(into_instance).collect()),
        wont_respond_until: it.wont_respond_until.map(|it| it.map(|it| it.0)),
        failure_reason: it.failure_reason,
        mimic_source: it.mimic_source.map(|it| it.map(Id::to)),
        scores: it.scores.map(|it| it.into_iter().map(|it| entity::Score { profile: it.profile.to(), score: it.score }).collect()),
        due: it.due.map(|it| it.into_iter().map(|it| it.0).collect()),
        profile: None,
    };
    ask.write(&bytes, command, |it, _| changed(&view(&it.conversation, &it.contact), it.conversation.version)).await
}

/// Deletes a conversation with its messages. The contact stays, and the next message makes a new one.
#[utoipa::path(delete, path = "/v1/conversations/{id}", tag = "conversations", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such conversation"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<ConversationId>) -> Result<Response, Error> {
    let command = DeleteConversation { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}

#[cfg(test)]
mod tests {
    use leadwire_core::read::asker;
    use leadwire_core::testing::World;
    use leadwire_core::who::Who;

    use super::*;
    use crate::kit::query;

    fn asked(text: &str) -> Result<Query, QueryError> {
        let world = World::new(1);
        let agency = world.found("Northwind").unwrap().brand.id.0.into();
        let asker = asker(&world, Who::System { agency }).unwrap();
        query::parse_text::<ConversationQuery>(text)?.into_query(&asker, 50)
    }

    #[test]
    fn every_parameter_changes_the_question() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let plain = asked("").unwrap();
        let with_id =
            ["id", "brand", "contact", "source", "bot", "persona", "owner", "follower", "mention", "score_profile"].map(|it| format!("{it}={id}"));
        let others = [
            "search=ada",
            "last_type=TYPE_SMS",
            "min_bot_replies=1",
            "last_direction=inbound",
            "outbound_action=manual",
            "follow_up_scheduled=false",
            "unassigned=true",
            "starred=false",
            "unread=true",
            "created_from=2026-01-01T00:00:00Z",
            "created_to=2026-01-01T00:00:00Z",
            "active_from=2026-01-01T00:00:00Z",
            "active_to=2026-01-01T00:00:00Z",
            "sort=due",
            "order=asc",
            "after=0100000000000000010000000000000000000000000000000a",
        ]
        .map(str::to_owned);
        let bounds = ["min_score=1", "max_score=2"].map(|it| format!("{it}&score_profile={id}"));
        let sort = [format!("sort=score&sort_profile={id}")];
        let mut seen = vec![plain];
        for text in with_id.into_iter().chain(others).chain(bounds).chain(sort) {
            let query = asked(&text).unwrap();
            assert!(!seen.contains(&query), "{text} asks nothing new");
            seen.push(query);
        }
    }

    #[test]
    fn a_bound_without_its_profile_is_readable_but_refused() {
        for text in ["min_score=1", "max_score=1", "sort=score"] {
            assert!(asked(text).unwrap_err().readable, "{text}");
        }
        assert!(!asked("sort=colour").unwrap_err().readable);
    }

    #[test]
    fn a_cursor_reads_back() {
        for text in ["00", "01", "02"].map(|it| format!("{it}00000000000000010123456789abcdef0123456789abcdef")) {
            assert!(decode_cursor(&text).is_ok(), "{text}");
        }
        assert!(decode_cursor("0300000000000000010123456789abcdef0123456789abcdef").is_err());
        assert!(decode_cursor("").is_err());
    }
}
