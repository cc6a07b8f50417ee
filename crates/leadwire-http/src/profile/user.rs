//! The profile of a user: fields only vendors have words for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What vendors show of a user beyond the core's fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover_image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover_image_thumbnail_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_image_thumbnail_url: Option<String>,
    /// `Active` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_status: Option<String>,
    /// `Agent` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_shadow: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fake_email: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_type: Option<String>,
    /// `Offline` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_quota: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instagram: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twitter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linkedin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub youtube: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facebook: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiktok: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub designation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_password: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_allowed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpressdocs_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<Vec<String>>,
}
