//! Capturing a lead: the same command every dialect's capture runs.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::capture::{Capture, Captured, Inquiry, Sameness};
use leadwire_core::command::known::KeysRead;
use leadwire_core::config::Config;
use leadwire_core::entity::{self, RawBody, StoredAnswer};
use leadwire_core::routing::{self, FactsInput, Field as Fact, RawFact};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::ask::{Ask, created_unversioned};
use super::contacts::{Field, PostalAddress, field, postal};
use super::leads::{CapturedLead, captured};
use super::problem::Error;
use super::wire::Id;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLead {
    pub source: Id,
    /// The bot that captured it.
    pub bot: Option<Id>,
    /// The sender's own id for this lead: the same once more is a repetition, with another payload a duplicate.
    pub external_id: Option<String>,
    #[schema(value_type = Lead)]
    lead: Box<RawValue>,
}

/// What is known of an inquiry. Everything may be absent.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewLeadFields)]
pub struct Lead {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    /// Further e-mail addresses and phone numbers.
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    /// What the person wrote.
    pub note: Option<String>,
    /// As in `Website`, `Showing`.
    pub source_type: Option<String>,
    /// Free name of where the lead came from.
    pub lead_source: Option<String>,
    pub tags: Vec<String>,
    pub addresses: Vec<PostalAddress>,
    pub fields: Vec<Field>,
    /// IANA name.
    pub timezone: Option<String>,
    /// As in `en`.
    pub language: Option<String>,
    /// The source's own id for the person.
    pub contact_id: Option<String>,
    pub referer_url: Option<String>,
    pub listing: Option<Listing>,
    /// As in `buy`, `sell`, `rent`.
    pub intent: Option<String>,
    pub price_min: Option<f64>,
    pub price_max: Option<f64>,
    /// People named to get it, before any rule.
    pub assignees: Vec<Assignee>,
}

/// What was asked about.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Listing {
    pub id: Option<String>,
    pub mls: Option<String>,
    pub mls_number: Option<String>,
    pub price: Option<f64>,
    pub beds: Option<f64>,
    pub baths: Option<f64>,
    pub property_type: Option<String>,
    pub address: Option<PostalAddress>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Assignee {
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub mls: Option<String>,
    pub mls_id: Option<String>,
}

/// Captures a lead: finds or makes the contact, routes the lead by the source's rules, and puts the inquiry into the
/// conversation. A repetition answers with the first lead.
#[utoipa::path(post, path = "/v1/leads", tag = "leads", request_body = NewLead, responses(
    (status = 201, body = CapturedLead), (status = 404, description = "No such source"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewLead>(body).await?;
    let lead: Lead = crate::kit::body::parse(new.lead.get().as_bytes()).map_err(below)?;
    let sameness = match (ask.once()?, new.external_id) {
        (Some(_), _) => Sameness::Header,
        (None, Some(id)) => Sameness::Natural(id),
        (None, None) => Sameness::Fingerprint,
    };
    let command = Capture {
        source: new.source.to(),
        inquiry: inquiry(lead),
        raw: RawBody { content_type: Arc::from("application/json"), bytes: Arc::from(new.lead.get().as_bytes()) },
        parsed: None,
        bot: new.bot.map(Id::to),
        sameness,
        origin: None,
    };
    ask.write(&bytes, command, told).await
}

/// An error in `lead` points from the whole body's root.
fn below(error: crate::kit::body::BodyError) -> crate::kit::body::BodyError {
    match error {
        crate::kit::body::BodyError::Shape { pointer, message } => crate::kit::body::BodyError::Shape { pointer: format!("/lead{pointer}"), message },
        it => it,
    }
}

fn told(it: &Captured, _: &Config) -> StoredAnswer {
    created_unversioned(&captured(&it.lead), format!("/v1/leads/{}", it.lead.id))
}

fn inquiry(it: Lead) -> Inquiry {
    let facts = facts(&it);
    let about = it.listing.as_ref().and_then(about);
    Inquiry {
        first_name: it.first_name,
        last_name: it.last_name,
        company: it.company,
        emails: it.email.into_iter().chain(it.emails).collect(),
        phones: it.phone_number.into_iter().chain(it.phones).collect(),
        addresses: it.addresses.into_iter().map(postal).collect(),
        tags: it.tags,
        fields: it.fields.into_iter().map(field).collect(),
        note: it.note,
        about,
        source_type: it.source_type,
        lead_source: it.lead_source,
        timezone: it.timezone,
        contact_id: it.contact_id,
        assignees: it
            .assignees
            .into_iter()
            .map(|it| routing::Assignee { email: it.email, phone: it.phone_number, mls: it.mls, mls_id: it.mls_id })
            .collect(),
        facts,
        keys: KeysRead::default(),
    }
}

/// The listing in a line.
fn about(it: &Listing) -> Option<String> {
    let address = it.address.clone().map(postal).and_then(|it: entity::Address| it.full.or(it.street));
    address.or_else(|| it.mls_number.as_ref().map(|it| format!("MLS {it}"))).or_else(|| it.id.clone())
}

fn facts(it: &Lead) -> FactsInput {
    let mut facts = FactsInput::default();
    let mut number = |field: Fact, value: Option<f64>| {
        if let Some(value) = value {
            facts.add(field, RawFact::Number(value.to_string()));
        }
    };
    number(Fact::PriceMin, it.price_min);
    number(Fact::PriceMax, it.price_max);
    let listing = it.listing.as_ref();
    number(Fact::Price, listing.and_then(|it| it.price));
    number(Fact::Beds, listing.and_then(|it| it.beds));
    number(Fact::Baths, listing.and_then(|it| it.baths));
    facts.text(Fact::Intent, it.intent.as_deref());
    facts.text(Fact::Language, it.language.as_deref());
    let referer = it.referer_url.as_deref().and_then(|it| it.parse::<http::Uri>().ok());
    facts.text(Fact::RefererHost, referer.as_ref().and_then(http::Uri::host));
    if let Some(it) = listing {
        facts.text(Fact::ListingId, it.id.as_deref());
        facts.text(Fact::Mls, it.mls.as_deref());
        facts.text(Fact::MlsNumber, it.mls_number.as_deref());
        facts.text(Fact::PropertyType, it.property_type.as_deref());
    }
    let place = listing.and_then(|it| it.address.as_ref()).or(it.addresses.first());
    if let Some(it) = place {
        facts.text(Fact::PostalCode, it.postal_code.as_deref());
        facts.text(Fact::City, it.city.as_deref());
        facts.text(Fact::State, it.state.as_deref());
        facts.text(Fact::Country, it.country.as_deref());
    }
    facts
}
