//! One lead's whole story as one unit of work: the capture and all that followed, each at its own time.
//!
//! The verbs are the server's own; only the clock is set for each of them. Made-up data is thus stored, routed, counted
//! and indexed in the way of any other, and a long history costs one commit.

use leadwire_core::Time;
use leadwire_core::command::capture::{Capture, Captured};
use leadwire_core::command::conversation::UpdateConversation;
use leadwire_core::command::message::{AppendMessage, To};
use leadwire_core::command::offer::ClaimOffer;
use leadwire_core::entity::{Conversation, Direction, MessageType};
use leadwire_core::id::{BotId, SourceId, UserId};
use leadwire_core::port::{Command, Halt, Tx};
use leadwire_core::who::Who;

/// A capture, and what followed it in order of time.
#[derive(Debug)]
pub struct Script {
    pub at: Time,
    pub capture: Capture,
    pub acts: Vec<Act>,
}

#[derive(Debug)]
pub struct Act {
    pub at: Time,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    Say(Say),
    /// Somebody claims the offer that stands, if one does: the invited at this place.
    Claim(usize),
    /// The conversation's id is filled in.
    Change(Box<UpdateConversation>),
}

#[derive(Debug)]
pub struct Say {
    pub direction: Direction,
    pub kind: MessageType,
    pub body: String,
    pub bot: Option<BotId>,
    pub user: Option<UserId>,
    pub source: SourceId,
}

impl Command for Script {
    type Outcome = Captured;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Captured, Halt> {
        let now = tx.now;
        tx.now = self.at;
        let captured = self.capture.run(who, tx)?;
        for act in &self.acts {
            tx.now = act.at;
            act.what.run(&captured, who, tx)?;
        }
        tx.now = now;
        Ok(captured)
    }
}

impl What {
    fn run(&self, captured: &Captured, who: &Who, tx: &mut Tx<'_>) -> Result<(), Halt> {
        let conversation = captured.lead.conversation;
        match self {
            Self::Say(it) => {
                let say = AppendMessage {
                    to: To::Conversation(conversation),
                    direction: it.direction,
                    kind: it.kind,
                    body: it.body.clone(),
                    bot: it.bot,
                    user: it.user,
                    source: Some(it.source),
                    at: None,
                    profile: None,
                };
                say.run(who, tx)?;
            }
            Self::Claim(place) => {
                let standing = tx.get::<Conversation>(&conversation)?;
                let offer = standing.and_then(|it| Some((it.offer?, *it.offered_to.get(place % it.offered_to.len().max(1))?)));
                if let Some((id, user)) = offer {
                    // Too late is part of life: the offer's end is written all the same.
                    drop(ClaimOffer { id, user: Some(user) }.run(who, tx)?);
                }
            }
            Self::Change(change) => {
                let change = UpdateConversation { id: Some(conversation), ..UpdateConversation::clone(change) };
                change.run(who, tx)?;
            }
        }
        Ok(())
    }
}
