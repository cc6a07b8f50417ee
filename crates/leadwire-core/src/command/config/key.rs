//! API keys. The surface makes the secret and shows it once; here only its hash arrives.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Time;
use crate::entity::{ApiKey, KeyHash, ScopeName};
use crate::id::{BrandId, KeyId, UserId};

/// What is kept of a key the surface generated; see [`crate::secret`].
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    pub hash: KeyHash,
    /// Its first characters.
    pub hint: String,
}

#[derive(Clone, Debug)]
pub struct CreateKey {
    pub key: NewKey,
    pub brand: BrandId,
    pub user: Option<UserId>,
    /// Without: every scope of the maker but `operator` and `secrets`. With: only such as the maker has.
    pub scopes: Option<BTreeSet<ScopeName>>,
    pub expires_at: Option<Time>,
}

/// What a key opens never changes; its name and its end do.
#[derive(Clone, Debug)]
pub struct UpdateKey {
    pub id: KeyId,
    pub if_match: Option<u64>,
    pub name: Option<String>,
    pub expires_at: Option<Option<Time>>,
}

/// The key opens nothing from the next command on.
#[derive(Clone, Debug)]
pub struct DeleteKey {
    pub id: KeyId,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateKey => Arc<ApiKey>; UpdateKey => Arc<ApiKey>; DeleteKey => (); }
