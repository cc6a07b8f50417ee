//! Bots, and the sources they answer on.

use std::sync::Arc;

use super::check::{admin, row, trimmed, unique, user_seen, version};
use crate::command::check::Checks;
use crate::entity::{Attachment, Bot, Profile, TagFilter};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{BotId, BrandId, PersonaId, UserId};
use crate::limits::LIST_LEN_MAX;
use crate::port::{Command, Halt, Tx};
use crate::read::{Of, configured};
use crate::refusal::{Refusal, Thing};
use crate::who::{Rights, Who};

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

impl Command for CreateBot {
    type Outcome = Arc<Bot>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Bot>, Halt> {
        let rights = admin(who, tx)?;
        rights.brand_seen(self.brand)?;
        let Some(owner) = self.owner.or(rights.user) else {
            return Err(Refusal::invalid("/owner", "is missing, and the key acts as no user").into());
        };
        user_seen(tx, &rights, owner)?;
        let mut checks = Checks::default();
        checks.name("/name", &self.name);
        checks.profile("/profile", &self.profile);
        check_personas(&mut checks, tx, &rights, &self.personas)?;
        check_attachments(&mut checks, tx, &rights, &self.attachments)?;
        checks.done()?;
        let id = tx.id();
        let bot = tx.put(Bot {
            id,
            version: 0,
            created_at: tx.now,
            updated_at: tx.now,
            deleted_at: None,
            brand: self.brand,
            name: self.name.trim().to_owned(),
            owner,
            personas: self.personas.clone(),
            attachments: self.attachments.iter().map(tidy).collect(),
            profile: self.profile.clone(),
        });
        tx.event(Event::ConfigChanged { what: ConfigThing::Bot(id), change: Change::Created });
        Ok(bot)
    }
}

impl Command for UpdateBot {
    type Outcome = Arc<Bot>;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Arc<Bot>, Halt> {
        let rights = admin(who, tx)?;
        configured::bot(&tx.config, &rights, Of::Seen, self.id)?;
        let old = row::<Bot>(tx, &self.id, Thing::Bot)?;
        version(self.if_match, old.version)?;
        let mut checks = Checks::default();
        if let Some(it) = &self.name {
            checks.name("/name", it);
        }
        if let Some(it) = &self.profile {
            checks.profile("/profile", it);
        }
        if let Some(it) = self.owner {
            user_seen(tx, &rights, it)?;
        }
        if let Some(it) = &self.personas {
            check_personas(&mut checks, tx, &rights, it)?;
        }
        if let Some(it) = &self.attachments {
            check_attachments(&mut checks, tx, &rights, it)?;
        }
        checks.done()?;
        let mut new = Bot::clone(&old);
        new.updated_at = tx.now;
        if let Some(it) = &self.name {
            it.trim().clone_into(&mut new.name);
        }
        if let Some(it) = self.owner {
            new.owner = it;
        }
        if let Some(it) = &self.personas {
            new.personas.clone_from(it);
        }
        if let Some(it) = &self.attachments {
            new.attachments = it.iter().map(tidy).collect();
        }
        if let Some(it) = &self.profile {
            new.profile.clone_from(it);
        }
        tx.event(Event::ConfigChanged { what: ConfigThing::Bot(self.id), change: Change::Updated });
        Ok(tx.put(new))
    }
}

impl Command for DeleteBot {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = admin(who, tx)?;
        configured::bot(&tx.config, &rights, Of::Seen, self.id)?;
        let old = row::<Bot>(tx, &self.id, Thing::Bot)?;
        version(self.if_match, old.version)?;
        tx.put(Bot { deleted_at: Some(tx.now), updated_at: tx.now, ..Bot::clone(&old) });
        tx.event(Event::ConfigChanged { what: ConfigThing::Bot(self.id), change: Change::Deleted });
        Ok(())
    }
}

fn check_personas(checks: &mut Checks, tx: &Tx<'_>, rights: &Rights, personas: &[PersonaId]) -> Result<(), Refusal> {
    checks.list("/personas", personas, LIST_LEN_MAX);
    unique(checks, "/personas", personas);
    for it in personas.iter().take(LIST_LEN_MAX) {
        configured::persona(&tx.config, rights, Of::Seen, *it)?;
    }
    Ok(())
}

fn check_attachments(checks: &mut Checks, tx: &Tx<'_>, rights: &Rights, attachments: &[Attachment]) -> Result<(), Refusal> {
    checks.list("/attachments", attachments, LIST_LEN_MAX);
    unique(checks, "/attachments", attachments.iter().map(|it| it.source));
    for (i, it) in attachments.iter().enumerate().take(LIST_LEN_MAX) {
        configured::source(&tx.config, rights, Of::Seen, it.source)?;
        let at = format!("/attachments/{i}");
        checks.line(&format!("{at}/persona_name"), it.persona_name.as_deref());
        checks.list(&format!("{at}/channels"), &it.channels, LIST_LEN_MAX);
        for (k, channel) in it.channels.iter().enumerate().take(LIST_LEN_MAX) {
            checks.name(&format!("{at}/channels/{k}"), channel);
        }
        checks.list(&format!("{at}/tags"), &it.tags, LIST_LEN_MAX);
        for (k, tag) in it.tags.iter().enumerate().take(LIST_LEN_MAX) {
            checks.line(&format!("{at}/tags/{k}/id"), tag.id.as_deref());
            checks.name(&format!("{at}/tags/{k}/name"), &tag.name);
        }
        if let Some(filter) = &it.tag_filter {
            check_filter(checks, &format!("{at}/tag_filter"), filter);
        }
    }
    Ok(())
}

/// The filter is carried for CloseBot, which defines its words; here it is only kept small.
fn check_filter(checks: &mut Checks, at: &str, filter: &TagFilter) {
    checks.line(&format!("{at}/operator"), Some(&filter.operator));
    checks.list(&format!("{at}/groups"), &filter.groups, LIST_LEN_MAX);
    let mut rules = 0;
    for (i, group) in filter.groups.iter().enumerate().take(LIST_LEN_MAX) {
        let at = format!("{at}/groups/{i}");
        checks.line(&format!("{at}/operator"), Some(&group.operator));
        rules += group.rules.len();
        for (k, rule) in group.rules.iter().enumerate().take(LIST_LEN_MAX) {
            checks.name(&format!("{at}/rules/{k}/tag_name"), &rule.tag_name);
            checks.line(&format!("{at}/rules/{k}/tag_id"), rule.tag_id.as_deref());
            checks.line(&format!("{at}/rules/{k}/condition"), Some(&rule.condition));
        }
    }
    checks.that(rules <= LIST_LEN_MAX, at, "has more than 200 rules");
}

fn tidy(attachment: &Attachment) -> Attachment {
    let mut it = attachment.clone();
    it.persona_name = trimmed(it.persona_name.as_deref());
    it
}
