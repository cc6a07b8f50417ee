//! Deletes a rule. The default rule stays.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use leadwire_core::refusal::Thing;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::Call;

/// Delete a rule of a lead channel
#[utoipa::path(
    delete,
    path = "/brands/{brand}/leads/channels/{id}/rules/{rule}",
    tag = "Rules",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("id" = Uuid, Path, description = "The channel"),
        ("rule" = Uuid, Path, description = "The rule"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    responses((status = 204, description = "Deleted"), (status = 404, description = "No such rule of the channel", body = wire::Error)),
)]
pub(super) async fn delete_rule(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, id, rule)): Path<(String, String, String)>,
) -> Result<StatusCode, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    app.store.write(who, map::rule_deletion(brand, auth::id(&id, Thing::Source)?, auth::id(&rule, Thing::Rule)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
