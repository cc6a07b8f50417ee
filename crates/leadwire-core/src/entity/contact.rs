//! People who inquire, and the keys by which one is matched: e-mail, phone, external id.

use super::Profile;
use crate::id::{BrandId, ContactId, ConversationId, LeadId, SourceId};
use crate::{Email, Phone, Time};

/// A person who inquires: one per brand and matching e-mail or phone.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub brand: BrandId,
    /// The one thread with this contact; none after it was deleted, until the next message.
    pub conversation: Option<ConversationId>,
    /// The newest lead of a thread that was deleted: the line of its leads goes on from it.
    pub last_lead: Option<LeadId>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub emails: Vec<ContactEmail>,
    pub phones: Vec<ContactPhone>,
    pub addresses: Vec<Address>,
    /// In the order they came, unique by folded text.
    pub tags: Vec<String>,
    pub fields: Vec<FieldValue>,
    pub external_ids: Vec<ExternalId>,
    /// As captured first: `Website`, `Showing` …
    pub source_type: Option<String>,
    /// Free name of where the contact came from, as captured first.
    pub lead_source: Option<String>,
    /// IANA name.
    pub timezone: Option<String>,
    pub last_touch_at: Option<Time>,
    /// What made the row and what changed it last, in Rechat's words: `lts_lead`, `manual` …
    pub created_for: String,
    pub updated_for: String,
    /// Another contact that a capture also matched, by phone.
    pub possible_duplicates: Vec<ContactId>,
    pub profile: Profile,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEmail {
    pub typed: String,
    /// Normalised; none when what was typed is no address.
    pub email: Option<Email>,
    /// False: added by a keyless capture to a known contact. Shown, never used to match, send or claim.
    pub verified: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPhone {
    pub typed: String,
    pub phone: Option<Phone>,
    pub verified: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Address {
    pub full: Option<String>,
    pub street: Option<String>,
    pub unit: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldValue {
    pub field: String,
    pub name: Option<String>,
    pub value: String,
    /// Filled in by a bot.
    pub ai_produced: bool,
}

/// An id a source gave this contact. It never matches across sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalIdKey {
    pub source: SourceId,
    pub id: String,
}

/// The row that finds a contact by a source's id for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId {
    pub source: SourceId,
    pub id: String,
    pub contact: ContactId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    Email,
    Phone,
}

/// One key, one contact: per brand, kind and normalised value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactKeyId {
    pub brand: BrandId,
    pub kind: KeyKind,
    pub value: String,
}

/// The row that finds a contact by e-mail or phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactKey {
    pub id: ContactKeyId,
    pub contact: ContactId,
}

impl Contact {
    /// First and last name, or what else names the person: company, e-mail, phone. None when nothing does.
    pub fn display_name(&self) -> Option<String> {
        let words: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).filter(|it| !it.is_empty()).collect();
        if !words.is_empty() {
            return Some(words.join(" "));
        }
        self.company.clone().or_else(|| self.emails.first().map(|it| it.typed.clone())).or_else(|| self.phones.first().map(|it| it.typed.clone()))
    }
}
