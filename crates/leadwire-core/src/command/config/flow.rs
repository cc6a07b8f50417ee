//! Flows: names a rule enrols into.

use std::sync::Arc;

use super::check::{admin, row, version};
use crate::command::check::Checks;
use crate::entity::{Flow, Profile};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, FlowId};
use crate::port::{Command, Halt, Tx};
use crate::read::{Of, configured};
use crate::refusal::Thing;
use crate::who::Who;

#[derive(Clone, Debug)]
pub struct CreateFlow {
    pub brand: BrandId,
    pub name: String,
    pub profile: Profile,
}

/// `None` leaves a part as it is.
#[derive(Clone, Debug)]
pub struct UpdateFlow {
    pub id: FlowId,
    pub if_match: Option<u64>,
    pub name: Option<String>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct DeleteFlow {
    pub id: FlowId,
    pub if_match: Option<u64>,
}

impl Command for CreateFlow {
    type Outcome = Arc<Flow>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Flow>, Halt> {
        let rights = admin(who, tx)?;
        rights.brand_seen(self.brand)?;
        let mut checks = Checks::default();
        checks.name("/name", &self.name);
        checks.profile("/profile", &self.profile);
        checks.done()?;
        let id = tx.id();
        let flow = tx.put(Flow {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            brand: self.brand,
            name: self.name.trim().to_owned(),
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Flow(id), change: Change::Created });
        Ok(flow)
    }
}

impl Command for UpdateFlow {
    type Outcome = Arc<Flow>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Flow>, Halt> {
        let rights = admin(who, tx)?;
        configured::flow(&tx.config, &rights, Of::Seen, self.id)?;
        let old = row::<Flow>(tx, &self.id, Thing::Flow)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        if let Some(it) = &self.name {
            checks.name("/name", it);
        }
        if let Some(it) = &self.profile {
            checks.profile("/profile", it);
        }
        checks.done()?;
        let mut new = Flow::clone(&old);
        new.updated_at = tx.now;
        if let Some(it) = &self.name {
            it.trim().clone_into(&mut new.name);
        }
        if let Some(it) = &self.profile {
            new.profile.clone_from(it);
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::Flow(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl Command for DeleteFlow {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        configured::flow(&tx.config, &rights, Of::Seen, self.id)?;
        let old = row::<Flow>(tx, &self.id, Thing::Flow)?;
        version(self.if_match, old.version)?;
        tx.put(Flow { deleted_at: Some(tx.now), updated_at: tx.now, ..Flow::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Flow(self.id), change: Change::Deleted });
        Ok(())
    }
}
