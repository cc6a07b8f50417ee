//! Decisions: the inputs of a routing and its outcome.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{AssignReason, Cause, Decision, GroupPick, InboxReason, MemberSeen, Outcome, SkipReason, Skipped};
use leadwire_core::id::{BrandId, ConversationId, FlowId, GroupId, LeadId, OfferId, RuleId, SourceId, UserId};
use leadwire_core::routing::{Atom, Facts, Field};
use serde::de::{Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Mirror, Own, Shown, body, mirror, text, thrift, variants};
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

/// `[group, turns, part, member …]`: lags are whole multiples of some part of a turn, so that part stands once.
impl Mirror for GroupPick {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { group, turns, members } = self;
        let part = members.iter().fold(0, |part, it| common(part, it.lag.unsigned_abs())).max(1);
        let mut seq = to.serialize_seq(None)?;
        seq.serialize_element(&Shown(group))?;
        seq.serialize_element(turns)?;
        seq.serialize_element(&part)?;
        for it in members {
            seq.serialize_element(&Seen { part, member: it })?;
        }
        seq.end()
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = GroupPick;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a group as it stood")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<GroupPick, A::Error> {
                let group = next::<Own<GroupId>, A>(&mut seq)?.0;
                let turns = next(&mut seq)?;
                let part: u64 = next(&mut seq)?;
                let mut members = Vec::new();
                while let Some(SeenRead { mut member, parts }) = seq.next_element()? {
                    member.lag = i64::try_from(i128::from(parts) * i128::from(part)).map_err(A::Error::custom)?;
                    members.push(member);
                }
                Ok(GroupPick { group, turns, members })
            }
        }
        from.deserialize_seq(Reads)
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom("the list is too short"))
}

/// The greatest common divisor.
fn common(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `[user, parts, order]`, then the weight where it is not 1 or something follows, then 0 for who was not eligible.
struct Seen<'a> {
    part: u64,
    member: &'a MemberSeen,
}

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let MemberSeen { user, order, weight, eligible, lag } = self.member;
        let parts = i64::try_from(i128::from(*lag) / i128::from(self.part)).map_err(serde::ser::Error::custom)?;
        let mut seq = to.serialize_seq(None)?;
        seq.serialize_element(&Shown(user))?;
        seq.serialize_element(&parts)?;
        seq.serialize_element(order)?;
        if *weight != 1 || !eligible {
            seq.serialize_element(weight)?;
        }
        if !eligible {
            seq.serialize_element(&0)?;
        }
        seq.end()
    }
}

/// A member without its lag, and that in parts.
struct SeenRead {
    member: MemberSeen,
    parts: i64,
}

impl<'de> Deserialize<'de> for SeenRead {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = SeenRead;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member as it stood")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SeenRead, A::Error> {
                let user = next::<Own<UserId>, A>(&mut seq)?.0;
                let (parts, order) = (next(&mut seq)?, next(&mut seq)?);
                let weight = seq.next_element()?.unwrap_or(1);
                let eligible = seq.next_element::<u8>()?.is_none();
                Ok(SeenRead { member: MemberSeen { user, order, weight, eligible, lag: 0 }, parts })
            }
        }
        from.deserialize_seq(Reads)
    }
}

#[cfg(test)]
impl super::arb::Arb for GroupPick {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        let part = source.pick(&[1, 667_866_432_132_900]);
        let mut member = || MemberSeen {
            user: Arb::arb(source),
            order: Arb::arb(source),
            weight: if bool::arb(source) { 1 } else { Arb::arb(source) },
            eligible: Arb::arb(source),
            lag: if part == 1 { Arb::arb(source) } else { part * (i64::arb(source) % 1000) },
        };
        let members = vec![member(), member(), member()];
        Self { group: Arb::arb(source), turns: Arb::arb(source), members }
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
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Facts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("facts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Facts, A::Error> {
                let mut facts = Facts::default();
                while let Some(Own(key)) = map.next_key::<Own<FactKey>>()? {
                    match key {
                        FactKey::Known(field) => drop(facts.known.insert(field, map.next_value::<Own<Values>>()?.0.0)),
                        FactKey::Unreadable => facts.unparseable = map.next_value::<Own<BTreeSet<Field>>>()?.0,
                    }
                }
                Ok(facts)
            }
        }
        from.deserialize_map(Reads)
    }
}

enum FactKey {
    Known(Field),
    Unreadable,
}

impl Mirror for FactKey {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match self {
            Self::Known(it) => code(*it),
            Self::Unreadable => UNREADABLE,
        })
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "a fact", |it| if it == UNREADABLE { Some(Self::Unreadable) } else { field(it).map(Self::Known) })
    }
}

/// The values of one fact.
struct Values(Vec<Atom>);

impl Mirror for Values {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.write(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or a list of them")
            }

            fn visit_bool<E: serde::de::Error>(self, it: bool) -> Result<Values, E> {
                Ok(Values(vec![Atom::Bool(it)]))
            }

            fn visit_u64<E: serde::de::Error>(self, it: u64) -> Result<Values, E> {
                let id = thrift::mentioned(it).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(it), &self))?;
                Ok(Values(vec![Atom::Text(id.to_string())]))
            }

            fn visit_str<E: serde::de::Error>(self, it: &str) -> Result<Values, E> {
                Ok(Values(vec![atom(it).ok_or_else(|| E::invalid_value(Unexpected::Str(it), &self))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(Own(Values(some))) = seq.next_element()? {
                    values.extend(some);
                }
                Ok(Values(values))
            }
        }
        from.deserialize_any(Reads)
    }
}

const UNREADABLE: &str = "!";

/// A field's name, or a shorter word where every lead has one.
fn code(field: Field) -> &'static str {
    match field {
        Field::PostalCode => "z",
        Field::UtmSource => "us",
        Field::UtmMedium => "um",
        Field::UtmCampaign => "uc",
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
        let mut known: std::collections::BTreeMap<Field, Vec<Atom>> = Arb::arb(source);
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

/// A text as it is, a number as `#` and its digits, a time as `@` and its milliseconds; a text that begins like one of
/// these has a backslash before it. An id that stands in the decision already, as the source's does, is its number.
impl Mirror for Atom {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(it) if let Some(number) = thrift::known(it) => to.serialize_u64(number),
            Self::Text(it) if it.starts_with(['#', '@', '\\']) => to.collect_str(&format_args!("\\{it}")),
            Self::Text(it) => to.serialize_str(it),
            Self::Bool(it) => to.serialize_bool(*it),
            Self::Number(it) => to.collect_str(&format_args!("#{it}")),
            Self::Time(it) => to.collect_str(&format_args!("@{}", it.millis())),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut values = Values::read(from)?.0;
        values.pop().filter(|_| values.is_empty()).ok_or_else(|| D::Error::custom("not one value"))
    }
}

fn atom(text: &str) -> Option<Atom> {
    match text.split_at_checked(1) {
        Some(("#", digits)) => digits.parse().ok().map(Atom::Number),
        Some(("@", millis)) => millis.parse().ok().map(|it| Atom::Time(Time::from_millis(it))),
        Some(("\\", rest)) => Some(Atom::Text(rest.to_owned())),
        _ => Some(Atom::Text(text.to_owned())),
    }
}

#[cfg(test)]
impl super::arb::Arb for Atom {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        match source.below(4) {
            0 if bool::arb(source) => Self::Text(source.pick(&["#1", "@", "\\", "\\#", "é"]).to_owned()),
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

#[cfg(test)]
mod tests {
    use leadwire_core::id::Uuid;

    use super::*;
    use crate::row::arb::{Arb, Source};

    #[test]
    fn the_source_among_the_facts_is_not_said_again() {
        let mut decision: Decision = Arb::arb(&mut Source::new(1));
        let id = Uuid::from_u128(0x0190_abcd_0000_7000_8000_0000_0000_0001);
        decision.source = SourceId(id);
        for text in [id.to_string(), id.to_string().to_uppercase(), Uuid::from_u128(2).to_string()] {
            let facts = Facts { known: [(Field::Channel, vec![Atom::Text(text.clone())])].into_iter().collect(), unparseable: BTreeSet::new() };
            decision.facts = Arc::new(facts);
            let json = decision.to_json().unwrap();
            assert_eq!(json.contains(&text), text != id.to_string());
            assert_eq!(Decision::from_json((decision.lead, decision.epoch), &json).unwrap(), decision);
        }
    }
}
