//! Brands: the tree of an agency. A new one without a parent founds an agency.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreateBrand, DeleteBrand, FoundAgency, Founded, NewKey, UpdateBrand};
use leadwire_core::config::Config;
use leadwire_core::entity::{self, StoredAnswer};
use leadwire_core::id::{AgencyId, BrandId, Uuid};
use leadwire_core::read::{Of, configured, may_found_agency};
use leadwire_core::secret;
use leadwire_core::who::Who;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, created_elsewhere, gone, owner, tagged};
use super::keys::{self, Key};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given};
use crate::kit::idempotency;
use crate::profile::{self, BrandProfile};

/// A node of an agency's tree.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    /// Null for the root, which is the agency.
    #[schema(required)]
    pub parent: Option<Id>,
    pub name: String,
    /// As in `Brokerage`, `Office`, `Team`, `Region`.
    pub brand_type: String,
    /// IANA name.
    pub timezone: String,
    /// Two letters (ISO 3166-1): how a phone number without a country code is read.
    pub default_country: String,
    pub profile: BrandProfile,
}

/// A new brand. A new agency's root also shows that agency's first key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatedBrand {
    pub brand: Brand,
    /// The first admin key of a new agency; null for a brand below another.
    #[schema(required)]
    pub admin_key: Option<Key>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBrand {
    #[schema(min_length = 1)]
    pub name: String,
    /// Without, a new agency is founded: for a key with the scope `operator`.
    pub parent: Option<Id>,
    pub brand_type: Option<String>,
    /// IANA name; the parent's, or UTC.
    pub timezone: Option<String>,
    /// Two letters (ISO 3166-1); the parent's, or `US`.
    pub default_country: Option<String>,
    #[serde(default)]
    pub profile: BrandProfile,
}

/// What is absent stays as it is; `profile` is replaced whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Another brand of the same agency.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub parent: Option<Id>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub brand_type: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub timezone: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub default_country: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub profile: Option<BrandProfile>,
}

pub fn view(it: &entity::Brand) -> Brand {
    Brand {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        parent: it.parent.map(Into::into),
        name: it.name.clone(),
        brand_type: it.brand_type.clone(),
        timezone: it.timezone.clone(),
        default_country: it.default_country.clone(),
        profile: profile::read(&it.profile),
    }
}

/// The brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/brands", tag = "brands", params(BrandPaging), responses(
    (status = 200, body = Page<Brand>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::brands(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One brand.
#[utoipa::path(get, path = "/v1/brands/{id}", tag = "brands", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Brand), (status = 404, description = "No such brand")))]
pub async fn one(ask: Ask, Named(id): Named<BrandId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::brand(&asker.config, &asker.rights, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a brand below another, or founds an agency. A repetition under the same `Idempotency-Key` does not show the
/// agency's key again.
#[utoipa::path(post, path = "/v1/brands", tag = "brands", request_body = NewBrand, responses(
    (status = 201, body = CreatedBrand), (status = 404, description = "No such parent"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewBrand>(body).await?;
    let NewBrand { name, parent, brand_type, timezone, default_country, profile } = new;
    let profile = profile::write(&profile);
    if let Some(parent) = parent {
        let command = CreateBrand { parent: parent.to(), name, brand_type, timezone, default_country, profile };
        return ask.write(&bytes, command, born).await;
    }
    may_found_agency(&ask.app.store.directory(), ask.who, ask.app.store.now())?;
    let key = secret::format((ask.app.secret)());
    let admin_key = NewKey { name: format!("first key of {name}"), hash: secret::hash(&key), hint: secret::hint(&key) };
    let command = FoundAgency { name, brand_type, timezone, default_country, profile, admin_key, operator: false };
    let agency = Who::System { agency: agency(&ask)? };
    let (replayed, response) = ask.write_as(agency, &bytes, command, founded).await?;
    if replayed { Ok(response) } else { keys::reveal(response, "/admin_key", &key).await }
}

/// The id of an agency to be: by chance, or the one that its maker's idempotency key always leads to.
fn agency(ask: &Ask) -> Result<AgencyId, Error> {
    let random = match ask.once()? {
        Some(key) => {
            let mut text = owner(ask.who).to_vec();
            text.extend_from_slice(key.as_bytes());
            idempotency::payload(&http::Method::POST, &http::Uri::from_static("/v1/brands"), &text)
        }
        None => *(ask.app.secret)().first_chunk::<16>().unwrap_or(&[0; 16]),
    };
    // Version 4, RFC variant: nothing but chance in it.
    let number = u128::from_be_bytes(random) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    Ok(AgencyId(Uuid::from_u128(number)))
}

fn born(it: &std::sync::Arc<entity::Brand>, _: &Config) -> StoredAnswer {
    created(&CreatedBrand { brand: view(it), admin_key: None }, it.version, format!("/v1/brands/{}", it.id))
}

fn founded(it: &Founded, _: &Config) -> StoredAnswer {
    let answer = CreatedBrand { brand: view(&it.brand), admin_key: Some(keys::view(&it.key)) };
    // It is another agency's: only its own key finds it.
    created_elsewhere(&answer)
}

/// Changes a brand.
#[utoipa::path(patch, path = "/v1/brands/{id}", tag = "brands", params(("id" = Uuid, Path)), request_body = BrandChange, responses(
    (status = 200, body = Brand), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<BrandId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<BrandChange>(body).await?;
    let command = UpdateBrand {
        id,
        if_match: ask.if_match(),
        parent: it.parent.map(Id::to),
        name: it.name,
        brand_type: it.brand_type,
        timezone: it.timezone,
        default_country: it.default_country,
        profile: it.profile.map(|it| profile::write(&it)),
    };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Deletes a brand. Its sources stop taking leads; its conversations are kept, and no longer shown.
#[utoipa::path(delete, path = "/v1/brands/{id}", tag = "brands", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such brand"), (status = 409, description = "It has brands below it"),
    (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<BrandId>) -> Result<Response, Error> {
    let command = DeleteBrand { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
