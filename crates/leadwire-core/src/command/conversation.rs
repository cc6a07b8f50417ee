//! Changes what a thread carries besides its messages, and removes a thread.

use std::sync::Arc;

use super::check::Checks;
use super::thread::{self, End};
use crate::Time;
use crate::entity::{AssignReason, BotInstance, Cause, Contact, Conversation, InboxReason, Outcome, Profile, Score};
use crate::feed::Event;
use crate::id::{BrandId, ConversationId, SourceId, UserId};
use crate::limits::LIST_LEN_MAX;
use crate::port::{Command, Halt, Sweep, Tx};
use crate::refusal::{Refusal, Thing};
use crate::who::{Rights, Who};

/// What to change; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct UpdateConversation {
    pub id: Option<ConversationId>,
    pub if_match: Option<u64>,
    pub starred: Option<bool>,
    pub unread: Option<bool>,
    /// `Some(None)` gives it to nobody. By hand always wins: an offer that stands is withdrawn.
    pub owner: Option<Option<UserId>>,
    pub followers: Option<Vec<UserId>>,
    pub mentions: Option<Vec<UserId>>,
    /// Bots at work on it, each replacing what is known of that bot; bots not named stay.
    pub bots: Option<Vec<BotInstance>>,
    pub wont_respond_until: Option<Option<Time>>,
    pub failure_reason: Option<Option<String>>,
    pub mimic_source: Option<Option<SourceId>>,
    pub scores: Option<Vec<Score>>,
    pub due: Option<Vec<Time>>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct Changed {
    pub conversation: Arc<Conversation>,
    pub contact: Arc<Contact>,
}

impl Command for UpdateConversation {
    type Outcome = Changed;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Changed, Halt> {
        let rights = who.rights(&tx.config, tx.now)?;
        rights.may_write()?;
        let id = self.id.ok_or(Refusal::NotFound(Thing::Conversation))?;
        let (before, contact) = thread::seen(&rights, tx, id)?;
        if self.if_match.is_some_and(|it| it != before.version) {
            return Err(Refusal::VersionMismatch.into());
        }
        self.check(tx, &rights, before.brand)?;
        let mut conversation = Conversation::clone(&before);
        thread::fire_due(tx, &mut conversation)?;
        if let Some(starred) = self.starred {
            conversation.starred = starred;
        }
        if let Some(unread) = self.unread {
            conversation.unread_count = if unread { conversation.unread_count.max(1) } else { 0 };
        }
        if let Some(owner) = self.owner {
            assign(tx, &mut conversation, owner)?;
        }
        put_list(&mut conversation.followers, self.followers.as_deref());
        put_list(&mut conversation.mentions, self.mentions.as_deref());
        for bot in self.bots.iter().flatten() {
            match conversation.bots.iter_mut().find(|it| it.bot == bot.bot) {
                Some(known) => known.clone_from(bot),
                None => conversation.bots.push(bot.clone()),
            }
        }
        put(&mut conversation.wont_respond_until, self.wont_respond_until.as_ref());
        put(&mut conversation.failure_reason, self.failure_reason.as_ref());
        put(&mut conversation.mimic_source, self.mimic_source.as_ref());
        put(&mut conversation.scores, self.scores.as_ref());
        put(&mut conversation.due, self.due.as_ref());
        put(&mut conversation.profile, self.profile.as_ref());
        conversation.updated_at = tx.now;
        tx.event(Event::ConversationUpdated { conversation: id });
        let conversation = tx.put(conversation);
        Ok(Changed { conversation, contact })
    }
}

impl UpdateConversation {
    fn check(&self, tx: &Tx<'_>, rights: &Rights, brand: BrandId) -> Result<(), Refusal> {
        let config = &tx.config;
        let mut checks = Checks::default();
        // Who does not work here could not see what was given to them.
        checks.that(self.owner.flatten().is_none_or(|it| config.works_in(it, brand)), "/owner", "no such user");
        let user = |it: &UserId| rights.sees_user(config, *it);
        for (at, users) in [("/followers", &self.followers), ("/mentions", &self.mentions)] {
            let users = users.as_deref().unwrap_or_default();
            checks.list(at, users, LIST_LEN_MAX);
            checks.that(users.iter().all(user), at, "no such user");
        }
        let bots = self.bots.as_deref().unwrap_or_default();
        checks.list("/bots", bots, LIST_LEN_MAX);
        for bot in bots {
            checks.that(config.bot(bot.bot).is_some_and(|it| rights.sees_brand(it.brand)), "/bots", "no such bot");
            checks.line("/bots", bot.version.as_deref());
            checks.line("/bots", Some(&bot.follow_up_timezone_kind));
            checks.that(bot.follow_up_timezone.as_deref().is_none_or(crate::time::is_zone), "/bots", "no such time zone");
        }
        checks.line("/failure_reason", self.failure_reason.as_ref().and_then(Option::as_deref));
        let mimic = self.mimic_source.flatten();
        checks.that(mimic.is_none_or(|it| config.source(it).is_some_and(|it| rights.sees_brand(it.brand))), "/mimic_source", "no such source");
        let scores = self.scores.as_deref().unwrap_or_default();
        checks.list("/scores", scores, LIST_LEN_MAX);
        checks.that(scores.iter().all(|it| it.score.is_finite()), "/scores", "is no number");
        let twice = scores.iter().enumerate().any(|(i, it)| scores.iter().take(i).any(|other| other.profile == it.profile));
        checks.that(!twice, "/scores", "names a profile twice");
        checks.list("/due", self.due.as_deref().unwrap_or_default(), LIST_LEN_MAX);
        checks.profile("/profile", &self.profile.clone().flatten());
        checks.done()
    }
}

/// Gives the thread to `owner` by hand.
fn assign(tx: &mut Tx<'_>, conversation: &mut Conversation, owner: Option<UserId>) -> Result<(), Halt> {
    if let Some(offer) = thread::standing_offer(tx, conversation)? {
        thread::end_offer(tx, &offer, conversation, End::Withdrawn(owner))?;
    }
    let outcome = match owner {
        Some(user) => Outcome::Assigned { user, reason: AssignReason::Manual },
        None => Outcome::Inbox { brand: conversation.brand, reason: InboxReason::Unassigned },
    };
    thread::want_routing(tx, &conversation.routed);
    for lead in conversation.routed.clone() {
        thread::reroute(tx, lead, Cause::Manual, outcome.clone())?;
    }
    conversation.owner = owner;
    Ok(())
}

fn put<T: Clone>(into: &mut T, from: Option<&T>) {
    if let Some(from) = from {
        into.clone_from(from);
    }
}

/// Replaces a list, each entry once.
fn put_list(into: &mut Vec<UserId>, from: Option<&[UserId]>) {
    if let Some(from) = from {
        into.clear();
        for it in from {
            if !into.contains(it) {
                into.push(*it);
            }
        }
    }
}

/// Removes a thread everywhere. The contact stays; the next message to it makes a new thread.
#[derive(Clone, Copy, Debug)]
pub struct DeleteConversation {
    pub id: ConversationId,
    pub if_match: Option<u64>,
}

impl Command for DeleteConversation {
    type Outcome = ();

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let rights = who.rights(&tx.config, tx.now)?;
        rights.may_write()?;
        let (conversation, contact) = thread::seen(&rights, tx, self.id)?;
        if self.if_match.is_some_and(|it| it != conversation.version) {
            return Err(Refusal::VersionMismatch.into());
        }
        remove(tx, &conversation)?;
        let mut contact = Contact::clone(&contact);
        contact.conversation = None;
        contact.last_lead = conversation.lead.or(contact.last_lead);
        contact.updated_at = tx.now;
        tx.put(contact);
        Ok(())
    }
}

/// Removes the thread with its messages, and ends an offer that stands on it.
pub(super) fn remove(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<(), Halt> {
    if let Some(offer) = thread::standing_offer(tx, conversation)? {
        let mut last = conversation.clone();
        thread::end_offer(tx, &offer, &mut last, End::Withdrawn(None))?;
    }
    tx.sweep(Sweep::Messages(conversation.id));
    tx.delete::<Conversation>(&conversation.id);
    tx.event(Event::ConversationDeleted { conversation: conversation.id });
    Ok(())
}
