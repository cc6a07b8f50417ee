//! Contacts, and the rows that find them.

use leadwire_core::entity::{Address, Contact, ContactEmail, ContactKey, ContactKeyId, ContactPhone, ExternalId, ExternalIdKey, FieldValue, Profile};
use leadwire_core::id::{BrandId, ContactId, ConversationId, SourceId};
use leadwire_core::{Email, Phone, Time};

use super::word::{key_kind, key_kind_of};
use super::{body, mirror};
use crate::table::{Bad, Cells, Stored, Table, Value, versioned};

versioned!(Contact, "contact", ContactId);

body!(Contact, apart { id: ContactId, version: u64 }, {
    created_at "created": Time,
    updated_at "updated": Time,
    deleted_at "deleted": Option<Time>,
    brand: BrandId,
    conversation "conv": Option<ConversationId>,
    first_name "first": Option<String>,
    last_name "last": Option<String>,
    company: Option<String>,
    emails: Vec<ContactEmail>,
    phones: Vec<ContactPhone>,
    addresses: Vec<Address>,
    tags: Vec<String>,
    fields: Vec<FieldValue>,
    external_ids "ext": Vec<ExternalId>,
    source_type: Option<String>,
    lead_source: Option<String>,
    timezone "tz": Option<String>,
    last_touch_at "touch": Option<Time>,
    created_for "cfor": String,
    updated_for "ufor": String,
    possible_duplicates "dups": Vec<ContactId>,
    profile: Profile,
});

mirror!(ContactEmail { typed "t": String, email "n": Option<Email>, verified "v": bool });
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
