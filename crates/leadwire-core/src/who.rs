//! Who asks, and what they may. Decided here once, for every surface, from the configuration of the moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Time;
use crate::config::Config;
use crate::entity::{Role, ScopeName};
use crate::id::{AgencyId, BrandId, KeyId, SourceId, UserId};
use crate::refusal::{Forbidden, Refusal, Thing};
use crate::search::Scope;

/// Who asks. A surface turns its credential into this; everything else is looked up when it is used, so a revoked
/// key loses at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Key {
        agency: AgencyId,
        key: KeyId,
    },
    /// Nobody: the capture path of one source, by its id or token.
    Keyless {
        agency: AgencyId,
        source: SourceId,
    },
    /// The server itself: first start, demo, maintenance.
    System {
        agency: AgencyId,
    },
}

/// What the asker may, as of one configuration.
#[derive(Clone, Debug)]
pub struct Rights {
    /// The brand whose subtree is seen.
    pub brand: BrandId,
    /// That subtree.
    pub brands: Arc<BTreeSet<BrandId>>,
    pub user: Option<UserId>,
    pub role: Role,
    /// Sees only conversations this user owns or is offered.
    pub own_only: Option<UserId>,
    pub scopes: BTreeSet<ScopeName>,
}

impl Who {
    pub fn agency(&self) -> AgencyId {
        match *self {
            Self::Key { agency, .. } | Self::Keyless { agency, .. } | Self::System { agency } => agency,
        }
    }

    /// What this asker may now. A keyless asker has no rights: capture is checked on its own path.
    pub fn rights(&self, config: &Config, now: Time) -> Result<Rights, Refusal> {
        match *self {
            Self::Keyless { .. } => Err(Refusal::Unauthorized),
            Self::System { agency } => Ok(Rights {
                brand: agency.root(),
                brands: config.subtree(agency.root()),
                user: None,
                role: Role::Admin,
                own_only: None,
                scopes: ScopeName::ALL.into_iter().collect(),
            }),
            Self::Key { key, .. } => key_rights(config, key, now),
        }
    }
}

fn key_rights(config: &Config, key: KeyId, now: Time) -> Result<Rights, Refusal> {
    let key = config.key(key).filter(|it| it.expires_at.is_none_or(|at| now < at)).ok_or(Refusal::Unauthorized)?;
    if config.brand(key.brand).is_none() {
        return Err(Refusal::Unauthorized);
    }
    let all = config.subtree(key.brand);
    let Some(user) = key.user else {
        return Ok(Rights { brand: key.brand, brands: all, user: None, role: Role::Admin, own_only: None, scopes: key.scopes.clone() });
    };
    let user = config.user(user).ok_or(Refusal::Unauthorized)?;
    let mut brands = BTreeSet::new();
    let mut weakest = None;
    let mut own_only = false;
    for membership in &user.memberships {
        let covered: Vec<BrandId> = config.subtree(membership.brand).intersection(&all).copied().collect();
        if covered.is_empty() {
            continue;
        }
        brands.extend(covered);
        weakest = weakest.max(Some(membership.role));
        own_only |= membership.own_only;
    }
    // One key, one role: where memberships differ the weakest holds, and a key of the narrower brand has the other.
    let role = weakest.ok_or(Refusal::Unauthorized)?;
    let own_only = (own_only && role != Role::Admin).then_some(user.id);
    let brands = if brands == *all { all } else { Arc::new(brands) };
    Ok(Rights { brand: key.brand, brands, user: Some(user.id), role, own_only, scopes: key.scopes.clone() })
}

impl Rights {
    fn scope(&self, scope: ScopeName) -> Result<(), Refusal> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Refusal::Forbidden(Forbidden::Scope(scope))) }
    }

    pub fn may_read(&self) -> Result<(), Refusal> {
        self.scope(ScopeName::Read)
    }

    pub fn may_write(&self) -> Result<(), Refusal> {
        self.scope(ScopeName::Write)?;
        if self.role == Role::Reader { Err(Refusal::Forbidden(Forbidden::Role(Role::Agent))) } else { Ok(()) }
    }

    pub fn may_configure(&self) -> Result<(), Refusal> {
        self.scope(ScopeName::Admin)?;
        if self.role == Role::Admin { Ok(()) } else { Err(Refusal::Forbidden(Forbidden::Role(Role::Admin))) }
    }

    pub fn may_operate(&self) -> Result<(), Refusal> {
        self.scope(ScopeName::Operator)
    }

    pub fn sees_secrets(&self) -> bool {
        self.scopes.contains(&ScopeName::Secrets)
    }

    pub fn sees_brand(&self, brand: BrandId) -> bool {
        self.brands.contains(&brand)
    }

    /// The brand, if it may be seen; else as if it were not there.
    pub fn brand_seen(&self, brand: BrandId) -> Result<BrandId, Refusal> {
        if self.sees_brand(brand) { Ok(brand) } else { Err(Refusal::NotFound(Thing::Brand)) }
    }

    /// Whether this user works in a brand that is seen.
    pub fn sees_user(&self, config: &Config, user: UserId) -> bool {
        self.brands.iter().any(|it| config.works_in(user, *it))
    }

    /// What searches are confined to.
    pub fn search_scope(&self) -> Scope {
        Scope { brands: Arc::clone(&self.brands), own_only: self.own_only }
    }

    /// Whether this conversation may be seen.
    pub fn sees(&self, conversation: &crate::entity::Conversation) -> bool {
        self.sees_brand(conversation.brand)
            && self.own_only.is_none_or(|user| conversation.owner == Some(user) || conversation.offered_to.contains(&user))
    }
}

impl ScopeName {
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Admin, Self::Secrets, Self::Operator];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Secrets => "secrets",
            Self::Operator => "operator",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Admin, Self::Agent, Self::Reader];

    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Reader => "reader",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}
