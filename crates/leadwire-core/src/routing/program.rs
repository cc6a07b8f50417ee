//! A rule set compiled for evaluation: sorted, its values normalised once.

use crate::entity::{Combine, Rule, RuleSet};

use super::Facts;
use super::condition::{Compiled, Truth, View};

/// A rule set compiled for evaluation. Rules are named by their place in [`RuleSet::rules`].
#[derive(Clone, Debug)]
pub struct Program {
    /// In the order of evaluation.
    rules: Vec<CompiledRule>,
}

#[derive(Clone, Debug)]
struct CompiledRule {
    place: usize,
    /// The default rule's conditions are not asked.
    always: bool,
    kind: Combine,
    conditions: Vec<Compiled>,
}

/// The truth of a rule, and the first condition that settles it (its place among the rule's conditions, and its
/// truth). A rule without conditions is settled by none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated {
    pub truth: Truth,
    pub because: Option<(usize, Truth)>,
}

impl Program {
    /// Sorts by (default last, order, age, id), whatever order the set is in.
    pub fn new(set: &RuleSet) -> Self {
        let mut sorted: Vec<(usize, &Rule)> = set.rules.iter().map(AsRef::as_ref).enumerate().collect();
        sorted.sort_by_key(|(_, it)| (it.is_default, it.order, it.created_at, it.id));
        let compile = |(place, it): (usize, &Rule)| CompiledRule {
            place,
            always: it.is_default,
            kind: it.kind,
            conditions: it.conditions.iter().map(Compiled::new).collect(),
        };
        Self { rules: sorted.into_iter().map(compile).collect() }
    }

    /// Places of all rules, in the order of evaluation.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().map(|it| it.place)
    }

    /// Places of the rules that are true, in order, each evaluated when it is asked for.
    pub fn matching(&self, facts: &Facts) -> impl Iterator<Item = usize> {
        let view = View::new(facts);
        self.rules.iter().filter(move |it| it.evaluate(&view).truth == Truth::True).map(|it| it.place)
    }

    /// Every rule with its truth, in order, each evaluated when it is asked for.
    pub fn evaluate(&self, facts: &Facts) -> impl Iterator<Item = (usize, Evaluated)> {
        let view = View::new(facts);
        self.rules.iter().map(move |it| (it.place, it.evaluate(&view)))
    }
}

impl CompiledRule {
    fn evaluate(&self, facts: &View<'_>) -> Evaluated {
        if self.always {
            return Evaluated { truth: Truth::True, because: None };
        }
        // AND is the least of its conditions and OR the greatest; without conditions AND holds and OR does not.
        let (mut truth, settled) = match self.kind {
            Combine::And => (Truth::True, Truth::False),
            Combine::Or => (Truth::False, Truth::True),
        };
        let mut because = None;
        for (at, condition) in self.conditions.iter().enumerate() {
            let it = condition.truth(facts);
            let next = match self.kind {
                Combine::And => truth.min(it),
                Combine::Or => truth.max(it),
            };
            if next != truth {
                because = Some((at, it));
            }
            truth = next;
            if truth == settled {
                break;
            }
        }
        // Where all agree, the first speaks for them.
        let because = because.or((!self.conditions.is_empty()).then_some((0, truth)));
        Evaluated { truth, because }
    }
}

#[cfg(test)]
mod tests;
