//! Messages of a conversation. A message's text never changes.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::message::{AppendMessage, To};
use leadwire_core::entity;
use leadwire_core::id::{ConversationId, MessageId};
use leadwire_core::read::conversations;
use leadwire_core::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, created, decode_place, encode_place, tagged};
use super::problem::Error;
use super::wire::{Id, Page, Paging, When};
use super::words::{Action, Direction, MessageType};
use crate::kit::page;

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub id: Id,
    pub created_at: When,
    pub conversation: Id,
    /// When it was said.
    pub at: When,
    pub r#type: MessageType,
    pub direction: Direction,
    /// Null for an inbound message.
    #[schema(required)]
    pub action: Option<Action>,
    pub body: String,
    #[schema(required)]
    pub bot: Option<Id>,
    #[schema(required)]
    pub user: Option<Id>,
    #[schema(required)]
    pub source: Option<Id>,
    /// The captured lead this message stands for.
    #[schema(required)]
    pub lead: Option<Id>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Either this or `conversation`. A contact without a conversation gets a new one.
    pub contact: Option<Id>,
    pub conversation: Option<Id>,
    pub direction: Direction,
    pub r#type: MessageType,
    pub body: String,
    /// The bot that wrote it.
    pub bot: Option<Id>,
    /// The user who wrote it; the key's, unless a bot did.
    pub user: Option<Id>,
    pub source: Option<Id>,
    /// When it was said; now unless given.
    pub at: Option<When>,
}

pub fn view(it: &entity::Message) -> Message {
    Message {
        id: it.id.into(),
        created_at: it.created_at.into(),
        conversation: it.conversation.into(),
        at: it.at.into(),
        r#type: MessageType(it.kind),
        direction: it.direction.into(),
        action: it.action().map(Into::into),
        body: it.body.to_string(),
        bot: it.bot.map(Into::into),
        user: it.user.map(Into::into),
        source: it.source.map(Into::into),
        lead: it.lead.map(Into::into),
    }
}

/// Adds a message: what a person wrote, a bot answered, or an import brings along.
#[utoipa::path(post, path = "/v1/messages", tag = "messages", request_body = NewMessage, responses(
    (status = 201, body = Message), (status = 404, description = "No such contact or conversation"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewMessage>(body).await?;
    let to = match (new.contact, new.conversation) {
        (Some(it), None) => To::Contact(it.to()),
        (None, Some(it)) => To::Conversation(it.to()),
        _ => return Err(Refusal::invalid("/conversation", "give either this or contact").into()),
    };
    let command = AppendMessage {
        to,
        direction: new.direction.into(),
        kind: new.r#type.0,
        body: new.body,
        bot: new.bot.map(Id::to),
        user: new.user.map(Id::to),
        source: new.source.map(Id::to),
        at: new.at.map(|it| it.0),
        profile: None,
    };
    ask.write(&bytes, command, |it, _| created(&view(&it.message), it.message.version, format!("/v1/messages/{}", it.message.id))).await
}

/// One message.
#[utoipa::path(get, path = "/v1/messages/{id}", tag = "messages", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Message), (status = 404, description = "No such message")))]
pub async fn one(ask: Ask, Named(id): Named<MessageId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = conversations::message(ask.app.store.as_ref(), &asker, id).await?;
    Ok(tagged(&view(&row), row.version))
}

/// The messages of a conversation, newest first.
#[utoipa::path(get, path = "/v1/conversations/{id}/messages", tag = "messages", params(("id" = Uuid, Path), Paging), responses(
    (status = 200, body = Page<Message>), (status = 404, description = "No such conversation")))]
pub async fn list(ask: Ask, Named(id): Named<ConversationId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: Paging = ask.query()?;
    let limit = page::limit(query.limit)?;
    let before = match &query.after {
        Some(it) => Some(decode_place(it).map(|(at, id)| (at, MessageId(id)))?),
        None => None,
    };
    let mut rows: Vec<Arc<entity::Message>> = conversations::messages(ask.app.store.as_ref(), &asker, id, before, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|it| encode_place((it.at, it.id.0)));
    Ok(ask.page(rows.iter().map(|it| view(it)).collect(), next))
}
