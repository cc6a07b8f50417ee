//! Users: the people who work leads.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreateUser, DeleteUser, UpdateUser};
use leadwire_core::entity;
use leadwire_core::id::UserId;
use leadwire_core::read::{Of, configured};
use leadwire_core::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given, named};
use super::words::Role;
use crate::profile::{self, UserProfile};

/// A person who works leads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    #[schema(required)]
    pub phone_number: Option<String>,
    /// IANA name; null: the brand's.
    #[schema(required)]
    pub timezone: Option<String>,
    pub memberships: Vec<Membership>,
    pub mls_ids: Vec<MlsId>,
    pub profile: UserProfile,
}

/// A brand the user works in, with all below it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    pub brand: Id,
    pub role: Role,
    /// An agent who sees only the conversations owned by or offered to him.
    #[serde(default)]
    pub own_only: bool,
}

/// By which a captured lead may name the user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MlsId {
    pub mls: String,
    pub id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// With `role`, the one membership; or give `memberships`.
    pub brand: Option<Id>,
    pub role: Option<Role>,
    pub own_only: Option<bool>,
    pub memberships: Option<Vec<Membership>>,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone_number: Option<String>,
    pub timezone: Option<String>,
    #[serde(default)]
    pub mls_ids: Vec<MlsId>,
    #[serde(default)]
    pub profile: UserProfile,
}

/// What is absent stays as it is; lists and `profile` are replaced whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub memberships: Option<Vec<Membership>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub first_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub last_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub phone_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub timezone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub mls_ids: Option<Vec<MlsId>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub profile: Option<UserProfile>,
}

pub fn view(it: &entity::User) -> User {
    User {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        first_name: it.first_name.clone(),
        last_name: it.last_name.clone(),
        email: it.email.clone(),
        phone_number: it.phone_number.clone(),
        timezone: it.timezone.clone(),
        memberships: it.memberships.iter().map(|it| Membership { brand: it.brand.into(), role: it.role.into(), own_only: it.own_only }).collect(),
        mls_ids: it.mls_ids.iter().map(|(mls, id)| MlsId { mls: mls.clone(), id: id.clone() }).collect(),
        profile: profile::read(&it.profile),
    }
}

fn memberships(list: Vec<Membership>) -> Vec<entity::Membership> {
    list.into_iter().map(|it| entity::Membership { brand: it.brand.to(), role: it.role.into(), own_only: it.own_only }).collect()
}

fn mls_ids(list: Vec<MlsId>) -> Vec<(String, String)> {
    list.into_iter().map(|it| (it.mls, it.id)).collect()
}

/// The users of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(BrandPaging), responses(
    (status = 200, body = Page<User>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::users(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One user.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users", params(("id" = Uuid, Path)), responses(
    (status = 200, body = User), (status = 404, description = "No such user")))]
pub async fn one(ask: Ask, Named(id): Named<UserId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::user(&asker.config, &asker.rights, Of::Seen, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a user.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = User), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewUser>(body).await?;
    let list = match (new.memberships, new.brand, new.role) {
        (Some(list), None, None) => list,
        (None, Some(brand), Some(role)) => vec![Membership { brand, role, own_only: new.own_only.unwrap_or_default() }],
        _ => return Err(Refusal::invalid("/memberships", "give either these, or brand and role").into()),
    };
    let command = CreateUser {
        memberships: memberships(list),
        first_name: new.first_name,
        last_name: new.last_name,
        email: new.email,
        phone_number: new.phone_number,
        timezone: new.timezone,
        mls_ids: mls_ids(new.mls_ids),
        profile: profile::write(&new.profile),
    };
    ask.write(&bytes, command, |it, _| created(&view(it), it.version, format!("/v1/users/{}", it.id))).await
}

/// Changes a user.
#[utoipa::path(patch, path = "/v1/users/{id}", tag = "users", params(("id" = Uuid, Path)), request_body = UserChange, responses(
    (status = 200, body = User), (status = 404, description = "No such user"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<UserId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<UserChange>(body).await?;
    let command = UpdateUser {
        id,
        if_match: ask.if_match(),
        memberships: it.memberships.map(memberships),
        first_name: it.first_name,
        last_name: it.last_name,
        email: it.email,
        phone_number: it.phone_number,
        timezone: it.timezone,
        mls_ids: it.mls_ids.map(mls_ids),
        profile: it.profile.map(|it| profile::write(&it)),
    };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Deletes a user. What the user owns stays the user's.
#[utoipa::path(delete, path = "/v1/users/{id}", tag = "users", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such user"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<UserId>) -> Result<Response, Error> {
    let command = DeleteUser { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
