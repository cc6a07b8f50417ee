//! Flows: names a rule enrols into.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreateFlow, DeleteFlow, UpdateFlow};
use leadwire_core::entity;
use leadwire_core::id::FlowId;
use leadwire_core::read::{Of, configured};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given};

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub brand: Id,
    pub name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlow {
    pub brand: Id,
    #[schema(min_length = 1)]
    pub name: String,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
}

pub fn view(it: &entity::Flow) -> Flow {
    Flow { id: it.id.into(), created_at: it.created_at.into(), updated_at: it.updated_at.into(), brand: it.brand.into(), name: it.name.clone() }
}

/// The flows of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/flows", tag = "flows", params(BrandPaging), responses(
    (status = 200, body = Page<Flow>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::flows(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One flow.
#[utoipa::path(get, path = "/v1/flows/{id}", tag = "flows", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Flow), (status = 404, description = "No such flow")))]
pub async fn one(ask: Ask, Named(id): Named<FlowId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::flow(&asker.config, &asker.rights, Of::Seen, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a flow.
#[utoipa::path(post, path = "/v1/flows", tag = "flows", request_body = NewFlow, responses(
    (status = 201, body = Flow), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewFlow>(body).await?;
    let command = CreateFlow { brand: new.brand.to(), name: new.name, profile: None };
    ask.write(&bytes, command, |it, _| created(&view(it), it.version, format!("/v1/flows/{}", it.id))).await
}

/// Changes a flow.
#[utoipa::path(patch, path = "/v1/flows/{id}", tag = "flows", params(("id" = Uuid, Path)), request_body = FlowChange, responses(
    (status = 200, body = Flow), (status = 404, description = "No such flow"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<FlowId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<FlowChange>(body).await?;
    let command = UpdateFlow { id, if_match: ask.if_match(), name: it.name, profile: None };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Deletes a flow.
#[utoipa::path(delete, path = "/v1/flows/{id}", tag = "flows", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such flow"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<FlowId>) -> Result<Response, Error> {
    let command = DeleteFlow { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
