//! API keys. The surface makes the secret and shows it once; here only its hash arrives.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::{admin, row, user_seen, version};
use crate::Time;
use crate::command::check::Checks;
use crate::entity::{ApiKey, KeyHash, ScopeName};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, KeyId, UserId};
use crate::port::{Command, Halt, Tx};
use crate::read::configured;
use crate::refusal::{Forbidden, Refusal, Thing};
use crate::who::{Rights, Who};

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

impl NewKey {
    pub(super) fn check(&self, checks: &mut Checks, at: &str) {
        checks.name(at, &self.name);
    }

    pub(super) fn put(
        &self,
        tx: &mut Tx<'_>,
        brand: BrandId,
        user: Option<UserId>,
        scopes: BTreeSet<ScopeName>,
        expires_at: Option<Time>,
    ) -> Arc<ApiKey> {
        let id = tx.id();
        let key = tx.put(ApiKey {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            name: self.name.trim().to_owned(),
            brand,
            user,
            scopes,
            expires_at,
            hash: self.hash,
            hint: self.hint.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Key(key.id), change: Change::Created });
        key
    }
}

impl Command for CreateKey {
    type Outcome = Arc<ApiKey>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<ApiKey>, Halt> {
        let rights = admin(who, tx)?;
        rights.brand_seen(self.brand)?;
        let scopes = self.scopes_granted(&rights)?;
        let mut checks = Checks::default();
        self.key.check(&mut checks, "/name");
        checks.that(!scopes.is_empty(), "/scopes", "is empty");
        checks.that(self.expires_at.is_none_or(|it| tx.now < it), "/expires_at", "has passed");
        if let Some(user) = self.user {
            let user = user_seen(tx, &rights, user)?;
            let below = tx.config.subtree(self.brand);
            let works = user.memberships.iter().any(|it| !tx.config.subtree(it.brand).is_disjoint(&below));
            checks.that(works, "/user", "does not work in the brand");
        }
        checks.done()?;
        Ok(self.key.put(tx, self.brand, self.user, scopes, self.expires_at))
    }
}

impl CreateKey {
    fn scopes_granted(&self, maker: &Rights) -> Result<BTreeSet<ScopeName>, Refusal> {
        let Some(asked) = &self.scopes else {
            let mut scopes = maker.scopes.clone();
            scopes.retain(|it| !matches!(it, ScopeName::Operator | ScopeName::Secrets));
            return Ok(scopes);
        };
        match asked.difference(&maker.scopes).next() {
            Some(lacking) => Err(Refusal::Forbidden(Forbidden::Scope(*lacking))),
            None => Ok(asked.clone()),
        }
    }
}

impl Command for UpdateKey {
    type Outcome = Arc<ApiKey>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<ApiKey>, Halt> {
        let rights = admin(who, tx)?;
        configured::key(&tx.config, &rights, self.id)?;
        let old = row::<ApiKey>(tx, &self.id, Thing::Key)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        if let Some(name) = &self.name {
            checks.name("/name", name);
        }
        checks.that(self.expires_at.flatten().is_none_or(|it| tx.now < it), "/expires_at", "has passed");
        checks.done()?;
        let mut new = ApiKey::clone(&old);
        new.updated_at = tx.now;
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut new.name);
        }
        if let Some(expires_at) = self.expires_at {
            new.expires_at = expires_at;
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::Key(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl Command for DeleteKey {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        configured::key(&tx.config, &rights, self.id)?;
        let old = row::<ApiKey>(tx, &self.id, Thing::Key)?;
        version(self.if_match, old.version)?;
        tx.put(ApiKey { deleted_at: Some(tx.now), updated_at: tx.now, ..ApiKey::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Key(self.id), change: Change::Deleted });
        Ok(())
    }
}
