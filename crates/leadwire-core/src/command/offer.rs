//! Answers to an offer: the first member to claim it owns the lead; a member who declines is asked no more.

use std::sync::Arc;

use super::thread::{self, End};
use crate::entity::{Contact, Conversation, Offer, OfferState};
use crate::feed::Event;
use crate::id::{BrandId, OfferId, UserId};
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Conflict, Forbidden, Refusal, Thing};
use crate::who::{Rights, Who};

#[derive(Clone, Copy, Debug)]
pub struct ClaimOffer {
    pub id: OfferId,
    /// Who claims: the key's user, or with a key that acts as nobody, the user named.
    pub user: Option<UserId>,
}

#[derive(Clone, Copy, Debug)]
pub struct DeclineOffer {
    pub id: OfferId,
    pub user: Option<UserId>,
}

#[derive(Clone, Debug)]
pub struct Answered {
    pub offer: Arc<Offer>,
    pub conversation: Arc<Conversation>,
    pub contact: Arc<Contact>,
}

/// Refusals of offers that ended are outcomes too: the offer's end is written by the same unit.
pub type Settled = Result<Answered, Refusal>;

impl Command for ClaimOffer {
    type Outcome = Settled;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Settled, Halt> {
        let found = find(who, tx, self.id, self.user)?;
        let Found { offer, mut conversation, contact, user } = found;
        if !offer.invited.contains(&user) {
            return Err(Refusal::Forbidden(Forbidden::NotInvited).into());
        }
        if let Some(refusal) = ended(tx, &offer, &mut conversation, user)? {
            return Ok(match refusal {
                // The winner claims again: the same answer.
                None => Ok(Answered { conversation: tx_conversation(tx, &conversation)?, offer, contact }),
                Some(refusal) => Err(refusal),
            });
        }
        if offer.declined.contains(&user) {
            return Err(Refusal::Forbidden(Forbidden::NotInvited).into());
        }
        thread::end_offer(tx, &offer, &mut conversation, End::Claimed(user))?;
        conversation.updated_at = tx.now;
        let conversation = tx.put(conversation);
        let offer = tx.get::<Offer>(&self.id)?.ok_or(Refusal::NotFound(Thing::Offer))?;
        Ok(Ok(Answered { offer, conversation, contact }))
    }
}

impl Command for DeclineOffer {
    type Outcome = Settled;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Settled, Halt> {
        let Found { offer, mut conversation, contact, user } = find(who, tx, self.id, self.user)?;
        if !offer.invited.contains(&user) {
            return Err(Refusal::Forbidden(Forbidden::NotInvited).into());
        }
        if offer.declined.contains(&user) {
            return Ok(Ok(Answered { conversation: tx_conversation(tx, &conversation)?, offer, contact }));
        }
        if let Some(refusal) = ended(tx, &offer, &mut conversation, user)? {
            return Ok(Err(refusal.unwrap_or(Refusal::Conflict(Conflict::Claimed(Some(user))))));
        }
        let mut next = Offer::clone(&offer);
        next.declined.push(user);
        for lead in &next.leads {
            tx.event(Event::OfferDeclined { offer: next.id, lead: *lead, user });
        }
        conversation.offered_to.retain(|it| *it != user);
        if next.invited.iter().all(|it| next.declined.contains(it)) {
            thread::end_offer(tx, &next, &mut conversation, End::AllDeclined)?;
        } else {
            tx.put(next);
        }
        conversation.updated_at = tx.now;
        let conversation = tx.put(conversation);
        let offer = tx.get::<Offer>(&self.id)?.ok_or(Refusal::NotFound(Thing::Offer))?;
        Ok(Ok(Answered { offer, conversation, contact }))
    }
}

struct Found {
    offer: Arc<Offer>,
    conversation: Conversation,
    contact: Arc<Contact>,
    user: UserId,
}

fn find(who: &Who, tx: &mut Tx<'_>, id: OfferId, user: Option<UserId>) -> Result<Found, Halt> {
    let rights = who.rights(&tx.config, tx.now)?;
    let missing = Refusal::NotFound(Thing::Offer);
    let offer = tx.get::<Offer>(&id)?.ok_or(missing.clone())?;
    let conversation = tx.get::<Conversation>(&offer.conversation)?.ok_or(missing.clone())?;
    let contact = tx.get::<Contact>(&offer.contact)?.ok_or(missing.clone())?;
    if !rights.sees_brand(conversation.brand) {
        return Err(missing.into());
    }
    rights.may_write()?;
    let user = acting_user(&rights, tx, user, conversation.brand)?;
    Ok(Found { offer, conversation: Conversation::clone(&conversation), contact, user })
}

/// The user a request acts as: its key's, and nobody else; or whom it names, when its key acts as nobody.
fn acting_user(rights: &Rights, tx: &Tx<'_>, named: Option<UserId>, brand: BrandId) -> Result<UserId, Refusal> {
    match (rights.user, named) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(named)) if own == named => Ok(own),
        (Some(_), Some(_)) => Err(Refusal::invalid("/user", "is another user than the key's")),
        (None, None) => Err(Refusal::Forbidden(Forbidden::NoUser)),
        (None, Some(named)) if tx.config.works_in(named, brand) => Ok(named),
        (None, Some(_)) => Err(Refusal::invalid("/user", "no such user")),
    }
}

/// What an offer that is no longer open answers: nothing while it is open, `Some(None)` to its winner. Fires its
/// expiry when it is due.
#[expect(clippy::option_option, reason = "open, won by the asker, and ended otherwise are three different things")]
fn ended(tx: &mut Tx<'_>, offer: &Offer, conversation: &mut Conversation, user: UserId) -> Result<Option<Option<Refusal>>, Halt> {
    Ok(match offer.state {
        OfferState::Open if tx.now < offer.expires_at => None,
        OfferState::Open => {
            thread::end_offer(tx, offer, conversation, End::Expired)?;
            conversation.updated_at = tx.now;
            tx.put(conversation.clone());
            Some(Some(Refusal::OfferGone))
        }
        OfferState::Claimed { by, .. } if by == user => Some(None),
        OfferState::Claimed { by, .. } => Some(Some(Refusal::Conflict(Conflict::Claimed(Some(by))))),
        OfferState::Withdrawn => Some(Some(Refusal::Conflict(Conflict::Claimed(conversation.owner)))),
        OfferState::Expired | OfferState::Declined => Some(Some(Refusal::OfferGone)),
    })
}

fn tx_conversation(tx: &mut Tx<'_>, conversation: &Conversation) -> Result<Arc<Conversation>, Halt> {
    Ok(tx.get::<Conversation>(&conversation.id)?.ok_or(Refusal::NotFound(Thing::Conversation))?)
}
