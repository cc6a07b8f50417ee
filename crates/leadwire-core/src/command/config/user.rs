//! Users: the people who work leads, and the brands they work in.

use std::sync::Arc;

use crate::entity::{Membership, Profile, User};
use crate::id::UserId;

#[derive(Clone, Debug)]
pub struct CreateUser {
    /// At least one; unique by brand.
    pub memberships: Vec<Membership>,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone_number: Option<String>,
    /// IANA name.
    pub timezone: Option<String>,
    /// MLS and agent id.
    pub mls_ids: Vec<(String, String)>,
    pub profile: Profile,
}

/// `None` leaves a part as it is; `Some(None)` clears it.
#[derive(Clone, Debug)]
pub struct UpdateUser {
    pub id: UserId,
    pub if_match: Option<u64>,
    /// Replaces all of them.
    pub memberships: Option<Vec<Membership>>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<Option<String>>,
    pub timezone: Option<Option<String>>,
    pub mls_ids: Option<Vec<(String, String)>>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct DeleteUser {
    pub id: UserId,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateUser => Arc<User>; UpdateUser => Arc<User>; DeleteUser => (); }
