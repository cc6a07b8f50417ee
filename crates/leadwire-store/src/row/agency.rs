//! Brands, users, keys and groups.

use std::collections::BTreeSet;

use leadwire_core::Time;
use leadwire_core::entity::{ApiKey, Brand, Distribution, Group, KeyHash, Member, Membership, Profile, Role, ScopeName, User};
use leadwire_core::id::{BrandId, GroupId, KeyId, UserId};
use serde::{Deserializer, Serializer};

use super::{Mirror, body, mirror};
use crate::table::versioned;

versioned!(Brand, "brand", BrandId);
versioned!(User, "user", UserId);
versioned!(ApiKey, "api_key", KeyId);
versioned!(Group, "group", GroupId);

body!(Brand, apart { id: BrandId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    parent: Option<BrandId>,
    name: String,
    brand_type: String,
    timezone: String,
    default_country: String,
    profile: Profile,
});

body!(User, apart { id: UserId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    first_name: String,
    last_name: String,
    email: String,
    phone_number: Option<String>,
    timezone: Option<String>,
    memberships: Vec<Membership>,
    mls_ids: Vec<(String, String)>,
    profile: Profile,
});

mirror!(Membership { brand: BrandId, role: Role, own_only: bool });

body!(ApiKey, apart { id: KeyId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    name: String,
    brand: BrandId,
    user: Option<UserId>,
    scopes: BTreeSet<ScopeName>,
    expires_at: Option<Time>,
    hash: KeyHash,
    hint: String,
});

impl Mirror for KeyHash {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.write(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <[u8; 32]>::read(from).map(Self)
    }
}

#[cfg(test)]
impl super::arb::Arb for KeyHash {
    fn arb(source: &mut super::arb::Source) -> Self {
        Self(super::arb::Arb::arb(source))
    }
}

body!(Group, apart { id: GroupId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    created_by: Option<UserId>,
    brand: BrandId,
    name: String,
    description: Option<String>,
    distribution: Distribution,
    members: Vec<Member>,
    claim_timeout_secs: u32,
    profile: Profile,
});

mirror!(Member { user: UserId, brand: BrandId, order: u16, weight: u32 });
