//! Who it is: finds the contact an inquiry is from, or makes one, and takes in what the inquiry says of the person.

use std::sync::{Arc, OnceLock};

use super::capture::{Inquiry, clip, clipped, clipped_list};
use super::thread;
use crate::config::Config;
use crate::entity::{
    Address, Contact, ContactEmail, ContactKey, ContactKeyId, ContactPhone, Conversation, ExternalId, ExternalIdKey, FieldValue, KeyKind, Source,
};
use crate::feed::Event;
use crate::id::{BrandId, ContactId, ConversationId};
use crate::limits::{KEY_BYTES_MAX, LIST_LEN_MAX, NOTE_BYTES_MAX};
use crate::port::{Halt, Missing, Tx};
use crate::refusal::{Refusal, Thing};
use crate::text::fold;
use crate::{Email, Phone};

/// Rechat's words for what made or changed a contact.
const LEAD: &str = "lts_lead";

/// The keys of an inquiry, read with a country's eyes.
#[derive(Debug)]
struct Keys {
    country: String,
    emails: Vec<(String, Option<Email>)>,
    phones: Vec<(String, Option<Phone>)>,
}

/// Keys that were read once: a command runs several times, and reading them is a good part of its cost.
#[derive(Clone, Debug, Default)]
pub struct KeysRead(OnceLock<Arc<Keys>>);

impl Keys {
    fn of(inquiry: &Inquiry, country: &str) -> Arc<Self> {
        let read = || {
            Arc::new(Self {
                country: country.to_owned(),
                emails: typed(&inquiry.emails).map(|it| (it.to_owned(), Email::parse(it))).collect(),
                phones: typed(&inquiry.phones).map(|it| (it.to_owned(), Phone::parse(it, country))).collect(),
            })
        };
        let keys = inquiry.keys.0.get_or_init(read);
        if keys.country == country { Arc::clone(keys) } else { read() }
    }
}

fn typed(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(|it| it.trim()).filter(|it| !it.is_empty() && it.len() <= KEY_BYTES_MAX).take(LIST_LEN_MAX)
}

/// An inquiry with its keys read.
pub struct Arrival<'a> {
    inquiry: &'a Inquiry,
    brand: BrandId,
    keys: Arc<Keys>,
    external: Option<ExternalIdKey>,
    /// What it adds to a contact that is already known is not verified.
    keyless: bool,
}

impl<'a> Arrival<'a> {
    pub fn new(inquiry: &'a Inquiry, source: &Source, config: &Config, keyless: bool) -> Self {
        let country = config.brand(source.brand).map_or("US", |it| it.default_country.as_str());
        Self {
            inquiry,
            brand: source.brand,
            keys: Keys::of(inquiry, country),
            external: inquiry
                .contact_id
                .as_deref()
                .map(str::trim)
                .filter(|it| !it.is_empty() && it.len() <= KEY_BYTES_MAX)
                .map(|id| ExternalIdKey { source: source.id, id: id.to_owned() }),
            keyless,
        }
    }

    /// The keys by which it may be known, in the order they are tried.
    fn keys(&self) -> impl Iterator<Item = ContactKeyId> {
        let emails = self.keys.emails.iter().filter_map(|(_, it)| it.as_ref()).map(|it| email_key(self.brand, it));
        emails.chain(self.keys.phones.iter().filter_map(|(_, it)| it.as_ref()).filter_map(|it| phone_key(self.brand, it)))
    }

    /// Asks for every row the match may need.
    pub fn want(&self, tx: &mut Tx<'_>) {
        for key in self.keys() {
            tx.want::<ContactKey>(&key);
        }
        if let Some(key) = &self.external {
            tx.want::<ExternalId>(key);
        }
    }
}

pub fn email_key(brand: BrandId, email: &Email) -> ContactKeyId {
    ContactKeyId { brand, kind: KeyKind::Email, value: email.as_str().to_owned() }
}

/// A weak number is no key.
pub fn phone_key(brand: BrandId, phone: &Phone) -> Option<ContactKeyId> {
    phone.e164().map(|it| ContactKeyId { brand, kind: KeyKind::Phone, value: it.to_owned() })
}

/// The contact it is from, if it is known: by the source's id, then e-mail, then phone.
pub fn find(tx: &mut Tx<'_>, arrival: &Arrival<'_>) -> Result<Option<Arc<Contact>>, Missing> {
    let mut ids: Vec<ContactId> = Vec::new();
    if let Some(key) = &arrival.external {
        ids.extend(tx.get::<ExternalId>(key)?.map(|it| it.contact));
    }
    for key in arrival.keys() {
        ids.extend(tx.get::<ContactKey>(&key)?.map(|it| it.contact));
    }
    for id in ids {
        if let Some(contact) = tx.get::<Contact>(&id)?.filter(|it| it.deleted_at.is_none()) {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// The contact after the inquiry, put, and its thread, which the caller puts.
pub fn update(tx: &mut Tx<'_>, arrival: &Arrival<'_>, known: Option<Arc<Contact>>) -> Result<(Arc<Contact>, Conversation), Halt> {
    let now = tx.now;
    let returning = known.is_some();
    let mut contact = match known {
        Some(it) => Contact::clone(&it),
        None => blank(tx.random_id(), arrival.brand, now),
    };
    let conversation = match contact.conversation {
        Some(id) => Conversation::clone(&*tx.get::<Conversation>(&id)?.ok_or(Refusal::NotFound(Thing::Conversation))?),
        None => {
            let id: ConversationId = tx.id();
            contact.conversation = Some(id);
            thread::blank(id, contact.brand, contact.id, now)
        }
    };
    fill(&mut contact, arrival.inquiry, returning, arrival.keyless);
    let verified = !(returning && arrival.keyless);
    for (typed, email) in &arrival.keys.emails {
        let room = contact.emails.len() < LIST_LEN_MAX;
        match contact.emails.iter_mut().find(|it| if email.is_some() { it.email == *email } else { it.typed == *typed }) {
            Some(known) if known.verified || !verified => continue,
            // What a stranger added is confirmed.
            Some(known) => known.verified = true,
            None if !room => continue,
            None => contact.emails.push(ContactEmail { typed: typed.clone(), email: email.clone(), verified }),
        }
        if verified && let Some(email) = email {
            claim_key(tx, contact.id, email_key(arrival.brand, email))?;
        }
    }
    for (typed, phone) in &arrival.keys.phones {
        let room = contact.phones.len() < LIST_LEN_MAX;
        match contact.phones.iter_mut().find(|it| if phone.is_some() { it.phone == *phone } else { it.typed == *typed }) {
            Some(known) if known.verified || !verified => continue,
            Some(known) => known.verified = true,
            None if !room => continue,
            None => contact.phones.push(ContactPhone { typed: typed.clone(), phone: phone.clone(), verified }),
        }
        if verified && let Some(key) = phone.as_ref().and_then(|it| phone_key(arrival.brand, it)) {
            claim_key(tx, contact.id, key)?;
        }
    }
    note_others(tx, arrival, &mut contact)?;
    if let Some(key) = &arrival.external
        && contact.external_ids.len() < LIST_LEN_MAX
        && tx.get::<ExternalId>(key)?.is_none()
    {
        let row = ExternalId { source: key.source, id: key.id.clone(), contact: contact.id };
        contact.external_ids.push(row.clone());
        tx.put(row);
    }
    contact.last_touch_at = Some(now);
    contact.updated_at = now;
    LEAD.clone_into(&mut contact.updated_for);
    let event = if returning { Event::ContactUpdated { contact: contact.id } } else { Event::ContactCreated { contact: contact.id } };
    tx.event(event);
    Ok((tx.put(contact), conversation))
}

/// Union of lists, empty names filled only.
fn fill(contact: &mut Contact, inquiry: &Inquiry, returning: bool, keyless: bool) {
    let fill = |into: &mut Option<String>, from: &Option<String>| {
        if into.is_none() {
            *into = clipped(from.as_deref());
        }
    };
    fill(&mut contact.first_name, &inquiry.first_name);
    fill(&mut contact.last_name, &inquiry.last_name);
    fill(&mut contact.company, &inquiry.company);
    fill(&mut contact.source_type, &inquiry.source_type);
    fill(&mut contact.lead_source, &inquiry.lead_source);
    fill(&mut contact.timezone, &inquiry.timezone);
    if !returning {
        let first = clipped(inquiry.source_type.as_deref()).into_iter().chain(["Lead".to_owned()]);
        for tag in first {
            add_tag(&mut contact.tags, tag);
        }
    }
    for tag in clipped_list(&inquiry.tags) {
        add_tag(&mut contact.tags, tag);
    }
    for field in inquiry.fields.iter().take(LIST_LEN_MAX) {
        let Some(name) = clipped(Some(&field.field)) else { continue };
        let value = clip(&field.value, NOTE_BYTES_MAX).replace('\0', "");
        let field = FieldValue { field: name, name: clipped(field.name.as_deref()), value, ai_produced: field.ai_produced };
        let room = contact.fields.len() < LIST_LEN_MAX;
        match contact.fields.iter_mut().find(|it| it.field == field.field) {
            // A stranger fills what is empty and overwrites nothing.
            Some(_) if returning && keyless => {}
            Some(known) => *known = field,
            None if room => contact.fields.push(field),
            None => {}
        }
    }
    for address in inquiry.addresses.iter().map(clipped_address) {
        if !contact.addresses.contains(&address) && contact.addresses.len() < ADDRESSES_MAX {
            contact.addresses.push(address);
        }
    }
}

/// Addresses kept of one contact.
const ADDRESSES_MAX: usize = 20;

fn clipped_address(it: &Address) -> Address {
    let part = |it: &Option<String>| clipped(it.as_deref());
    let Address { full, street, unit, city, state, postal_code, country } = it;
    Address {
        full: part(full),
        street: part(street),
        unit: part(unit),
        city: part(city),
        state: part(state),
        postal_code: part(postal_code),
        country: part(country),
    }
}

/// Adds a tag unless it is there in some spelling.
pub fn add_tag(tags: &mut Vec<String>, tag: String) {
    let folded = fold(&tag);
    if tags.len() < LIST_LEN_MAX && !tags.iter().any(|it| fold(it) == folded) {
        tags.push(tag);
    }
}

/// Makes the key lead to this contact, unless it leads to another.
fn claim_key(tx: &mut Tx<'_>, contact: ContactId, id: ContactKeyId) -> Result<(), Missing> {
    if tx.get::<ContactKey>(&id)?.is_none() {
        tx.put(ContactKey { id, contact });
    }
    Ok(())
}

/// Notes the other contacts its keys lead to. They are never merged by themselves.
fn note_others(tx: &mut Tx<'_>, arrival: &Arrival<'_>, contact: &mut Contact) -> Result<(), Missing> {
    for key in arrival.keys() {
        if let Some(other) = tx.get::<ContactKey>(&key)?.map(|it| it.contact)
            && other != contact.id
            && !contact.possible_duplicates.contains(&other)
            && contact.possible_duplicates.len() < LIST_LEN_MAX
        {
            contact.possible_duplicates.push(other);
        }
    }
    Ok(())
}

/// A contact nothing is known of.
pub fn blank(id: ContactId, brand: BrandId, now: crate::Time) -> Contact {
    Contact {
        id,
        version: 0,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        brand,
        conversation: None,
        last_lead: None,
        first_name: None,
        last_name: None,
        company: None,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: Vec::new(),
        fields: Vec::new(),
        external_ids: Vec::new(),
        source_type: None,
        lead_source: None,
        timezone: None,
        last_touch_at: None,
        created_for: LEAD.to_owned(),
        updated_for: LEAD.to_owned(),
        possible_duplicates: Vec::new(),
        profile: None,
    }
}
