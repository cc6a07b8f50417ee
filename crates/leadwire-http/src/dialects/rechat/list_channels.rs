//! The channels of a brand: its default channel first, then by age.

use axum::Json;
use axum::extract::{Path, State};
use http::HeaderMap;
use leadwire_core::read::{self, Of};

use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::Call;

/// List the lead channels of a brand
#[utoipa::path(
    get,
    path = "/brands/{brand}/leads/channels",
    tag = "Lead channels",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    responses((status = 200, description = "The channels", body = wire::Listing<wire::Channel>), (status = 404, description = "No such brand", body = wire::Error)),
)]
pub(super) async fn list_channels(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path(brand): Path<String>,
) -> Result<Json<wire::Listing<wire::Channel>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let asker = read::asker(app.store.as_ref(), who)?;
    let views = read::configured::source_views(app.store.as_ref(), &asker, Of::Brand(brand)).await?;
    Ok(Json(map::list(map::channels(views))))
}
