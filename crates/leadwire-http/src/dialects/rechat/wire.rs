//! Rechat's JSON, exactly as it stands on the wire, and nothing else.
//!
//! Times are unix seconds with a fraction. A field that is only shown when it is asked for (`associations`) is an
//! `Option` that is skipped when `None`; where "asked for, but there is nothing" differs from "not asked for", the
//! `Option` is double and the inner `None` is `null`. All other absent values are `null`, never left out.

#![expect(clippy::option_option, reason = "on this wire, null and not there differ")]
#![expect(clippy::struct_field_names, reason = "the names are the vendor's")]

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::document;
use super::text::Name;
use crate::kit::id::Id;
use crate::kit::whole::{whole, whole_or_null};

/// Every answer with one object.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope<T> {
    pub(crate) code: Ok,
    pub(crate) data: T,
}

/// Every answer with a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing<T> {
    pub(crate) code: Ok,
    pub(crate) data: Vec<T>,
    pub(crate) info: Info,
}

/// An answer that only says that it was done: the order of rules.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    pub(crate) code: Ok,
}

/// The word that every success carries.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum Ok {
    #[default]
    #[serde(rename = "OK")]
    Ok,
}

/// How many rows are here, and how many there are. The vendor shows a total of 0 in some lists; this is the true one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Info {
    pub(crate) count: usize,
    pub(crate) total: usize,
}

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Error {
    /// Always false.
    pub(crate) trace: bool,
    /// The HTTP status.
    pub(crate) http: u16,
    pub(crate) message: String,
    pub(crate) code: ErrorCode,
    /// Always false.
    pub(crate) slack: bool,
}

/// The codes of [`Error`]. The vendor documents `ResourceNotFound` alone; the others are named after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) enum ErrorCode {
    Validation,
    Unauthorized,
    Forbidden,
    ResourceNotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    Gone,
    PayloadTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    Internal,
    ServiceUnavailable,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Channel {
    pub(crate) id: Id,
    #[schema(required)]
    pub(crate) name: Option<String>,
    /// No association of this name: always the bare id.
    pub(crate) brand: Id,
    pub(crate) capture_number: u64,
    #[schema(required)]
    pub(crate) mls: Option<Vec<String>>,
    pub(crate) is_default: bool,
    #[serde(rename = "type")]
    pub(crate) kind: ChannelType,
    pub(crate) created_at: f64,
    pub(crate) updated_at: f64,
    #[schema(required)]
    pub(crate) deleted_at: Option<f64>,
    #[schema(required)]
    pub(crate) last_capture_date: Option<f64>,
    /// A number as text, as the vendor has it; the default rule counts.
    #[schema(pattern = "^[0-9]+$")]
    pub(crate) rules_count: String,
    #[schema(required)]
    pub(crate) title: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum ChannelType {
    #[default]
    #[serde(rename = "lead_channel")]
    LeadChannel,
}

/// How leads come in. Accepted and kept, never returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum Protocol {
    #[serde(rename = "JSON")]
    Json,
    FormData,
    LeadTransmissionStandard,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewChannel {
    pub(crate) protocol: Option<Protocol>,
    #[schema(max_length = 512)]
    pub(crate) name: Option<String>,
    #[schema(max_items = 200)]
    pub(crate) mls: Option<Vec<MlsCode>>,
    #[schema(value_type = Option<String>, max_length = 512)]
    pub(crate) title: Option<Name>,
}

/// What is not named stays as it is; `null` clears.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChannelPatch {
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>, max_length = 512)]
    pub(crate) name: Option<Option<String>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Vec<MlsCode>>, max_items = 200)]
    pub(crate) mls: Option<Option<Vec<MlsCode>>>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>, max_length = 512)]
    pub(crate) title: Option<Option<Name>>,
    pub(crate) protocol: Option<Protocol>,
}

/// Code name of an MLS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 512, pattern = r"\S")]
pub(crate) struct MlsCode(pub(crate) String);

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) id: Id,
    pub(crate) created_at: f64,
    pub(crate) updated_at: f64,
    #[schema(required)]
    pub(crate) deleted_at: Option<f64>,
    /// Null on the default rule.
    #[schema(required)]
    pub(crate) created_by: Option<Id>,
    pub(crate) channel: Id,
    pub(crate) kind: Kind,
    pub(crate) order: u16,
    pub(crate) target: Target,
    /// Shown with `lead_channel_rule.user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<User>)]
    pub(crate) user: Option<Option<User>>,
    /// Shown with `lead_channel_rule.brand`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Brand>)]
    pub(crate) brand: Option<Option<Brand>>,
    /// Shown with `lead_channel_rule.group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Group>)]
    pub(crate) group: Option<Option<Group>>,
    /// Shown with `lead_channel_rule.flow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Flow>)]
    pub(crate) flow: Option<Option<Flow>>,
    pub(crate) is_default: bool,
    /// Shown with `lead_channel_rule.conditions`; null where a rule has none, as the default rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Condition>>)]
    pub(crate) conditions: Option<Option<Vec<Condition>>>,
    #[serde(rename = "type")]
    pub(crate) object: RuleType,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum RuleType {
    #[default]
    #[serde(rename = "lead_channel_rule")]
    LeadChannelRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Kind {
    #[serde(rename = "AND")]
    And,
    #[serde(rename = "OR")]
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Target {
    Group,
    User,
    Brand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operator {
    Eq,
    Any,
    All,
    Gte,
    Lte,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Distribution {
    RoundRobin,
    FirstToClaim,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) id: Id,
    pub(crate) created_at: f64,
    pub(crate) rule: Id,
    pub(crate) order: u16,
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// As it was written.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Box<RawValue>,
    pub(crate) negated: bool,
    #[serde(rename = "type")]
    pub(crate) object: ConditionType,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum ConditionType {
    #[default]
    #[serde(rename = "lead_channel_rule_condition")]
    LeadChannelRuleCondition,
}

/// A rule as it is written. A PUT replaces every field: absent is null or empty.
#[derive(Debug, Deserialize)]
pub(crate) struct RuleInput {
    pub(crate) target: Target,
    pub(crate) kind: Kind,
    #[serde(deserialize_with = "whole")]
    pub(crate) order: i64,
    pub(crate) flow: Option<Id>,
    pub(crate) user: Option<Id>,
    pub(crate) group: Option<Id>,
    pub(crate) brand: Option<Id>,
    pub(crate) conditions: Option<Vec<ConditionInput>>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ConditionInput {
    /// One of the routable fields.
    #[schema(schema_with = document::routable)]
    pub(crate) field: String,
    pub(crate) operator: Operator,
    /// A scalar, null, or a list of scalars, as the operator wants it. Must be given, be it null.
    #[schema(schema_with = document::condition_value, required)]
    pub(crate) value: Box<RawValue>,
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schema(minimum = 0, maximum = 32767)]
    pub(crate) order: Option<i64>,
    pub(crate) negated: Option<bool>,
}

/// One rule's new place.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RulePlace {
    pub(crate) id: Id,
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 32767)]
    pub(crate) order: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) id: Id,
    pub(crate) created_at: f64,
    pub(crate) updated_at: f64,
    #[schema(required)]
    pub(crate) created_by: Option<Id>,
    pub(crate) brand: Id,
    pub(crate) name: String,
    #[schema(required)]
    pub(crate) description: Option<String>,
    pub(crate) distribution: Distribution,
    #[serde(rename = "type")]
    pub(crate) object: GroupType,
    /// Not the vendor's: shown with `lead_routing_group.members`, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) members: Option<Vec<Member>>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum GroupType {
    #[default]
    #[serde(rename = "lead_routing_group")]
    LeadRoutingGroup,
}

/// Not the vendor's: who a group distributes among.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    pub(crate) user: MemberUser,
    pub(crate) order: u16,
    pub(crate) brand: Id,
    pub(crate) weight: u32,
    #[serde(rename = "type")]
    pub(crate) object: MemberType,
}

/// The bare id, or with `lead_routing_group_member.user` the whole user (null when that user is gone).
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MemberUser {
    Id(Id),
    Whole(Option<Box<User>>),
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum MemberType {
    #[default]
    #[serde(rename = "lead_routing_group_member")]
    LeadRoutingGroupMember,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewGroup {
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    pub(crate) name: String,
    #[schema(max_length = 16384)]
    pub(crate) description: Option<String>,
    /// When given, the brand of the path.
    pub(crate) brand: Option<Id>,
    pub(crate) distribution: Distribution,
    /// Obeyed where the key acts as no user.
    pub(crate) created_by: Option<Id>,
    #[schema(max_items = 1000)]
    pub(crate) members: Option<Vec<MemberInput>>,
}

/// What is not named stays as it is. `members` replaces them all.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct GroupPatch {
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>, max_length = 16384)]
    pub(crate) description: Option<Option<String>>,
    pub(crate) distribution: Option<Distribution>,
    #[schema(max_items = 1000)]
    pub(crate) members: Option<Vec<MemberInput>>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) struct MemberInput {
    pub(crate) user: Id,
    /// Its place in the list when absent.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schema(minimum = 0, maximum = 32767)]
    pub(crate) order: Option<i64>,
    /// The group's brand when absent.
    pub(crate) brand: Option<Id>,
    /// Not the vendor's: turns per round, 1 when absent.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schema(minimum = 1, maximum = 40)]
    pub(crate) weight: Option<i64>,
}

/// A lead has no `type` and no `updated_at`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lead {
    pub(crate) id: Id,
    pub(crate) contact: Id,
    pub(crate) lead_channel: Id,
    /// What was sent, as it was sent; a form's decoded fields.
    #[schema(value_type = Object)]
    pub(crate) raw_payload: Box<RawValue>,
    /// The part of it that was understood, as it was sent.
    #[schema(value_type = Object)]
    pub(crate) parsed_payload: Box<RawValue>,
    #[schema(required)]
    pub(crate) source_type: Option<String>,
    pub(crate) created_at: f64,
}

/// A lead and where it goes.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Capture {
    #[schema(schema_with = document::metadata)]
    pub(crate) metadata: Metadata,
    #[schema(value_type = super::payload::LeadPayload)]
    pub(crate) lead: Box<RawValue>,
}

/// Where a lead goes. One of the two must be given; the channel wins where both are.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// Id or capture token of the channel.
    pub(crate) lead_channel: Option<String>,
    /// Campaigns are not served: no such e-mail is ever found.
    pub(crate) email_campaign_email: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flow {
    pub(crate) id: Id,
    pub(crate) created_at: f64,
    pub(crate) updated_at: f64,
    #[schema(required)]
    pub(crate) deleted_at: Option<f64>,
    pub(crate) brand: Id,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) object: FlowType,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum FlowType {
    #[default]
    #[serde(rename = "flow")]
    Flow,
}

/// Names stand in the order of the vendor's page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    #[serde(rename = "type")]
    pub(crate) object: UserType,
    #[schema(required)]
    pub(crate) username: Option<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
    #[schema(required)]
    pub(crate) phone_number: Option<String>,
    pub(crate) created_at: f64,
    pub(crate) id: Id,
    #[schema(required)]
    pub(crate) address_id: Option<String>,
    #[schema(required)]
    pub(crate) cover_image_url: Option<String>,
    #[schema(required)]
    pub(crate) profile_image_url: Option<String>,
    pub(crate) updated_at: f64,
    pub(crate) user_status: String,
    #[schema(required)]
    pub(crate) profile_image_thumbnail_url: Option<String>,
    #[schema(required)]
    pub(crate) cover_image_thumbnail_url: Option<String>,
    pub(crate) email_confirmed: bool,
    /// The user's zone, else the zone of the user's first brand.
    pub(crate) timezone: String,
    pub(crate) user_type: String,
    #[schema(required)]
    pub(crate) deleted_at: Option<f64>,
    pub(crate) phone_confirmed: bool,
    #[schema(required)]
    pub(crate) is_shadow: Option<bool>,
    #[schema(required)]
    pub(crate) personal_room: Option<String>,
    #[schema(required)]
    pub(crate) brand: Option<String>,
    #[schema(required)]
    pub(crate) fake_email: Option<bool>,
    #[schema(required)]
    pub(crate) features: Option<Vec<String>>,
    #[schema(required)]
    pub(crate) last_seen_at: Option<f64>,
    #[schema(required)]
    pub(crate) email_signature: Option<String>,
    pub(crate) daily_enabled: bool,
    #[schema(required)]
    pub(crate) email_quota: Option<i64>,
    #[schema(required)]
    pub(crate) website: Option<String>,
    #[schema(required)]
    pub(crate) instagram: Option<String>,
    #[schema(required)]
    pub(crate) twitter: Option<String>,
    #[schema(required)]
    pub(crate) linkedin: Option<String>,
    #[schema(required)]
    pub(crate) youtube: Option<String>,
    #[schema(required)]
    pub(crate) facebook: Option<String>,
    #[schema(required)]
    pub(crate) designation: Option<String>,
    #[schema(required)]
    pub(crate) tiktok: Option<String>,
    pub(crate) mfa_enabled: bool,
    #[schema(required)]
    pub(crate) xpressdocs_user_id: Option<String>,
    #[schema(required)]
    pub(crate) bio: Option<String>,
    /// The clock of the user's zone, as in `12:54 PM - Thursday Jul 02, 2026`.
    pub(crate) current_time: String,
    pub(crate) push_allowed: bool,
    #[schema(required)]
    pub(crate) agents: Option<Vec<String>>,
    #[schema(required)]
    pub(crate) last_seen_type: Option<String>,
    /// The first brand the user works in.
    #[schema(required)]
    pub(crate) active_brand: Option<Id>,
    pub(crate) display_name: String,
    pub(crate) abbreviated_display_name: String,
    pub(crate) online_state: String,
    pub(crate) has_password: bool,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum UserType {
    #[default]
    #[serde(rename = "user")]
    User,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Brand {
    pub(crate) id: Id,
    pub(crate) created_at: f64,
    pub(crate) updated_at: f64,
    #[schema(value_type = Option<Object>, required)]
    pub(crate) palette: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>, required)]
    pub(crate) assets: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>, required)]
    pub(crate) messages: Option<Map<String, Value>>,
    #[schema(required)]
    pub(crate) parent: Option<Id>,
    pub(crate) name: String,
    #[schema(required)]
    pub(crate) deleted_at: Option<f64>,
    pub(crate) training: bool,
    pub(crate) brand_type: String,
    /// The brand's parent, its parent, and so on; null for a root.
    #[schema(required)]
    pub(crate) parents: Option<Vec<Id>>,
    #[serde(rename = "type")]
    pub(crate) object: BrandType,
    #[schema(required)]
    pub(crate) hostnames: Option<Vec<String>>,
    pub(crate) member_count: usize,
    #[schema(required)]
    pub(crate) base_url: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) enum BrandType {
    #[default]
    #[serde(rename = "brand")]
    Brand,
}

/// Tells `null` (inner `None`) from a field that is not there.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}
