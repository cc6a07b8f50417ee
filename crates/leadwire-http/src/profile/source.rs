//! The profile of a source: fields only vendors have words for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What vendors show of a source beyond the core's fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceProfile {
    /// A second name of a lead channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}
