//! Rules of a source. Every change makes the next version of the whole set; a set never changes.

use std::sync::Arc;

use crate::entity::{Combine, ConditionValue, Operator, Rule, RuleSet, Source, Target};
use crate::id::{BrandId, FlowId, GroupId, RuleId, SourceId, UserId};

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

super::unwritten! { CreateRule => RuleWritten; ReplaceRule => RuleWritten; DeleteRule => (); SortRules => Arc<RuleSet>; }
