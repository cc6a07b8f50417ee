//! Groups: who leads are distributed among.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreateGroup, DeleteGroup, MemberInput, UpdateGroup};
use leadwire_core::entity;
use leadwire_core::id::GroupId;
use leadwire_core::read::{Of, configured};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given, named};
use super::words::Distribution;

/// Who leads are distributed among.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    #[schema(required)]
    pub created_by: Option<Id>,
    pub brand: Id,
    pub name: String,
    #[schema(required)]
    pub description: Option<String>,
    pub distribution: Distribution,
    pub members: Vec<Member>,
    /// How long an offer stands.
    pub claim_timeout_secs: u32,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub user: Id,
    pub brand: Id,
    pub order: u16,
    /// Turns per round.
    pub weight: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    pub user: Id,
    /// The group's unless given.
    pub brand: Option<Id>,
    /// Its place in the list unless given.
    #[schema(minimum = 0, maximum = 32767)]
    pub order: Option<i64>,
    /// 1 unless given.
    #[schema(minimum = 1, maximum = 40)]
    pub weight: Option<i64>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    pub brand: Id,
    #[schema(min_length = 1)]
    pub name: String,
    pub description: Option<String>,
    pub distribution: Distribution,
    #[serde(default)]
    pub members: Vec<NewMember>,
    /// 300 unless given.
    #[schema(minimum = 15, maximum = 1800)]
    pub claim_timeout_secs: Option<i64>,
}

/// What is absent stays as it is; `members` are replaced whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub distribution: Option<Distribution>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub members: Option<Vec<NewMember>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 15, maximum = 1800)]
    pub claim_timeout_secs: Option<i64>,
}

pub fn view(it: &entity::Group) -> Group {
    Group {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        created_by: it.created_by.map(Into::into),
        brand: it.brand.into(),
        name: it.name.clone(),
        description: it.description.clone(),
        distribution: it.distribution.into(),
        members: it.members.iter().map(|it| Member { user: it.user.into(), brand: it.brand.into(), order: it.order, weight: it.weight }).collect(),
        claim_timeout_secs: it.claim_timeout_secs,
    }
}

fn members(list: Vec<NewMember>) -> Vec<MemberInput> {
    list.into_iter().map(|it| MemberInput { user: it.user.to(), order: it.order, brand: it.brand.map(Id::to), weight: it.weight }).collect()
}

/// The groups of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/groups", tag = "groups", params(BrandPaging), responses(
    (status = 200, body = Page<Group>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::groups(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One group.
#[utoipa::path(get, path = "/v1/groups/{id}", tag = "groups", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Group), (status = 404, description = "No such group")))]
pub async fn one(ask: Ask, Named(id): Named<GroupId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::group(&asker.config, &asker.rights, Of::Seen, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a group.
#[utoipa::path(post, path = "/v1/groups", tag = "groups", request_body = NewGroup, responses(
    (status = 201, body = Group), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewGroup>(body).await?;
    let command = CreateGroup {
        brand: new.brand.to(),
        name: new.name,
        description: new.description,
        distribution: new.distribution.into(),
        members: members(new.members),
        claim_timeout_secs: new.claim_timeout_secs,
        created_by: None,
        profile: None,
    };
    ask.write(&bytes, command, |it, _| created(&view(it), it.version, format!("/v1/groups/{}", it.id))).await
}

/// Changes a group.
#[utoipa::path(patch, path = "/v1/groups/{id}", tag = "groups", params(("id" = Uuid, Path)), request_body = GroupChange, responses(
    (status = 200, body = Group), (status = 404, description = "No such group"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<GroupId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<GroupChange>(body).await?;
    let command = UpdateGroup {
        id,
        within: None,
        if_match: ask.if_match(),
        name: it.name,
        description: it.description,
        distribution: it.distribution.map(Into::into),
        members: it.members.map(members),
        claim_timeout_secs: it.claim_timeout_secs,
        profile: None,
    };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Deletes a group. Rules that point at it lead on to the next.
#[utoipa::path(delete, path = "/v1/groups/{id}", tag = "groups", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such group"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<GroupId>) -> Result<Response, Error> {
    let command = DeleteGroup { id, within: None, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
