//! Ways in for leads: who may use them, how many came, and the rules and turns by which leads are dealt out.

use std::sync::Arc;

use super::Profile;
use crate::Time;
use crate::id::{BrandId, ConditionId, FlowId, GroupId, RuleId, SourceId, UserId};

/// A way in for leads, with its routing rules. Rechat's lead channel is a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub id: SourceId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub brand: BrandId,
    pub name: Option<String>,
    /// `WebHook`, `GHL`, `HubSpot` …: free, shown as given.
    pub category: String,
    /// The brand's default channel: listed first, not deletable.
    pub is_default: bool,
    pub created_by: Option<UserId>,
    pub protocol: Option<String>,
    /// MLS code names.
    pub mls: Option<Vec<String>>,
    pub capture: CaptureSettings,
    /// Version of the rule set in force.
    pub rules_version: u32,
    pub profile: Profile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaptureMode {
    /// Anybody who knows the id or the token, as browsers' forms do.
    Public,
    /// Only with an API key.
    Key,
    Closed,
}

/// How a source takes leads in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureSettings {
    pub mode: CaptureMode,
    /// Accepted in place of the id; rotatable. Unique, secret.
    pub token: String,
    /// The token before the last rotation, and until when it is good.
    pub token_before: Option<(String, Time)>,
    /// Origins a browser may capture from; empty: any.
    pub allowed_origins: Vec<String>,
    /// Keyless captures per minute and address.
    pub per_minute_per_address: u32,
    /// Keyless captures per second in all.
    pub per_second: u32,
    /// Whether a keyless capture's `assignees` route, or are only recorded.
    pub obey_keyless_assignees: bool,
    /// Whether a returning contact goes to its owner.
    pub sticky: bool,
    /// For how long the same payload counts as a repetition; 0: never.
    pub fingerprint_secs: u32,
}

impl Default for CaptureSettings {
    fn default() -> Self {
        Self {
            mode: CaptureMode::Public,
            token: String::new(),
            token_before: None,
            allowed_origins: Vec::new(),
            per_minute_per_address: 30,
            per_second: 10,
            obey_keyless_assignees: false,
            sticky: true,
            fingerprint_secs: 60,
        }
    }
}

/// Counters of a source, apart from its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCount {
    pub source: SourceId,
    pub capture_number: u64,
    pub last_capture_at: Option<Time>,
}

/// The rules of a source, whole and immutable: a change makes the next version. Sorted as they are evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    pub source: SourceId,
    pub version: u32,
    pub rules: Vec<Arc<Rule>>,
}

impl RuleSet {
    /// Every group a rule names, in order, each as often as it is named.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.rules.iter().filter_map(|it| it.group)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub id: RuleId,
    pub created_at: Time,
    pub updated_at: Time,
    pub created_by: Option<UserId>,
    /// Evaluated last whatever its order says; one per source.
    pub is_default: bool,
    pub order: u16,
    pub kind: Combine,
    pub target: Target,
    pub user: Option<UserId>,
    pub group: Option<GroupId>,
    pub brand: Option<BrandId>,
    pub flow: Option<FlowId>,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Combine {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Group,
    User,
    Brand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    Eq,
    Any,
    All,
    Gte,
    Lte,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub id: ConditionId,
    pub created_at: Time,
    pub order: u16,
    /// A name of the registry in [`crate::routing`].
    pub field: String,
    pub operator: Operator,
    pub value: ConditionValue,
    pub negated: bool,
}

/// A condition's value as it was written, so that it reads back the same.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionValue {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(String),
    Text(String),
    /// Scalars only.
    List(Vec<ConditionValue>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distribution {
    RoundRobin,
    FirstToClaim,
}

/// Whose turn it is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turns {
    pub group: GroupId,
    /// Turns given in all.
    pub count: u64,
    pub members: Vec<Turn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub user: UserId,
    /// Turns owed (positive) or ahead (negative), in units of [`crate::routing::TURN`]. They sum to 0.
    pub lag: i64,
    pub turns: u64,
}
