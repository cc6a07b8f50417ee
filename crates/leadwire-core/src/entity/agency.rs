//! The agency's tree: brands, the users in them, the groups they form, and the keys that open it.

use std::collections::BTreeSet;

use super::{Distribution, Profile};
use crate::Time;
use crate::id::{BrandId, GroupId, KeyId, UserId};

/// A node of an agency's tree. The root has the agency's id and no parent.
#[derive(Clone, Debug, PartialEq)]
pub struct Brand {
    pub id: BrandId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub parent: Option<BrandId>,
    pub name: String,
    /// `Brokerage`, `Office`, `Team`, `Region` …: free, shown as given.
    pub brand_type: String,
    /// IANA name.
    pub timezone: String,
    /// ISO 3166-1 alpha-2: how a phone number without a country code is read.
    pub default_country: String,
    pub profile: Profile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Writes configuration, sees everything of the brand.
    Admin,
    /// Sees and works the brand's conversations.
    Agent,
    /// Sees, writes nothing.
    Reader,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub brand: BrandId,
    pub role: Role,
    /// An agent who sees only what he owns or is offered.
    pub own_only: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: UserId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone_number: Option<String>,
    /// IANA name; the brand's when absent.
    pub timezone: Option<String>,
    /// The brands this user works in; a membership holds for the brand's subtree. Never empty.
    pub memberships: Vec<Membership>,
    /// MLS and agent id, by which a captured lead may name this user.
    pub mls_ids: Vec<(String, String)>,
    pub profile: Profile,
}

/// What a key may do. The name is what is written in `scopes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeName {
    /// Reads leads, conversations, contacts, messages, the feed.
    Read,
    /// Writes them, captures, claims.
    Write,
    /// Writes configuration and keys.
    Admin,
    /// Sees third parties' tokens.
    Secrets,
    /// Makes new agencies.
    Operator,
}

/// SHA-256 of the key as it was shown once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub [u8; 32]);

#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    pub id: KeyId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    /// A deleted key opens nothing, at once.
    pub deleted_at: Option<Time>,
    pub name: String,
    /// The brand whose subtree the key sees.
    pub brand: BrandId,
    /// The user it acts as, if any: then no more than that user may.
    pub user: Option<UserId>,
    pub scopes: BTreeSet<ScopeName>,
    pub expires_at: Option<Time>,
    pub hash: KeyHash,
    /// The first characters of the key, to tell keys apart in a list.
    pub hint: String,
}

/// Who leads are distributed among.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub id: GroupId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub created_by: Option<UserId>,
    pub brand: BrandId,
    pub name: String,
    pub description: Option<String>,
    pub distribution: Distribution,
    /// In the order given; unique by user.
    pub members: Vec<Member>,
    /// How long an offer stands, 15 s to 30 min.
    pub claim_timeout_secs: u32,
    pub profile: Profile,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub brand: BrandId,
    pub order: u16,
    /// 1 to 40 turns per round.
    pub weight: u32,
}
