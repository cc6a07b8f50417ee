//! Personas a bot speaks as.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreatePersona, DeletePersona, UpdatePersona};
use leadwire_core::entity;
use leadwire_core::id::PersonaId;
use leadwire_core::read::{Of, configured};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given, named};

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub brand: Id,
    pub name: String,
    #[schema(required)]
    pub description: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersona {
    pub brand: Id,
    #[schema(min_length = 1)]
    pub name: String,
    pub description: Option<String>,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonaChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
}

pub fn view(it: &entity::Persona) -> Persona {
    Persona {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        brand: it.brand.into(),
        name: it.name.clone(),
        description: it.description.clone(),
    }
}

/// The personas of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/personas", tag = "personas", params(BrandPaging), responses(
    (status = 200, body = Page<Persona>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::personas(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One persona.
#[utoipa::path(get, path = "/v1/personas/{id}", tag = "personas", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Persona), (status = 404, description = "No such persona")))]
pub async fn one(ask: Ask, Named(id): Named<PersonaId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::persona(&asker.config, &asker.rights, Of::Seen, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a persona.
#[utoipa::path(post, path = "/v1/personas", tag = "personas", request_body = NewPersona, responses(
    (status = 201, body = Persona), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewPersona>(body).await?;
    let command = CreatePersona { brand: new.brand.to(), name: new.name, description: new.description, profile: None };
    ask.write(&bytes, command, |it, _| created(&view(it), it.version, format!("/v1/personas/{}", it.id))).await
}

/// Changes a persona.
#[utoipa::path(patch, path = "/v1/personas/{id}", tag = "personas", params(("id" = Uuid, Path)), request_body = PersonaChange, responses(
    (status = 200, body = Persona), (status = 404, description = "No such persona"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<PersonaId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<PersonaChange>(body).await?;
    let command = UpdatePersona { id, if_match: ask.if_match(), name: it.name, description: it.description, profile: None };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Deletes a persona.
#[utoipa::path(delete, path = "/v1/personas/{id}", tag = "personas", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such persona"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<PersonaId>) -> Result<Response, Error> {
    let command = DeletePersona { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
