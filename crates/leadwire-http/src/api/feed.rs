//! The feed: every unit of work of the agency, in the order of its commit.

use axum::response::Response;
use leadwire_core::feed::{self, Change, ConfigThing, Event};
use leadwire_core::read;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, ok};
use super::problem::Error;
use super::wire::{Id, When};
use super::words::{AssignReason, InboxReason};
use crate::kit::query::QueryError;
use crate::kit::{No, page};

/// Part of the feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedPage {
    pub data: Vec<Unit>,
    /// Give this as `after` to go on, at once or later.
    pub next: u64,
    /// Position of the newest unit there is.
    pub head: u64,
}

/// One unit of work: what happened in it happened together.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// 1, 2, 3 … without holes.
    pub position: u64,
    pub id: Id,
    pub at: When,
    pub events: Vec<FeedEvent>,
}

/// What happened, by id: members that do not belong to its `type` are absent.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedEvent {
    /// As in `lead.captured`.
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lead: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conversation: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub offer: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub group: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub brand: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub flow: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bot: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub persona: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<Id>,
    /// Of `lead.captured`: its natural id had been seen with another payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duplicate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assign_reason: Option<AssignReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub inbox_reason: Option<InboxReason>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// Units after this position; from the beginning unless given.
    #[param(value_type = Option<i64>, minimum = 0)]
    pub after: Option<u64>,
    /// Units at most, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// Units after a position, oldest first. For admins of the whole agency.
#[utoipa::path(get, path = "/v1/feed", tag = "feed", params(FeedQuery), responses(
    (status = 200, body = FeedPage), (status = 410, description = "That position has been dropped already: start over at the head")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: FeedQuery = ask.query()?;
    let limit = page::limit(query.limit)?;
    let after = query.after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        return Err(QueryError::new("after", "is no position").into());
    }
    let found = read::feed::feed(ask.app.store.as_ref(), &asker, after, limit).await?.ok_or(No::Gone)?;
    let next = found.units.last().map_or(after, |it| it.position);
    Ok(ok(&FeedPage { data: found.units.iter().map(|it| unit(it)).collect(), next, head: found.head }))
}

fn unit(it: &feed::Unit) -> Unit {
    Unit { position: it.position, id: it.id.into(), at: it.at.into(), events: it.events.iter().map(event).collect() }
}

fn event(it: &Event) -> FeedEvent {
    let blank = |r#type| FeedEvent { r#type, ..FeedEvent::default() };
    match *it {
        Event::LeadCaptured { lead, source, contact, conversation, duplicate } => FeedEvent {
            lead: Some(lead.into()),
            source: Some(source.into()),
            contact: Some(contact.into()),
            conversation: Some(conversation.into()),
            duplicate: Some(duplicate),
            ..blank("lead.captured")
        },
        Event::LeadAssigned { lead, user, reason } => {
            FeedEvent { lead: Some(lead.into()), user: Some(user.into()), assign_reason: Some(reason.into()), ..blank("lead.assigned") }
        }
        Event::LeadOffered { lead, offer, group } => {
            FeedEvent { lead: Some(lead.into()), offer: Some(offer.into()), group: Some(group.into()), ..blank("lead.offered") }
        }
        Event::LeadInbox { lead, brand, reason } => {
            FeedEvent { lead: Some(lead.into()), brand: Some(brand.into()), inbox_reason: Some(reason.into()), ..blank("lead.inbox") }
        }
        Event::LeadEnrolled { lead, flow } => FeedEvent { lead: Some(lead.into()), flow: Some(flow.into()), ..blank("lead.enrolled") },
        Event::OfferClaimed { offer, lead, user } => {
            FeedEvent { offer: Some(offer.into()), lead: Some(lead.into()), user: Some(user.into()), ..blank("offer.claimed") }
        }
        Event::OfferDeclined { offer, lead, user } => {
            FeedEvent { offer: Some(offer.into()), lead: Some(lead.into()), user: Some(user.into()), ..blank("offer.declined") }
        }
        Event::OfferExpired { offer, lead } => FeedEvent { offer: Some(offer.into()), lead: Some(lead.into()), ..blank("offer.expired") },
        Event::ContactCreated { contact } => FeedEvent { contact: Some(contact.into()), ..blank("contact.created") },
        Event::ContactUpdated { contact } => FeedEvent { contact: Some(contact.into()), ..blank("contact.updated") },
        Event::ContactDeleted { contact } => FeedEvent { contact: Some(contact.into()), ..blank("contact.deleted") },
        Event::ConversationUpdated { conversation } => FeedEvent { conversation: Some(conversation.into()), ..blank("conversation.updated") },
        Event::ConversationDeleted { conversation } => FeedEvent { conversation: Some(conversation.into()), ..blank("conversation.deleted") },
        Event::MessageAdded { message, conversation } => {
            FeedEvent { message: Some(message.into()), conversation: Some(conversation.into()), ..blank("message.added") }
        }
        Event::ConfigChanged { what, change } => configured(what, change),
    }
}

fn configured(what: ConfigThing, change: Change) -> FeedEvent {
    let mut out = FeedEvent::default();
    let names = match what {
        ConfigThing::Brand(it) => {
            out.brand = Some(it.into());
            ["brand.created", "brand.updated", "brand.deleted"]
        }
        ConfigThing::User(it) => {
            out.user = Some(it.into());
            ["user.created", "user.updated", "user.deleted"]
        }
        ConfigThing::Key(it) => {
            out.key = Some(it.into());
            ["key.created", "key.updated", "key.deleted"]
        }
        ConfigThing::Source(it) => {
            out.source = Some(it.into());
            ["source.created", "source.updated", "source.deleted"]
        }
        ConfigThing::Rules(it) => {
            out.source = Some(it.into());
            ["rules.created", "rules.updated", "rules.deleted"]
        }
        ConfigThing::Group(it) => {
            out.group = Some(it.into());
            ["group.created", "group.updated", "group.deleted"]
        }
        ConfigThing::Bot(it) => {
            out.bot = Some(it.into());
            ["bot.created", "bot.updated", "bot.deleted"]
        }
        ConfigThing::Persona(it) => {
            out.persona = Some(it.into());
            ["persona.created", "persona.updated", "persona.deleted"]
        }
        ConfigThing::Flow(it) => {
            out.flow = Some(it.into());
            ["flow.created", "flow.updated", "flow.deleted"]
        }
    };
    let [created, updated, deleted] = names;
    out.r#type = match change {
        Change::Created => created,
        Change::Updated => updated,
        Change::Deleted => deleted,
    };
    out
}
