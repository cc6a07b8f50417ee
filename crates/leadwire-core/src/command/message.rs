//! Says something in a thread: what a person wrote, a bot answered, or an import brings along.

use std::sync::Arc;

use super::check::Checks;
use super::thread::{self, Thread};
use crate::Time;
use crate::entity::{Contact, Conversation, Direction, Message, MessageType, Profile, Role};
use crate::feed::Event;
use crate::id::{BotId, ContactId, ConversationId, SourceId, UserId};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Refusal, Thing};
use crate::who::Who;

/// How far ahead of the server's clock a sender's may be.
const SKEW_MILLIS: i64 = 5 * 60 * 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Contact(ContactId),
    Conversation(ConversationId),
}

#[derive(Clone, Debug)]
pub struct AppendMessage {
    pub to: To,
    pub direction: Direction,
    pub kind: MessageType,
    pub body: String,
    /// The bot that wrote it.
    pub bot: Option<BotId>,
    /// The user who wrote it; the key's when absent and no bot wrote it.
    pub user: Option<UserId>,
    pub source: Option<SourceId>,
    /// When it was said; now when absent.
    pub at: Option<Time>,
    pub profile: Profile,
}

#[derive(Clone, Debug)]
pub struct Appended {
    pub message: Arc<Message>,
    pub conversation: Arc<Conversation>,
    pub contact: Arc<Contact>,
}

impl Command for AppendMessage {
    type Outcome = Appended;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Appended, Halt> {
        let rights = who.rights(&tx.config, tx.now)?;
        rights.may_write()?;
        let (conversation, contact) = match self.to {
            To::Conversation(id) => thread::seen(&rights, tx, id)?,
            To::Contact(id) => {
                let (contact, conversation) = thread::seen_contact(&rights, tx, id)?;
                match conversation {
                    Some(conversation) => (conversation, contact),
                    None => open(tx, &contact)?,
                }
            }
        };
        let config = Arc::clone(&tx.config);
        let mut checks = Checks::default();
        checks.text("/body", &self.body, MESSAGE_BYTES_MAX);
        checks.profile("/profile", &self.profile);
        checks.that(self.bot.is_none_or(|it| config.bot(it).is_some_and(|it| rights.sees_brand(it.brand))), "/bot", "no such bot");
        checks.that(self.user.is_none_or(|it| rights.sees_user(&config, it)), "/user", "no such user");
        let own = rights.user.is_none_or(|own| rights.role == Role::Admin || self.user.is_none_or(|it| it == own));
        checks.that(own, "/user", "is another user than the key's");
        checks.that(self.source.is_none_or(|it| config.source(it).is_some_and(|it| rights.sees_brand(it.brand))), "/source", "no such source");
        checks.that(self.at.is_none_or(|it| it <= tx.now.plus_millis(SKEW_MILLIS)), "/at", "lies in the future");
        checks.that(self.bot.is_none() || self.direction == Direction::Outbound, "/bot", "a bot writes outbound messages only");
        checks.done()?;

        let mut conversation = Conversation::clone(&conversation);
        thread::fire_due(tx, &mut conversation)?;
        let user = match (self.user, self.bot, self.direction) {
            (Some(user), _, _) => Some(user),
            (None, None, Direction::Outbound) => rights.user,
            _ => None,
        };
        let (id, now) = (tx.id(), tx.now);
        let message = tx.put(Message {
            id,
            version: 0,
            created_at: now,
            conversation: conversation.id,
            at: self.at.unwrap_or_else(|| thread::next_at(&conversation, now)),
            kind: self.kind,
            direction: self.direction,
            body: Arc::from(self.body.as_str()),
            bot: self.bot,
            user,
            source: self.source,
            lead: None,
            profile: self.profile.clone(),
        });
        thread::take_in(&mut conversation, &message);
        conversation.updated_at = tx.now;
        tx.event(Event::MessageAdded { message: message.id, conversation: conversation.id });
        let conversation = tx.put(conversation);
        Ok(Appended { message, conversation, contact })
    }
}

/// A new thread with a contact whose last one was deleted.
fn open(tx: &mut Tx<'_>, contact: &Contact) -> Result<Thread, Halt> {
    if contact.deleted_at.is_some() {
        return Err(Refusal::NotFound(Thing::Contact).into());
    }
    let id: ConversationId = tx.id();
    let conversation = tx.put(thread::blank(id, contact.brand, contact.id, tx.now));
    let mut contact = contact.clone();
    contact.conversation = Some(id);
    let contact = tx.put(contact);
    Ok((conversation, contact))
}
