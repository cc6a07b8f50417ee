//! Makes a channel, with its default rule. Answers 200, as the vendor does.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use http::HeaderMap;

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::{Call, body};

/// Create a lead channel
#[utoipa::path(
    post,
    path = "/brands/{brand}/leads/channels",
    tag = "Lead channels",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    request_body = wire::NewChannel,
    responses((status = 200, description = "The channel", body = wire::Envelope<wire::Channel>), (status = 404, description = "No such brand", body = wire::Error)),
)]
pub(super) async fn create_channel(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path(brand): Path<String>,
    body: Body,
) -> Result<Json<wire::Envelope<wire::Channel>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let input: wire::NewChannel = body::json(&headers, body, app.limits.body_bytes).await?;
    let view = app.store.write(who, map::new_channel(brand, input)).await?;
    Ok(Json(map::one(map::channel(&view))))
}
