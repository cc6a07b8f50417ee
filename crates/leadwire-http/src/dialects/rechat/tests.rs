//! Maps and shapes: every object of the vendor's page with its keys and the types of their values, and a body read as
//! what it says.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::command::config::{SourceView, UpdateGroup, UpdateSource};
use leadwire_core::config::Config;
use leadwire_core::entity::{
    Brand, CaptureSettings, Combine, Condition, ConditionValue, Distribution, Flow, Group, Lead, Member, Membership, Operator, RawBody, Role, Rule,
    RuleSet, Source, SourceCount, Target, User,
};
use leadwire_core::id::{AgencyId, BrandId, ConditionId, ContactId, ConversationId, FlowId, GroupId, LeadId, RuleId, SourceId, UserId, Uuid};
use leadwire_core::port::{Entity, Row};
use leadwire_core::refusal::Refusal;
use leadwire_core::routing::{FactsInput, Field, RawFact};
use serde_json::{Value, json};

use super::associations::Associations;
use super::map::{self, View};
use super::payload::{self, Manner};
use super::{form, wire};
use crate::kit::body::BodyError;
use crate::profile::{self, UserProfile};

fn id<I: From<Uuid>>(n: u128) -> I {
    I::from(Uuid::from_u128(n))
}

const AT: i64 = 1_783_014_869_667;

fn at() -> Time {
    Time::from_millis(AT)
}

fn brand_row(n: u128, parent: Option<u128>) -> Brand {
    Brand {
        id: id(n),
        version: 1,
        created_at: at(),
        updated_at: at(),
        deleted_at: None,
        parent: parent.map(id),
        name: "Hill Homes".to_owned(),
        brand_type: "Team".to_owned(),
        timezone: "America/Chicago".to_owned(),
        default_country: "US".to_owned(),
        profile: None,
    }
}

fn user_row() -> User {
    let profile = UserProfile {
        personal_room: Some("room".to_owned()),
        email_signature: Some("Yours".to_owned()),
        email_quota: Some(30_000),
        bio: Some("Sells houses".to_owned()),
        push_allowed: Some(true),
        has_password: Some(true),
        ..UserProfile::default()
    };
    User {
        id: id(20),
        version: 1,
        created_at: at(),
        updated_at: at(),
        deleted_at: None,
        first_name: "Ada".to_owned(),
        last_name: "Byron".to_owned(),
        email: "ada@example.com".to_owned(),
        phone_number: Some("+15125550100".to_owned()),
        timezone: None,
        memberships: vec![Membership { brand: id(2), role: Role::Admin, own_only: false }],
        mls_ids: Vec::new(),
        profile: profile::write(&profile),
    }
}

fn group_row() -> Group {
    Group {
        id: id(30),
        version: 1,
        created_at: at(),
        updated_at: at(),
        deleted_at: None,
        created_by: Some(id(20)),
        brand: id(2),
        name: "Buyers".to_owned(),
        description: None,
        distribution: Distribution::RoundRobin,
        members: vec![Member { user: id(20), brand: id(2), order: 1, weight: 1 }],
        claim_timeout_secs: 300,
        profile: None,
    }
}

fn flow_row() -> Flow {
    Flow { id: id(40), version: 1, created_at: at(), updated_at: at(), deleted_at: None, brand: id(2), name: "Welcome".to_owned(), profile: None }
}

fn config() -> Config {
    let mut config = Config::new(AgencyId(Uuid::from_u128(1)));
    let mut fold = |row: Row| config.fold(&row.key(), Some(&row));
    fold(Brand::erase(Arc::new(brand_row(1, None))));
    fold(Brand::erase(Arc::new(brand_row(2, Some(1)))));
    fold(User::erase(Arc::new(user_row())));
    fold(Group::erase(Arc::new(group_row())));
    fold(Flow::erase(Arc::new(flow_row())));
    config
}

fn source_row(name: Option<&str>, is_default: bool) -> Source {
    Source {
        id: id(10),
        version: 1,
        created_at: at(),
        updated_at: at(),
        deleted_at: None,
        brand: id(2),
        name: name.map(str::to_owned),
        category: "WebHook".to_owned(),
        is_default,
        created_by: Some(id(20)),
        protocol: Some("JSON".to_owned()),
        mls: None,
        capture: CaptureSettings::default(),
        rules_version: 1,
        profile: None,
    }
}

fn condition_row(value: ConditionValue) -> Condition {
    Condition { id: id(60), created_at: at(), order: 1, field: "price".to_owned(), operator: Operator::Gte, value, negated: false }
}

fn rule_row() -> Rule {
    Rule {
        id: id(50),
        created_at: at(),
        updated_at: at(),
        created_by: Some(id(20)),
        is_default: false,
        order: 1,
        kind: Combine::And,
        target: Target::User,
        user: Some(id(20)),
        group: Some(id(30)),
        brand: Some(id(2)),
        flow: Some(id(40)),
        conditions: vec![condition_row(ConditionValue::Number("500000".to_owned()))],
    }
}

fn default_rule() -> Rule {
    Rule { id: id(51), created_by: None, is_default: true, order: 32767, group: None, flow: None, conditions: Vec::new(), ..rule_row() }
}

fn view<'a>(config: &'a Config, query: &str) -> View<'a> {
    View { config, now: at(), asked: Associations::parse(Some(query)) }
}

fn shown_rule(rule: &Rule, query: &str) -> Value {
    serde_json::to_value(map::rule(id(10), rule, view(&config(), query))).unwrap()
}

/// `name: type` of each member, in order of name.
fn shape(value: &Value) -> Vec<String> {
    let kind = |it: &Value| match it {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(it) if it.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    value.as_object().unwrap().iter().map(|(name, it)| format!("{name}: {}", kind(it))).collect()
}

fn assert_shape(value: &Value, expected: &str) {
    let mut expected: Vec<String> = expected.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect();
    expected.sort();
    assert_eq!(shape(value), expected);
}

const EVERYTHING: &str = "associations=lead_channel_rule.conditions,lead_channel_rule.brand,lead_channel_rule.user";

#[test]
fn a_channel_has_every_field_of_the_page() {
    let set = RuleSet { source: id(10), version: 1, rules: vec![Arc::new(default_rule())] };
    let count = SourceCount { source: id(10), capture_number: 0, last_capture_at: None };
    let view = |source| SourceView { source: Arc::new(source), rules: Arc::new(set.clone()), count: Arc::new(count.clone()) };
    let channel = serde_json::to_value(map::channel(&view(source_row(Some("Default Route"), true)))).unwrap();
    assert_shape(
        &channel,
        "id: text, name: text, brand: text, capture_number: int, mls: null, is_default: bool, type: text, created_at: float, updated_at: float, \
         deleted_at: null, last_capture_date: null, rules_count: text, title: null",
    );
    assert_eq!(channel["rules_count"], "1");
    assert_eq!(channel["type"], "lead_channel");
    assert_eq!(channel["created_at"], json!(1_783_014_869.667));

    let new = serde_json::to_value(map::channel(&view(source_row(None, false)))).unwrap();
    assert_eq!(new["name"], Value::Null);
}

#[test]
fn the_default_channel_comes_first_then_the_oldest() {
    let set = Arc::new(RuleSet { source: id(10), version: 1, rules: Vec::new() });
    let count = Arc::new(SourceCount { source: id(10), capture_number: 0, last_capture_at: None });
    let view = |n: u128, later: i64, is_default| {
        let source = Source { id: id(n), created_at: Time::from_millis(AT + later), is_default, ..source_row(None, false) };
        SourceView { source: Arc::new(source), rules: Arc::clone(&set), count: Arc::clone(&count) }
    };
    let ids: Vec<Uuid> = map::channels(vec![view(3, 2, false), view(1, 3, true), view(2, 1, false)]).iter().map(|it| it.id.0).collect();
    assert_eq!(ids, [1, 2, 3].map(Uuid::from_u128));
}

#[test]
fn a_rule_has_every_field_of_the_page_and_its_parts() {
    let rule = shown_rule(&rule_row(), EVERYTHING);
    assert_shape(
        &rule,
        "id: text, created_at: float, updated_at: float, deleted_at: null, created_by: text, channel: text, kind: text, order: int, target: text, \
         user: object, brand: object, is_default: bool, conditions: list, type: text",
    );
    assert_shape(
        &rule["user"],
        "type: text, username: null, first_name: text, last_name: text, email: text, phone_number: text, created_at: float, id: text, \
         address_id: null, cover_image_url: null, profile_image_url: null, updated_at: float, user_status: text, \
         profile_image_thumbnail_url: null, cover_image_thumbnail_url: null, email_confirmed: bool, timezone: text, user_type: text, \
         deleted_at: null, phone_confirmed: bool, is_shadow: null, personal_room: text, brand: null, fake_email: null, features: null, \
         last_seen_at: null, email_signature: text, daily_enabled: bool, email_quota: int, website: null, instagram: null, twitter: null, \
         linkedin: null, youtube: null, facebook: null, designation: null, tiktok: null, mfa_enabled: bool, xpressdocs_user_id: null, bio: text, \
         current_time: text, push_allowed: bool, agents: null, last_seen_type: null, active_brand: text, display_name: text, \
         abbreviated_display_name: text, online_state: text, has_password: bool",
    );
    assert_shape(
        &rule["brand"],
        "id: text, created_at: float, updated_at: float, palette: null, assets: null, messages: null, parent: text, name: text, deleted_at: null, \
         training: bool, brand_type: text, parents: list, type: text, hostnames: null, member_count: int, base_url: null",
    );
    assert_shape(
        &rule["conditions"][0],
        "id: text, created_at: float, rule: text, order: int, field: text, operator: text, value: int, negated: bool, type: text",
    );
    assert_eq!(rule["user"]["current_time"], "12:54 PM - Thursday Jul 02, 2026");
    assert_eq!(rule["user"]["display_name"], "Ada Byron");
    assert_eq!(rule["user"]["abbreviated_display_name"], "Ada");
    assert_eq!(rule["user"]["timezone"], "America/Chicago");
    assert_eq!(rule["brand"]["member_count"], 1);
    assert_eq!(rule["conditions"][0]["value"], 500_000);
    assert_eq!(rule["conditions"][0]["rule"], rule["id"]);
}

#[test]
fn parts_that_are_not_asked_for_are_not_there() {
    assert_shape(
        &shown_rule(&rule_row(), ""),
        "id: text, created_at: float, updated_at: float, deleted_at: null, created_by: text, channel: text, kind: text, order: int, target: text, \
         is_default: bool, type: text",
    );
    for part in ["user", "brand", "group", "flow", "conditions"] {
        let rule = shown_rule(&rule_row(), &format!("associations[]=lead_channel_rule.{part}"));
        let there: Vec<&str> = ["user", "brand", "group", "flow", "conditions"].into_iter().filter(|it| rule.get(it).is_some()).collect();
        assert_eq!(there, [part]);
    }
}

#[test]
fn a_part_that_is_asked_for_and_empty_is_null() {
    let rule = shown_rule(&default_rule(), "associations=lead_channel_rule.conditions,lead_channel_rule.group,lead_channel_rule.flow");
    assert_eq!(rule["conditions"], Value::Null);
    assert_eq!(rule["group"], Value::Null);
    assert_eq!(rule["flow"], Value::Null);
    assert!(rule.as_object().unwrap().contains_key("conditions"));
    // A user who is gone is as if none were named.
    let rule = shown_rule(&Rule { user: Some(id(99)), ..rule_row() }, "associations=lead_channel_rule.user");
    assert_eq!(rule["user"], Value::Null);
}

#[test]
fn a_group_shows_its_members_only_when_asked() {
    let config = config();
    let shown = |query: &str| serde_json::to_value(map::group(&group_row(), view(&config, query))).unwrap();
    let plain = shown("");
    assert_shape(
        &plain,
        "id: text, created_at: float, updated_at: float, created_by: text, brand: text, name: text, description: null, distribution: text, type: text",
    );
    let with = shown("associations=lead_routing_group.members");
    assert_shape(&with["members"][0], "user: text, order: int, brand: text, weight: int, type: text");
    let deep = shown("associations=lead_routing_group.members,lead_routing_group_member.user");
    assert_eq!(deep["members"][0]["user"]["first_name"], "Ada");
    // A prefix holds wherever its model occurs.
    let rule = shown_rule(
        &rule_row(),
        "associations[]=lead_channel_rule.group&associations[]=lead_routing_group.members&associations[]=lead_routing_group_member.user",
    );
    assert_eq!(rule["group"]["members"][0]["user"]["first_name"], "Ada");
}

#[test]
fn a_lead_has_every_field_of_the_page_and_no_more() {
    let raw = r#"{"first_name":"Ann","last_name":"Lee","email":"ann@example.com","source_type":"Website"}"#;
    let row = |parsed: Option<&str>| Lead {
        id: id(70),
        number: 1,
        created_at: at(),
        source: id(10),
        contact: ContactId(Uuid::from_u128(71)),
        conversation: ConversationId(Uuid::from_u128(72)),
        bots: Vec::new(),
        source_type: Some("Website".to_owned()),
        raw: RawBody { content_type: Arc::from("application/json"), bytes: Arc::from(raw.as_bytes()) },
        parsed: parsed.map(Arc::from),
        previous: None,
        duplicate_of: None,
        keyless: true,
    };
    let lead = serde_json::to_value(map::one(map::lead(&row(None)))).unwrap();
    assert_eq!(lead["code"], "OK");
    assert_shape(
        &lead["data"],
        "id: text, contact: text, lead_channel: text, raw_payload: object, parsed_payload: object, source_type: text, created_at: float",
    );
    assert_eq!(lead["data"]["raw_payload"], lead["data"]["parsed_payload"]);
    assert_eq!(lead["data"]["lead_channel"], SourceId(Uuid::from_u128(10)).to_string());
    let lead = serde_json::to_value(map::lead(&row(Some(r#"{"first_name":"Ann"}"#)))).unwrap();
    assert_eq!(lead["parsed_payload"], json!({"first_name": "Ann"}));
    assert_eq!(lead["raw_payload"]["last_name"], "Lee");
    assert_eq!(lead["id"], LeadId(Uuid::from_u128(70)).to_string());
}

#[test]
fn the_raw_payload_of_a_form_is_its_decoded_fields_and_that_of_a_stranger_is_empty() {
    let row = |content_type: &str, bytes: &[u8]| Lead {
        id: id(70),
        number: 1,
        created_at: at(),
        source: id(10),
        contact: id(71),
        conversation: id(72),
        bots: Vec::new(),
        source_type: None,
        raw: RawBody { content_type: Arc::from(content_type), bytes: Arc::from(bytes) },
        parsed: None,
        previous: None,
        duplicate_of: None,
        keyless: false,
    };
    let shown = |lead: Lead| serde_json::to_value(map::lead(&lead)).unwrap();
    let form = shown(row(form::MEDIA_TYPE, b"first_name=Ann&tag=a&tag=b"));
    assert_eq!(form["raw_payload"], json!({"first_name": "Ann", "tag": ["a", "b"]}));
    assert_eq!(form["source_type"], Value::Null);
    assert_eq!(shown(row("text/xml", b"<lead/>"))["raw_payload"], json!({}));
}

#[test]
fn a_list_counts_what_it_shows() {
    let list = serde_json::to_value(map::list(vec![1, 2])).unwrap();
    assert_eq!(list, json!({"code": "OK", "data": [1, 2], "info": {"count": 2, "total": 2}}));
}

// Map in.

fn rule_input(conditions: &str) -> Result<leadwire_core::command::config::CreateRule, Refusal> {
    let body = format!(
        r#"{{"target":"Brand","kind":"OR","order":2,"flow":null,"user":null,"brand":"{}","conditions":{conditions}}}"#,
        BrandId(Uuid::from_u128(2))
    );
    map::new_rule(id(2), id(10), crate::kit::body::parse(body.as_bytes()).unwrap())
}

#[test]
fn a_rule_is_written_as_it_is_read() {
    let command = rule_input(
        r#"[{"field":"postal_code","operator":"any","value":["90210","90211"],"order":1},
            {"field":"price","operator":"lte","value":1000000.50,"negated":true},
            {"field":"city","operator":"eq","value":null}, {"field":"beds","operator":"eq","value":true}]"#,
    )
    .unwrap();
    assert_eq!(command.within, Some(BrandId(Uuid::from_u128(2))));
    assert_eq!(command.rule.target, Target::Brand);
    assert_eq!(command.rule.kind, Combine::Or);
    assert_eq!((command.rule.user, command.rule.flow, command.rule.group), (None::<UserId>, None::<FlowId>, None::<GroupId>));
    let written: Vec<Condition> = command
        .rule
        .conditions
        .iter()
        .map(|it| Condition {
            id: ConditionId(Uuid::from_u128(60)),
            created_at: at(),
            order: it.order.map_or(0, |it| u16::try_from(it).unwrap()),
            field: it.field.clone(),
            operator: it.operator,
            value: it.value.clone(),
            negated: it.negated,
        })
        .collect();
    let rule = Rule { conditions: written, ..rule_row() };
    let shown = serde_json::to_string(&map::rule(id(10), &rule, view(&config(), EVERYTHING)).conditions).unwrap();
    for text in [r#""value":["90210","90211"]"#, r#""value":1000000.50"#, r#""value":null"#, r#""value":true"#, r#""negated":true"#] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
}

#[test]
fn the_value_of_a_condition_is_a_scalar_or_a_list_of_them() {
    for wrong in [r#"{"a":1}"#, "[[1]]", r#"[{"a":1}]"#] {
        let refused = rule_input(&format!(r#"[{{"field":"price","operator":"eq","value":{wrong}}}]"#)).unwrap_err();
        let Refusal::Invalid(list) = refused else { panic!("{refused:?}") };
        assert_eq!(list[0].at, "/conditions/0/value");
    }
    let long = format!("[{}]", vec!["1"; 1001].join(","));
    assert!(rule_input(&format!(r#"[{{"field":"price","operator":"any","value":{long}}}]"#)).is_err());
    let missing = crate::kit::body::parse::<wire::ConditionInput>(br#"{"field":"price","operator":"eq"}"#);
    assert!(missing.is_err(), "a value that is not given is not null");
}

#[test]
fn a_channel_changes_only_what_is_named() {
    let patch = |body: &str| -> UpdateSource { map::channel_patch(id(2), id(10), crate::kit::body::parse(body.as_bytes()).unwrap()) };
    let UpdateSource { id: source, within, if_match, name, category, protocol, mls, capture, profile } = patch(r#"{"name":"New Name"}"#);
    assert_eq!((source, within, if_match), (id(10), Some(id(2)), None));
    assert_eq!(name, Some(Some("New Name".to_owned())));
    assert_eq!((category, protocol, mls, profile), (None, None, None, None));
    assert_eq!(capture, leadwire_core::command::config::CaptureChange::default());
    let cleared = patch(r#"{"name":null,"mls":["ABC"],"title":"T","protocol":"FormData","unknown":1}"#);
    assert_eq!(cleared.name, Some(None));
    assert_eq!(cleared.mls, Some(Some(vec!["ABC".to_owned()])));
    assert_eq!(cleared.protocol, Some(Some("FormData".to_owned())));
    assert_eq!(cleared.profile, Some(Some(Arc::from(r#"{"title":"T"}"#))));
    assert!(crate::kit::body::parse::<wire::ChannelPatch>(br#"{"protocol":"Pigeon"}"#).is_err());
}

#[test]
fn a_group_is_of_the_brand_of_its_path() {
    let input = |brand: u128| -> wire::NewGroup {
        let (brand, user) = (Uuid::from_u128(brand), Uuid::from_u128(20));
        let body = json!({"name": "G", "brand": brand.to_string(), "distribution": "RoundRobin", "created_by": user.to_string(),
            "members": [{"user": user.to_string(), "order": 1, "brand": brand.to_string()}]});
        crate::kit::body::parse(body.to_string().as_bytes()).unwrap()
    };
    assert!(map::new_group(id(2), input(3)).is_err());
    let command = map::new_group(id(2), input(2)).unwrap();
    assert_eq!(command.created_by, Some(id(20)));
    assert_eq!(command.members[0].user, UserId(Uuid::from_u128(20)));
    assert_eq!((command.members[0].order, command.members[0].weight), (Some(1), None));
    let UpdateGroup { name, description, distribution, members, .. } =
        map::group_patch(id(2), GroupId(Uuid::from_u128(30)), crate::kit::body::parse(br#"{"distribution":"FirstToClaim"}"#).unwrap());
    assert_eq!((name, description, distribution), (None, None, Some(Distribution::FirstToClaim)));
    assert!(members.is_none());
    assert_eq!(
        RuleId(Uuid::from_u128(1)),
        map::rule_order(id(2), id(10), vec![wire::RulePlace { id: crate::kit::id::Id(Uuid::from_u128(1)), order: 4 }]).orders[0].0
    );
}

// Payloads.

fn read(json: &str) -> payload::Read {
    payload::read(json, Manner::Json).unwrap_or_else(|error| panic!("{error}"))
}

fn facts(list: &[(Field, RawFact)]) -> FactsInput {
    let mut facts = FactsInput::default();
    for (field, value) in list {
        facts.add(*field, value.clone());
    }
    facts
}

fn text(it: &str) -> RawFact {
    RawFact::Text(it.to_owned())
}

#[test]
fn a_lead_is_understood_field_by_field() {
    let it = read(
        r#"{"first_name":"Ann","last_name":"Lee","email":"ann@example.com","phone_number":"481 613-1485","note":"Is it free?",
            "lead_source":"Spring","source_type":"Website","tag":["a","b"],"tags":["c"],"address":"1 Oak St",
            "assignees":[{"email":"ada@example.com","first_name":"Ada"},{"mls":"NWMLS","mls_id":77}],"agent_emails":"x@example.com, y@example.com",
            "agent_mlsid":5}"#,
    );
    assert_eq!(it.parsed, None);
    let inquiry = it.inquiry;
    assert_eq!((inquiry.first_name.as_deref(), inquiry.last_name.as_deref()), (Some("Ann"), Some("Lee")));
    assert_eq!((inquiry.emails, inquiry.phones), (vec!["ann@example.com".to_owned()], vec!["481 613-1485".to_owned()]));
    assert_eq!((inquiry.note.as_deref(), inquiry.about.as_deref()), (Some("Is it free?"), Some("1 Oak St")));
    assert_eq!((inquiry.lead_source.as_deref(), inquiry.source_type.as_deref()), (Some("Spring"), Some("Website")));
    assert_eq!(inquiry.tags, ["a", "b", "c"]);
    assert_eq!(inquiry.addresses[0].full.as_deref(), Some("1 Oak St"));
    let named: Vec<(Option<&str>, Option<&str>)> = inquiry.assignees.iter().map(|it| (it.email.as_deref(), it.mls_id.as_deref())).collect();
    assert_eq!(
        named,
        [(Some("ada@example.com"), None), (None, Some("77")), (Some("x@example.com"), None), (Some("y@example.com"), None), (None, Some("5"))]
    );
}

#[test]
fn a_tag_may_be_a_text_and_numbers_stand_where_ids_are_meant() {
    let it = read(r#"{"tag":"hot, buyer","mlsid":1234,"phone_number":5125550100}"#);
    assert_eq!(it.inquiry.tags, ["hot, buyer"]);
    assert_eq!(it.inquiry.phones, ["5125550100"]);
    assert_eq!(it.inquiry.about.as_deref(), Some("MLS 1234"));
    assert_eq!(it.inquiry.facts, facts(&[(Field::MlsNumber, text("1234"))]));
    assert!(read(r#"{"tag":null,"email":null,"listing":null,"assignees":null}"#).inquiry.tags.is_empty());
}

#[test]
fn commas_part_the_tags_of_a_form() {
    let form = form::Form::parse(b"first_name=Ann&tag=a,b&tag=c&mlsid=12").unwrap().to_json();
    let it = payload::read(&form, Manner::Form).unwrap();
    assert_eq!(it.inquiry.tags, ["a", "b", "c"]);
    assert_eq!(it.parsed, None);
}

#[test]
fn a_listing_gives_facts_and_what_was_asked_about() {
    let it = read(
        r#"{"listing":{"price":750000,"mls_number":"A1","cover_image_url":"http://x","property":{"address":{"street_number":12,
            "street_name":"Oak","street_suffix":"St","unit_number":"4","city":"Austin","state_code":"TX","postal_code":"78701","country":"US"}}}}"#,
    );
    assert_eq!(it.inquiry.about.as_deref(), Some("12 Oak St #4, Austin, TX 78701, MLS A1, price 750000"));
    let expected = [
        (Field::Price, text("750000")),
        (Field::MlsNumber, text("A1")),
        (Field::City, text("Austin")),
        (Field::State, text("TX")),
        (Field::PostalCode, text("78701")),
        (Field::Country, text("US")),
    ];
    assert_eq!(it.inquiry.facts, facts(&expected));
    let whole = read(r#"{"listing":{"property":{"address":{"full_address":"1 Elm, Reno NV"}}}}"#);
    assert_eq!(whole.inquiry.about.as_deref(), Some("1 Elm, Reno NV"));
    assert_eq!(read(r#"{"listing":{}}"#).inquiry.about, None);
}

#[test]
fn a_referer_gives_its_host_and_its_campaign() {
    let of = |url: &str| read(&json!({"referer_url": url}).to_string()).inquiry.facts;
    let expected = [(Field::RefererHost, text("www.example.com")), (Field::UtmSource, text("Big News")), (Field::UtmMedium, text("cpc"))];
    assert_eq!(of("https://me:pw@WWW.Example.com:8080/a?x=1&utm_source=Big%20News&utm_medium=cpc#utm_term=no"), facts(&expected));
    assert_eq!(of("example.com/p"), facts(&[(Field::RefererHost, text("example.com"))]));
    assert_eq!(of("//example.com"), facts(&[(Field::RefererHost, text("example.com"))]));
    assert_eq!(of("/only/a/path"), FactsInput::default());
}

#[test]
fn routable_fields_are_understood_by_their_own_names() {
    let it = read(r#"{"price":600000,"city":"Austin","intent":["buyer","seller"],"beds":{"n":3}}"#);
    let expected = [
        (Field::Price, RawFact::Number("600000".to_owned())),
        (Field::City, text("Austin")),
        (Field::Intent, text("buyer")),
        (Field::Intent, text("seller")),
    ];
    assert_eq!(it.inquiry.facts, facts(&expected));
    assert_eq!(it.parsed.as_deref(), Some(r#"{"price":600000,"city":"Austin","intent":["buyer","seller"]}"#));
}

#[test]
fn what_is_not_known_fails_nothing_and_is_not_in_the_parsed_part() {
    let it = read(r#"{"first_name" : "An\u006e", "favourite": {"colour": [1]}, "mlsid":1.50}"#);
    assert_eq!(it.parsed.as_deref(), Some(r#"{"first_name":"An\u006e","mlsid":1.50}"#));
    assert_eq!(it.inquiry.first_name.as_deref(), Some("Ann"));
}

#[test]
fn a_known_field_of_another_type_is_refused_at_its_place() {
    for (body, place) in [
        (r#"{"first_name":5}"#, "/first_name"),
        (r#"{"email":{}}"#, "/email"),
        (r#"{"email":5}"#, "/email"),
        (r#"{"tag":[1]}"#, "/tag"),
        (r#"{"listing":[]}"#, "/listing"),
        (r#"{"listing":{"price":{}}}"#, "/listing/price"),
        (r#"{"assignees":[{"email":1}]}"#, "/assignees/0/email"),
        (r#"{"mlsid":true}"#, "/mlsid"),
    ] {
        let error = payload::read(body, Manner::Json).unwrap_err();
        assert!(matches!(error, BodyError::Shape { .. }), "{body}: {error:?}");
        assert_eq!(error.pointer(), place, "{body}: {error}");
    }
    assert!(payload::read("[]", Manner::Json).is_err());
    assert!(payload::read("5", Manner::Json).is_err());
}

#[test]
fn what_is_too_long_too_many_or_too_deep_is_refused() {
    let long = "x".repeat(6000);
    for body in [
        json!({"email": format!("{long}@example.com")}),
        json!({"first_name": long}),
        json!({"tags": vec!["t"; 201]}),
        json!({"assignees": vec![json!({}); 201]}),
        json!({"phone_number": long}),
    ] {
        let error = payload::read(&body.to_string(), Manner::Json).unwrap_err();
        assert!(matches!(error, BodyError::Shape { .. }), "{error:?}");
    }
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(payload::read(&deep, Manner::Json), Err(BodyError::Syntax { .. })));
    assert!(payload::read(r#"{"x":"[[[[\"[[[["}"#, Manner::Json).is_ok());
    assert_eq!(payload::read(r#"{"x":"\u0000"}"#, Manner::Json).unwrap_err(), BodyError::Nul);
}

// The surface.

#[test]
fn the_contract_is_what_is_served_and_what_is_said_not_to_be() {
    let surface = super::surface();
    let document = surface.router.into_openapi();
    let mut served: Vec<String> = Vec::new();
    for (path, item) in &document.paths.paths {
        served.extend(crate::kit::document::operations(item).into_iter().map(|(method, _)| format!("{method} {path}")));
    }
    let not_served: Vec<String> = surface.not_served.iter().map(|it| format!("{} {}", it.method, it.path)).collect();
    assert!(served.iter().all(|it| !not_served.contains(it)));
    let mut all: Vec<String> = served.into_iter().chain(not_served).collect();
    all.sort();
    let channel = "/brands/{brand}/leads/channels";
    let group = "/brands/{brand}/leads/groups";
    let mut contract = vec![
        format!("GET {channel}"),
        format!("POST {channel}"),
        format!("PUT {channel}/{{id}}"),
        format!("DELETE {channel}/{{id}}"),
        format!("GET {channel}/{{id}}/rules"),
        format!("POST {channel}/{{id}}/rules"),
        format!("PUT {channel}/{{id}}/rules/sort"),
        format!("PUT {channel}/{{id}}/rules/{{rule}}"),
        format!("DELETE {channel}/{{id}}/rules/{{rule}}"),
        format!("GET {group}"),
        format!("POST {group}"),
        format!("PATCH {group}/{{group}}"),
        format!("DELETE {group}/{{group}}"),
        "POST /leads".to_owned(),
        "POST /contacts/filter".to_owned(),
        "POST /leads/channels/{lead_channel}/webhook".to_owned(),
        "POST /leads/{lead_id}/timeline".to_owned(),
        "PUT /leads/{lead_id}/assignees".to_owned(),
        "POST /oauth2/token".to_owned(),
    ];
    contract.sort();
    assert_eq!(all, contract);
}

#[test]
fn every_keyless_path_is_one_of_the_document() {
    let surface = super::surface();
    let document = surface.router.into_openapi();
    for path in surface.keyless {
        assert!(document.paths.paths.contains_key(*path), "{path}");
    }
}
