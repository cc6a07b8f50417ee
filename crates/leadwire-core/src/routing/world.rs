//! Small worlds for the tests of routing.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Facts, FactsInput, Field, Program, RawFact, Request};
use crate::Time;
use crate::config::{Config, Rules};
use crate::entity::{
    Brand, CaptureSettings, Cause, Combine, Condition, ConditionValue, Distribution, Group, Member, Membership, Operator, Role, Rule, RuleSet,
    Source, Target, User,
};
use crate::id::{AgencyId, BrandId, ConditionId, ConversationId, GroupId, LeadId, OfferId, RuleId, SourceId, UserId, Uuid};
use crate::port::{Entity, Missing};

pub(super) fn uuid(n: usize) -> Uuid {
    Uuid::from_u128(n as u128)
}

pub(super) const ROOT: BrandId = BrandId(Uuid::from_u128(1));
pub(super) const OFFICE: BrandId = BrandId(Uuid::from_u128(2));
pub(super) const OTHER: BrandId = BrandId(Uuid::from_u128(3));

pub(super) fn user_id(n: usize) -> UserId {
    UserId(uuid(100 + n))
}

pub(super) fn group_id(n: usize) -> GroupId {
    GroupId(uuid(500 + n))
}

pub(super) fn rule_id(n: usize) -> RuleId {
    RuleId(uuid(900 + n))
}

pub(super) fn text(it: &str) -> ConditionValue {
    ConditionValue::Text(it.to_owned())
}

pub(super) fn texts(list: &[&str]) -> ConditionValue {
    ConditionValue::List(list.iter().map(|it| text(it)).collect())
}

pub(super) fn number(it: i64) -> ConditionValue {
    ConditionValue::Number(it.to_string())
}

pub(super) fn condition(field: &str, operator: Operator, value: ConditionValue) -> Condition {
    Condition { id: ConditionId(uuid(0)), created_at: Time::default(), order: 0, field: field.to_owned(), operator, value, negated: false }
}

pub(super) fn not(condition: Condition) -> Condition {
    Condition { negated: !condition.negated, ..condition }
}

pub(super) fn rule(n: usize, kind: Combine, conditions: Vec<Condition>) -> Rule {
    Rule {
        id: rule_id(n),
        created_at: Time::default(),
        updated_at: Time::default(),
        created_by: None,
        is_default: false,
        order: u16::try_from(n).unwrap(),
        kind,
        target: Target::Brand,
        user: None,
        group: None,
        brand: Some(OFFICE),
        flow: None,
        conditions,
    }
}

pub(super) fn to_user(n: usize, rule: Rule) -> Rule {
    Rule { target: Target::User, user: Some(user_id(n)), brand: None, ..rule }
}

pub(super) fn to_group(n: usize, rule: Rule) -> Rule {
    Rule { target: Target::Group, group: Some(group_id(n)), brand: None, ..rule }
}

pub(super) fn default_rule(rule: Rule) -> Rule {
    Rule { is_default: true, ..rule }
}

pub(super) fn rule_set(rules: Vec<Rule>) -> RuleSet {
    RuleSet { source: SourceId(uuid(50)), version: 7, rules: rules.into_iter().map(Arc::new).collect() }
}

pub(super) fn facts(values: &[(Field, &str)]) -> Facts {
    let mut input = FactsInput::default();
    for (field, it) in values {
        input.text(*field, Some(it));
    }
    Facts::gather(&input)
}

/// Users 0..`users` in the office, in an agency of three brands.
pub(super) struct World {
    pub(super) config: Config,
    pub(super) source: Source,
}

impl World {
    pub(super) fn new(users: usize) -> Self {
        let mut config = Config::new(AgencyId(ROOT.0));
        for (id, parent) in [(ROOT, None), (OFFICE, Some(ROOT)), (OTHER, Some(ROOT))] {
            put(&mut config, brand(id, parent));
        }
        for n in 0..users {
            put(&mut config, user(n, OFFICE));
        }
        Self { config, source: source() }
    }

    pub(super) fn put<E: Entity>(&mut self, row: E) {
        put(&mut self.config, row);
    }

    pub(super) fn remove<E: Entity>(&mut self, key: &E::Key) {
        self.config.fold(&E::erase_key(key), None);
    }

    pub(super) fn request<'a>(
        &'a self,
        rules: &'a Rules,
        facts: Facts,
        turns: &'a mut dyn FnMut(GroupId) -> Result<Option<Arc<crate::entity::Turns>>, Missing>,
    ) -> Request<'a> {
        Request {
            config: &self.config,
            source: &self.source,
            rules,
            facts: Arc::new(facts),
            lead: LeadId(uuid(60)),
            epoch: 1,
            conversation: ConversationId(uuid(61)),
            brand: OFFICE,
            cause: Cause::Capture,
            now: Time::from_millis(1_000_000),
            explicit: &[],
            obey_explicit: true,
            owner_before: None,
            sticky: true,
            excluded: &[],
            turns,
            offer_id: OfferId(uuid(62)),
        }
    }
}

pub(super) fn rules(list: Vec<Rule>) -> Rules {
    let set = rule_set(list);
    Rules { program: Arc::new(Program::new(&set)), set: Arc::new(set) }
}

fn put<E: Entity>(config: &mut Config, row: E) {
    config.fold(&E::erase_key(&row.key()), Some(&E::erase(Arc::new(row))));
}

pub(super) fn brand(id: BrandId, parent: Option<BrandId>) -> Brand {
    Brand {
        id,
        version: 1,
        created_at: Time::default(),
        updated_at: Time::default(),
        deleted_at: None,
        parent,
        name: String::new(),
        brand_type: "Office".to_owned(),
        timezone: "UTC".to_owned(),
        default_country: "US".to_owned(),
        profile: None,
    }
}

pub(super) fn user(n: usize, brand: BrandId) -> User {
    User {
        id: user_id(n),
        version: 1,
        created_at: Time::default(),
        updated_at: Time::default(),
        deleted_at: None,
        first_name: format!("User{n}"),
        last_name: String::new(),
        email: format!("user{n}@example.com"),
        phone_number: Some(format!("(201) 555-01{n:02}")),
        timezone: None,
        memberships: vec![Membership { brand, role: Role::Agent, own_only: false }],
        mls_ids: vec![("NTREIS".to_owned(), format!("A{n}"))],
        profile: None,
    }
}

/// A group of these (user, weight), all in the office, in the order given.
pub(super) fn group(n: usize, distribution: Distribution, members: &[(usize, u32)]) -> Group {
    let member = |(at, (user, weight)): (usize, &(usize, u32))| Member {
        user: user_id(*user),
        brand: OFFICE,
        order: u16::try_from(at).unwrap(),
        weight: *weight,
    };
    Group {
        id: group_id(n),
        version: 1,
        created_at: Time::default(),
        updated_at: Time::default(),
        deleted_at: None,
        created_by: None,
        brand: OFFICE,
        name: format!("Group {n}"),
        description: None,
        distribution,
        members: members.iter().enumerate().map(member).collect(),
        claim_timeout_secs: 300,
        profile: None,
    }
}

fn source() -> Source {
    Source {
        id: SourceId(uuid(50)),
        version: 1,
        created_at: Time::default(),
        updated_at: Time::default(),
        deleted_at: None,
        brand: OFFICE,
        name: None,
        category: "WebHook".to_owned(),
        is_default: true,
        created_by: None,
        protocol: None,
        mls: None,
        capture: CaptureSettings::default(),
        rules_version: 7,
        profile: None,
    }
}

const TAGS: [&str; 4] = ["Buyer", "seller", "hot", "Straße"];

/// A few fields with few values, so that conditions meet facts often; every field may be missing.
pub(super) fn any_facts() -> impl Strategy<Value = Facts> {
    let tags = proptest::collection::vec(proptest::sample::select(TAGS.to_vec()), 0..4);
    let zip = proptest::option::of(any_zip());
    let price = proptest::option::of(0i64..5);
    let flag = proptest::option::of(any::<bool>());
    (tags, zip, price, flag).prop_map(|(tags, zip, price, flag)| {
        let mut input = FactsInput::default();
        input.texts(Field::Tag, tags);
        input.text(Field::PostalCode, zip);
        if let Some(it) = price {
            input.add(Field::Price, RawFact::Number(it.to_string()));
        }
        if let Some(it) = flag {
            input.flag(Field::IsReturning, it);
        }
        Facts::gather(&input)
    })
}

pub(super) fn any_zip() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["90210", "90210-1234", "902105678", "75001", "SW1A 1AA"])
}

pub(super) fn any_tags() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(proptest::sample::select(vec!["buyer", "SELLER", "Hot", "strasse", "none such"]), 1..4)
}

/// A condition that can be read.
pub(super) fn any_condition() -> impl Strategy<Value = Condition> {
    let set = proptest::sample::select(vec![Operator::Eq, Operator::Any, Operator::All]);
    let bound = proptest::sample::select(vec![Operator::Eq, Operator::Gte, Operator::Lte]);
    let missing = proptest::sample::select(vec!["tag", "postal_code", "price", "is_returning", "city"]);
    let plain = prop_oneof![
        (set.clone(), any_tags()).prop_map(|(operator, list)| condition("tag", operator, texts(&list))),
        (set, proptest::collection::vec(any_zip(), 1..3)).prop_map(|(operator, list)| condition("postal_code", operator, texts(&list))),
        (bound, 0i64..5).prop_map(|(operator, it)| condition("price", operator, number(it))),
        any::<bool>().prop_map(|it| condition("is_returning", Operator::Eq, ConditionValue::Bool(it))),
        missing.prop_map(|field| condition(field, Operator::Eq, ConditionValue::Null)),
    ];
    (plain, any::<bool>()).prop_map(|(it, negated)| Condition { negated, ..it })
}
