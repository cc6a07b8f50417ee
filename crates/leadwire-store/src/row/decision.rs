//! Decisions: the inputs of a routing and its outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{AssignReason, Cause, Decision, GroupPick, InboxReason, MemberSeen, Outcome, SkipReason, Skipped};
use leadwire_core::id::{BrandId, ConversationId, FlowId, GroupId, LeadId, OfferId, RuleId, SourceId, UserId};
use leadwire_core::routing::{Atom, Facts, Field};
use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Mirror, Own, Shown, Slot, body, mirror, variants};
use crate::table::{Bad, Cells, Stored, Table, Value};

body!(Decision, apart { lead: LeadId, epoch: u32 }, {
    at "t": Time,
    conversation "v": ConversationId,
    cause "c": Cause,
    engine "e": u16,
    source "s": SourceId,
    rules_version "n": u32,
    facts "f": Arc<Facts>,
    explicit: Vec<String>,
    owner_before: Option<UserId>,
    skipped: Vec<Skipped>,
    rule "r": Option<RuleId>,
    flow: Option<FlowId>,
    group "g": Option<GroupPick>,
    outcome "o": Outcome,
});

mirror!(Skipped { rule: RuleId, reason: SkipReason });
mirror!(GroupPick { group "g": GroupId, turns "t": u64, members "m": Vec<MemberSeen> });

/// In the order of its fields: a group is seen at every pick.
impl Mirror for MemberSeen {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { user, order, weight, eligible, lag } = self;
        (Shown(user), order, weight, eligible, lag).serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (user, order, weight, eligible, lag) = <(Own<UserId>, u16, u32, bool, i64)>::deserialize(from)?;
        Ok(Self { user: user.0, order, weight, eligible, lag })
    }
}

#[cfg(test)]
impl super::arb::Arb for MemberSeen {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        Self { user: Arb::arb(source), order: Arb::arb(source), weight: Arb::arb(source), eligible: Arb::arb(source), lag: Arb::arb(source) }
    }
}
/// An object: each fact by its field, a list only where there are several values; under [`UNREADABLE`] the fields
/// that could not be read.
impl Mirror for Facts {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { known, unparseable } = self;
        let mut map = to.serialize_map(None)?;
        for (field, values) in known {
            match values.as_slice() {
                [one] => map.serialize_entry(code(*field), &Shown(one))?,
                _ => map.serialize_entry(code(*field), &Shown(values))?,
            }
        }
        if !unparseable.is_empty() {
            map.serialize_entry(UNREADABLE, &Shown(unparseable))?;
        }
        map.end()
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Many(Vec<AtomForm>),
            One(AtomForm),
        }
        let mut facts = Self::default();
        for (name, form) in BTreeMap::<String, Form>::deserialize(from)? {
            let values = match form {
                Form::Many(it) => it,
                Form::One(it) => vec![it],
            };
            let values = values.into_iter().map(AtomForm::atom::<D::Error>);
            if name == UNREADABLE {
                for it in values {
                    let Atom::Text(it) = it? else { return Err(D::Error::custom("a field's name is no text")) };
                    facts.unparseable.insert(Field::from_name(&it).ok_or_else(|| D::Error::custom("an unknown field"))?);
                }
            } else {
                let field = field(&name).ok_or_else(|| D::Error::custom("an unknown field"))?;
                facts.known.insert(field, values.collect::<Result<_, _>>()?);
            }
        }
        Ok(facts)
    }
}

const UNREADABLE: &str = "!";

/// A field's name, or a shorter word where every lead has one.
fn code(field: Field) -> &'static str {
    match field {
        Field::SourceType => "st",
        Field::LeadSource => "ls",
        Field::EmailDomain => "ed",
        Field::HasEmail => "he",
        Field::HasPhone => "hp",
        Field::PhoneCountry => "pc",
        Field::PhoneArea => "pa",
        Field::IsReturning => "ir",
        Field::ContactTags => "ct",
        Field::Channel => "ch",
        Field::ReceivedWeekday => "rw",
        Field::ReceivedTime => "rt",
        other => other.name(),
    }
}

fn field(name: &str) -> Option<Field> {
    Field::ALL.iter().copied().find(|it| code(*it) == name)
}

#[cfg(test)]
impl super::arb::Arb for Facts {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        let mut known: BTreeMap<Field, Vec<Atom>> = Arb::arb(source);
        known.retain(|_, values| !values.is_empty());
        Self { known, unparseable: Arb::arb(source) }
    }
}

variants!(Outcome {
    Assigned = "a" { user "u": UserId, reason "r": AssignReason },
    Offered = "o" { offer "o": OfferId, invited "i": Vec<UserId>, expires_at "t": Time },
    Inbox = "i" { brand "b": BrandId, reason "r": InboxReason },
    Closed = "c" {},
});

/// A text as it is, anything else by its kind. A number keeps its digits.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AtomForm {
    Text(String),
    Bool(bool),
    Number { n: String },
    Time { at: Slot<Time> },
}

impl Mirror for Atom {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(it) => AtomForm::Text(it.clone()),
            Self::Bool(it) => AtomForm::Bool(*it),
            Self::Number(it) => AtomForm::Number { n: it.to_string() },
            Self::Time(it) => AtomForm::Time { at: Slot(Some(*it)) },
        }
        .serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        AtomForm::deserialize(from)?.atom()
    }
}

impl AtomForm {
    fn atom<E: serde::de::Error>(self) -> Result<Atom, E> {
        Ok(match self {
            Self::Text(it) => Atom::Text(it),
            Self::Bool(it) => Atom::Bool(it),
            Self::Number { n } => Atom::Number(n.parse().map_err(E::custom)?),
            Self::Time { at } => Atom::Time(at.take("at")?),
        })
    }
}

#[cfg(test)]
impl super::arb::Arb for Atom {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        match source.below(4) {
            0 => Self::Text(Arb::arb(source)),
            1 => Self::Bool(Arb::arb(source)),
            2 => Self::Number(source.pick(&["0", "-1.50", "1250000", "0.0000001", "79228162514264337593543950335"]).parse().unwrap()),
            _ => Self::Time(Arb::arb(source)),
        }
    }
}

impl Stored for Decision {
    const IN: Table = Table { name: "decision", key: &["lead", "epoch"], cols: &["body"] };

    fn key_values<'a>(key: &'a (LeadId, u32), to: &mut Vec<Value<'a>>) {
        to.extend([Value::id(key.0.0), Value::Int(i64::from(key.1))]);
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::Text(self.to_json()?.into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        Self::from_json((LeadId(cells.uuid(0)?), cells.u32(1)?), cells.text(2)?).map_err(|_| Bad(2))
    }
}
