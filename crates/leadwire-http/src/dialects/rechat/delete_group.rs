//! Deletes a routing group. Rules that name it cannot be resolved any more and are passed over.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use leadwire_core::refusal::Thing;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::Call;

/// Delete a routing group
#[utoipa::path(
    delete,
    path = "/brands/{brand}/leads/groups/{group}",
    tag = "Routing groups",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("group" = Uuid, Path, description = "The group"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    responses((status = 204, description = "Deleted"), (status = 404, description = "No such group of the brand", body = wire::Error)),
)]
pub(super) async fn delete_group(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, group)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    app.store.write(who, map::group_deletion(brand, auth::id(&group, Thing::Group)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
