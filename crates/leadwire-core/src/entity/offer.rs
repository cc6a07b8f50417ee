//! Offers of leads to a group, and what became of them.

use crate::Time;
use crate::id::{ContactId, ConversationId, GroupId, LeadId, OfferId, UserId};

/// A lead offered to the members of a group: the first to claim it owns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub id: OfferId,
    pub version: u64,
    /// The leads it is about, oldest first: a contact who inquires again while an offer stands joins it.
    pub leads: Vec<LeadId>,
    pub conversation: ConversationId,
    pub contact: ContactId,
    pub group: GroupId,
    pub invited: Vec<UserId>,
    pub declined: Vec<UserId>,
    pub offered_at: Time,
    /// At this instant a claim already loses.
    pub expires_at: Time,
    pub state: OfferState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferState {
    Open,
    Claimed {
        by: UserId,
        at: Time,
    },
    Declined,
    Expired,
    /// Ended by a manual assignment or a deletion.
    Withdrawn,
}

impl Offer {
    /// The state as it is to be shown at `now`: a due offer is expired, fired or not.
    pub fn state_at(&self, now: Time) -> OfferState {
        if self.state == OfferState::Open && now >= self.expires_at { OfferState::Expired } else { self.state }
    }
}
