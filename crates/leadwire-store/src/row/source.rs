//! Sources, their rules, their counters, and whose turn it is.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{
    CaptureMode, CaptureSettings, Combine, Condition, ConditionValue, Operator, Profile, Rule, RuleSet, Source, SourceCount, Target, Turn, Turns,
};
use leadwire_core::id::{BrandId, ConditionId, FlowId, GroupId, RuleId, SourceId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Mirror, Own, Shown, body, mirror};
use crate::table::{Bad, Cells, Stored, Table, Value, versioned};

versioned!(Source, "source", SourceId);

body!(Source, apart { id: SourceId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    brand: BrandId,
    name: Option<String>,
    category: String,
    is_default: bool,
    created_by: Option<UserId>,
    protocol: Option<String>,
    mls: Option<Vec<String>>,
    capture: CaptureSettings,
    rules_version: u32,
    profile: Profile,
});

mirror!(CaptureSettings {
    mode: CaptureMode,
    token: String,
    token_before: Option<(String, Time)>,
    allowed_origins: Vec<String>,
    per_minute_per_address: u32,
    per_second: u32,
    obey_keyless_assignees: bool,
    sticky: bool,
    fingerprint_secs: u32,
});

body!(RuleSet, apart { source: SourceId, version: u32 }, { rules: Vec<Arc<Rule>> });

mirror!(Rule {
    id: RuleId,
    created_at: Time,
    updated_at: Time,
    created_by: Option<UserId>,
    is_default: bool,
    order: u16,
    kind: Combine,
    target: Target,
    user: Option<UserId>,
    group: Option<GroupId>,
    brand: Option<BrandId>,
    flow: Option<FlowId>,
    conditions: Vec<Condition>,
});
mirror!(Condition { id: ConditionId, created_at: Time, order: u16, field: String, operator: Operator, value: ConditionValue, negated: bool });

/// JSON's own kinds, but for numbers, which keep their digits as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum ValueForm {
    Null,
    Bool(bool),
    Text(String),
    List(Vec<Own<ConditionValue>>),
    Number { n: String },
}

#[derive(Serialize)]
struct NumberForm<'a> {
    n: &'a str,
}

impl Mirror for ConditionValue {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(it) => to.serialize_bool(*it),
            Self::Number(n) => NumberForm { n }.serialize(to),
            Self::Text(it) => to.serialize_str(it),
            Self::List(list) => to.collect_seq(list.iter().map(Shown)),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match ValueForm::deserialize(from)? {
            ValueForm::Null => Self::Null,
            ValueForm::Bool(it) => Self::Bool(it),
            ValueForm::Text(it) => Self::Text(it),
            ValueForm::List(list) => Self::List(list.into_iter().map(|it| it.0).collect()),
            ValueForm::Number { n } => Self::Number(n),
        })
    }
}

#[cfg(test)]
impl super::arb::Arb for ConditionValue {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        let scalar = |source: &mut super::arb::Source| match source.below(4) {
            0 => Self::Null,
            1 => Self::Bool(Arb::arb(source)),
            2 => Self::Number(source.pick(&["1.50", "-0", "1e400"]).to_owned()),
            _ => Self::Text(Arb::arb(source)),
        };
        if source.below(4) == 0 { Self::List((0..source.below(3)).map(|_| scalar(source)).collect()) } else { scalar(source) }
    }
}

impl Stored for RuleSet {
    const IN: Table = Table { name: "rule_set", key: &["source", "version"], cols: &["body"] };

    fn key_values<'a>(key: &'a (SourceId, u32), to: &mut Vec<Value<'a>>) {
        to.extend([Value::id(key.0.0), Value::Int(i64::from(key.1))]);
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::Text(self.to_json()?.into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        Self::from_json((SourceId(cells.uuid(0)?), cells.u32(1)?), cells.text(2)?).map_err(|_| Bad(2))
    }
}

body!(SourceCount, apart { source: SourceId }, { capture_number "n": u64, last_capture_at "at": Option<Time> });

impl Stored for SourceCount {
    const IN: Table = Table { name: "source_count", key: &["source"], cols: &["body"] };

    fn key_values<'a>(key: &'a SourceId, to: &mut Vec<Value<'a>>) {
        to.push(Value::id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::Text(self.to_json()?.into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        Self::from_json((SourceId(cells.uuid(0)?),), cells.text(1)?).map_err(|_| Bad(1))
    }
}

body!(Turns, apart { group: GroupId }, { count: u64, members: Vec<Turn> });
mirror!(Turn { user "u": UserId, lag "l": i64, turns "n": u64 });

impl Stored for Turns {
    const IN: Table = Table { name: "turns", key: &["group_id"], cols: &["body"] };

    fn key_values<'a>(key: &'a GroupId, to: &mut Vec<Value<'a>>) {
        to.push(Value::id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.push(Value::Text(self.to_json()?.into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        Self::from_json((GroupId(cells.uuid(0)?),), cells.text(1)?).map_err(|_| Bad(1))
    }
}
