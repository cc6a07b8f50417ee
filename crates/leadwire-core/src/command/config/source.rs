//! Sources: the ways in. Rechat's lead channel is a source.

use std::sync::Arc;

use crate::entity::{CaptureMode, Profile, RuleSet, Source, SourceCount};
use crate::id::{BrandId, SourceId};

/// A source with what is shown beside it.
#[derive(Clone, Debug)]
pub struct SourceView {
    pub source: Arc<Source>,
    pub rules: Arc<RuleSet>,
    /// All zero before the first capture.
    pub count: Arc<SourceCount>,
}

/// How it takes leads in, as far as it is named; the rest stays, or is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureChange {
    pub mode: Option<CaptureMode>,
    pub allowed_origins: Option<Vec<String>>,
    pub per_minute_per_address: Option<u32>,
    pub per_second: Option<u32>,
    pub obey_keyless_assignees: Option<bool>,
    pub sticky: Option<bool>,
    pub fingerprint_secs: Option<u32>,
}

/// With its default rule and its capture token.
#[derive(Clone, Debug)]
pub struct CreateSource {
    pub brand: BrandId,
    pub name: Option<String>,
    /// `WebHook` when absent.
    pub category: Option<String>,
    pub protocol: Option<String>,
    pub mls: Option<Vec<String>>,
    pub capture: CaptureChange,
    pub profile: Profile,
}

/// `None` leaves a part as it is; `Some(None)` clears it.
#[derive(Clone, Debug)]
pub struct UpdateSource {
    pub id: SourceId,
    /// Exactly this brand's source, else not found: what a brand in a path means.
    pub within: Option<BrandId>,
    pub if_match: Option<u64>,
    pub name: Option<Option<String>>,
    pub category: Option<String>,
    pub protocol: Option<Option<String>>,
    pub mls: Option<Option<Vec<String>>>,
    pub capture: CaptureChange,
    pub profile: Option<Profile>,
}

/// Capture stops; conversations stay. A brand's default channel stays too.
#[derive(Clone, Debug)]
pub struct DeleteSource {
    pub id: SourceId,
    pub within: Option<BrandId>,
    pub if_match: Option<u64>,
}

/// A new capture token; the old one stays good for [`crate::limits::TOKEN_GRACE_SECS`].
#[derive(Clone, Debug)]
pub struct RotateToken {
    pub id: SourceId,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateSource => SourceView; UpdateSource => SourceView; DeleteSource => (); RotateToken => SourceView; }
