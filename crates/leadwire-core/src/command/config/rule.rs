//! Rules of a source. Every change makes the next version of the whole set; a set never changes.

use std::collections::HashMap;
use std::sync::Arc;

use super::check::{admin, order, place, unique, version};
use super::source::seen;
use crate::command::check::Checks;
use crate::config::Config;
use crate::entity::{Combine, Condition, ConditionValue, Operator, Rule, RuleSet, Source, Target};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, FlowId, GroupId, RuleId, SourceId, UserId};
use crate::limits::{CONDITIONS_MAX, NAME_BYTES_MAX, RULE_SET_BYTES_MAX, RULES_MAX, VALUES_MAX};
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Refusal, Thing};
use crate::routing::check_rule;
use crate::who::{Rights, Who};

/// What the default rule has, evaluated last whatever it says.
pub(super) const DEFAULT_ORDER: u16 = 32_767;

/// All that is writable of a rule.
#[derive(Clone, Debug)]
pub struct RuleInput {
    pub target: Target,
    pub kind: Combine,
    /// 0 to 32767.
    pub order: i64,
    pub user: Option<UserId>,
    pub group: Option<GroupId>,
    pub brand: Option<BrandId>,
    pub flow: Option<FlowId>,
    pub conditions: Vec<ConditionInput>,
}

#[derive(Clone, Debug)]
pub struct ConditionInput {
    pub field: String,
    pub operator: Operator,
    pub value: ConditionValue,
    /// Its place in the list, from 1, when absent.
    pub order: Option<i64>,
    pub negated: bool,
}

#[derive(Clone, Debug)]
pub struct CreateRule {
    pub source: SourceId,
    /// Exactly this brand's source, else not found.
    pub within: Option<BrandId>,
    pub rule: RuleInput,
}

/// Replaces all that is writable; on the default rule only the target with its ids, and the flow.
#[derive(Clone, Debug)]
pub struct ReplaceRule {
    pub source: SourceId,
    pub within: Option<BrandId>,
    pub id: RuleId,
    /// Version of the rule set.
    pub if_match: Option<u64>,
    pub rule: RuleInput,
}

/// The default rule stays.
#[derive(Clone, Debug)]
pub struct DeleteRule {
    pub source: SourceId,
    pub within: Option<BrandId>,
    pub id: RuleId,
    /// Version of the rule set.
    pub if_match: Option<u64>,
}

/// All or nothing; rules not named keep their order.
#[derive(Clone, Debug)]
pub struct SortRules {
    pub source: SourceId,
    pub within: Option<BrandId>,
    /// Version of the rule set.
    pub if_match: Option<u64>,
    pub orders: Vec<(RuleId, i64)>,
}

#[derive(Clone, Debug)]
pub struct RuleWritten {
    pub source: Arc<Source>,
    pub set: Arc<RuleSet>,
    pub rule: Arc<Rule>,
}

impl Command for CreateRule {
    type Outcome = RuleWritten;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<RuleWritten, Halt> {
        let rights = admin(who, tx)?;
        let (source, old) = set(tx, &rights, self.within, self.source)?;
        let mut checks = Checks::default();
        self.rule.check_target(&mut checks, &tx.config);
        let order = order(&mut checks, "/order", self.rule.order);
        let conditions = self.rule.conditions(&mut checks, tx);
        checks.that(old.rules.len() < RULES_MAX, "", "the source has 1000 rules already");
        checks.done()?;
        let rule = Arc::new(Rule {
            id: tx.id(),
            created_at: tx.now,
            updated_at: tx.now,
            created_by: rights.user,
            is_default: false,
            order,
            kind: self.rule.kind,
            target: self.rule.target,
            user: self.rule.user,
            group: self.rule.group,
            brand: self.rule.brand,
            flow: self.rule.flow,
            conditions,
        });
        let mut rules = old.rules.clone();
        rules.push(Arc::clone(&rule));
        let (source, set) = put(tx, &source, rules)?;
        Ok(RuleWritten { source, set, rule })
    }
}

impl Command for ReplaceRule {
    type Outcome = RuleWritten;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<RuleWritten, Halt> {
        let rights = admin(who, tx)?;
        let (source, old) = set(tx, &rights, self.within, self.source)?;
        let before = find(&old, self.id)?;
        version(self.if_match, old.version.into())?;
        let mut checks = Checks::default();
        self.rule.check_target(&mut checks, &tx.config);
        let mut new = Rule::clone(before);
        new.updated_at = tx.now;
        new.target = self.rule.target;
        new.user = self.rule.user;
        new.group = self.rule.group;
        new.brand = self.rule.brand;
        new.flow = self.rule.flow;
        if !before.is_default {
            new.kind = self.rule.kind;
            new.order = order(&mut checks, "/order", self.rule.order);
            new.conditions = self.rule.conditions(&mut checks, tx);
        }
        checks.done()?;
        let rule = Arc::new(new);
        let rules = old.rules.iter().map(|it| if it.id == self.id { Arc::clone(&rule) } else { Arc::clone(it) }).collect();
        let (source, set) = put(tx, &source, rules)?;
        Ok(RuleWritten { source, set, rule })
    }
}

impl Command for DeleteRule {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        let (source, old) = set(tx, &rights, self.within, self.source)?;
        let rule = find(&old, self.id)?;
        version(self.if_match, old.version.into())?;
        if rule.is_default {
            return Err(Refusal::invalid("", "the default rule of a source stays").into());
        }
        let rules = old.rules.iter().filter(|it| it.id != self.id).map(Arc::clone).collect();
        put(tx, &source, rules)?;
        Ok(())
    }
}

impl Command for SortRules {
    type Outcome = Arc<RuleSet>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<RuleSet>, Halt> {
        let rights = admin(who, tx)?;
        let (source, old) = set(tx, &rights, self.within, self.source)?;
        version(self.if_match, old.version.into())?;
        let mut checks = Checks::default();
        checks.list("", &self.orders, RULES_MAX);
        unique(&mut checks, "", self.orders.iter().map(|(id, _)| *id));
        let known: HashMap<RuleId, u16> = old.rules.iter().map(|it| (it.id, it.order)).collect();
        let mut orders: HashMap<RuleId, u16> = HashMap::new();
        for (i, (id, place)) in self.orders.iter().enumerate().take(RULES_MAX) {
            checks.that(known.contains_key(id), &format!("/{i}/id"), "is no rule of this source");
            orders.insert(*id, order(&mut checks, &format!("/{i}/order"), *place));
        }
        checks.done()?;
        let moved = |it: &Arc<Rule>| match orders.get(&it.id) {
            Some(order) if *order != it.order => Arc::new(Rule { order: *order, updated_at: tx.now, ..Rule::clone(it) }),
            _ => Arc::clone(it),
        };
        let rules: Vec<Arc<Rule>> = old.rules.iter().map(moved).collect();
        if rules == old.rules {
            return Ok(old);
        }
        Ok(put(tx, &source, rules)?.1)
    }
}

/// The source with its row read, and its rules in force.
fn set(tx: &mut Tx<'_>, rights: &Rights, within: Option<BrandId>, id: SourceId) -> Result<(Arc<Source>, Arc<RuleSet>), Halt> {
    let source = seen(tx, rights, within, id)?;
    let rules = tx.config.rules(id).ok_or(Refusal::NotFound(Thing::Source))?;
    Ok((source, Arc::clone(&rules.set)))
}

fn find(set: &RuleSet, id: RuleId) -> Result<&Arc<Rule>, Refusal> {
    set.rules.iter().find(|it| it.id == id).ok_or(Refusal::NotFound(Thing::Rule))
}

/// Makes these the rules in force, in the order they are evaluated.
fn put(tx: &mut Tx<'_>, source: &Source, mut rules: Vec<Arc<Rule>>) -> Result<(Arc<Source>, Arc<RuleSet>), Refusal> {
    let bytes: usize = rules.iter().map(|it| bytes_of(it)).sum();
    if bytes > RULE_SET_BYTES_MAX {
        return Err(Refusal::invalid("/conditions", "the source's rules are longer than 4 MiB in all"));
    }
    rules.sort_unstable_by_key(|it| (it.is_default, it.order, it.created_at, it.id));
    let version = source.rules_version + 1;
    let set = tx.put(RuleSet { source: source.id, version, rules });
    let source = tx.put(Source { rules_version: version, ..Source::clone(source) });
    tx.event(Event::ConfigChanged { what: ConfigThing::Rules(source.id), change: Change::Updated });
    Ok((source, set))
}

fn bytes_of(rule: &Rule) -> usize {
    rule.conditions.iter().map(|it| it.field.len() + value_bytes(&it.value)).sum()
}

fn value_bytes(value: &ConditionValue) -> usize {
    match value {
        ConditionValue::Null | ConditionValue::Bool(_) => 0,
        ConditionValue::Number(it) | ConditionValue::Text(it) => it.len(),
        ConditionValue::List(list) => list.iter().map(value_bytes).sum(),
    }
}

impl RuleInput {
    /// The target with its id, and every id there in this agency. What may be seen is not asked: an office routes to
    /// its region's people and back.
    fn check_target(&self, checks: &mut Checks, config: &Config) {
        match self.target {
            Target::User => checks.that(self.user.is_some(), "/user", "is missing"),
            Target::Group => checks.that(self.group.is_some(), "/group", "is missing"),
            Target::Brand => checks.that(self.brand.is_some(), "/brand", "is missing"),
        }
        checks.that(self.user.is_none_or(|it| config.user(it).is_some()), "/user", "is no user");
        checks.that(self.group.is_none_or(|it| config.group(it).is_some()), "/group", "is no group");
        checks.that(self.brand.is_none_or(|it| config.brand(it).is_some()), "/brand", "is no brand");
        checks.that(self.flow.is_none_or(|it| config.flow(it).is_some()), "/flow", "is no flow");
    }

    fn conditions(&self, checks: &mut Checks, tx: &mut Tx<'_>) -> Vec<Condition> {
        checks.list("/conditions", &self.conditions, CONDITIONS_MAX);
        let mut conditions = Vec::new();
        for (i, it) in self.conditions.iter().enumerate().take(CONDITIONS_MAX) {
            let at = format!("/conditions/{i}");
            check_value(checks, &format!("{at}/value"), &it.value);
            conditions.push(Condition {
                id: tx.id(),
                created_at: tx.now,
                order: order(checks, &format!("{at}/order"), it.order.unwrap_or_else(|| place(i))),
                field: it.field.trim().to_owned(),
                operator: it.operator,
                value: it.value.clone(),
                negated: it.negated,
            });
        }
        checks.add(check_rule(&conditions));
        conditions
    }
}

/// What every engine can store; whether it means anything is asked by [`check_rule`].
fn check_value(checks: &mut Checks, at: &str, value: &ConditionValue) {
    match value {
        ConditionValue::Null | ConditionValue::Bool(_) => {}
        ConditionValue::Number(it) | ConditionValue::Text(it) => checks.text(at, it, NAME_BYTES_MAX),
        ConditionValue::List(list) => {
            for (i, it) in list.iter().enumerate().take(VALUES_MAX) {
                match it {
                    ConditionValue::List(_) => checks.that(false, &format!("{at}/{i}"), "is a list in a list"),
                    it => check_value(checks, &format!("{at}/{i}"), it),
                }
            }
        }
    }
}
