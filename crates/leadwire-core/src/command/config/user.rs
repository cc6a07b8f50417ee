//! Users: the people who work leads, and the brands they work in.

use std::sync::Arc;

use super::check::{admin, row, trimmed, unique, user_seen, version, zone};
use crate::Email;
use crate::command::check::Checks;
use crate::entity::{Membership, Profile, Role, User};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::UserId;
use crate::limits::LIST_LEN_MAX;
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Forbidden, Refusal, Thing};
use crate::who::{Rights, Who};

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

impl Command for CreateUser {
    type Outcome = Arc<User>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<User>, Halt> {
        let rights = admin(who, tx)?;
        let mut checks = Checks::default();
        check_memberships(&mut checks, &rights, &self.memberships)?;
        checks.name("/first_name", &self.first_name);
        checks.line("/last_name", Some(&self.last_name));
        check_email(&mut checks, &self.email);
        checks.line("/phone_number", self.phone_number.as_deref());
        if let Some(it) = &self.timezone {
            zone(&mut checks, "/timezone", it);
        }
        check_mls_ids(&mut checks, &self.mls_ids);
        checks.profile("/profile", &self.profile);
        checks.done()?;
        let id = tx.id();
        let user = tx.put(User {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            first_name: self.first_name.trim().to_owned(),
            last_name: self.last_name.trim().to_owned(),
            email: self.email.trim().to_owned(),
            phone_number: trimmed(self.phone_number.as_deref()),
            timezone: trimmed(self.timezone.as_deref()),
            memberships: self.memberships.clone(),
            mls_ids: mls_ids(&self.mls_ids),
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::User(id), change: Change::Created });
        Ok(user)
    }
}

impl Command for UpdateUser {
    type Outcome = Arc<User>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<User>, Halt> {
        let rights = admin(who, tx)?;
        let old = held(tx, &rights, self.id)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        if let Some(it) = &self.memberships {
            check_memberships(&mut checks, &rights, it)?;
        }
        if let Some(it) = &self.first_name {
            checks.name("/first_name", it);
        }
        checks.line("/last_name", self.last_name.as_deref());
        if let Some(it) = &self.email {
            check_email(&mut checks, it);
        }
        checks.line("/phone_number", self.phone_number.as_ref().and_then(Option::as_deref));
        if let Some(Some(it)) = &self.timezone {
            zone(&mut checks, "/timezone", it);
        }
        if let Some(it) = &self.mls_ids {
            check_mls_ids(&mut checks, it);
        }
        if let Some(it) = &self.profile {
            checks.profile("/profile", it);
        }
        checks.done()?;
        let mut new = User::clone(&old);
        new.updated_at = tx.now;
        if let Some(it) = &self.memberships {
            new.memberships.clone_from(it);
        }
        if let Some(it) = &self.first_name {
            it.trim().clone_into(&mut new.first_name);
        }
        if let Some(it) = &self.last_name {
            it.trim().clone_into(&mut new.last_name);
        }
        if let Some(it) = &self.email {
            it.trim().clone_into(&mut new.email);
        }
        if let Some(it) = &self.phone_number {
            new.phone_number = trimmed(it.as_deref());
        }
        if let Some(it) = &self.timezone {
            new.timezone = trimmed(it.as_deref());
        }
        if let Some(it) = &self.mls_ids {
            new.mls_ids = mls_ids(it);
        }
        if let Some(it) = &self.profile {
            new.profile.clone_from(it);
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::User(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl Command for DeleteUser {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        let old = held(tx, &rights, self.id)?;
        version(self.if_match, old.version)?;
        tx.put(User { deleted_at: Some(tx.now), updated_at: tx.now, ..User::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::User(self.id), change: Change::Deleted });
        Ok(())
    }
}

/// A user the asker may change: every brand he works in is seen. An office's admin sees the region's people, who work
/// there too, but they are not his to change.
fn held(tx: &mut Tx<'_>, rights: &Rights, id: UserId) -> Result<Arc<User>, Halt> {
    let user = user_seen(tx, rights, id)?;
    // A membership in a brand since deleted is nobody's to guard.
    let config = &tx.config;
    if user.memberships.iter().any(|it| config.brand(it.brand).is_some() && !rights.sees_brand(it.brand)) {
        return Err(Refusal::Forbidden(Forbidden::Role(Role::Admin)).into());
    }
    row::<User>(tx, &id, Thing::User)
}

fn check_memberships(checks: &mut Checks, rights: &Rights, memberships: &[Membership]) -> Result<(), Refusal> {
    checks.that(!memberships.is_empty(), "/memberships", "is empty");
    checks.list("/memberships", memberships, LIST_LEN_MAX);
    for it in memberships {
        rights.brand_seen(it.brand)?;
    }
    unique(checks, "/memberships", memberships.iter().map(|it| it.brand));
    Ok(())
}

fn check_email(checks: &mut Checks, email: &str) {
    checks.line("/email", Some(email));
    checks.that(Email::parse(email).is_some(), "/email", "is no e-mail address");
}

fn check_mls_ids(checks: &mut Checks, ids: &[(String, String)]) {
    checks.list("/mls_ids", ids, LIST_LEN_MAX);
    for (i, (mls, id)) in ids.iter().enumerate().take(LIST_LEN_MAX) {
        checks.name(&format!("/mls_ids/{i}/mls"), mls);
        checks.name(&format!("/mls_ids/{i}/id"), id);
    }
    unique(checks, "/mls_ids", mls_ids(ids));
}

fn mls_ids(ids: &[(String, String)]) -> Vec<(String, String)> {
    ids.iter().map(|(mls, id)| (mls.trim().to_owned(), id.trim().to_owned())).collect()
}
