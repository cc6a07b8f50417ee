//! Contacts, and the rows that find them.

use leadwire_core::entity::{Address, Contact, ContactEmail, ContactKey, ContactKeyId, ContactPhone, ExternalId, ExternalIdKey, FieldValue, Profile};
use leadwire_core::id::{BrandId, ContactId, ConversationId, LeadId, SourceId};
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
    last_lead "ll": Option<LeadId>,
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

/// A way to reach somebody: `e` where the normal form is as typed, else `t` as typed and `n` the normal form, or `w`
/// the digits of a number that is none. Unverified ones say so.
#[derive(Default, Serialize, Deserialize)]
struct Reach {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
}

impl Reach {
    fn new(typed: &str, normal: Option<&str>, verified: bool) -> Self {
        let (e, t, n) = match normal {
            Some(normal) if normal == typed => (Some(typed), None, None),
            other => (None, Some(typed), other),
        };
        Self { e: e.map(str::to_owned), t: t.map(str::to_owned), n: n.map(str::to_owned), w: None, unverified: !verified }
    }

    /// As typed, and the normal form.
    fn texts(e: Option<String>, t: Option<String>, n: Option<String>) -> (String, Option<String>) {
        match e {
            Some(it) => (it.clone(), Some(it)),
            None => (t.unwrap_or_default(), n),
        }
    }
}

impl Mirror for ContactEmail {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { typed, email, verified } = self;
        Reach::new(typed, email.as_ref().map(Email::as_str), *verified).serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Reach { e, t, n, w: _, unverified } = Reach::deserialize(from)?;
        let (typed, normal) = Reach::texts(e, t, n);
        Ok(Self { typed, email: normal.map(Email::from_normal), verified: !unverified })
    }
}

impl Mirror for ContactPhone {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { typed, phone, verified } = self;
        let (valid, weak) = match phone {
            Some(Phone::Valid(it)) => (Some(it.as_str()), None),
            Some(Phone::Weak(it)) => (None, Some(it.clone())),
            None => (None, None),
        };
        Reach { w: weak, ..Reach::new(typed, valid, *verified) }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Reach { e, t, n, w, unverified } = Reach::deserialize(from)?;
        let (typed, normal) = Reach::texts(e, t, n);
        Ok(Self { typed, phone: normal.map(Phone::Valid).or_else(|| w.map(Phone::Weak)), verified: !unverified })
    }
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

#[cfg(test)]
impl super::arb::Arb for ContactPhone {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        let typed: String = Arb::arb(source);
        let phone = match source.below(4) {
            0 => None,
            1 => Some(Phone::Valid(typed.clone())),
            2 => Some(Phone::Valid(Arb::arb(source))),
            _ => Some(Phone::Weak(Arb::arb(source))),
        };
        Self { typed, phone, verified: Arb::arb(source) }
    }
}

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
