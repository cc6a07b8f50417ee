//! Captured leads, and why each went where it went.

use axum::response::Response;
use leadwire_core::entity::{self, RoutingState};
use leadwire_core::id::LeadId;
use leadwire_core::read::leads;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, ok};
use super::problem::Error;
use super::routing::{self, Routing};
use super::wire::{Id, Page, When};
use crate::kit::page;

/// One captured inquiry. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapturedLead {
    pub id: Id,
    /// 1, 2, 3 … per agency.
    pub number: u64,
    pub created_at: When,
    pub source: Id,
    pub contact: Id,
    pub conversation: Id,
    /// The bot that captured it, and the enabled bots then attached to its source.
    pub bots: Vec<Id>,
    #[schema(required)]
    pub source_type: Option<String>,
    /// Captured without a key.
    pub keyless: bool,
    /// An earlier lead with the same natural id and another payload.
    #[schema(required)]
    pub duplicate_of: Option<Id>,
    pub raw: Raw,
}

/// A body as it was received.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    pub content_type: String,
    /// As UTF-8; what is none is replaced.
    pub text: String,
}

/// A lead, with where its routing stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadWithState {
    pub lead: CapturedLead,
    #[schema(required)]
    pub state: Option<State>,
}

/// Where a lead's routing stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub state: StateName,
    /// How often it was routed.
    pub epoch: u32,
    pub since: When,
    /// Of `assigned`.
    #[schema(required)]
    pub user: Option<Id>,
    /// Of `offered`.
    #[schema(required)]
    pub offer: Option<Id>,
    /// Of `inbox`.
    #[schema(required)]
    pub brand: Option<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    Assigned,
    Offered,
    Inbox,
    /// Kept, not routed: a duplicate of another lead.
    Closed,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeadQuery {
    #[param(value_type = Option<Uuid>)]
    pub contact: Option<Id>,
    #[param(value_type = Option<Uuid>)]
    pub source: Option<Id>,
    /// Rows of a page, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9a-f]{32}$")]
    pub after: Option<String>,
}

pub fn captured(it: &entity::Lead) -> CapturedLead {
    CapturedLead {
        id: it.id.into(),
        number: it.number,
        created_at: it.created_at.into(),
        source: it.source.into(),
        contact: it.contact.into(),
        conversation: it.conversation.into(),
        bots: it.bots.iter().map(|it| (*it).into()).collect(),
        source_type: it.source_type.clone(),
        keyless: it.keyless,
        duplicate_of: it.duplicate_of.map(Into::into),
        raw: raw(&it.raw),
    }
}

pub fn raw(it: &entity::RawBody) -> Raw {
    Raw { content_type: it.content_type.to_string(), text: String::from_utf8_lossy(&it.bytes).into_owned() }
}

pub fn with_state(it: &leads::LeadRow) -> LeadWithState {
    LeadWithState { lead: captured(&it.lead), state: it.state.as_deref().map(state) }
}

fn state(it: &entity::LeadState) -> State {
    let (state, user, offer, brand) = match &it.state {
        RoutingState::Assigned { user } => (StateName::Assigned, Some(*user), None, None),
        RoutingState::Offered { offer } => (StateName::Offered, None, Some(*offer), None),
        RoutingState::Inbox { brand } => (StateName::Inbox, None, None, Some(*brand)),
        RoutingState::Closed => (StateName::Closed, None, None, None),
    };
    State { state, epoch: it.epoch, since: it.since.into(), user: user.map(Into::into), offer: offer.map(Into::into), brand: brand.map(Into::into) }
}

/// Captured leads, newest first.
#[utoipa::path(get, path = "/v1/leads", tag = "leads", params(LeadQuery), responses((status = 200, body = Page<LeadWithState>)))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: LeadQuery = ask.query()?;
    let limit = page::limit(query.limit)?;
    let before = match &query.after {
        Some(it) => Some(LeadId(page::decode_id(it)?)),
        None => None,
    };
    let found = leads::leads(ask.app.store.as_ref(), &asker, query.contact.map(Id::to), query.source.map(Id::to), before, limit).await?;
    Ok(ask.page(found.rows.iter().map(with_state).collect(), found.next.map(|it| page::encode(it.0.as_bytes()))))
}

/// One lead.
#[utoipa::path(get, path = "/v1/leads/{id}", tag = "leads", params(("id" = Uuid, Path)), responses(
    (status = 200, body = LeadWithState), (status = 404, description = "No such lead")))]
pub async fn one(ask: Ask, Named(id): Named<LeadId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = leads::lead(ask.app.store.as_ref(), &asker, id).await?;
    Ok(ok(&with_state(&row)))
}

/// Why a lead went where it went: every decision on it, with each rule's result and the members' turns.
#[utoipa::path(get, path = "/v1/leads/{id}/routing", tag = "leads", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Routing), (status = 404, description = "No such lead")))]
pub async fn routing(ask: Ask, Named(id): Named<LeadId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let found = leads::routing(ask.app.store.as_ref(), &asker, id).await?;
    Ok(ok(&routing::view(&found, &asker.config)))
}
