//! Adds a rule to a channel.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use leadwire_core::refusal::Thing;

use super::associations::Associations;
use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::{Call, auth as keys, body};

/// Create a rule of a lead channel
#[utoipa::path(
    post,
    path = "/brands/{brand}/leads/channels/{id}/rules",
    tag = "Rules",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("id" = Uuid, Path, description = "The channel"),
        ("associations" = Option<Vec<String>>, Query, description = "Parts to show whole, as in the list of rules"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    request_body = wire::RuleInput,
    responses((status = 200, description = "The rule", body = wire::Envelope<wire::Rule>), (status = 404, description = "No such channel of the brand", body = wire::Error)),
)]
pub(super) async fn create_rule(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Json<wire::Envelope<wire::Rule>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let input: wire::RuleInput = body::json(&headers, body, app.limits.body_bytes).await?;
    let written = app.store.write(who, map::new_rule(brand, auth::id(&id, Thing::Source)?, input)?).await?;
    let config = keys::config(&app, &who)?;
    let view = map::View { config: &config, now: app.store.now(), asked: Associations::parse(query.as_deref()) };
    Ok(Json(map::one(map::rule(written.source.id, &written.rule, view))))
}
