//! Receipts. A stored answer's bytes are kept as bytes.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{Receipt, ReceiptKey, Stored as Kept, StoredAnswer};
use leadwire_core::id::LeadId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Mirror, Slot, body};
use crate::table::{Bad, Cells, Stored, Table, Value};

body!(Receipt, apart { key: ReceiptKey, expires_at: Time }, { payload "p": [u8; 16], at "t": Time, stored "s": Kept });

#[derive(Serialize, Deserialize)]
enum Form {
    #[serde(rename = "l")]
    Lead(Slot<LeadId>),
    #[serde(rename = "a")]
    Answer {
        status: u16,
        content_type: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
    },
}

/// Without the bytes, which stand in a column.
impl Mirror for Kept {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Lead(it) => Form::Lead(Slot(Some(*it))),
            Self::Answer(StoredAnswer { status, content_type, body: _, headers }) => {
                Form::Answer { status: *status, content_type: content_type.as_ref().to_owned(), headers: headers.clone() }
            }
        }
        .serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Form::deserialize(from)? {
            Form::Lead(it) => Self::Lead(it.take("lead")?),
            Form::Answer { status, content_type, headers } => {
                Self::Answer(StoredAnswer { status, content_type: content_type.into(), body: Arc::from([]), headers })
            }
        })
    }
}

impl Stored for Receipt {
    const IN: Table = Table { name: "receipt", key: &["key"], cols: &["expires_at", "body", "answer"] };

    fn key_values<'a>(key: &'a ReceiptKey, to: &mut Vec<Value<'a>>) {
        to.push(Value::Id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.extend([Value::Int(self.expires_at.millis()), Value::Text(self.to_json()?.into())]);
        to.push(match &self.stored {
            Kept::Lead(_) => Value::Null,
            Kept::Answer(it) => Value::Blob((&*it.body).into()),
        });
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        let apart = (ReceiptKey(cells.digest(0)?), Time::from_millis(cells.int(1)?));
        let mut receipt = Self::from_json(apart, cells.text(2)?).map_err(|_| Bad(2))?;
        if let Kept::Answer(it) = &mut receipt.stored {
            it.body = cells.blob(3)?.into();
        }
        Ok(receipt)
    }
}

#[cfg(test)]
mod arbitrary {
    use super::*;
    use crate::row::arb::{Arb, Source};

    impl Arb for ReceiptKey {
        fn arb(source: &mut Source) -> Self {
            Self(Arb::arb(source))
        }
    }

    impl Arb for Kept {
        fn arb(source: &mut Source) -> Self {
            if bool::arb(source) {
                return Self::Lead(Arb::arb(source));
            }
            Self::Answer(StoredAnswer { status: Arb::arb(source), content_type: Arb::arb(source), body: Arb::arb(source), headers: Arb::arb(source) })
        }
    }
}
