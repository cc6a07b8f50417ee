//! The routing groups of a brand, by age.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use leadwire_core::read::{self, Of};

use super::associations::Associations;
use super::error::Error;
use super::{auth, map, wire};
use crate::App;
use crate::kit::Call;

/// List the routing groups of a brand
#[utoipa::path(
    get,
    path = "/brands/{brand}/leads/groups",
    tag = "Routing groups",
    security(("bearer" = [])),
    params(
        ("brand" = Uuid, Path, description = "The brand"),
        ("associations" = Option<Vec<String>>, Query, description = "Not the vendor's: `lead_routing_group.members`, `lead_routing_group_member.user`. Unknown names mean nothing"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "When given, the same brand"),
    ),
    responses((status = 200, description = "The groups", body = wire::Listing<wire::Group>), (status = 404, description = "No such brand", body = wire::Error)),
)]
pub(super) async fn list_groups(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path(brand): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<wire::Listing<wire::Group>>, Error> {
    let (who, brand) = auth::caller(&app, &call, &headers, &brand)?;
    let asker = read::asker(app.store.as_ref(), who)?;
    let groups = read::configured::groups(&asker.config, &asker.rights, Of::Brand(brand))?;
    let view = map::View { config: &asker.config, now: asker.now, asked: Associations::parse(query.as_deref()) };
    Ok(Json(map::list(map::groups(&groups, view))))
}
