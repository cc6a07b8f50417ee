//! Contacts: the people who inquire.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::contact::{ContactFields, CreateContact, DeleteContact, Kept, UpdateContact};
use leadwire_core::config::Config;
use leadwire_core::entity::{self, ExternalIdKey, StoredAnswer};
use leadwire_core::id::ContactId;
use leadwire_core::read::{contacts, conversations};
use leadwire_core::search::{Page as Window, Query, Sort, SortBy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::conversations::{cursor, decode_cursor};
use super::problem::Error;
use super::wire::{Id, Page, When, given, named};
use crate::kit::page;

/// A person who inquires.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub brand: Id,
    /// The one thread with this contact; null after it was deleted, until the next message.
    #[schema(required)]
    pub conversation: Option<Id>,
    /// First and last name, or whatever else names the person.
    #[schema(required)]
    pub display_name: Option<String>,
    #[schema(required)]
    pub first_name: Option<String>,
    #[schema(required)]
    pub last_name: Option<String>,
    #[schema(required)]
    pub company: Option<String>,
    pub emails: Vec<Address>,
    pub phones: Vec<Address>,
    pub addresses: Vec<PostalAddress>,
    pub tags: Vec<String>,
    pub fields: Vec<Field>,
    pub external_ids: Vec<ExternalId>,
    #[schema(required)]
    pub source_type: Option<String>,
    #[schema(required)]
    pub lead_source: Option<String>,
    #[schema(required)]
    pub timezone: Option<String>,
    #[schema(required)]
    pub last_touch_at: Option<When>,
    /// What made the contact, as in `lts_lead` or `manual`.
    pub created_for: String,
    pub updated_for: String,
    /// Other contacts a capture also matched, by phone.
    pub possible_duplicates: Vec<Id>,
}

/// An e-mail address or phone number.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub typed: String,
    /// As it is matched; null when what was typed is none.
    #[schema(required)]
    pub normalized: Option<String>,
    /// False: added by a capture without a key to a contact known before. Shown, never used to match.
    pub verified: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostalAddress {
    pub full: Option<String>,
    pub street: Option<String>,
    pub unit: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub field: String,
    #[serde(default)]
    pub name: Option<String>,
    pub value: String,
    /// Filled in by a bot.
    #[serde(default)]
    pub ai_produced: bool,
}

/// An id a source gave this contact. It means nothing in another source.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalId {
    pub source: Id,
    pub id: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    pub brand: Id,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    #[serde(default)]
    pub emails: Vec<String>,
    #[serde(default)]
    pub phones: Vec<String>,
    #[serde(default)]
    pub addresses: Vec<PostalAddress>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub fields: Vec<Field>,
    #[serde(default)]
    pub external_ids: Vec<ExternalId>,
    pub source_type: Option<String>,
    pub lead_source: Option<String>,
    /// IANA name.
    pub timezone: Option<String>,
}

/// What is absent stays as it is; lists are replaced whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactChange {
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub first_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub last_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub company: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub emails: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub phones: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub addresses: Option<Vec<PostalAddress>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub fields: Option<Vec<Field>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub external_ids: Option<Vec<ExternalId>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub source_type: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub lead_source: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    pub timezone: Option<Option<String>>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContactQuery {
    /// Words; each must begin a word of the contact or of a message, or, from three characters, stand anywhere in a name,
    /// e-mail address, phone number or external id.
    pub search: Option<String>,
    /// Rows of a page, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// `next` of the page before.
    #[param(pattern = "^0[0-2][0-9a-f]{48}$")]
    pub after: Option<String>,
}

pub fn view(it: &entity::Contact) -> Contact {
    Contact {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        brand: it.brand.into(),
        conversation: it.conversation.map(Into::into),
        display_name: it.display_name(),
        first_name: it.first_name.clone(),
        last_name: it.last_name.clone(),
        company: it.company.clone(),
        emails: it
            .emails
            .iter()
            .map(|it| Address { typed: it.typed.clone(), normalized: it.email.as_ref().map(|it| it.as_str().to_owned()), verified: it.verified })
            .collect(),
        phones: it
            .phones
            .iter()
            .map(|it| Address {
                typed: it.typed.clone(),
                normalized: it.phone.as_ref().map(|it| it.e164().unwrap_or(it.digits()).to_owned()),
                verified: it.verified,
            })
            .collect(),
        addresses: it.addresses.iter().cloned().map(address).collect(),
        tags: it.tags.clone(),
        fields: it
            .fields
            .iter()
            .map(|it| Field { field: it.field.clone(), name: it.name.clone(), value: it.value.clone(), ai_produced: it.ai_produced })
            .collect(),
        external_ids: it.external_ids.iter().map(|it| ExternalId { source: it.source.into(), id: it.id.clone() }).collect(),
        source_type: it.source_type.clone(),
        lead_source: it.lead_source.clone(),
        timezone: it.timezone.clone(),
        last_touch_at: it.last_touch_at.map(Into::into),
        created_for: it.created_for.clone(),
        updated_for: it.updated_for.clone(),
        possible_duplicates: it.possible_duplicates.iter().map(|it| (*it).into()).collect(),
    }
}

fn address(it: entity::Address) -> PostalAddress {
    let entity::Address { full, street, unit, city, state, postal_code, country } = it;
    PostalAddress { full, street, unit, city, state, postal_code, country }
}

pub fn postal(it: PostalAddress) -> entity::Address {
    let PostalAddress { full, street, unit, city, state, postal_code, country } = it;
    entity::Address { full, street, unit, city, state, postal_code, country }
}

pub fn field(it: Field) -> entity::FieldValue {
    let Field { field, name, value, ai_produced } = it;
    entity::FieldValue { field, name, value, ai_produced }
}

fn external_id(it: ExternalId) -> ExternalIdKey {
    ExternalIdKey { source: it.source.to(), id: it.id }
}

/// Finds contacts: those whose conversation matches, newest activity first. A contact whose conversation was deleted is
/// found again after its next message.
#[utoipa::path(get, path = "/v1/contacts", tag = "contacts", params(ContactQuery), responses((status = 200, body = Page<Contact>)))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: ContactQuery = ask.query()?;
    let limit = page::limit(query.limit)?;
    let mut asked = Query::new(asker.scope(), asker.now, limit);
    asked.text = query.search;
    asked.sort = Sort { by: SortBy::LastActivity, descending: true };
    if let Some(after) = &query.after {
        asked.page = Window::After { cursor: decode_cursor(after)?, limit };
    }
    let found = conversations::search(ask.app.store.as_ref(), ask.app.index.as_ref(), &asker, asked).await?;
    let next = found.rows.last().filter(|_| found.rows.len() == limit).map(cursor);
    Ok(ask.page(found.rows.iter().map(|it| view(&it.row.contact)).collect(), next))
}

/// One contact.
#[utoipa::path(get, path = "/v1/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Contact), (status = 404, description = "No such contact")))]
pub async fn one(ask: Ask, Named(id): Named<ContactId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = contacts::contact(ask.app.store.as_ref(), &asker, id).await?;
    Ok(tagged(&view(&row.contact), row.contact.version))
}

/// Makes a contact, with its conversation.
#[utoipa::path(post, path = "/v1/contacts", tag = "contacts", request_body = NewContact, responses(
    (status = 201, body = Contact), (status = 404, description = "No such brand"), (status = 409, description = "An e-mail, phone number or external id is another contact's, or the idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewContact>(body).await?;
    let fields = ContactFields {
        first_name: Some(new.first_name),
        last_name: Some(new.last_name),
        company: Some(new.company),
        emails: Some(new.emails),
        phones: Some(new.phones),
        addresses: Some(new.addresses.into_iter().map(postal).collect()),
        tags: Some(new.tags),
        fields: Some(new.fields.into_iter().map(field).collect()),
        external_ids: Some(new.external_ids.into_iter().map(external_id).collect()),
        source_type: Some(new.source_type),
        lead_source: Some(new.lead_source),
        timezone: Some(new.timezone),
        profile: None,
    };
    ask.write(&bytes, CreateContact { brand: new.brand.to(), fields }, born).await
}

fn born(it: &Kept, _: &Config) -> StoredAnswer {
    created(&view(&it.contact), it.contact.version, format!("/v1/contacts/{}", it.contact.id))
}

/// Changes a contact.
#[utoipa::path(patch, path = "/v1/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), request_body = ContactChange, responses(
    (status = 200, body = Contact), (status = 404, description = "No such contact"),
    (status = 409, description = "An e-mail, phone number or external id is another contact's, or the idempotency key was used for another request"), (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<ContactId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<ContactChange>(body).await?;
    let fields = ContactFields {
        first_name: it.first_name,
        last_name: it.last_name,
        company: it.company,
        emails: it.emails,
        phones: it.phones,
        addresses: it.addresses.map(|it| it.into_iter().map(postal).collect()),
        tags: it.tags,
        fields: it.fields.map(|it| it.into_iter().map(field).collect()),
        external_ids: it.external_ids.map(|it| it.into_iter().map(external_id).collect()),
        source_type: it.source_type,
        lead_source: it.lead_source,
        timezone: it.timezone,
        profile: None,
    };
    let command = UpdateContact { id, if_match: ask.if_match(), fields };
    ask.write(&bytes, command, |it, _| changed(&view(&it.contact), it.contact.version)).await
}

/// Deletes a contact with its conversation.
#[utoipa::path(delete, path = "/v1/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such contact"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<ContactId>) -> Result<Response, Error> {
    let command = DeleteContact { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
