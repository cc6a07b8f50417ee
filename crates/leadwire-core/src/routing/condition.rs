//! The truth of one condition over facts: True, False or Unknown, as Kleene has it.
//!
//! A missing fact makes a condition Unknown, negated or not; only `eq null` asks for the missing itself. A condition is
//! read once into what is tested; [`check_rule`] refuses at write what cannot be read, and what was stored unreadable
//! all the same is False, negated or not: it never lets a lead in.

use std::collections::HashSet;

use crate::entity::{Condition, ConditionValue, Operator};
use crate::limits::{CONDITIONS_MAX, VALUES_MAX};
use crate::refusal::Violation;

use super::normal::{Normal, normalise_value, zip};
use super::{Atom, Facts, Field, FieldType};

/// Ordered so that AND is the least and OR the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    False,
    Unknown,
    True,
}

impl Truth {
    pub fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(it: bool) -> Self {
        if it { Self::True } else { Self::False }
    }
}

/// Facts laid out by field, so that thousands of conditions look them up for nothing.
#[derive(Debug)]
pub(super) struct View<'a> {
    by_field: [Option<&'a [Atom]>; Field::ALL.len()],
}

impl<'a> View<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let mut by_field = [None; Field::ALL.len()];
        for field in facts.known.keys() {
            if let Some(slot) = by_field.get_mut(*field as usize) {
                *slot = facts.get(*field);
            }
        }
        Self { by_field }
    }

    fn get(&self, field: Field) -> Option<&'a [Atom]> {
        self.by_field.get(field as usize).copied().flatten()
    }
}

/// A condition as it is tested.
#[derive(Clone, Debug)]
pub(super) enum Compiled {
    Readable {
        field: Field,
        test: Test,
        negated: bool,
    },
    /// Stored, but never to be true.
    Unreadable,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Missing,
    /// The fact's values and these are the same set.
    Same(Values),
    /// Some value is this one.
    Is(Atom),
    /// Some value is among these.
    Any(Values),
    /// Each of these is among the fact's values.
    All(Values),
    AtLeast(Atom),
    AtMost(Atom),
}

impl Compiled {
    pub(super) fn new(condition: &Condition) -> Self {
        match read(condition) {
            Ok((field, test)) => Self::Readable { field, test, negated: condition.negated },
            Err(_) => Self::Unreadable,
        }
    }

    pub(super) fn truth(&self, facts: &View<'_>) -> Truth {
        let Self::Readable { field, test, negated } = self else { return Truth::False };
        let plain = match (test, facts.get(*field)) {
            (Test::Missing, fact) => Truth::from(fact.is_none()),
            (_, None) => Truth::Unknown,
            (Test::Same(values), Some(fact)) => Truth::from(fact.iter().all(|it| values.has(it)) && values.all_in(fact)),
            (Test::Is(value), Some(fact)) => Truth::from(fact.contains(value)),
            (Test::Any(values), Some(fact)) => Truth::from(fact.iter().any(|it| values.has(it))),
            (Test::All(values), Some(fact)) => Truth::from(values.all_in(fact)),
            (Test::AtLeast(bound), Some(fact)) => Truth::from(fact.iter().any(|it| it >= bound)),
            (Test::AtMost(bound), Some(fact)) => Truth::from(fact.iter().any(|it| it <= bound)),
        };
        if *negated { plain.negated() } else { plain }
    }
}

/// From so many values a set is faster than looking at each.
const SET_FROM: usize = 12;

/// The values of a condition.
#[derive(Clone, Debug)]
pub(super) struct Values {
    /// Sorted, each once.
    list: Vec<Atom>,
    /// The same, when there are many.
    set: Option<HashSet<Atom>>,
    /// For postal codes: the ZIPs among the values, and those of the ZIP+4s.
    zips: Option<Box<Zips>>,
}

#[derive(Clone, Debug, Default)]
struct Zips {
    plain: HashSet<String>,
    of_plus4: HashSet<String>,
}

impl Values {
    fn new(kind: FieldType, mut list: Vec<Atom>) -> Self {
        list.sort_unstable();
        list.dedup();
        let set = (list.len() >= SET_FROM).then(|| list.iter().cloned().collect());
        let zips = (kind == FieldType::PostalCode).then(|| {
            let mut zips = Zips::default();
            for atom in &list {
                match text_of(atom).and_then(zip) {
                    Some((it, false)) => drop(zips.plain.insert(it.to_owned())),
                    Some((it, true)) => drop(zips.of_plus4.insert(it.to_owned())),
                    None => {}
                }
            }
            Box::new(zips)
        });
        Self { list, set, zips }
    }

    /// The test for any of these: of a single plain value, for that value itself.
    fn any(mut self) -> Test {
        match self.list.pop() {
            Some(only) if self.list.is_empty() && self.zips.is_none() => Test::Is(only),
            last => {
                self.list.extend(last);
                Test::Any(self)
            }
        }
    }

    fn has(&self, atom: &Atom) -> bool {
        let exactly = match &self.set {
            Some(set) => set.contains(atom),
            None => self.list.contains(atom),
        };
        // Five digits on either side are compared as five digits.
        exactly
            || match (&self.zips, text_of(atom).and_then(zip)) {
                (Some(zips), Some((it, true))) => zips.plain.contains(it),
                (Some(zips), Some((it, false))) => zips.of_plus4.contains(it),
                _ => false,
            }
    }

    fn all_in(&self, fact: &[Atom]) -> bool {
        self.list.iter().all(|value| fact.iter().any(|it| it == value || (self.zips.is_some() && same_zip(it, value))))
    }
}

fn text_of(atom: &Atom) -> Option<&str> {
    match atom {
        Atom::Text(it) => Some(it),
        _ => None,
    }
}

fn same_zip(a: &Atom, b: &Atom) -> bool {
    match (text_of(a).and_then(zip), text_of(b).and_then(zip)) {
        (Some((a, a_long)), Some((b, b_long))) => a == b && !(a_long && b_long),
        _ => false,
    }
}

/// What is wrong with a condition: the spot below it, and the words.
struct Wrong {
    at: String,
    message: String,
}

impl Wrong {
    fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }
}

fn read(condition: &Condition) -> Result<(Field, Test), Wrong> {
    let Some(field) = Field::from_name(&condition.field) else {
        let known: Vec<&str> = Field::ALL.iter().map(|it| it.name()).collect();
        return Err(Wrong::new("field", format!("unknown field; known are {}", known.join(", "))));
    };
    let kind = field.field_type();
    let value = &condition.value;
    let test = match (condition.operator, value) {
        (Operator::Eq, ConditionValue::Null) => Test::Missing,
        (_, ConditionValue::Null) => return Err(Wrong::new("value", "only eq takes null")),
        (Operator::Gte | Operator::Lte, _) if !kind.is_ordered() => {
            return Err(Wrong::new("operator", format!("gte and lte take numbers and times; {} has none", field.name())));
        }
        (Operator::Gte | Operator::Lte, ConditionValue::List(_)) => return Err(Wrong::new("value", "gte and lte take a single value")),
        (Operator::Gte, _) => Test::AtLeast(read_value(kind, value, "value")?),
        (Operator::Lte, _) => Test::AtMost(read_value(kind, value, "value")?),
        (Operator::Eq, ConditionValue::List(list)) => Test::Same(read_list(kind, list)?),
        (Operator::Any, ConditionValue::List(list)) => read_list(kind, list)?.any(),
        (Operator::All, ConditionValue::List(list)) => Test::All(read_list(kind, list)?),
        (Operator::All, _) => return Err(Wrong::new("value", "all takes an array")),
        (Operator::Eq | Operator::Any, _) => Values::new(kind, vec![read_value(kind, value, "value")?]).any(),
    };
    Ok((field, test))
}

fn read_list(kind: FieldType, list: &[ConditionValue]) -> Result<Values, Wrong> {
    if list.is_empty() {
        return Err(Wrong::new("value", "an empty array matches nothing"));
    }
    if list.len() > VALUES_MAX {
        return Err(Wrong::new("value", format!("more than {VALUES_MAX} values")));
    }
    let atoms: Result<Vec<Atom>, Wrong> = list.iter().enumerate().map(|(at, it)| read_value(kind, it, &format!("value/{at}"))).collect();
    Ok(Values::new(kind, atoms?))
}

fn read_value(kind: FieldType, value: &ConditionValue, at: &str) -> Result<Atom, Wrong> {
    match normalise_value(kind, value) {
        Normal::Value(atom) => Ok(atom),
        Normal::Blank => Err(Wrong::new(at, "blank; to ask for a missing value write eq null")),
        Normal::Unreadable => Err(Wrong::new(at, format!("expected {}", kind.expected()))),
    }
}

/// What is wrong with the conditions of a rule, before it is written. The first thing of each condition.
pub fn check_rule(conditions: &[Condition]) -> Vec<Violation> {
    if conditions.len() > CONDITIONS_MAX {
        return vec![Violation::new("/conditions", format!("more than {CONDITIONS_MAX} conditions"))];
    }
    let wrong = |(at, condition): (usize, &Condition)| {
        let wrong = read(condition).err()?;
        Some(Violation::new(format!("/conditions/{at}/{}", wrong.at), wrong.message))
    };
    conditions.iter().enumerate().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests;
