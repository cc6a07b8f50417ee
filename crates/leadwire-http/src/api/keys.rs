//! API keys. A key is shown once, when it is made; only its hash is kept.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreateKey, DeleteKey, NewKey as Kept, UpdateKey};
use leadwire_core::entity;
use leadwire_core::id::KeyId;
use leadwire_core::read::{Of, configured};
use leadwire_core::secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given, named};
use super::words::Scope;
use crate::kit::No;

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub name: String,
    /// The key sees this brand and all below it.
    pub brand: Id,
    /// The user it acts as.
    #[schema(required)]
    pub user: Option<Id>,
    pub scopes: Vec<Scope>,
    #[schema(required)]
    pub expires_at: Option<When>,
    /// Its first characters.
    pub hint: String,
    /// The key itself: in the answer that made it, and null ever after.
    #[schema(required)]
    pub key: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    #[schema(min_length = 1)]
    pub name: String,
    pub brand: Id,
    pub user: Option<Id>,
    /// Those of the maker but `operator` and `secrets`, unless given.
    pub scopes: Option<BTreeSet<Scope>>,
    pub expires_at: Option<When>,
}

/// What is absent stays as it is. What a key opens never changes: make another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<When>)]
    pub expires_at: Option<Option<When>>,
}

pub fn view(it: &entity::ApiKey) -> Key {
    Key {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        name: it.name.clone(),
        brand: it.brand.into(),
        user: it.user.map(Into::into),
        scopes: it.scopes.iter().map(|it| (*it).into()).collect(),
        expires_at: it.expires_at.map(Into::into),
        hint: it.hint.clone(),
        key: None,
    }
}

/// Puts the key itself into the answer that made it: what is kept for repetitions never holds it.
pub async fn reveal(response: Response, at: &str, key: &str) -> Result<Response, Error> {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| No::Panicked)?;
    let mut thing: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| No::Panicked)?;
    if let Some(slot) = thing.pointer_mut(&format!("{at}/key")) {
        *slot = serde_json::Value::from(key);
    }
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(thing.to_string())))
}

/// The keys of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", params(BrandPaging), responses(
    (status = 200, body = Page<Key>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::keys(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One key.
#[utoipa::path(get, path = "/v1/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Key), (status = 404, description = "No such key")))]
pub async fn one(ask: Ask, Named(id): Named<KeyId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::key(&asker.config, &asker.rights, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a key and shows it, this once. A repetition under the same `Idempotency-Key` does not show it again.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = NewKey, responses(
    (status = 201, body = Key), (status = 404, description = "No such brand or user"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewKey>(body).await?;
    let key = secret::format((ask.app.secret)());
    let command = CreateKey {
        key: Kept { name: new.name, hash: secret::hash(&key), hint: secret::hint(&key) },
        brand: new.brand.to(),
        user: new.user.map(Id::to),
        scopes: new.scopes.map(|it| it.into_iter().map(Into::into).collect()),
        expires_at: new.expires_at.map(|it| it.0),
    };
    let render =
        |it: &std::sync::Arc<entity::ApiKey>, _: &leadwire_core::config::Config| created(&view(it), it.version, format!("/v1/keys/{}", it.id));
    let (replayed, response) = ask.write_as(ask.who, &bytes, command, render).await?;
    if replayed { Ok(response) } else { reveal(response, "", &key).await }
}

/// Changes a key's name or end.
#[utoipa::path(patch, path = "/v1/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), request_body = KeyChange, responses(
    (status = 200, body = Key), (status = 404, description = "No such key"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<KeyId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<KeyChange>(body).await?;
    let command = UpdateKey { id, if_match: ask.if_match(), name: it.name, expires_at: it.expires_at.map(|it| it.map(|it| it.0)) };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Revokes a key, at once.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Revoked"), (status = 404, description = "No such key"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<KeyId>) -> Result<Response, Error> {
    let command = DeleteKey { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
