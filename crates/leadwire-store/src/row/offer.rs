//! Offers.

use leadwire_core::Time;
use leadwire_core::entity::{Offer, OfferState};
use leadwire_core::id::{ContactId, ConversationId, GroupId, LeadId, OfferId, UserId};

use super::{body, variants};
use crate::table::versioned;

versioned!(Offer, "offer", OfferId);

body!(Offer, apart { id: OfferId, version: u64 }, {
    leads: Vec<LeadId>,
    conversation "conv": ConversationId,
    contact: ContactId,
    group: GroupId,
    invited: Vec<UserId>,
    declined: Vec<UserId>,
    offered_at: Time,
    expires_at: Time,
    state: OfferState,
});

variants!(OfferState {
    Open = "open" {},
    Claimed = "claimed" { by: UserId, at: Time },
    Declined = "declined" {},
    Expired = "expired" {},
    Withdrawn = "withdrawn" {},
});
