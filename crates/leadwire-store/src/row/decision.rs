//! Decisions: the inputs of a routing and its outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{AssignReason, Cause, Decision, GroupPick, InboxReason, MemberSeen, Outcome, SkipReason, Skipped};
use leadwire_core::id::{BrandId, ConversationId, FlowId, GroupId, LeadId, OfferId, RuleId, SourceId, UserId};
use leadwire_core::routing::{Atom, Facts, Field};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Mirror, Slot, body, mirror, variants};
use crate::table::{Bad, Cells, Stored, Table, Value};

body!(Decision, apart { lead: LeadId, epoch: u32 }, {
    at: Time,
    conversation "conv": ConversationId,
    cause: Cause,
    engine: u16,
    source: SourceId,
    rules_version "rules": u32,
    facts: Arc<Facts>,
    explicit: Vec<String>,
    owner_before: Option<UserId>,
    skipped: Vec<Skipped>,
    rule: Option<RuleId>,
    flow: Option<FlowId>,
    group: Option<GroupPick>,
    outcome: Outcome,
});

mirror!(Skipped { rule: RuleId, reason: SkipReason });
mirror!(GroupPick { group "g": GroupId, turns: u64, members "m": Vec<MemberSeen> });
mirror!(MemberSeen { user "u": UserId, order "o": u16, weight "w": u32, eligible "e": bool, lag "l": i64 });
mirror!(Facts { known: BTreeMap<Field, Vec<Atom>>, unparseable: BTreeSet<Field> });

variants!(Outcome {
    Assigned = "assigned" { user: UserId, reason: AssignReason },
    Offered = "offered" { offer: OfferId, invited: Vec<UserId>, expires_at "expires": Time },
    Inbox = "inbox" { brand: BrandId, reason: InboxReason },
    Closed = "closed" {},
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
        Ok(match AtomForm::deserialize(from)? {
            AtomForm::Text(it) => Self::Text(it),
            AtomForm::Bool(it) => Self::Bool(it),
            AtomForm::Number { n } => Self::Number(n.parse().map_err(serde::de::Error::custom)?),
            AtomForm::Time { at } => Self::Time(at.take("at")?),
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
