//! The profile of a brand: fields only vendors have words for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What vendors show of a brand beyond the core's fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BrandProfile {
    /// Colours by their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub palette: Option<Map<String, Value>>,
    /// Pictures by their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub assets: Option<Map<String, Value>>,
    /// Texts by their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub messages: Option<Map<String, Value>>,
    /// A brand to practise with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostnames: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}
