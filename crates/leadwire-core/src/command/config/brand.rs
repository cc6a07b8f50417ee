//! Brands: the tree of an agency, and the founding of one.

use std::sync::Arc;

use super::key::NewKey;
use crate::entity::{ApiKey, Brand, Profile};
use crate::id::BrandId;

use super::source::SourceView;

/// A brand below another. It gets its default channel.
#[derive(Clone, Debug)]
pub struct CreateBrand {
    pub parent: BrandId,
    pub name: String,
    pub brand_type: Option<String>,
    /// IANA name; the parent's when absent.
    pub timezone: Option<String>,
    /// Two ASCII letters; the parent's when absent.
    pub default_country: Option<String>,
    pub profile: Profile,
}

/// A new agency: its root brand, that brand's default channel, and its first admin key.
///
/// Runs as [`Who::System`](crate::who::Who::System) of the *new* agency, whose id the surface draws. Whether the asker
/// may is asked before, by [`crate::read::may_found_agency`].
#[derive(Clone, Debug)]
pub struct FoundAgency {
    pub name: String,
    pub brand_type: Option<String>,
    pub timezone: Option<String>,
    pub default_country: Option<String>,
    pub profile: Profile,
    pub admin_key: NewKey,
    /// Whether that key makes further agencies: true for the server's first key only.
    pub operator: bool,
}

#[derive(Clone, Debug)]
pub struct Founded {
    pub brand: Arc<Brand>,
    pub key: Arc<ApiKey>,
    pub channel: SourceView,
}

/// `None` leaves a part as it is.
#[derive(Clone, Debug)]
pub struct UpdateBrand {
    pub id: BrandId,
    pub if_match: Option<u64>,
    pub parent: Option<BrandId>,
    pub name: Option<String>,
    pub brand_type: Option<String>,
    pub timezone: Option<String>,
    pub default_country: Option<String>,
    pub profile: Option<Profile>,
}

/// Its sources stop taking leads with it. A brand with brands below it, and an agency's root, stay.
#[derive(Clone, Debug)]
pub struct DeleteBrand {
    pub id: BrandId,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateBrand => Arc<Brand>; FoundAgency => Founded; UpdateBrand => Arc<Brand>; DeleteBrand => (); }
