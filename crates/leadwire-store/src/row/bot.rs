//! Bots, personas and flows.

use leadwire_core::Time;
use leadwire_core::entity::{Attachment, Bot, Flow, Persona, Profile, TagFilter, TagFilterGroup, TagFilterRule, TagGate};
use leadwire_core::id::{BotId, BrandId, FlowId, PersonaId, SourceId, UserId};

use super::{body, mirror};
use crate::table::versioned;

versioned!(Bot, "bot", BotId);
versioned!(Persona, "persona", PersonaId);
versioned!(Flow, "flow", FlowId);

body!(Bot, apart { id: BotId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    brand: BrandId,
    name: String,
    owner: UserId,
    personas: Vec<PersonaId>,
    attachments: Vec<Attachment>,
    profile: Profile,
});

mirror!(Attachment {
    source: SourceId,
    tags: Vec<TagGate>,
    tag_filter: Option<TagFilter>,
    channels: Vec<String>,
    persona_name: Option<String>,
    enabled: bool,
});

mirror!(TagGate { id: Option<String>, name: String, approve: bool });
mirror!(TagFilter { operator: String, groups: Vec<TagFilterGroup> });
mirror!(TagFilterGroup { operator: String, rules: Vec<TagFilterRule> });
mirror!(TagFilterRule { tag_name: String, tag_id: Option<String>, condition: String });

body!(Persona, apart { id: PersonaId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    brand: BrandId,
    name: String,
    description: Option<String>,
    profile: Profile,
});

body!(Flow, apart { id: FlowId, version: u64 }, {
    created_at: Time,
    updated_at: Time,
    deleted_at: Option<Time>,
    brand: BrandId,
    name: String,
    profile: Profile,
});
