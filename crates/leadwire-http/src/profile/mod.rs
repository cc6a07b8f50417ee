//! Fields of vendors that the core has no use for: one flat, closed object per core object, all optional, under our own
//! names. The core carries it as opaque text; `/v1` writes it and the dialects map from it.

mod brand;
mod source;
mod user;

use std::sync::Arc;

use leadwire_core::entity::Profile;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use brand::BrandProfile;
pub use source::SourceProfile;
pub use user::UserProfile;

/// The profile as its object. What an older version wrote and this one cannot read counts as not there.
pub fn read<T: DeserializeOwned + Default>(profile: &Profile) -> T {
    profile.as_deref().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
}

/// The profile as it is stored: fields without a value are left out, and an empty object is none.
pub fn write<T: Serialize>(profile: &T) -> Profile {
    let text = serde_json::to_string(profile).unwrap_or_default();
    (text != "{}" && !text.is_empty()).then(|| Arc::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_reads_back_and_an_empty_one_is_none() {
        let profile = UserProfile { username: Some("ada".to_owned()), email_quota: Some(3), ..UserProfile::default() };
        let stored = write(&profile);
        assert_eq!(stored.as_deref(), Some(r#"{"username":"ada","email_quota":3}"#));
        assert_eq!(read::<UserProfile>(&stored), profile);
        assert_eq!(write(&UserProfile::default()), None);
        assert_eq!(read::<UserProfile>(&Some(Arc::from("nonsense"))), UserProfile::default());
    }

    #[test]
    fn a_profile_is_closed() {
        assert!(serde_json::from_str::<BrandProfile>(r#"{"training":true}"#).is_ok());
        assert!(serde_json::from_str::<BrandProfile>(r#"{"trainin":true}"#).is_err());
    }
}
