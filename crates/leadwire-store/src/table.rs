//! What stands where: one constant per kind of row, and the way from a row to its columns and back.
//!
//! Every table begins with `agency`, the store's own small number for it, and all SQL by key is built from these
//! constants. Columns beside the key are only what SQL selects or sorts by; the rest is the row's body.

use std::borrow::Cow;
use std::sync::Arc;

use leadwire_core::entity::{
    ApiKey, Bot, Brand, Contact, ContactKey, Conversation, DeadLetter, Decision, ExternalId, Flow, Group, Lead, LeadState, Message, Offer, Persona,
    Receipt, RuleSet, Source, SourceCount, Turns, User,
};
use leadwire_core::id::Uuid;
use leadwire_core::port::{Entity, Fault, Key, Row, Table as Kind};

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Id([u8; 16]),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    pub(crate) fn id(it: Uuid) -> Self {
        Self::Id(it.into_bytes())
    }

    pub(crate) fn number(it: u64) -> Self {
        Self::Int(it.cast_signed())
    }

    pub(crate) fn text(it: &'a str) -> Self {
        Self::Text(Cow::Borrowed(it))
    }
}

/// A table: its name, its key after `agency`, its other columns.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [&'static str],
    pub(crate) cols: &'static [&'static str],
}

impl Table {
    fn column(&self, at: usize) -> &'static str {
        self.key.iter().chain(self.cols).nth(at).copied().unwrap_or("?")
    }
}

/// The column, counted from the first of the key, that does not hold what it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) usize);

/// The columns of one row as they were read: the key's, then the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells<'r>(pub(crate) &'r [Value<'r>]);

impl<'r> Cells<'r> {
    pub(crate) fn uuid(self, at: usize) -> Result<Uuid, Bad> {
        self.digest(at).map(Uuid::from_bytes)
    }

    pub(crate) fn digest(self, at: usize) -> Result<[u8; 16], Bad> {
        match self.0.get(at) {
            Some(Value::Id(it)) => Ok(*it),
            Some(Value::Blob(it)) => <[u8; 16]>::try_from(it.as_ref()).map_err(|_| Bad(at)),
            _ => Err(Bad(at)),
        }
    }

    pub(crate) fn int(self, at: usize) -> Result<i64, Bad> {
        match self.0.get(at) {
            Some(Value::Int(it)) => Ok(*it),
            _ => Err(Bad(at)),
        }
    }

    pub(crate) fn u64(self, at: usize) -> Result<u64, Bad> {
        self.int(at).map(i64::cast_unsigned)
    }

    pub(crate) fn u32(self, at: usize) -> Result<u32, Bad> {
        u32::try_from(self.int(at)?).map_err(|_| Bad(at))
    }

    pub(crate) fn text(self, at: usize) -> Result<&'r str, Bad> {
        match self.0.get(at) {
            Some(Value::Text(it)) => Ok(it),
            _ => Err(Bad(at)),
        }
    }

    pub(crate) fn blob(self, at: usize) -> Result<&'r [u8], Bad> {
        match self.0.get(at) {
            Some(Value::Blob(it)) => Ok(it),
            _ => Err(Bad(at)),
        }
    }

    pub(crate) fn is_null(self, at: usize) -> bool {
        matches!(self.0.get(at), Some(Value::Null))
    }
}

/// A kind of row that has a table.
pub(crate) trait Stored: Entity {
    const IN: Table;
    fn key_values<'a>(key: &'a Self::Key, to: &mut Vec<Value<'a>>);
    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error>;
    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad>;
}

/// A kind whose key is an id and whose columns are a version and a body.
macro_rules! versioned {
    ($name:ident, $table:literal, $id:ident) => {
        impl $crate::table::Stored for $name {
            const IN: $crate::table::Table = $crate::table::Table { name: $table, key: &["id"], cols: &["version", "body"] };

            fn key_values<'a>(key: &'a $id, to: &mut Vec<$crate::table::Value<'a>>) {
                to.push($crate::table::Value::id(key.0));
            }

            fn col_values<'a>(&'a self, to: &mut Vec<$crate::table::Value<'a>>) -> Result<(), serde_json::Error> {
                to.push($crate::table::Value::number(self.version));
                to.push($crate::table::Value::Text($crate::row::Body::to_json(self)?.into()));
                Ok(())
            }

            fn from_cells(cells: $crate::table::Cells<'_>) -> Result<Self, $crate::table::Bad> {
                let apart = ($id(cells.uuid(0)?), cells.u64(1)?);
                <Self as $crate::row::Body>::from_json(apart, cells.text(2)?).map_err(|_| $crate::table::Bad(2))
            }
        }
    };
}

pub(crate) use versioned;

macro_rules! dispatch {
    ($($name:ident),* $(,)?) => {
        /// The table of a kind.
        pub(crate) fn table(kind: Kind) -> &'static Table {
            match kind { $(Kind::$name => const { &<$name as Stored>::IN }),* }
        }

        /// Puts the key's values after those in `to`.
        pub(crate) fn key_values<'a>(key: &'a Key, to: &mut Vec<Value<'a>>) {
            match key { $(Key::$name(it) => <$name as Stored>::key_values(it, to)),* }
        }

        /// Puts the values of the other columns after those in `to`.
        pub(crate) fn col_values<'a>(row: &'a Row, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
            match row { $(Row::$name(it) => it.col_values(to)),* }
        }

        fn from_cells(kind: Kind, cells: Cells<'_>) -> Result<Row, Bad> {
            match kind { $(Kind::$name => <$name as Stored>::from_cells(cells).map(|it| Row::$name(Arc::new(it)))),* }
        }

        /// A row of any kind, for tests.
        #[cfg(test)]
        pub(crate) fn arbitrary(kind: Kind, source: &mut crate::row::arb::Source) -> Row {
            match kind { $(Kind::$name => Row::$name(crate::row::arb::Arb::arb(source))),* }
        }
    };
}

dispatch!(
    Brand,
    User,
    ApiKey,
    Source,
    RuleSet,
    Group,
    Bot,
    Persona,
    Flow,
    Contact,
    ContactKey,
    ExternalId,
    Conversation,
    Message,
    Lead,
    LeadState,
    Decision,
    Offer,
    Turns,
    SourceCount,
    Receipt,
    DeadLetter,
);

/// The row in these columns, the key's first.
pub(crate) fn decode(kind: Kind, values: &[Value<'_>]) -> Result<Row, Fault> {
    from_cells(kind, Cells(values)).map_err(|bad| corrupt(table(kind), bad, values))
}

/// A row of a known kind.
pub(crate) fn decode_as<E: Stored>(values: &[Value<'_>]) -> Result<Arc<E>, Fault> {
    E::from_cells(Cells(values)).map(Arc::new).map_err(|bad| corrupt(&E::IN, bad, values))
}

/// Names the spot, and the row by its key. Keys are ids, or hashes; never a person's data but for contact keys,
/// whose value is left out.
fn corrupt(table: &Table, Bad(at): Bad, values: &[Value<'_>]) -> Fault {
    let key = values.iter().take(table.key.len()).map(|it| match it {
        Value::Id(id) => Uuid::from_bytes(*id).to_string(),
        Value::Blob(it) => <[u8; 16]>::try_from(it.as_ref()).map_or_else(|_| "?".to_owned(), |it| Uuid::from_bytes(it).to_string()),
        Value::Int(it) => it.to_string(),
        Value::Text(_) | Value::Null => "?".to_owned(),
    });
    Fault::Corrupt { table: table.name, column: table.column(at), row: key.collect::<Vec<_>>().join(" ") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::arb::Source as Arbitrary;

    proptest! {
        #[test]
        fn every_kind_of_row_comes_back_from_its_columns_as_it_was(seed: u64) {
            for kind in Kind::ALL {
                let row = arbitrary(*kind, &mut Arbitrary::new(seed));
                let key = row.key();
                let mut values = Vec::new();
                key_values(&key, &mut values);
                prop_assert_eq!(values.len(), table(*kind).key.len(), "{:?}", kind);
                col_values(&row, &mut values).unwrap();
                prop_assert_eq!(values.len(), table(*kind).key.len() + table(*kind).cols.len(), "{:?}", kind);
                prop_assert_eq!(decode(*kind, &values).unwrap(), row);
            }
        }
    }

    #[test]
    fn a_corrupt_body_is_named_by_table_column_and_row() {
        let id = Uuid::from_u128(7);
        let values = [Value::id(id), Value::Int(1), Value::text("{")];
        let fault = decode(Kind::Flow, &values).unwrap_err();
        assert_eq!(fault, Fault::Corrupt { table: "flow", column: "body", row: id.to_string() });
    }
}
