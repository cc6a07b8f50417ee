//! Bots, and the sources they answer on.

use std::sync::Arc;

use crate::entity::{Attachment, Bot, Profile};
use crate::id::{BotId, BrandId, PersonaId, UserId};

#[derive(Clone, Debug)]
pub struct CreateBot {
    pub brand: BrandId,
    pub name: String,
    /// The asker's user when absent.
    pub owner: Option<UserId>,
    pub personas: Vec<PersonaId>,
    /// Unique by source.
    pub attachments: Vec<Attachment>,
    pub profile: Profile,
}

/// `None` leaves a part as it is; lists are replaced whole.
#[derive(Clone, Debug)]
pub struct UpdateBot {
    pub id: BotId,
    pub if_match: Option<u64>,
    pub name: Option<String>,
    pub owner: Option<UserId>,
    pub personas: Option<Vec<PersonaId>>,
    pub attachments: Option<Vec<Attachment>>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct DeleteBot {
    pub id: BotId,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateBot => Arc<Bot>; UpdateBot => Arc<Bot>; DeleteBot => (); }
