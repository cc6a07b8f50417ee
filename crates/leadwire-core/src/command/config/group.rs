//! Groups: who leads are distributed among, and how.

use std::sync::Arc;

use crate::entity::{Distribution, Group, Profile};
use crate::id::{BrandId, GroupId, UserId};

#[derive(Clone, Debug)]
pub struct MemberInput {
    pub user: UserId,
    /// 0 to 32767; its place in the list, from 1, when absent.
    pub order: Option<i64>,
    /// The group's when absent.
    pub brand: Option<BrandId>,
    /// 1 to 40; 1 when absent.
    pub weight: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct CreateGroup {
    pub brand: BrandId,
    pub name: String,
    pub description: Option<String>,
    pub distribution: Distribution,
    /// Unique by user.
    pub members: Vec<MemberInput>,
    /// 15 to 1800; 300 when absent.
    pub claim_timeout_secs: Option<i64>,
    /// The asker's user when absent.
    pub created_by: Option<UserId>,
    pub profile: Profile,
}

/// `None` leaves a part as it is; `Some(None)` clears it.
#[derive(Clone, Debug)]
pub struct UpdateGroup {
    pub id: GroupId,
    /// Exactly this brand's group, else not found.
    pub within: Option<BrandId>,
    pub if_match: Option<u64>,
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub distribution: Option<Distribution>,
    /// Replaces all of them.
    pub members: Option<Vec<MemberInput>>,
    pub claim_timeout_secs: Option<i64>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct DeleteGroup {
    pub id: GroupId,
    pub within: Option<BrandId>,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateGroup => Arc<Group>; UpdateGroup => Arc<Group>; DeleteGroup => (); }
