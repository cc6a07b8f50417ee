//! Rechat's words to the core's and back. Pure.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::command::config::{
    CaptureChange, ConditionInput, CreateGroup, CreateRule, CreateSource, DeleteGroup, DeleteRule, DeleteSource, MemberInput, ReplaceRule, RuleInput,
    SortRules, SourceView, UpdateGroup, UpdateSource,
};
use leadwire_core::config::Config;
use leadwire_core::entity::{
    Brand, Combine, Condition, ConditionValue, Distribution, Flow, Group, Lead, Member, Operator, RawBody, Rule, RuleSet, Source, SourceCount,
    Target, User,
};
use leadwire_core::id::{BrandId, FlowId, GroupId, RuleId, SourceId, UserId};
use leadwire_core::limits::VALUES_MAX;
use leadwire_core::refusal::Refusal;
use serde_json::value::RawValue;

use super::associations::Associations;
use super::form::Form;
use super::wire;
use crate::kit::id::Id;
use crate::profile::{self, BrandProfile, SourceProfile, UserProfile};

/// What every object is shown with: the configuration it points into, the moment, and what was asked for.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) config: &'a Config,
    pub(super) now: Time,
    pub(super) asked: Associations,
}

/// Unix seconds with their fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of four-digit years have 48 bits")]
pub(super) fn seconds(at: Time) -> f64 {
    at.millis() as f64 / 1000.0
}

pub(super) fn one<T>(data: T) -> wire::Envelope<T> {
    wire::Envelope { code: wire::Ok::Ok, data }
}

pub(super) fn list<T>(data: Vec<T>) -> wire::Listing<T> {
    let count = data.len();
    wire::Listing { code: wire::Ok::Ok, data, info: wire::Info { count, total: count } }
}

// Channels.

pub(super) fn new_channel(brand: BrandId, input: wire::NewChannel) -> CreateSource {
    let wire::NewChannel { protocol, name, mls, title } = input;
    CreateSource {
        brand,
        name,
        category: None,
        protocol: protocol.map(protocol_name),
        mls: mls.map(mls_codes),
        capture: CaptureChange::default(),
        profile: profile::write(&SourceProfile { title: title.map(|it| it.0) }),
    }
}

pub(super) fn channel_patch(brand: BrandId, id: SourceId, input: wire::ChannelPatch) -> UpdateSource {
    let wire::ChannelPatch { name, mls, title, protocol } = input;
    UpdateSource {
        id,
        within: Some(brand),
        if_match: None,
        name,
        category: None,
        protocol: protocol.map(|it| Some(protocol_name(it))),
        mls: mls.map(|it| it.map(mls_codes)),
        capture: CaptureChange::default(),
        // The title is all of a source's profile.
        profile: title.map(|title| profile::write(&SourceProfile { title: title.map(|it| it.0) })),
    }
}

pub(super) fn channel_deletion(brand: BrandId, id: SourceId) -> DeleteSource {
    DeleteSource { id, within: Some(brand), if_match: None }
}

fn protocol_name(it: wire::Protocol) -> String {
    match it {
        wire::Protocol::Json => "JSON",
        wire::Protocol::FormData => "FormData",
        wire::Protocol::LeadTransmissionStandard => "LeadTransmissionStandard",
    }
    .to_owned()
}

fn mls_codes(list: Vec<wire::MlsCode>) -> Vec<String> {
    list.into_iter().map(|it| it.0).collect()
}

pub(super) fn channel(view: &SourceView) -> wire::Channel {
    let SourceView { source, rules, count } = view;
    let Source {
        id,
        version: _,
        created_at,
        updated_at,
        deleted_at,
        brand,
        name,
        category: _,
        is_default,
        created_by: _,
        protocol: _,
        mls,
        capture: _,
        rules_version: _,
        profile,
    } = source.as_ref();
    let RuleSet { source: _, version: _, rules } = rules.as_ref();
    let SourceCount { source: _, capture_number, last_capture_at } = count.as_ref();
    let SourceProfile { title } = profile::read(profile);
    wire::Channel {
        id: Id(id.0),
        name: name.clone(),
        brand: Id(brand.0),
        capture_number: *capture_number,
        mls: mls.clone(),
        is_default: *is_default,
        kind: wire::ChannelType::default(),
        created_at: seconds(*created_at),
        updated_at: seconds(*updated_at),
        deleted_at: deleted_at.map(seconds),
        last_capture_date: last_capture_at.map(seconds),
        rules_count: rules.len().to_string(),
        title,
    }
}

/// The default channel first, then by age.
pub(super) fn channels(mut views: Vec<SourceView>) -> Vec<wire::Channel> {
    views.sort_by_key(|it| (!it.source.is_default, it.source.created_at, it.source.id));
    views.iter().map(channel).collect()
}

// Rules.

pub(super) fn new_rule(brand: BrandId, source: SourceId, input: wire::RuleInput) -> Result<CreateRule, Refusal> {
    Ok(CreateRule { source, within: Some(brand), rule: rule_input(input)? })
}

pub(super) fn rule_replacement(brand: BrandId, source: SourceId, id: RuleId, input: wire::RuleInput) -> Result<ReplaceRule, Refusal> {
    Ok(ReplaceRule { source, within: Some(brand), id, if_match: None, rule: rule_input(input)? })
}

pub(super) fn rule_deletion(brand: BrandId, source: SourceId, id: RuleId) -> DeleteRule {
    DeleteRule { source, within: Some(brand), id, if_match: None }
}

pub(super) fn rule_order(brand: BrandId, source: SourceId, places: Vec<wire::RulePlace>) -> SortRules {
    let place = |it: wire::RulePlace| {
        let wire::RulePlace { id, order } = it;
        (RuleId(id.0), order)
    };
    SortRules { source, within: Some(brand), if_match: None, orders: places.into_iter().map(place).collect() }
}

fn rule_input(input: wire::RuleInput) -> Result<RuleInput, Refusal> {
    let wire::RuleInput { target, kind, order, flow, user, group, brand, conditions } = input;
    let conditions: Result<Vec<ConditionInput>, Refusal> = conditions.unwrap_or_default().into_iter().enumerate().map(condition_input).collect();
    Ok(RuleInput {
        target: match target {
            wire::Target::Group => Target::Group,
            wire::Target::User => Target::User,
            wire::Target::Brand => Target::Brand,
        },
        kind: match kind {
            wire::Kind::And => Combine::And,
            wire::Kind::Or => Combine::Or,
        },
        order,
        user: user.map(|it| UserId(it.0)),
        group: group.map(|it| GroupId(it.0)),
        brand: brand.map(|it| BrandId(it.0)),
        flow: flow.map(|it| FlowId(it.0)),
        conditions: conditions?,
    })
}

fn condition_input((at, input): (usize, wire::ConditionInput)) -> Result<ConditionInput, Refusal> {
    let wire::ConditionInput { field, operator, value, order, negated } = input;
    let value = condition_value(&value)
        .ok_or_else(|| Refusal::invalid(format!("/conditions/{at}/value"), "must be a scalar, null, or a list of at most 1000 scalars"))?;
    Ok(ConditionInput {
        field,
        operator: match operator {
            wire::Operator::Eq => Operator::Eq,
            wire::Operator::Any => Operator::Any,
            wire::Operator::All => Operator::All,
            wire::Operator::Gte => Operator::Gte,
            wire::Operator::Lte => Operator::Lte,
        },
        value,
        order,
        negated: negated.unwrap_or(false),
    })
}

/// A condition's value from its JSON: numbers keep their digits, lists hold scalars only.
fn condition_value(raw: &RawValue) -> Option<ConditionValue> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'n' => Some(ConditionValue::Null),
        b't' | b'f' => Some(ConditionValue::Bool(text == "true")),
        b'"' => serde_json::from_str(text).ok().map(ConditionValue::Text),
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
            if items.len() > VALUES_MAX {
                return None;
            }
            let items: Option<Vec<ConditionValue>> = items.iter().map(|it| condition_value(it).filter(is_scalar)).collect();
            items.map(ConditionValue::List)
        }
        b'{' => None,
        _ => Some(ConditionValue::Number(text.to_owned())),
    }
}

fn is_scalar(it: &ConditionValue) -> bool {
    !matches!(it, ConditionValue::List(_))
}

/// The JSON of a condition's value, as it was written.
fn condition_json(value: &ConditionValue) -> Box<RawValue> {
    let text = json_of(value);
    RawValue::from_string(text).unwrap_or_default()
}

fn json_of(value: &ConditionValue) -> String {
    match value {
        ConditionValue::Null => "null".to_owned(),
        ConditionValue::Bool(it) => it.to_string(),
        ConditionValue::Number(digits) => digits.clone(),
        ConditionValue::Text(it) => serde_json::Value::from(it.as_str()).to_string(),
        ConditionValue::List(items) => format!("[{}]", items.iter().map(json_of).collect::<Vec<String>>().join(",")),
    }
}

pub(super) fn rules(set: &RuleSet, view: View<'_>) -> Vec<wire::Rule> {
    let RuleSet { source, version: _, rules } = set;
    rules.iter().map(|it| rule(*source, it, view)).collect()
}

pub(super) fn rule(channel: SourceId, it: &Rule, view: View<'_>) -> wire::Rule {
    let Rule {
        id,
        created_at,
        updated_at,
        created_by,
        is_default,
        order,
        kind,
        target,
        user: user_id,
        group: group_id,
        brand: brand_id,
        flow: flow_id,
        conditions,
    } = it;
    let View { config, now: _, asked } = view;
    wire::Rule {
        id: Id(id.0),
        created_at: seconds(*created_at),
        updated_at: seconds(*updated_at),
        // A rule that is shown is in force.
        deleted_at: None,
        created_by: created_by.map(|it| Id(it.0)),
        channel: Id(channel.0),
        kind: match kind {
            Combine::And => wire::Kind::And,
            Combine::Or => wire::Kind::Or,
        },
        order: *order,
        target: match target {
            Target::Group => wire::Target::Group,
            Target::User => wire::Target::User,
            Target::Brand => wire::Target::Brand,
        },
        user: asked.rule_user.then(|| user_id.and_then(|it| config.user(it)).map(|it| user(it, view))),
        brand: asked.rule_brand.then(|| brand_id.and_then(|it| config.brand(it)).map(|it| brand(it, config))),
        group: asked.rule_group.then(|| group_id.and_then(|it| config.group(it)).map(|it| group(it, view))),
        flow: asked.rule_flow.then(|| flow_id.and_then(|it| config.flow(it)).map(|it| flow(it))),
        is_default: *is_default,
        conditions: asked.rule_conditions.then(|| (!conditions.is_empty()).then(|| conditions.iter().map(|it| condition(*id, it)).collect())),
        object: wire::RuleType::default(),
    }
}

fn condition(rule: RuleId, it: &Condition) -> wire::Condition {
    let Condition { id, created_at, order, field, operator, value, negated } = it;
    wire::Condition {
        id: Id(id.0),
        created_at: seconds(*created_at),
        rule: Id(rule.0),
        order: *order,
        field: field.clone(),
        operator: match operator {
            Operator::Eq => wire::Operator::Eq,
            Operator::Any => wire::Operator::Any,
            Operator::All => wire::Operator::All,
            Operator::Gte => wire::Operator::Gte,
            Operator::Lte => wire::Operator::Lte,
        },
        value: condition_json(value),
        negated: *negated,
        object: wire::ConditionType::default(),
    }
}

// Groups.

pub(super) fn new_group(brand: BrandId, input: wire::NewGroup) -> Result<CreateGroup, Refusal> {
    let wire::NewGroup { name, description, brand: named, distribution, created_by, members } = input;
    if named.is_some_and(|it| it.0 != brand.0) {
        return Err(Refusal::invalid("/brand", "must be the brand of the path"));
    }
    Ok(CreateGroup {
        brand,
        name,
        description,
        distribution: distribution_in(distribution),
        members: members.unwrap_or_default().into_iter().map(member_input).collect(),
        claim_timeout_secs: None,
        created_by: created_by.map(|it| UserId(it.0)),
        profile: None,
    })
}

pub(super) fn group_patch(brand: BrandId, id: GroupId, input: wire::GroupPatch) -> UpdateGroup {
    let wire::GroupPatch { name, description, distribution, members } = input;
    UpdateGroup {
        id,
        within: Some(brand),
        if_match: None,
        name,
        description,
        distribution: distribution.map(distribution_in),
        members: members.map(|it| it.into_iter().map(member_input).collect()),
        claim_timeout_secs: None,
        profile: None,
    }
}

pub(super) fn group_deletion(brand: BrandId, id: GroupId) -> DeleteGroup {
    DeleteGroup { id, within: Some(brand), if_match: None }
}

fn distribution_in(it: wire::Distribution) -> Distribution {
    match it {
        wire::Distribution::RoundRobin => Distribution::RoundRobin,
        wire::Distribution::FirstToClaim => Distribution::FirstToClaim,
    }
}

fn member_input(input: wire::MemberInput) -> MemberInput {
    let wire::MemberInput { user, order, brand, weight } = input;
    MemberInput { user: UserId(user.0), order, brand: brand.map(|it| BrandId(it.0)), weight }
}

pub(super) fn groups(list: &[Arc<Group>], view: View<'_>) -> Vec<wire::Group> {
    list.iter().map(|it| group(it, view)).collect()
}

pub(super) fn group(it: &Group, view: View<'_>) -> wire::Group {
    let Group {
        id,
        version: _,
        created_at,
        updated_at,
        // The vendor's groups show no deletion; a deleted one is not shown.
        deleted_at: _,
        created_by,
        brand,
        name,
        description,
        distribution,
        members,
        claim_timeout_secs: _,
        profile: _,
    } = it;
    wire::Group {
        id: Id(id.0),
        created_at: seconds(*created_at),
        updated_at: seconds(*updated_at),
        created_by: created_by.map(|it| Id(it.0)),
        brand: Id(brand.0),
        name: name.clone(),
        description: description.clone(),
        distribution: match distribution {
            Distribution::RoundRobin => wire::Distribution::RoundRobin,
            Distribution::FirstToClaim => wire::Distribution::FirstToClaim,
        },
        object: wire::GroupType::default(),
        members: view.asked.group_members.then(|| members.iter().map(|it| member(it, view)).collect()),
    }
}

fn member(it: &Member, view: View<'_>) -> wire::Member {
    let Member { user: id, brand, order, weight } = it;
    wire::Member {
        user: if view.asked.member_user {
            wire::MemberUser::Whole(view.config.user(*id).map(|it| Box::new(user(it, view))))
        } else {
            wire::MemberUser::Id(Id(id.0))
        },
        order: *order,
        brand: Id(brand.0),
        weight: *weight,
        object: wire::MemberType::default(),
    }
}

// What rules point at.

fn user(it: &User, view: View<'_>) -> wire::User {
    let User {
        id,
        version: _,
        created_at,
        updated_at,
        deleted_at,
        first_name,
        last_name,
        email,
        phone_number,
        timezone,
        memberships,
        mls_ids: _,
        profile,
    } = it;
    let UserProfile {
        username,
        address_id,
        cover_image_url,
        cover_image_thumbnail_url,
        profile_image_url,
        profile_image_thumbnail_url,
        user_status,
        user_type,
        email_confirmed,
        phone_confirmed,
        is_shadow,
        fake_email,
        personal_room,
        brand,
        features,
        last_seen_at,
        last_seen_type,
        online_state,
        email_signature,
        daily_enabled,
        email_quota,
        website,
        instagram,
        twitter,
        linkedin,
        youtube,
        facebook,
        tiktok,
        designation,
        bio,
        mfa_enabled,
        has_password,
        push_allowed,
        xpressdocs_user_id,
        agents,
    } = profile::read(profile);
    let active_brand = memberships.first().map(|it| it.brand);
    let timezone = timezone.clone().or_else(|| active_brand.and_then(|it| view.config.brand(it)).map(|it| it.timezone.clone()));
    let timezone = timezone.unwrap_or_else(|| "UTC".to_owned());
    let names: Vec<&str> = [first_name, last_name].into_iter().map(|it| it.trim()).filter(|it| !it.is_empty()).collect();
    wire::User {
        object: wire::UserType::default(),
        username,
        first_name: first_name.clone(),
        last_name: last_name.clone(),
        email: email.clone(),
        phone_number: phone_number.clone(),
        created_at: seconds(*created_at),
        id: Id(id.0),
        address_id,
        cover_image_url,
        profile_image_url,
        updated_at: seconds(*updated_at),
        user_status: user_status.unwrap_or_else(|| "Active".to_owned()),
        profile_image_thumbnail_url,
        cover_image_thumbnail_url,
        email_confirmed: email_confirmed.unwrap_or(false),
        current_time: clock(view.now, &timezone),
        timezone,
        user_type: user_type.unwrap_or_else(|| "Agent".to_owned()),
        deleted_at: deleted_at.map(seconds),
        phone_confirmed: phone_confirmed.unwrap_or(false),
        is_shadow,
        personal_room,
        brand,
        fake_email,
        features,
        last_seen_at,
        email_signature,
        daily_enabled: daily_enabled.unwrap_or(false),
        email_quota,
        website,
        instagram,
        twitter,
        linkedin,
        youtube,
        facebook,
        designation,
        tiktok,
        mfa_enabled: mfa_enabled.unwrap_or(false),
        xpressdocs_user_id,
        bio,
        push_allowed: push_allowed.unwrap_or(false),
        agents,
        last_seen_type,
        active_brand: active_brand.map(|it| Id(it.0)),
        display_name: if names.is_empty() { email.clone() } else { names.join(" ") },
        abbreviated_display_name: names.first().map_or_else(|| email.clone(), |it| (*it).to_owned()),
        online_state: online_state.unwrap_or_else(|| "Offline".to_owned()),
        has_password: has_password.unwrap_or(false),
    }
}

/// As in `12:54 PM - Thursday Jul 02, 2026`.
fn clock(now: Time, zone: &str) -> String {
    now.in_zone(zone).strftime("%I:%M %p - %A %b %d, %Y").to_string()
}

fn brand(it: &Brand, config: &Config) -> wire::Brand {
    let Brand { id, version: _, created_at, updated_at, deleted_at, parent, name, brand_type, timezone: _, default_country: _, profile } = it;
    let BrandProfile { palette, assets, messages, training, hostnames, base_url } = profile::read(profile);
    let above: Vec<Id> = config.ancestry(*id).into_iter().skip(1).map(|it| Id(it.0)).collect();
    wire::Brand {
        id: Id(id.0),
        created_at: seconds(*created_at),
        updated_at: seconds(*updated_at),
        palette,
        assets,
        messages,
        parent: parent.map(|it| Id(it.0)),
        name: name.clone(),
        deleted_at: deleted_at.map(seconds),
        training: training.unwrap_or(false),
        brand_type: brand_type.clone(),
        parents: (!above.is_empty()).then_some(above),
        object: wire::BrandType::default(),
        hostnames,
        member_count: config.users().filter(|user| user.memberships.iter().any(|m| m.brand == *id)).count(),
        base_url,
    }
}

fn flow(it: &Flow) -> wire::Flow {
    let Flow { id, version: _, created_at, updated_at, deleted_at, brand, name, profile: _ } = it;
    wire::Flow {
        id: Id(id.0),
        created_at: seconds(*created_at),
        updated_at: seconds(*updated_at),
        deleted_at: deleted_at.map(seconds),
        brand: Id(brand.0),
        name: name.clone(),
        object: wire::FlowType::default(),
    }
}

// Leads.

/// A lead never changes, so it is shown the same whenever it is asked for.
pub(super) fn lead(it: &Lead) -> wire::Lead {
    let Lead {
        id,
        number: _,
        created_at,
        source,
        contact,
        conversation: _,
        previous: _,
        bots: _,
        source_type,
        raw,
        parsed,
        duplicate_of: _,
        keyless: _,
    } = it;
    let raw_payload = raw_json(raw);
    let parsed_payload = parsed.as_deref().and_then(object).unwrap_or_else(|| raw_payload.clone());
    wire::Lead {
        id: Id(id.0),
        contact: Id(contact.0),
        lead_channel: Id(source.0),
        raw_payload,
        parsed_payload,
        source_type: source_type.clone(),
        created_at: seconds(*created_at),
    }
}

/// The body as received: JSON as it is, a form decoded. A body of another surface that is neither is an empty object.
fn raw_json(raw: &RawBody) -> Box<RawValue> {
    let RawBody { content_type, bytes } = raw;
    let text = if content_type.as_ref() == super::form::MEDIA_TYPE {
        Form::parse(bytes).ok().map(|it| it.to_json())
    } else {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    };
    text.as_deref().and_then(object).unwrap_or_else(|| RawValue::from_string("{}".to_owned()).unwrap_or_default())
}

/// The text, if it is a JSON object.
fn object(text: &str) -> Option<Box<RawValue>> {
    let raw = RawValue::from_string(text.to_owned()).ok()?;
    raw.get().starts_with('{').then_some(raw)
}
