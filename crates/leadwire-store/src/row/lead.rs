//! Leads, where their routing stands, and bodies that could not be read. Raw bytes are kept as bytes.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{DeadLetter, Lead, LeadState, RawBody, RoutingState};
use leadwire_core::id::{BotId, BrandId, ContactId, ConversationId, DeadLetterId, LeadId, OfferId, SourceId, UserId};
use serde::{Deserialize, Deserializer, Serializer};

use super::{Body, Mirror, body, variants};
use crate::table::{Bad, Cells, Stored, Table, Value};

/// The commonest type is not written.
const USUAL: &str = "application/json";

/// The type only: the bytes stand in a column.
impl Mirror for RawBody {
    fn is_absent(&self) -> bool {
        &*self.content_type == USUAL
    }

    /// The bytes are put in by whoever reads the row.
    fn absent() -> Option<Self> {
        Some(Self { content_type: USUAL.into(), bytes: Arc::from([]) })
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { content_type, bytes: _ } = self;
        to.serialize_str(content_type)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { content_type: String::deserialize(from)?.into(), bytes: Arc::from([]) })
    }
}

#[cfg(test)]
impl super::arb::Arb for RawBody {
    fn arb(source: &mut super::arb::Source) -> Self {
        Self { content_type: source.pick(&[USUAL, "", "text/plain"]).into(), bytes: super::arb::Arb::arb(source) }
    }
}

body!(Lead, apart { id: LeadId, source: SourceId, contact: ContactId, parsed: Option<Arc<str>> }, {
    number "n": u64,
    created_at "c": Time,
    conversation "v": ConversationId,
    bots "b": Vec<BotId>,
    source_type "st": Option<String>,
    raw "type": RawBody,
    previous "pr": Option<LeadId>,
    duplicate_of: Option<LeadId>,
    keyless: bool,
});

impl Stored for Lead {
    const IN: Table = Table { name: "lead", key: &["id"], cols: &["source", "contact", "body", "parsed", "raw"] };

    fn key_values<'a>(key: &'a LeadId, to: &mut Vec<Value<'a>>) {
        to.push(Value::id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.extend([Value::id(self.source.0), Value::id(self.contact.0), Value::Text(self.to_json()?.into())]);
        to.push(self.parsed.as_deref().map_or(Value::Null, Value::text));
        to.push(Value::Blob((&*self.raw.bytes).into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        let parsed = if cells.is_null(4) { None } else { Some(cells.text(4)?.into()) };
        let apart = (LeadId(cells.uuid(0)?), SourceId(cells.uuid(1)?), ContactId(cells.uuid(2)?), parsed);
        let mut lead = Self::from_json(apart, cells.text(3)?).map_err(|_| Bad(3))?;
        lead.raw.bytes = cells.blob(5)?.into();
        Ok(lead)
    }
}

body!(LeadState, apart { lead: LeadId }, { epoch "e": u32, state "s": RoutingState, since "t": Time });

variants!(RoutingState {
    Assigned = "a" { user "u": UserId },
    Offered = "o" { offer "o": OfferId },
    Inbox = "i" { brand "b": BrandId },
    Closed = "c" {},
});

impl Stored for LeadState {
    const IN: Table = Table { name: "lead_state", key: &["lead"], cols: &["body"] };

    fn key_values<'a>(key: &'a LeadId, to: &mut Vec<Value<'a>>) {
        to.push(Value::id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::Text(self.to_json()?.into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        Self::from_json((LeadId(cells.uuid(0)?),), cells.text(1)?).map_err(|_| Bad(1))
    }
}

body!(DeadLetter, apart { id: DeadLetterId }, { at: Time, source: SourceId, error: String, raw "type": RawBody });

/// `size` is that of the raw bytes, so that a bound on their sum is held without reading them.
impl Stored for DeadLetter {
    const IN: Table = Table { name: "dead_letter", key: &["id"], cols: &["size", "body", "raw"] };

    fn key_values<'a>(key: &'a DeadLetterId, to: &mut Vec<Value<'a>>) {
        to.push(Value::id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.extend([Value::number(self.raw.bytes.len() as u64), Value::Text(self.to_json()?.into())]);
        to.push(Value::Blob((&*self.raw.bytes).into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        let mut letter = Self::from_json((DeadLetterId(cells.uuid(0)?),), cells.text(2)?).map_err(|_| Bad(2))?;
        letter.raw.bytes = cells.blob(3)?.into();
        Ok(letter)
    }
}
