//! Sources: the ways in for leads. Rechat's lead channel is a source.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CaptureChange as Settings, CreateSource, DeleteSource, RotateToken, SourceView, UpdateSource};
use leadwire_core::config::Config;
use leadwire_core::entity::StoredAnswer;
use leadwire_core::id::SourceId;
use leadwire_core::read::{Of, configured};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, part_of, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given, named};
use super::words::CaptureMode;
use crate::profile::{self, SourceProfile};

/// A way in for leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub brand: Id,
    #[schema(required)]
    pub name: Option<String>,
    /// As in `WebHook`, `GHL`, `HubSpot`.
    pub category: String,
    /// The brand's default channel: listed first, not deletable.
    pub is_default: bool,
    #[schema(required)]
    pub created_by: Option<Id>,
    #[schema(required)]
    pub protocol: Option<String>,
    /// MLS code names.
    #[schema(required)]
    pub mls: Option<Vec<String>>,
    pub capture: Capture,
    pub rules_count: usize,
    pub capture_number: u64,
    #[schema(required)]
    pub last_capture_at: Option<When>,
    pub profile: SourceProfile,
}

/// How a source takes leads in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    pub mode: CaptureMode,
    /// Accepted in place of the id where leads are posted without a key; null to those who may not write sources.
    #[schema(required)]
    pub token: Option<String>,
    /// Origins browsers may capture from; empty: any.
    pub allowed_origins: Vec<String>,
    pub per_minute_per_address: u32,
    pub per_second: u32,
    /// Whether the people a keyless capture names get the lead, or are only recorded.
    pub obey_keyless_assignees: bool,
    /// Whether a returning contact goes to its owner.
    pub sticky: bool,
    /// For how long the same payload counts as a repetition; 0: never.
    pub fingerprint_secs: u32,
}

/// What is absent stays as it is, or is the default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureChange {
    pub mode: Option<CaptureMode>,
    pub allowed_origins: Option<Vec<String>>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    pub per_minute_per_address: Option<u32>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    pub per_second: Option<u32>,
    pub obey_keyless_assignees: Option<bool>,
    pub sticky: Option<bool>,
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    pub fingerprint_secs: Option<u32>,
}

impl From<CaptureChange> for Settings {
    fn from(it: CaptureChange) -> Self {
        let CaptureChange { mode, allowed_origins, per_minute_per_address, per_second, obey_keyless_assignees, sticky, fingerprint_secs } = it;
        Self { mode: mode.map(Into::into), allowed_origins, per_minute_per_address, per_second, obey_keyless_assignees, sticky, fingerprint_secs }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    pub brand: Id,
    pub name: Option<String>,
    /// `WebHook` unless given.
    pub category: Option<String>,
    pub protocol: Option<String>,
    pub mls: Option<Vec<String>>,
    #[serde(default)]
    pub capture: CaptureChange,
    #[serde(default)]
    pub profile: SourceProfile,
}

/// What is absent stays as it is; lists and `profile` are replaced whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceChange {
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub protocol: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Vec<String>>)]
    pub mls: Option<Option<Vec<String>>>,
    #[serde(default)]
    pub capture: CaptureChange,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub profile: Option<SourceProfile>,
}

/// `secrets`: whether the capture token shows.
pub fn view(it: &SourceView, secrets: bool) -> Source {
    let SourceView { source, rules, count } = it;
    let capture = &source.capture;
    Source {
        id: source.id.into(),
        created_at: source.created_at.into(),
        updated_at: source.updated_at.into(),
        brand: source.brand.into(),
        name: source.name.clone(),
        category: source.category.clone(),
        is_default: source.is_default,
        created_by: source.created_by.map(Into::into),
        protocol: source.protocol.clone(),
        mls: source.mls.clone(),
        capture: Capture {
            mode: capture.mode.into(),
            token: secrets.then(|| capture.token.clone()),
            allowed_origins: capture.allowed_origins.clone(),
            per_minute_per_address: capture.per_minute_per_address,
            per_second: capture.per_second,
            obey_keyless_assignees: capture.obey_keyless_assignees,
            sticky: capture.sticky,
            fingerprint_secs: capture.fingerprint_secs,
        },
        rules_count: rules.rules.len(),
        capture_number: count.capture_number,
        last_capture_at: count.last_capture_at.map(Into::into),
        profile: profile::read(&source.profile),
    }
}

/// The sources of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/sources", tag = "sources", params(BrandPaging), responses(
    (status = 200, body = Page<Source>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::sources(&asker.config, &asker.rights, of)?;
    let (rows, next) = part_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0))?;
    let rows = configured::views(ask.app.store.as_ref(), &asker, rows).await?;
    let secrets = asker.rights.may_configure().is_ok();
    Ok(ask.page(rows.iter().map(|it| view(it, secrets)).collect(), next))
}

/// One source.
#[utoipa::path(get, path = "/v1/sources/{id}", tag = "sources", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Source), (status = 404, description = "No such source")))]
pub async fn one(ask: Ask, Named(id): Named<SourceId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::source_view(ask.app.store.as_ref(), &asker, Of::Seen, id).await?;
    Ok(tagged(&view(&row, asker.rights.may_configure().is_ok()), row.source.version))
}

/// Makes a source, with its default rule and its capture token.
#[utoipa::path(post, path = "/v1/sources", tag = "sources", request_body = NewSource, responses(
    (status = 201, body = Source), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewSource>(body).await?;
    let command = CreateSource {
        brand: new.brand.to(),
        name: new.name,
        category: new.category,
        protocol: new.protocol,
        mls: new.mls,
        capture: new.capture.into(),
        profile: profile::write(&new.profile),
    };
    ask.write(&bytes, command, |it, _| created(&view(it, true), it.source.version, format!("/v1/sources/{}", it.source.id))).await
}

/// Changes a source.
#[utoipa::path(patch, path = "/v1/sources/{id}", tag = "sources", params(("id" = Uuid, Path)), request_body = SourceChange, responses(
    (status = 200, body = Source), (status = 404, description = "No such source"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<SourceId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<SourceChange>(body).await?;
    let command = UpdateSource {
        id,
        within: None,
        if_match: ask.if_match(),
        name: it.name,
        category: it.category,
        protocol: it.protocol,
        mls: it.mls,
        capture: it.capture.into(),
        profile: it.profile.map(|it| profile::write(&it)),
    };
    ask.write(&bytes, command, shown).await
}

/// Deletes a source: it takes no more leads. Its conversations stay.
#[utoipa::path(delete, path = "/v1/sources/{id}", tag = "sources", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such source"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<SourceId>) -> Result<Response, Error> {
    let command = DeleteSource { id, within: None, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}

/// Gives a source a new capture token. The old one stays good for 24 hours.
#[utoipa::path(post, path = "/v1/sources/{id}/rotate-token", tag = "sources", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Source), (status = 404, description = "No such source"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn rotate(ask: Ask, Named(id): Named<SourceId>) -> Result<Response, Error> {
    let command = RotateToken { id, if_match: ask.if_match() };
    ask.write(&[], command, shown).await
}

fn shown(it: &SourceView, _: &Config) -> StoredAnswer {
    changed(&view(it, true), it.source.version)
}
