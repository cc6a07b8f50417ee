//! Bots, the personas they speak as, and the sources they are attached to.

use super::Profile;
use crate::Time;
use crate::id::{BotId, BrandId, FlowId, PersonaId, SourceId, UserId};

#[derive(Clone, Debug, PartialEq)]
pub struct Bot {
    pub id: BotId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub brand: BrandId,
    pub name: String,
    /// The user Chatbase calls `chatbot_owner_user_id`.
    pub owner: UserId,
    pub personas: Vec<PersonaId>,
    /// The sources it answers on; unique by source.
    pub attachments: Vec<Attachment>,
    pub profile: Profile,
}

/// A bot on a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub source: SourceId,
    pub tags: Vec<TagGate>,
    pub tag_filter: Option<TagFilter>,
    /// The channels it may answer on.
    pub channels: Vec<String>,
    /// A persona name shown in place of the persona's own.
    pub persona_name: Option<String>,
    pub enabled: bool,
}

/// A tag that must be there (`approve`) or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagGate {
    pub id: Option<String>,
    pub name: String,
    pub approve: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    pub operator: String,
    pub groups: Vec<TagFilterGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilterGroup {
    pub operator: String,
    pub rules: Vec<TagFilterRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilterRule {
    pub tag_name: String,
    pub tag_id: Option<String>,
    pub condition: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Persona {
    pub id: PersonaId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub brand: BrandId,
    pub name: String,
    pub description: Option<String>,
    pub profile: Profile,
}

/// A flow a rule enrols a lead into: a name to point at.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub id: FlowId,
    pub version: u64,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub brand: BrandId,
    pub name: String,
    pub profile: Profile,
}
