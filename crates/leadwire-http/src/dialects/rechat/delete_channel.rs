//! Deletes a channel: capture stops, what was captured stays. The vendor's clients send a body; it says nothing.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use leadwire_core::refusal::Thing;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::Call;

/// Delete a lead channel
#[utoipa::path(
    delete,
    path = "/brands/{brand}/leads/channels/{id}",
    tag = "Lead channels",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("id" = Uuid, Path, description = "The channel"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    responses((status = 204, description = "Deleted"), (status = 404, description = "No such channel of the brand", body = wire::Error)),
)]
pub(super) async fn delete_channel(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, id)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    app.store.write(who, map::channel_deletion(brand, auth::id(&id, Thing::Source)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
