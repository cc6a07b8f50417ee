//! Personas a bot speaks as.

use std::sync::Arc;

use crate::entity::{Persona, Profile};
use crate::id::{BrandId, PersonaId};

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

super::unwritten! { CreatePersona => Arc<Persona>; UpdatePersona => Arc<Persona>; DeletePersona => (); }
