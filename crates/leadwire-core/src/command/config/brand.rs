//! Brands: the tree of an agency, and the founding of one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::{admin, country, row, trimmed, version, zone};
use super::key::NewKey;
use super::source::{SourceView, default_channel};
use crate::command::check::Checks;
use crate::config::Config;
use crate::entity::{ApiKey, Brand, Profile, ScopeName, Source};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, SourceId};
use crate::limits::BRAND_DEPTH_MAX;
use crate::port::{Command, Halt, Tx};
use crate::read::configured;
use crate::refusal::{Conflict, Refusal, Thing};
use crate::who::Who;

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

impl Command for CreateBrand {
    type Outcome = Arc<Brand>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Brand>, Halt> {
        let rights = admin(who, tx)?;
        let parent = configured::brand(&tx.config, &rights, self.parent)?;
        let mut checks = Checks::default();
        checks.name("/name", &self.name);
        parts(&mut checks, self.brand_type.as_deref(), self.timezone.as_deref(), self.default_country.as_deref(), Some(&self.profile));
        checks.that(tx.config.ancestry(parent.id).len() < BRAND_DEPTH_MAX, "/parent", "is too deep in the tree");
        checks.done()?;
        let id = tx.id();
        let brand = tx.put(Brand {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            parent: Some(parent.id),
            name: self.name.trim().to_owned(),
            brand_type: trimmed(self.brand_type.as_deref()).unwrap_or_else(|| "Team".to_owned()),
            timezone: trimmed(self.timezone.as_deref()).unwrap_or_else(|| parent.timezone.clone()),
            default_country: upper(self.default_country.as_deref()).unwrap_or_else(|| parent.default_country.clone()),
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Brand(brand.id), change: Change::Created });
        default_channel(tx, brand.id, rights.user);
        Ok(brand)
    }
}

impl Command for FoundAgency {
    type Outcome = Founded;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Founded, Halt> {
        let rights = admin(who, tx)?;
        rights.may_operate()?;
        let id = tx.agency().root();
        if tx.get::<Brand>(&id)?.is_some() {
            return Err(Refusal::Conflict(Conflict::Exists).into());
        }
        let mut checks = Checks::default();
        checks.name("/name", &self.name);
        parts(&mut checks, self.brand_type.as_deref(), self.timezone.as_deref(), self.default_country.as_deref(), Some(&self.profile));
        self.admin_key.check(&mut checks, "/admin_key/name");
        checks.done()?;
        let brand = tx.put(Brand {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            parent: None,
            name: self.name.trim().to_owned(),
            brand_type: trimmed(self.brand_type.as_deref()).unwrap_or_else(|| "Brokerage".to_owned()),
            timezone: trimmed(self.timezone.as_deref()).unwrap_or_else(|| "UTC".to_owned()),
            default_country: upper(self.default_country.as_deref()).unwrap_or_else(|| "US".to_owned()),
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Brand(id), change: Change::Created });
        let channel = default_channel(tx, id, None);
        let mut scopes = BTreeSet::from([ScopeName::Read, ScopeName::Write, ScopeName::Admin, ScopeName::Secrets]);
        if self.operator {
            scopes.insert(ScopeName::Operator);
        }
        let key = self.admin_key.put(tx, id, None, scopes, None);
        Ok(Founded { brand, key, channel })
    }
}

impl Command for UpdateBrand {
    type Outcome = Arc<Brand>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Brand>, Halt> {
        let rights = admin(who, tx)?;
        configured::brand(&tx.config, &rights, self.id)?;
        let old = row::<Brand>(tx, &self.id, Thing::Brand)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        if let Some(name) = &self.name {
            checks.name("/name", name);
        }
        parts(&mut checks, self.brand_type.as_deref(), self.timezone.as_deref(), self.default_country.as_deref(), self.profile.as_ref());
        let parent = match self.parent {
            Some(parent) if Some(parent) != old.parent => {
                rights.brand_seen(parent)?;
                self.check_move(&mut checks, &tx.config, parent);
                Some(parent)
            }
            _ => old.parent,
        };
        checks.done()?;
        let mut new = Brand::clone(&old);
        new.updated_at = tx.now;
        new.parent = parent;
        if let Some(name) = &self.name {
            name.trim().clone_into(&mut new.name);
        }
        if let Some(kind) = trimmed(self.brand_type.as_deref()) {
            new.brand_type = kind;
        }
        if let Some(zone) = trimmed(self.timezone.as_deref()) {
            new.timezone = zone;
        }
        if let Some(country) = upper(self.default_country.as_deref()) {
            new.default_country = country;
        }
        if let Some(profile) = &self.profile {
            new.profile.clone_from(profile);
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::Brand(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl UpdateBrand {
    fn check_move(&self, checks: &mut Checks, config: &Config, parent: BrandId) {
        let below = config.subtree(self.id);
        checks.that(self.id != config.agency().root(), "/parent", "an agency's root has none");
        checks.that(!below.contains(&parent), "/parent", "lies below the brand itself");
        // The branch may be too high for where it goes.
        let depth = config.ancestry(self.id).len();
        let height = below.iter().map(|it| config.ancestry(*it).len()).max().unwrap_or(depth) + 1 - depth;
        checks.that(config.ancestry(parent).len() + height <= BRAND_DEPTH_MAX, "/parent", "is too deep in the tree");
    }
}

impl Command for DeleteBrand {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        configured::brand(&tx.config, &rights, self.id)?;
        let config = Arc::clone(&tx.config);
        let sources: Vec<SourceId> = config.sources().filter(|it| it.brand == self.id).map(|it| it.id).collect();
        for id in &sources {
            tx.want::<Source>(id);
        }
        let old = row::<Brand>(tx, &self.id, Thing::Brand)?;
        version(self.if_match, old.version)?;
        if config.subtree(self.id).len() > 1 {
            return Err(Refusal::Conflict(Conflict::BrandInUse).into());
        }
        if self.id == config.agency().root() {
            return Err(Refusal::invalid("", "an agency's root brand stays").into());
        }
        for id in sources {
            let source = row::<Source>(tx, &id, Thing::Source)?;
            tx.put(Source { deleted_at: Some(tx.now), updated_at: tx.now, ..Source::clone(&source) });
            tx.event(Event::ConfigChanged { what: ConfigThing::Source(id), change: Change::Deleted });
        }
        tx.put(Brand { deleted_at: Some(tx.now), updated_at: tx.now, ..Brand::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Brand(self.id), change: Change::Deleted });
        Ok(())
    }
}

fn parts(checks: &mut Checks, kind: Option<&str>, timezone: Option<&str>, default_country: Option<&str>, profile: Option<&Profile>) {
    checks.line("/brand_type", kind);
    if let Some(it) = timezone {
        zone(checks, "/timezone", it);
    }
    if let Some(it) = default_country {
        country(checks, "/default_country", it);
    }
    if let Some(it) = profile {
        checks.profile("/profile", it);
    }
}

fn upper(code: Option<&str>) -> Option<String> {
    trimmed(code).map(|it| it.to_ascii_uppercase())
}
