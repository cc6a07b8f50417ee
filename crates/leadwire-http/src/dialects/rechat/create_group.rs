//! Makes a routing group.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;

use super::associations::Associations;
use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::{Call, auth as keys, body};

/// Create a routing group
#[utoipa::path(
    post,
    path = "/brands/{brand}/leads/groups",
    tag = "Routing groups",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("associations" = Option<Vec<String>>, Query, description = "Parts to show whole, as in the list of groups"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    request_body = wire::NewGroup,
    responses((status = 200, description = "The group", body = wire::Envelope<wire::Group>), (status = 404, description = "No such brand", body = wire::Error)),
)]
pub(super) async fn create_group(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path(brand): Path<String>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Json<wire::Envelope<wire::Group>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let input: wire::NewGroup = body::json(&headers, body, app.limits.body_bytes).await?;
    let group = app.store.write(who, map::new_group(brand, input)?).await?;
    let config = keys::config(&app, &who)?;
    let view = map::View { config: &config, now: app.store.now(), asked: Associations::parse(query.as_deref()) };
    Ok(Json(map::one(map::group(&group, view))))
}
