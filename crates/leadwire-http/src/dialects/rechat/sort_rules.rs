//! Gives rules of a channel new places, all or none; those not named keep theirs.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::HeaderMap;
use leadwire_core::refusal::Thing;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::{Call, body};

/// Reorder the rules of a lead channel
#[utoipa::path(
    put,
    path = "/brands/{brand}/leads/channels/{id}/rules/sort",
    tag = "Rules",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("id" = Uuid, Path, description = "The channel"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    request_body = Vec<wire::RulePlace>,
    responses((status = 200, description = "Done", body = wire::Done), (status = 404, description = "No such channel of the brand", body = wire::Error)),
)]
pub(super) async fn sort_rules(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, id)): Path<(String, String)>,
    body: Body,
) -> Result<Json<wire::Done>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let places: Vec<wire::RulePlace> = body::json(&headers, body, app.limits.body_bytes).await?;
    app.store.write(who, map::rule_order(brand, auth::id(&id, Thing::Source)?, places)).await?;
    Ok(Json(wire::Done { code: wire::Ok::Ok }))
}
