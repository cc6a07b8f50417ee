//! What several commands do to a thread: find it, say something in it, end an offer on it.

use std::sync::Arc;

use crate::Time;
use crate::entity::{
    Action, AssignReason, BotInstance, Cause, Contact, Conversation, Decision, Direction, InboxReason, LastMessage, LeadState, Message, Offer,
    OfferState, Outcome, RoutingState, SourceSeen,
};
use crate::feed::Event;
use crate::id::{BotId, BrandId, ContactId, ConversationId, LeadId, SourceId, UserId};
use crate::port::{Halt, Missing, Tx};
use crate::refusal::{Refusal, Thing};
use crate::who::Rights;

/// A thread with its contact.
pub type Thread = (Arc<Conversation>, Arc<Contact>);

/// The conversation, if the asker may see it; else as if it were not there.
pub fn seen(rights: &Rights, tx: &mut Tx<'_>, id: ConversationId) -> Result<Thread, Halt> {
    let conversation = tx.get::<Conversation>(&id)?.filter(|it| rights.sees(it)).ok_or(Refusal::NotFound(Thing::Conversation))?;
    let contact = tx.get::<Contact>(&conversation.contact)?.ok_or(Refusal::NotFound(Thing::Conversation))?;
    Ok((conversation, contact))
}

/// The contact, if the asker may see it; with its thread, if it has one.
pub fn seen_contact(rights: &Rights, tx: &mut Tx<'_>, id: ContactId) -> Result<(Arc<Contact>, Option<Arc<Conversation>>), Halt> {
    let missing = Refusal::NotFound(Thing::Contact);
    let contact = tx.get::<Contact>(&id)?.filter(|it| it.deleted_at.is_none() && rights.sees_brand(it.brand)).ok_or(missing.clone())?;
    let conversation = match contact.conversation {
        Some(id) => tx.get::<Conversation>(&id)?,
        None => None,
    };
    if rights.own_only.is_some() && !conversation.as_ref().is_some_and(|it| rights.sees(it)) {
        return Err(missing.into());
    }
    Ok((contact, conversation))
}

/// An empty thread with a contact.
pub fn blank(id: ConversationId, brand: BrandId, contact: ContactId, now: Time) -> Conversation {
    Conversation {
        id,
        version: 0,
        created_at: now,
        updated_at: now,
        brand,
        contact,
        starred: false,
        unread_count: 0,
        owner: None,
        lead: None,
        routed: Vec::new(),
        captured: Vec::new(),
        offer: None,
        offered_to: Vec::new(),
        followers: Vec::new(),
        mentions: Vec::new(),
        last_message: None,
        last_manual_at: None,
        outbound_action: None,
        sources: Vec::new(),
        bots: Vec::new(),
        bot_replies: 0,
        wont_respond_until: None,
        failure_reason: None,
        mimic_source: None,
        scores: Vec::new(),
        due: Vec::new(),
        profile: None,
    }
}

/// When a message that comes in now is said: after all that was said before, so that the newest stands last even
/// where several come within a millisecond.
pub fn next_at(conversation: &Conversation, now: Time) -> Time {
    conversation.last_message.as_ref().map_or(now, |it| now.max(it.at.plus_millis(1)))
}

/// Takes a message into the thread's state. A message older than the last one changes counts only.
pub fn take_in(conversation: &mut Conversation, message: &Message) {
    let newest = conversation.last_message.as_ref().is_none_or(|it| (it.at, it.id) < (message.at, message.id));
    match message.direction {
        Direction::Inbound => conversation.unread_count = conversation.unread_count.saturating_add(1),
        // Whoever answers has read.
        Direction::Outbound if message.bot.is_none() && newest => conversation.unread_count = 0,
        Direction::Outbound => {}
    }
    if message.direction == Direction::Outbound
        && let Some(bot) = message.bot
    {
        conversation.bot_replies = conversation.bot_replies.saturating_add(1);
        meet_bot(conversation, bot, false);
    }
    if let Some(source) = message.source {
        see_source(conversation, source, message.at);
    }
    if !newest {
        return;
    }
    conversation.last_manual_at = (message.action() == Some(Action::Manual)).then_some(message.at);
    if let Some(action) = message.action() {
        conversation.outbound_action = Some(action);
    }
    conversation.last_message = Some(LastMessage {
        id: message.id,
        at: message.at,
        kind: message.kind,
        direction: message.direction,
        body: message.body.as_ref().to_owned(),
        bot: message.bot,
        user: message.user,
        source: message.source,
    });
}

/// Notes that the contact came through `source`.
pub fn see_source(conversation: &mut Conversation, source: SourceId, at: Time) {
    match conversation.sources.iter_mut().find(|it| it.source == source) {
        Some(seen) => seen.at = seen.at.max(at),
        None => conversation.sources.push(SourceSeen { source, at }),
    }
}

/// Notes a bot: at work on the thread (`active`), or as one that wrote in it.
pub fn meet_bot(conversation: &mut Conversation, bot: BotId, active: bool) {
    match conversation.bots.iter_mut().find(|it| it.bot == bot) {
        Some(known) => known.active |= active,
        None => conversation.bots.push(BotInstance {
            bot,
            active,
            version: None,
            follow_up_timezone_kind: "unknown".to_owned(),
            follow_up_timezone: None,
            follow_up_at: None,
            smart_follow_up: false,
            scheduled_response_at: None,
        }),
    }
}

/// Where a lead's routing stands, and the decision that put it there.
type Routing = (Arc<LeadState>, Arc<Decision>);

fn routing_of(tx: &mut Tx<'_>, lead: LeadId) -> Result<Option<Routing>, Missing> {
    let state = tx.get::<LeadState>(&lead)?;
    let epoch = state.as_ref().map_or(Decision::FIRST, |it| it.epoch);
    let Some(decision) = tx.get::<Decision>(&(lead, epoch))? else { return Ok(None) };
    let state = state.unwrap_or_else(|| Arc::new(LeadState::first(&decision)));
    Ok(Some((state, decision)))
}

/// Asks for the routing of all these leads at once: one by one, a long list would cost a pass each.
pub fn want_routing(tx: &mut Tx<'_>, leads: &[LeadId]) {
    for lead in leads {
        // A miss is noted by the asking.
        let epoch = match tx.get::<LeadState>(lead) {
            Ok(Some(state)) => state.epoch,
            Ok(None) | Err(Missing) => Decision::FIRST,
        };
        tx.want::<Decision>(&(*lead, epoch));
    }
}

/// Why an offer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Claimed(UserId),
    Expired,
    /// By the user who declined last.
    AllDeclined,
    /// Somebody assigned the thread by hand; `None`: to nobody.
    Withdrawn(Option<UserId>),
}

/// Ends an open offer: the offer's own state, its leads, and the thread's, which the caller puts.
pub fn end_offer(tx: &mut Tx<'_>, offer: &Offer, conversation: &mut Conversation, end: End) -> Result<(), Missing> {
    let now = tx.now;
    want_routing(tx, &offer.leads);
    let mut offer = offer.clone();
    let (state, cause) = match end {
        End::Claimed(by) => (OfferState::Claimed { by, at: now }, Cause::Claim),
        End::Expired => (OfferState::Expired, Cause::OfferExpired),
        End::AllDeclined => (OfferState::Declined, Cause::Decline),
        End::Withdrawn(_) => (OfferState::Withdrawn, Cause::Manual),
    };
    offer.state = state;
    if conversation.offer == Some(offer.id) {
        conversation.offer = None;
        conversation.offered_to.clear();
    }
    if let End::Claimed(user) | End::Withdrawn(Some(user)) = end {
        conversation.owner = Some(user);
    }
    let brand = conversation.brand;
    for lead in offer.leads.clone() {
        let outcome = match end {
            End::Claimed(user) => Outcome::Assigned { user, reason: AssignReason::Claimed },
            End::Withdrawn(Some(user)) => Outcome::Assigned { user, reason: AssignReason::Manual },
            End::Withdrawn(None) => Outcome::Inbox { brand, reason: InboxReason::Unassigned },
            End::Expired => Outcome::Inbox { brand, reason: InboxReason::OfferExpired },
            End::AllDeclined => Outcome::Inbox { brand, reason: InboxReason::OfferDeclined },
        };
        reroute(tx, lead, cause, outcome)?;
    }
    match end {
        End::Claimed(user) => {
            for lead in &offer.leads {
                tx.event(Event::OfferClaimed { offer: offer.id, lead: *lead, user });
            }
        }
        End::Expired => {
            for lead in &offer.leads {
                tx.event(Event::OfferExpired { offer: offer.id, lead: *lead });
            }
        }
        End::AllDeclined | End::Withdrawn(_) => {}
    }
    tx.put(offer);
    Ok(())
}

/// Puts the next decision on a lead: the inputs of the one before, another cause and outcome.
pub fn reroute(tx: &mut Tx<'_>, lead: LeadId, cause: Cause, outcome: Outcome) -> Result<(), Missing> {
    let Some((state, before)) = routing_of(tx, lead)? else { return Ok(()) };
    if state.state == RoutingState::of(&outcome) {
        return Ok(());
    }
    let epoch = state.epoch + 1;
    let now = tx.now;
    let event = match &outcome {
        Outcome::Assigned { user, reason } => Some(Event::LeadAssigned { lead, user: *user, reason: *reason }),
        Outcome::Inbox { brand, reason } => Some(Event::LeadInbox { lead, brand: *brand, reason: *reason }),
        Outcome::Offered { .. } | Outcome::Closed => None,
    };
    tx.put(LeadState { lead, epoch, state: RoutingState::of(&outcome), since: now });
    let mut next = Decision::clone(&before);
    next.epoch = epoch;
    next.at = now;
    next.cause = cause;
    next.outcome = outcome;
    next.group = None;
    next.skipped.clear();
    tx.put(next);
    if let Some(event) = event {
        tx.event(event);
    }
    Ok(())
}

/// Expires the thread's offer if it is due: what every command on it does first. Says whether it did.
pub fn fire_due(tx: &mut Tx<'_>, conversation: &mut Conversation) -> Result<bool, Missing> {
    let Some(offer) = standing_offer(tx, conversation)? else { return Ok(false) };
    if tx.now < offer.expires_at {
        return Ok(false);
    }
    end_offer(tx, &offer, conversation, End::Expired)?;
    Ok(true)
}

/// The thread's offer, while nothing has ended it.
pub fn standing_offer(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<Option<Arc<Offer>>, Missing> {
    let Some(id) = conversation.offer else { return Ok(None) };
    Ok(tx.get::<Offer>(&id)?.filter(|it| it.state == OfferState::Open))
}
