//! The rules of a channel, in the order they are evaluated.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use leadwire_core::id::SourceId;
use leadwire_core::read::{self, Of};
use leadwire_core::refusal::Thing;

use super::associations::Associations;
use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::Call;

/// List the rules of a lead channel
#[utoipa::path(
    get,
    path = "/brands/{brand}/leads/channels/{id}/rules",
    tag = "Rules",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("id" = Uuid, Path, description = "The channel"),
        ("associations" = Option<Vec<String>>, Query, description = "Parts to show whole: `lead_channel_rule.conditions`, `.user`, `.brand`, `.group`, `.flow`. Repeated, joined by commas, or as `associations[]`; unknown names mean nothing"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    responses((status = 200, description = "The rules", body = wire::Listing<wire::Rule>), (status = 404, description = "No such channel of the brand", body = wire::Error)),
)]
pub(super) async fn list_rules(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<wire::Listing<wire::Rule>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let asker = read::asker(app.store.as_ref(), who)?;
    let id: SourceId = auth::id(&id, Thing::Source)?;
    let (_, rules) = read::configured::rules(&asker.config, &asker.rights, Of::Brand(brand), id)?;
    let view = map::View { config: &asker.config, now: asker.now, asked: Associations::parse(query.as_deref()) };
    Ok(Json(map::list(map::rules(&rules, view))))
}
