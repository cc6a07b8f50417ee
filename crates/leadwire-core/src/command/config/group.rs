//! Groups: who leads are distributed among, and how.

use std::sync::Arc;

use super::check::{admin, order, place, row, trimmed, unique, user_seen, version};
use crate::command::check::Checks;
use crate::config::Config;
use crate::entity::{Distribution, Group, Member, Profile};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, GroupId, UserId};
use crate::limits::{CLAIM_TIMEOUT_SECS_DEFAULT, CLAIM_TIMEOUT_SECS_MAX, CLAIM_TIMEOUT_SECS_MIN, MEMBERS_MAX, NOTE_BYTES_MAX, WEIGHT_MAX};
use crate::port::{Command, Halt, Tx};
use crate::read::{Of, configured};
use crate::refusal::Thing;
use crate::who::{Rights, Who};

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

impl Command for CreateGroup {
    type Outcome = Arc<Group>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Group>, Halt> {
        let rights = admin(who, tx)?;
        rights.brand_seen(self.brand)?;
        let mut checks = Checks::default();
        checks.name("/name", &self.name);
        if let Some(it) = &self.description {
            checks.text("/description", it, NOTE_BYTES_MAX);
        }
        checks.profile("/profile", &self.profile);
        let members = members(&mut checks, &tx.config, self.brand, &self.members);
        let claim_timeout_secs = self.claim_timeout_secs.map_or(CLAIM_TIMEOUT_SECS_DEFAULT, |it| claim_timeout(&mut checks, it));
        if let Some(it) = self.created_by {
            checks.that(user_seen(tx, &rights, it).is_ok(), "/created_by", "is no user");
        }
        checks.done()?;
        let id = tx.id();
        let group = tx.put(Group {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            created_by: self.created_by.or(rights.user),
            brand: self.brand,
            name: self.name.trim().to_owned(),
            description: trimmed(self.description.as_deref()),
            distribution: self.distribution,
            members,
            claim_timeout_secs,
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Group(id), change: Change::Created });
        Ok(group)
    }
}

impl Command for UpdateGroup {
    type Outcome = Arc<Group>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Group>, Halt> {
        let rights = admin(who, tx)?;
        let old = seen(tx, &rights, self.within, self.id)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        if let Some(it) = &self.name {
            checks.name("/name", it);
        }
        if let Some(Some(it)) = &self.description {
            checks.text("/description", it, NOTE_BYTES_MAX);
        }
        if let Some(it) = &self.profile {
            checks.profile("/profile", it);
        }
        let mut new = Group::clone(&old);
        new.updated_at = tx.now;
        if let Some(it) = &self.members {
            new.members = members(&mut checks, &tx.config, old.brand, it);
        }
        if let Some(it) = self.claim_timeout_secs {
            new.claim_timeout_secs = claim_timeout(&mut checks, it);
        }
        checks.done()?;
        if let Some(it) = &self.name {
            it.trim().clone_into(&mut new.name);
        }
        if let Some(it) = &self.description {
            new.description = trimmed(it.as_deref());
        }
        if let Some(it) = self.distribution {
            new.distribution = it;
        }
        if let Some(it) = &self.profile {
            new.profile.clone_from(it);
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::Group(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl Command for DeleteGroup {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        let old = seen(tx, &rights, self.within, self.id)?;
        version(self.if_match, old.version)?;
        tx.put(Group { deleted_at: Some(tx.now), updated_at: tx.now, ..Group::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Group(self.id), change: Change::Deleted });
        Ok(())
    }
}

/// The group, if it is seen and of the brand named, with its row read.
fn seen(tx: &mut Tx<'_>, rights: &Rights, within: Option<BrandId>, id: GroupId) -> Result<Arc<Group>, Halt> {
    configured::group(&tx.config, rights, within.map_or(Of::Seen, Of::Brand), id)?;
    row::<Group>(tx, &id, Thing::Group)
}

/// Members may work anywhere in the agency; whether one may take a lead is asked when there is one.
fn members(checks: &mut Checks, config: &Config, brand: BrandId, inputs: &[MemberInput]) -> Vec<Member> {
    checks.list("/members", inputs, MEMBERS_MAX);
    let mut members = Vec::new();
    for (i, it) in inputs.iter().enumerate().take(MEMBERS_MAX) {
        let at = format!("/members/{i}");
        checks.that(config.user(it.user).is_some(), &format!("{at}/user"), "is no user");
        checks.that(it.brand.is_none_or(|it| config.brand(it).is_some()), &format!("{at}/brand"), "is no brand");
        let weight = it.weight.unwrap_or(1);
        checks.that((1..=WEIGHT_MAX).contains(&weight), &format!("{at}/weight"), "is not between 1 and 40");
        members.push(Member {
            user: it.user,
            brand: it.brand.unwrap_or(brand),
            order: order(checks, &format!("{at}/order"), it.order.unwrap_or_else(|| place(i))),
            weight: u32::try_from(weight).unwrap_or(1),
        });
    }
    unique(checks, "/members", members.iter().map(|it| it.user));
    members
}

fn claim_timeout(checks: &mut Checks, secs: i64) -> u32 {
    checks.that((CLAIM_TIMEOUT_SECS_MIN..=CLAIM_TIMEOUT_SECS_MAX).contains(&secs), "/claim_timeout_secs", "is not between 15 and 1800");
    u32::try_from(secs).unwrap_or(CLAIM_TIMEOUT_SECS_DEFAULT)
}
