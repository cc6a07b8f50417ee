//! CloseBot's JSON, exactly as it stands on the wire, and nothing else. camelCase; absent values are `null`, never left
//! out; times are RFC 3339 in UTC with `Z`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::kit::id::Id;
use crate::kit::whole::whole_or_null;

/// What to search for. Every member may be left out or be null; members we do not know are passed over.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchQueryInput {
    /// Only the total; `leads` is then empty.
    pub(crate) total_only: Option<bool>,
    /// A hint; it never changes the answer.
    pub(crate) source_only_fast: Option<bool>,
    /// Leads passed over; 0 unless given.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub(crate) offset: Option<i32>,
    /// Leads given at most; 20 unless given, and never more than 100.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub(crate) count: Option<i32>,
    /// Words that all occur in the lead's name, e-mail, phone, ids, tags, fields or messages.
    #[schema(max_length = 1024)]
    pub(crate) search: Option<String>,
    /// Empty is the same as null: no filter. Ids of no source match nothing.
    #[schema(max_items = 1000)]
    pub(crate) source_ids: Option<Vec<String>>,
    /// Channels of the last message: `WhatsApp`, `GMB`, `Live_Chat`, `SMS`, `Email`, `FB`, `IG`, `Custom`, or the name
    /// of a message type.
    #[schema(max_items = 1000)]
    pub(crate) channels: Option<Vec<String>>,
    /// Bots at work on the lead, or that wrote to it.
    #[schema(max_items = 1000)]
    pub(crate) bot_ids: Option<Vec<String>>,
    /// The same, by the bots' personas.
    #[schema(max_items = 1000)]
    pub(crate) persona_ids: Option<Vec<String>>,
    /// Bot replies at least.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schema(minimum = -2_147_483_648, maximum = 2_147_483_647)]
    pub(crate) minimum_responses: Option<i32>,
    /// `in` or `out`; `inbound` and `outbound` are understood too, in any case.
    #[schema(schema_with = direction_asked)]
    pub(crate) last_message_direction: Option<String>,
    /// Whether some follow-up lies ahead.
    pub(crate) follow_up_scheduled: Option<bool>,
}

/// Which way the last message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    In,
    Out,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchResult {
    pub(crate) leads: Vec<Lead>,
    /// Every match, before `offset` and `count`.
    pub(crate) total: u64,
}

/// What is answered: the present shape, or on request the bare list of old.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SearchAnswer {
    Result(SearchResult),
    Bare(Vec<Lead>),
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Lead {
    /// Id of the conversation.
    pub(crate) id: Id,
    #[schema(required)]
    pub(crate) name: Option<String>,
    /// The shown source's own id for the contact where it has one, else our contact id.
    pub(crate) contact_id: String,
    /// Null while nothing has been said.
    #[schema(required, format = DateTime)]
    pub(crate) last_message_time: Option<String>,
    #[schema(required)]
    pub(crate) last_message: Option<String>,
    /// `in` or `out`.
    #[schema(required)]
    pub(crate) last_message_direction: Option<Direction>,
    #[schema(required)]
    pub(crate) last_message_bot_id: Option<Id>,
    #[schema(required)]
    pub(crate) most_recent_failure_reason: Option<String>,
    #[schema(required)]
    pub(crate) mimic_source_id: Option<Id>,
    pub(crate) starred: bool,
    pub(crate) unread: bool,
    /// The source last seen, among those asked for when some are.
    #[schema(required)]
    pub(crate) source: Option<LeadSource>,
    #[schema(required, format = DateTime)]
    pub(crate) wont_respond_until: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) instances: Vec<Instance>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LeadSource {
    #[schema(required)]
    pub(crate) name: Option<String>,
    pub(crate) id: Id,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Field {
    #[serde(rename = "field")]
    pub(crate) key: String,
    #[schema(required)]
    pub(crate) name: Option<String>,
    pub(crate) value: String,
    pub(crate) ai_produced: bool,
}

/// A bot at work on the lead.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Instance {
    pub(crate) bot_id: Id,
    #[schema(required)]
    pub(crate) bot_version: Option<String>,
    pub(crate) follow_up_timezone_kind: String,
    #[schema(required)]
    pub(crate) follow_up_timezone: Option<String>,
    #[schema(required, format = DateTime)]
    pub(crate) follow_up_time: Option<String>,
    pub(crate) is_smart_follow_up_time: bool,
    #[schema(required, format = DateTime)]
    pub(crate) schedule_respond_time: Option<String>,
}

/// Every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProblemDetails {
    pub(crate) r#type: String,
    pub(crate) title: String,
    pub(crate) status: u16,
    #[schema(required)]
    pub(crate) detail: Option<String>,
    #[schema(required)]
    pub(crate) instance: Option<String>,
    /// What is wrong, by member; `$` is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) errors: Option<BTreeMap<String, Vec<String>>>,
}

/// Any spelling of a direction, in any case; the lower-case ones are those to use.
fn direction_asked() -> ObjectBuilder {
    let words = ["in", "out", "inbound", "outbound"].map(Value::from);
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).enum_values(Some(words.into_iter().chain([Value::Null])))
}
