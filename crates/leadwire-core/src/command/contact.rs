//! Makes, changes and deletes a contact by hand.

use std::sync::Arc;

use super::check::Checks;
use super::conversation::remove;
use super::known::{add_tag, blank, email_key, phone_key};
use super::thread;
use crate::entity::{
    Address, Contact, ContactEmail, ContactKey, ContactKeyId, ContactPhone, Conversation, ExternalId, ExternalIdKey, FieldValue, Profile,
};
use crate::feed::Event;
use crate::id::{BrandId, ContactId, ConversationId};
use crate::limits::{KEY_BYTES_MAX, LIST_LEN_MAX, NOTE_BYTES_MAX};
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Conflict, Refusal};
use crate::who::{Rights, Who};
use crate::{Email, Phone};

/// Rechat's word for what a person did by hand.
const MANUAL: &str = "manual";

/// What is said of a contact; `None` leaves a thing as it is. Lists are replaced whole.
#[derive(Clone, Debug, Default)]
pub struct ContactFields {
    pub first_name: Option<Option<String>>,
    pub last_name: Option<Option<String>>,
    pub company: Option<Option<String>>,
    pub emails: Option<Vec<String>>,
    pub phones: Option<Vec<String>>,
    pub addresses: Option<Vec<Address>>,
    pub tags: Option<Vec<String>>,
    pub fields: Option<Vec<FieldValue>>,
    /// Each with its source.
    pub external_ids: Option<Vec<ExternalIdKey>>,
    pub source_type: Option<Option<String>>,
    pub lead_source: Option<Option<String>>,
    pub timezone: Option<Option<String>>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct CreateContact {
    pub brand: BrandId,
    pub fields: ContactFields,
}

#[derive(Clone, Debug)]
pub struct UpdateContact {
    pub id: ContactId,
    pub if_match: Option<u64>,
    pub fields: ContactFields,
}

#[derive(Clone, Copy, Debug)]
pub struct DeleteContact {
    pub id: ContactId,
    pub if_match: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Kept {
    pub contact: Arc<Contact>,
    pub conversation: Option<Arc<Conversation>>,
}

impl Command for CreateContact {
    type Outcome = Kept;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Kept, Halt> {
        let rights = who.rights(&tx.config, tx.now)?;
        rights.may_write()?;
        let brand = rights.brand_seen(self.brand)?;
        self.fields.check(tx, &rights)?;
        let (now, conversation) = (tx.now, tx.id::<ConversationId>());
        let mut contact = blank(tx.random_id(), brand, now);
        MANUAL.clone_into(&mut contact.created_for);
        contact.conversation = Some(conversation);
        self.fields.apply(tx, &mut contact)?;
        tx.event(Event::ContactCreated { contact: contact.id });
        let conversation = tx.put(thread::blank(conversation, brand, contact.id, now));
        let contact = tx.put(contact);
        Ok(Kept { contact, conversation: Some(conversation) })
    }
}

impl Command for UpdateContact {
    type Outcome = Kept;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Kept, Halt> {
        let rights = who.rights(&tx.config, tx.now)?;
        rights.may_write()?;
        let (contact, conversation) = thread::seen_contact(&rights, tx, self.id)?;
        if self.if_match.is_some_and(|it| it != contact.version) {
            return Err(Refusal::VersionMismatch.into());
        }
        self.fields.check(tx, &rights)?;
        let mut contact = Contact::clone(&contact);
        self.fields.apply(tx, &mut contact)?;
        tx.event(Event::ContactUpdated { contact: contact.id });
        let contact = tx.put(contact);
        Ok(Kept { contact, conversation })
    }
}

impl Command for DeleteContact {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = who.rights(&tx.config, tx.now)?;
        rights.may_write()?;
        let (contact, conversation) = thread::seen_contact(&rights, tx, self.id)?;
        if self.if_match.is_some_and(|it| it != contact.version) {
            return Err(Refusal::VersionMismatch.into());
        }
        if let Some(conversation) = conversation {
            remove(tx, &conversation)?;
        }
        let mut contact = Contact::clone(&contact);
        for key in keys_of(&contact) {
            release(tx, contact.id, &key)?;
        }
        for row in &contact.external_ids {
            tx.delete::<ExternalId>(&ExternalIdKey { source: row.source, id: row.id.clone() });
        }
        contact.conversation = None;
        contact.deleted_at = Some(tx.now);
        contact.updated_at = tx.now;
        tx.event(Event::ContactDeleted { contact: contact.id });
        tx.put(contact);
        Ok(())
    }
}

impl ContactFields {
    fn check(&self, tx: &Tx<'_>, rights: &Rights) -> Result<(), Refusal> {
        let mut checks = Checks::default();
        for (at, it) in [
            ("/first_name", &self.first_name),
            ("/last_name", &self.last_name),
            ("/company", &self.company),
            ("/source_type", &self.source_type),
            ("/lead_source", &self.lead_source),
            ("/timezone", &self.timezone),
        ] {
            checks.line(at, it.as_ref().and_then(Option::as_deref));
        }
        let zone = self.timezone.as_ref().and_then(Option::as_deref);
        checks.that(zone.is_none_or(crate::time::is_zone), "/timezone", "no such time zone");
        for (i, it) in self.emails.iter().flatten().enumerate() {
            checks.that(Email::parse(it).is_some(), &format!("/emails/{i}"), "is no e-mail address");
        }
        for (at, list) in [("/phones", &self.phones), ("/tags", &self.tags)] {
            for (i, it) in list.iter().flatten().enumerate() {
                checks.name(&format!("{at}/{i}"), it);
            }
        }
        for (at, len) in [
            ("/emails", self.emails.as_ref().map(Vec::len)),
            ("/phones", self.phones.as_ref().map(Vec::len)),
            ("/tags", self.tags.as_ref().map(Vec::len)),
            ("/fields", self.fields.as_ref().map(Vec::len)),
            ("/addresses", self.addresses.as_ref().map(Vec::len)),
            ("/external_ids", self.external_ids.as_ref().map(Vec::len)),
        ] {
            checks.that(len.is_none_or(|it| it <= LIST_LEN_MAX), at, "has too many entries");
        }
        for (i, it) in self.fields.iter().flatten().enumerate() {
            checks.name(&format!("/fields/{i}/field"), &it.field);
            checks.line(&format!("/fields/{i}/name"), it.name.as_deref());
            checks.text(&format!("/fields/{i}/value"), &it.value, NOTE_BYTES_MAX);
        }
        for (i, it) in self.addresses.iter().flatten().enumerate() {
            for part in [&it.full, &it.street, &it.unit, &it.city, &it.state, &it.postal_code, &it.country] {
                checks.line(&format!("/addresses/{i}"), part.as_deref());
            }
        }
        for (i, it) in self.external_ids.iter().flatten().enumerate() {
            checks.name(&format!("/external_ids/{i}/id"), &it.id);
            checks.that(it.id.len() <= KEY_BYTES_MAX, &format!("/external_ids/{i}/id"), "is too long");
            let source = tx.config.source(it.source).is_some_and(|it| rights.sees_brand(it.brand));
            checks.that(source, &format!("/external_ids/{i}/source"), "no such source");
        }
        checks.profile("/profile", &self.profile.clone().flatten());
        checks.done()
    }

    fn apply(&self, tx: &mut Tx<'_>, contact: &mut Contact) -> Result<(), Halt> {
        let put = |into: &mut Option<String>, from: &Option<Option<String>>| {
            if let Some(it) = from {
                *into = it.as_deref().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
            }
        };
        put(&mut contact.first_name, &self.first_name);
        put(&mut contact.last_name, &self.last_name);
        put(&mut contact.company, &self.company);
        put(&mut contact.source_type, &self.source_type);
        put(&mut contact.lead_source, &self.lead_source);
        put(&mut contact.timezone, &self.timezone);
        if let Some(it) = &self.addresses {
            contact.addresses.clone_from(it);
        }
        if let Some(it) = &self.tags {
            contact.tags.clear();
            for tag in it {
                add_tag(&mut contact.tags, tag.trim().to_owned());
            }
        }
        if let Some(it) = &self.fields {
            contact.fields.clone_from(it);
        }
        if let Some(it) = &self.profile {
            contact.profile.clone_from(it);
        }
        self.apply_keys(tx, contact)?;
        if let Some(list) = &self.external_ids {
            apply_external_ids(tx, contact, list)?;
        }
        contact.updated_at = tx.now;
        MANUAL.clone_into(&mut contact.updated_for);
        Ok(())
    }

    /// E-mails and phones given by hand are verified: they become keys, and must not be another's.
    fn apply_keys(&self, tx: &mut Tx<'_>, contact: &mut Contact) -> Result<(), Halt> {
        if self.emails.is_none() && self.phones.is_none() {
            return Ok(());
        }
        let before = keys_of(contact);
        if let Some(list) = &self.emails {
            contact.emails.clear();
            for it in list {
                let email = Email::parse(it);
                if !contact.emails.iter().any(|known| known.email == email) {
                    contact.emails.push(ContactEmail { typed: it.trim().to_owned(), email, verified: true });
                }
            }
        }
        if let Some(list) = &self.phones {
            let config = Arc::clone(&tx.config);
            let country = config.brand(contact.brand).map_or("US", |it| it.default_country.as_str());
            contact.phones.clear();
            for it in list {
                let phone = Phone::parse(it, country);
                let known = contact.phones.iter().any(|known| known.typed == it.trim() || (phone.is_some() && known.phone == phone));
                if !known {
                    contact.phones.push(ContactPhone { typed: it.trim().to_owned(), phone, verified: true });
                }
            }
        }
        let after = keys_of(contact);
        for key in before.iter().filter(|it| !after.contains(it)) {
            release(tx, contact.id, key)?;
        }
        for key in after {
            match tx.get::<ContactKey>(&key)? {
                Some(row) if row.contact == contact.id => {}
                Some(_) => return Err(Refusal::Conflict(Conflict::ContactKeyTaken).into()),
                None => drop(tx.put(ContactKey { id: key, contact: contact.id })),
            }
        }
        Ok(())
    }
}

fn apply_external_ids(tx: &mut Tx<'_>, contact: &mut Contact, list: &[ExternalIdKey]) -> Result<(), Halt> {
    for row in std::mem::take(&mut contact.external_ids) {
        let key = ExternalIdKey { source: row.source, id: row.id };
        if !list.contains(&key) {
            tx.delete::<ExternalId>(&key);
        }
    }
    for key in list {
        if contact.external_ids.iter().any(|it| it.source == key.source && it.id == key.id) {
            continue;
        }
        if tx.get::<ExternalId>(key)?.is_some_and(|it| it.contact != contact.id) {
            return Err(Refusal::Conflict(Conflict::ExternalIdTaken).into());
        }
        let row = ExternalId { source: key.source, id: key.id.clone(), contact: contact.id };
        contact.external_ids.push(row.clone());
        tx.put(row);
    }
    Ok(())
}

/// The keys that may lead to this contact.
fn keys_of(contact: &Contact) -> Vec<ContactKeyId> {
    let emails = contact.emails.iter().filter(|it| it.verified).filter_map(|it| it.email.as_ref()).map(|it| email_key(contact.brand, it));
    let phones = contact.phones.iter().filter(|it| it.verified).filter_map(|it| it.phone.as_ref()).filter_map(|it| phone_key(contact.brand, it));
    emails.chain(phones).collect()
}

/// Removes a key that leads to this contact.
fn release(tx: &mut Tx<'_>, contact: ContactId, key: &ContactKeyId) -> Result<(), Halt> {
    if tx.get::<ContactKey>(key)?.is_some_and(|it| it.contact == contact) {
        tx.delete::<ContactKey>(key);
    }
    Ok(())
}
