//! Contacts, and the rows that find them.

use leadwire_core::entity::{Address, Contact, ContactEmail, ContactKey, ContactKeyId, ContactPhone, ExternalId, ExternalIdKey, FieldValue, Profile};
use leadwire_core::id::{BrandId, ContactId, ConversationId, SourceId};
use leadwire_core::{Email, Phone, Time};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word::{key_kind, key_kind_of};
use super::{Mirror, body, mirror};
use crate::table::{Bad, Cells, Stored, Table, Value, versioned};

versioned!(Contact, "contact", ContactId);

body!(Contact, apart { id: ContactId, version: u64 }, {
    created_at "c": Time,
    updated_at "u": Time,
    deleted_at "del": Option<Time>,
    brand "b": BrandId,
    conversation "v": Option<ConversationId>,
    first_name "f": Option<String>,
    last_name "l": Option<String>,
    company: Option<String>,
    emails "e": Vec<ContactEmail>,
    phones "p": Vec<ContactPhone>,
    addresses: Vec<Address>,
    tags "g": Vec<String>,
    fields: Vec<FieldValue>,
    external_ids "ext": Vec<ExternalId>,
    source_type "st": Option<String>,
    lead_source "ls": Option<String>,
    timezone "tz": Option<String>,
    last_touch_at "t": Option<Time>,
    created_for "cf": String,
    updated_for "uf": String,
    possible_duplicates "dups": Vec<ContactId>,
    profile: Profile,
});

/// The normal form is not repeated where it was typed so.
impl Mirror for ContactEmail {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { typed, email, verified } = self;
        let form = match email {
            Some(it) if it.as_str() == typed => EmailForm { e: Some(typed.clone()), ..EmailForm::default() },
            other => EmailForm { t: Some(typed.clone()), n: other.as_ref().map(|it| it.as_str().to_owned()), ..EmailForm::default() },
        };
        EmailForm { v: *verified, ..form }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let EmailForm { e, t, n, v } = EmailForm::deserialize(from)?;
        Ok(match e {
            Some(it) => Self { typed: it.clone(), email: Some(Email::from_normal(it)), verified: v },
            None => Self { typed: t.unwrap_or_default(), email: n.map(Email::from_normal), verified: v },
        })
    }
}

#[derive(Default, Serialize, Deserialize)]
struct EmailForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default)]
    v: bool,
}

#[cfg(test)]
impl super::arb::Arb for ContactEmail {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        let typed: String = Arb::arb(source);
        let email = if bool::arb(source) { Some(Email::from_normal(typed.clone())) } else { Arb::arb(source) };
        Self { typed, email, verified: Arb::arb(source) }
    }
}

mirror!(ContactPhone { typed "t": String, phone "n": Option<Phone>, verified "v": bool });
mirror!(Address {
    full: Option<String>,
    street: Option<String>,
    unit: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
});
mirror!(FieldValue { field: String, name: Option<String>, value: String, ai_produced "ai": bool });
mirror!(ExternalId { source: SourceId, id: String, contact: ContactId });

impl Stored for ContactKey {
    const IN: Table = Table { name: "contact_key", key: &["brand", "kind", "value"], cols: &["contact"] };

    fn key_values<'a>(key: &'a ContactKeyId, to: &mut Vec<Value<'a>>) {
        to.extend([Value::id(key.brand.0), Value::Int(key_kind(key.kind)), Value::text(&key.value)]);
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::id(self.contact.0));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        let kind = key_kind_of(cells.int(1)?).ok_or(Bad(1))?;
        let id = ContactKeyId { brand: BrandId(cells.uuid(0)?), kind, value: cells.text(2)?.to_owned() };
        Ok(Self { id, contact: ContactId(cells.uuid(3)?) })
    }
}

impl Stored for ExternalId {
    const IN: Table = Table { name: "external_id", key: &["source", "id"], cols: &["contact"] };

    fn key_values<'a>(key: &'a ExternalIdKey, to: &mut Vec<Value<'a>>) {
        to.extend([Value::id(key.source.0), Value::text(&key.id)]);
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::id(self.contact.0));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        Ok(Self { source: SourceId(cells.uuid(0)?), id: cells.text(1)?.to_owned(), contact: ContactId(cells.uuid(2)?) })
    }
}

#[cfg(test)]
impl super::arb::Arb for ContactKey {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        Self { id: ContactKeyId { brand: Arb::arb(source), kind: Arb::arb(source), value: Arb::arb(source) }, contact: Arb::arb(source) }
    }
}
