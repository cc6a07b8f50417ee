//! A captured body: which of its fields are understood, as what, and the part of it that was.
//!
//! Fields we do not know never fail a capture; a field we know with a value of another type does, so that its sender
//! hears of it. The values kept and shown are those sent, never a normal form of them.

use std::fmt;

use leadwire_core::command::capture::Inquiry;
use leadwire_core::command::known::KeysRead;
use leadwire_core::entity::Address;
use leadwire_core::limits::{LIST_LEN_MAX, NAME_BYTES_MAX, NOTE_BYTES_MAX};
use leadwire_core::routing::{Assignee, FactsInput, Field, RawFact};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::document;
use super::text::{Name, Text};
use crate::kit::body::{self, BodyError};

/// Longest address of a page.
const URL_BYTES_MAX: usize = 4096;

/// Deepest nesting of a lead.
const DEPTH_MAX: usize = 64;

/// What clients send of a lead. Every field may be left out or be null.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct LeadPayload {
    #[schema(value_type = Option<String>, max_length = 512)]
    first_name: Option<Name>,
    #[schema(value_type = Option<String>, max_length = 512)]
    last_name: Option<Name>,
    #[schema(schema_with = document::one_or_many)]
    email: Option<Many<Name>>,
    #[schema(schema_with = document::one_or_many_loose)]
    phone_number: Option<Many<Loose>>,
    /// What the person wrote.
    #[schema(value_type = Option<String>, max_length = 16384)]
    note: Option<Text<NOTE_BYTES_MAX>>,
    /// The page the lead was made on. Its host and its `utm_…` parameters can be routed on.
    #[schema(value_type = Option<String>, max_length = 4096)]
    referer_url: Option<Text<URL_BYTES_MAX>>,
    #[schema(value_type = Option<String>, max_length = 512)]
    lead_source: Option<Name>,
    #[schema(value_type = Option<String>, max_length = 512)]
    source_type: Option<Name>,
    /// One tag or several; in a form, parted by commas.
    #[schema(schema_with = document::one_or_many)]
    tag: Option<Many<Name>>,
    #[schema(schema_with = document::one_or_many)]
    tags: Option<Many<Name>>,
    /// The property asked about.
    #[schema(value_type = Option<String>, max_length = 512)]
    address: Option<Name>,
    /// Number of the listing asked about.
    #[schema(schema_with = document::loose)]
    mlsid: Option<Loose>,
    /// MLS id of the agent asked for.
    #[schema(schema_with = document::loose)]
    agent_mlsid: Option<Loose>,
    /// The listing asked about.
    #[schema(schema_with = document::listing)]
    listing: Option<Listing>,
    #[schema(value_type = Option<String>, max_length = 512)]
    listing_id: Option<Name>,
    /// Agents the lead is meant for.
    #[schema(max_items = 200)]
    assignees: Option<Vec<AssigneePayload>>,
    /// E-mail addresses of such agents, parted by commas, or a list of them.
    #[schema(schema_with = document::one_or_many)]
    agent_emails: Option<Many<Name>>,
}

/// The names of [`LeadPayload`].
const NAMES: [&str; 17] = [
    "first_name",
    "last_name",
    "email",
    "phone_number",
    "note",
    "referer_url",
    "lead_source",
    "source_type",
    "tag",
    "tags",
    "address",
    "mlsid",
    "agent_mlsid",
    "listing",
    "listing_id",
    "assignees",
    "agent_emails",
];

/// Not the vendor's: routable fields that are understood by their own names beside the vendor's.
const FACTS: [Field; 20] = [
    Field::Price,
    Field::PriceMin,
    Field::PriceMax,
    Field::PostalCode,
    Field::City,
    Field::State,
    Field::Country,
    Field::Mls,
    Field::MlsNumber,
    Field::Beds,
    Field::Baths,
    Field::PropertyType,
    Field::Intent,
    Field::Language,
    Field::RefererHost,
    Field::UtmSource,
    Field::UtmMedium,
    Field::UtmCampaign,
    Field::UtmTerm,
    Field::UtmContent,
];

#[derive(Debug, Deserialize)]
struct Listing {
    price: Option<Loose>,
    mls_number: Option<Loose>,
    mls: Option<Name>,
    property: Option<Property>,
}

#[derive(Debug, Deserialize)]
struct Property {
    address: Option<ListingAddress>,
}

#[derive(Debug, Deserialize)]
struct ListingAddress {
    street_number: Option<Loose>,
    street_dir_prefix: Option<Name>,
    street_name: Option<Name>,
    street_suffix: Option<Name>,
    street_dir_suffix: Option<Name>,
    unit_number: Option<Loose>,
    city: Option<Name>,
    state_code: Option<Name>,
    postal_code: Option<Loose>,
    country: Option<Name>,
    street_address: Option<Name>,
    full_address: Option<Name>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct AssigneePayload {
    #[schema(value_type = Option<String>, max_length = 512)]
    email: Option<Name>,
    #[schema(schema_with = document::loose)]
    phone_number: Option<Loose>,
    #[schema(value_type = Option<String>, max_length = 512)]
    mls: Option<Name>,
    #[schema(schema_with = document::loose)]
    mls_id: Option<Loose>,
}

/// A text or a number, as text: the digits as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Loose(String);

/// One, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Many<T>(Vec<T>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        if raw.get().starts_with(|it: char| it == '-' || it.is_ascii_digit()) {
            return Ok(Self(raw.get().to_owned()));
        }
        let Text::<NAME_BYTES_MAX>(text) = inner(&raw)?;
        Ok(Self(text))
    }
}

impl<'de, T: for<'t> Deserialize<'t>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let list: Vec<T> = if raw.get().starts_with('[') { inner(&raw)? } else { vec![inner(&raw)?] };
        if list.len() > LIST_LEN_MAX {
            return Err(de::Error::custom(format_args!("holds more than {LIST_LEN_MAX} items")));
        }
        Ok(Self(list))
    }
}

/// Reads a value in its own right; an error's place in it would mean nothing outside.
fn inner<T: for<'t> Deserialize<'t>, E: de::Error>(raw: &RawValue) -> Result<T, E> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let text = error.to_string();
        E::custom(text.split(" at line ").next().unwrap_or_default())
    })
}

/// What a body said.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) inquiry: Inquiry,
    /// The fields that were understood, as sent; `None` when that is all of them.
    pub(super) parsed: Option<String>,
}

/// How the body came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Json,
    /// Commas part the texts of a list.
    Form,
}

/// Reads the JSON object of a lead.
pub(super) fn read(json: &str, manner: Manner) -> Result<Read, BodyError> {
    shallow(json)?;
    let mut payload: LeadPayload = body::parse(json.as_bytes())?;
    if payload.assignees.as_ref().is_some_and(|it| it.len() > LIST_LEN_MAX) {
        return Err(BodyError::Shape { pointer: "/assignees".to_owned(), message: format!("holds more than {LIST_LEN_MAX} items") });
    }
    if manner == Manner::Form {
        [&mut payload.tag, &mut payload.tags].into_iter().flatten().for_each(split_at_commas);
    }
    payload.agent_emails.iter_mut().for_each(split_at_commas);
    let Entries(entries) = serde_json::from_str(json).map_err(|error| BodyError::Syntax { message: error.to_string() })?;
    let mut facts = FactsInput::default();
    let understood: Vec<bool> = entries.iter().map(|(key, value)| NAMES.contains(&key.as_str()) || take_fact(&mut facts, key, value)).collect();
    let parsed = (!understood.iter().all(|it| *it)).then(|| part(&entries, &understood));
    Ok(Read { inquiry: inquiry(payload, facts), parsed })
}

/// Fields we do not know are not walked through by the parser, but whoever reads the lead again has to.
fn shallow(json: &str) -> Result<(), BodyError> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(BodyError::Syntax { message: format!("nested deeper than {DEPTH_MAX}") });
        }
    }
    Ok(())
}

fn split_at_commas(list: &mut Many<Name>) {
    let parts = list.0.iter().flat_map(|it| it.0.split(',')).map(|it| Text(it.trim().to_owned()));
    list.0 = parts.filter(|it| !it.0.is_empty()).take(LIST_LEN_MAX).collect();
}

/// The members of an object as they came.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(Members)
    }
}

/// The understood members, with their values as they came.
fn part(entries: &[(String, &RawValue)], understood: &[bool]) -> String {
    let mut out = String::from("{");
    for ((key, value), _) in entries.iter().zip(understood).filter(|(_, it)| **it) {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(key.as_str()).to_string());
        out.push(':');
        out.push_str(value.get());
    }
    out.push('}');
    out
}

/// A scalar, or a list of scalars, under a routable field's own name.
fn take_fact(facts: &mut FactsInput, key: &str, value: &RawValue) -> bool {
    let Some(field) = FACTS.into_iter().find(|it| it.name() == key) else { return false };
    let Ok(value) = serde_json::from_str::<Scalars>(value.get()) else { return false };
    value.0.into_iter().for_each(|it| facts.add(field, it));
    true
}

/// A scalar or a list of them, none of them longer than a name.
struct Scalars(Vec<RawFact>);

impl<'de> Deserialize<'de> for Scalars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        fn scalar<E: de::Error>(raw: &RawValue) -> Result<Option<RawFact>, E> {
            let text = raw.get();
            Ok(match text.as_bytes().first() {
                Some(b'n') => None,
                Some(b't' | b'f') => Some(RawFact::Bool(text == "true")),
                Some(b'"') => Some(RawFact::Text(inner::<Name, E>(raw)?.0)),
                Some(b'-' | b'0'..=b'9') if text.len() <= NAME_BYTES_MAX => Some(RawFact::Number(text.to_owned())),
                _ => return Err(E::custom("not a scalar")),
            })
        }
        let raw = Box::<RawValue>::deserialize(from)?;
        let list: Vec<Box<RawValue>> = if raw.get().starts_with('[') { inner(&raw)? } else { vec![raw] };
        if list.len() > LIST_LEN_MAX {
            return Err(de::Error::custom("too many"));
        }
        let scalars: Result<Vec<Option<RawFact>>, D::Error> = list.iter().map(|it| scalar(it)).collect();
        Ok(Self(scalars?.into_iter().flatten().collect()))
    }
}

fn inquiry(payload: LeadPayload, mut facts: FactsInput) -> Inquiry {
    let LeadPayload {
        first_name,
        last_name,
        email,
        phone_number,
        note,
        referer_url,
        lead_source,
        source_type,
        tag,
        tags,
        address,
        mlsid,
        agent_mlsid,
        listing,
        listing_id,
        assignees,
        agent_emails,
    } = payload;
    if let Some(Text(url)) = &referer_url {
        referer(url, &mut facts);
    }
    facts.text(Field::MlsNumber, mlsid.as_ref().map(|it| it.0.as_str()));
    facts.text(Field::ListingId, listing_id.as_ref().map(|it| it.0.as_str()));
    let listed = listing.map(|it| take_listing(it, &mut facts));
    let address = text(address);
    let about = listed
        .filter(|it| !it.is_empty())
        .or_else(|| address.clone())
        .or_else(|| mlsid.map(|it| format!("MLS {}", it.0)))
        .or_else(|| listing_id.map(|it| format!("listing {}", it.0)));

    let mut named: Vec<Assignee> = assignees.unwrap_or_default().into_iter().map(assignee).collect();
    let by_email = |it: Text<NAME_BYTES_MAX>| Assignee { email: Some(it.0), phone: None, mls: None, mls_id: None };
    named.extend(agent_emails.into_iter().flat_map(|it| it.0).map(by_email));
    named.extend(agent_mlsid.map(|it| Assignee { email: None, phone: None, mls: None, mls_id: Some(it.0) }));
    named.truncate(LIST_LEN_MAX);

    Inquiry {
        first_name: text(first_name),
        last_name: text(last_name),
        company: None,
        emails: email.into_iter().flat_map(|it| it.0).map(|it| it.0).collect(),
        phones: phone_number.into_iter().flat_map(|it| it.0).map(|it| it.0).collect(),
        addresses: address.map(|full| Address { full: Some(full), ..Address::default() }).into_iter().collect(),
        tags: tag.into_iter().chain(tags).flat_map(|it| it.0).map(|it| it.0).collect(),
        fields: Vec::new(),
        note: note.map(|it| it.0).filter(|it| !it.trim().is_empty()),
        about,
        source_type: text(source_type),
        lead_source: text(lead_source),
        timezone: None,
        contact_id: None,
        assignees: named,
        facts,
        keys: KeysRead::default(),
    }
}

/// A blank text says nothing.
fn text<const MAX: usize>(it: Option<Text<MAX>>) -> Option<String> {
    it.map(|it| it.0).filter(|it| !it.trim().is_empty())
}

fn assignee(it: AssigneePayload) -> Assignee {
    let AssigneePayload { email, phone_number, mls, mls_id } = it;
    Assignee { email: text(email), phone: phone_number.map(|it| it.0), mls: text(mls), mls_id: mls_id.map(|it| it.0) }
}

/// Takes a listing's facts, and gives it in a line.
fn take_listing(it: Listing, facts: &mut FactsInput) -> String {
    let Listing { price, mls_number, mls, property } = it;
    facts.text(Field::Price, price.as_ref().map(|it| it.0.as_str()));
    facts.text(Field::MlsNumber, mls_number.as_ref().map(|it| it.0.as_str()));
    facts.text(Field::Mls, mls.as_ref().map(|it| it.0.as_str()));
    let place = property.and_then(|it| it.address).map(|it| take_place(it, facts)).unwrap_or_default();
    let number = mls_number.map(|it| format!("MLS {}", it.0));
    let price = price.map(|it| format!("price {}", it.0));
    [Some(place).filter(|it| !it.is_empty()), number, price].into_iter().flatten().collect::<Vec<String>>().join(", ")
}

/// Takes a place's facts, and gives it in a line.
fn take_place(it: ListingAddress, facts: &mut FactsInput) -> String {
    let ListingAddress {
        street_number,
        street_dir_prefix,
        street_name,
        street_suffix,
        street_dir_suffix,
        unit_number,
        city,
        state_code,
        postal_code,
        country,
        street_address,
        full_address,
    } = it;
    let city = text(city);
    let state = text(state_code);
    let postal_code = postal_code.map(|it| it.0);
    facts.text(Field::City, city.as_deref());
    facts.text(Field::State, state.as_deref());
    facts.text(Field::PostalCode, postal_code.as_deref());
    facts.text(Field::Country, text(country).as_deref());
    if let Some(whole) = text(full_address) {
        return whole;
    }
    let words = |list: [Option<String>; 6]| list.into_iter().flatten().collect::<Vec<String>>().join(" ");
    let unit = unit_number.map(|it| format!("#{}", it.0));
    let street = text(street_address).unwrap_or_else(|| {
        words([street_number.map(|it| it.0), text(street_dir_prefix), text(street_name), text(street_suffix), text(street_dir_suffix), unit])
    });
    let region = words([state, postal_code, None, None, None, None]);
    [Some(street), city, Some(region)].into_iter().flatten().filter(|it| !it.is_empty()).collect::<Vec<String>>().join(", ")
}

/// The host of an address, and what its query says of the campaign.
fn referer(url: &str, facts: &mut FactsInput) {
    let rest = url.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, it)| it);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    // A port follows the last colon, unless that stands inside the brackets of an IPv6 address.
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => host,
    };
    facts.text(Field::RefererHost, Some(host).filter(|it| !it.is_empty()).map(str::to_ascii_lowercase).as_deref());
    let after = after.split('#').next().unwrap_or_default();
    let Some((_, query)) = after.split_once('?') else { return };
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    for (key, value) in pairs {
        let field = match key.as_str() {
            "utm_source" => Field::UtmSource,
            "utm_medium" => Field::UtmMedium,
            "utm_campaign" => Field::UtmCampaign,
            "utm_term" => Field::UtmTerm,
            "utm_content" => Field::UtmContent,
            _ => continue,
        };
        facts.text(field, Some(value.as_str()).filter(|it| !it.contains('\0')));
    }
}
