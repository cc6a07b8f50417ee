//! Personas a bot speaks as.

use std::sync::Arc;

use super::check::{admin, row, trimmed, version};
use crate::command::check::Checks;
use crate::entity::{Persona, Profile};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BrandId, PersonaId};
use crate::limits::NOTE_BYTES_MAX;
use crate::port::{Command, Halt, Tx};
use crate::read::{Of, configured};
use crate::refusal::Thing;
use crate::who::Who;

#[derive(Clone, Debug)]
pub struct CreatePersona {
    pub brand: BrandId,
    pub name: String,
    pub description: Option<String>,
    pub profile: Profile,
}

/// `None` leaves a part as it is; `Some(None)` clears it.
#[derive(Clone, Debug)]
pub struct UpdatePersona {
    pub id: PersonaId,
    pub if_match: Option<u64>,
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct DeletePersona {
    pub id: PersonaId,
    pub if_match: Option<u64>,
}

impl Command for CreatePersona {
    type Outcome = Arc<Persona>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Persona>, Halt> {
        let rights = admin(who, tx)?;
        rights.brand_seen(self.brand)?;
        let mut checks = Checks::default();
        checks.name("/name", &self.name);
        if let Some(it) = &self.description {
            checks.text("/description", it, NOTE_BYTES_MAX);
        }
        checks.profile("/profile", &self.profile);
        checks.done()?;
        let id = tx.id();
        let persona = tx.put(Persona {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            brand: self.brand,
            name: self.name.trim().to_owned(),
            description: trimmed(self.description.as_deref()),
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Persona(id), change: Change::Created });
        Ok(persona)
    }
}

impl Command for UpdatePersona {
    type Outcome = Arc<Persona>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Persona>, Halt> {
        let rights = admin(who, tx)?;
        configured::persona(&tx.config, &rights, Of::Seen, self.id)?;
        let old = row::<Persona>(tx, &self.id, Thing::Persona)?;
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
        checks.done()?;
        let mut new = Persona::clone(&old);
        new.updated_at = tx.now;
        if let Some(it) = &self.name {
            it.trim().clone_into(&mut new.name);
        }
        if let Some(it) = &self.description {
            new.description = trimmed(it.as_deref());
        }
        if let Some(it) = &self.profile {
            new.profile.clone_from(it);
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::Persona(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl Command for DeletePersona {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        configured::persona(&tx.config, &rights, Of::Seen, self.id)?;
        let old = row::<Persona>(tx, &self.id, Thing::Persona)?;
        version(self.if_match, old.version)?;
        tx.put(Persona { deleted_at: Some(tx.now), updated_at: tx.now, ..Persona::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Persona(self.id), change: Change::Deleted });
        Ok(())
    }
}
