//! Changes what is named of a channel; the rest stays.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::HeaderMap;
use leadwire_core::refusal::Thing;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::{Call, body};

/// Update a lead channel
#[utoipa::path(
    put,
    path = "/brands/{brand}/leads/channels/{id}",
    tag = "Lead channels",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("id" = Uuid, Path, description = "The channel"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    request_body = wire::ChannelPatch,
    responses((status = 200, description = "The channel", body = wire::Envelope<wire::Channel>), (status = 404, description = "No such channel of the brand", body = wire::Error)),
)]
pub(super) async fn update_channel(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path((brand, id)): Path<(String, String)>,
    body: Body,
) -> Result<Json<wire::Envelope<wire::Channel>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let input: wire::ChannelPatch = body::json(&headers, body, app.limits.body_bytes).await?;
    let view = app.store.write(who, map::channel_patch(brand, auth::id(&id, Thing::Source)?, input)).await?;
    Ok(Json(map::one(map::channel(&view))))
}
