//! Offers: those made to the asker, or all that are seen.

use std::collections::HashMap;
use std::sync::Arc;

use crate::entity::{Conversation, Offer};
use crate::id::{ConversationId, OfferId};
use crate::port::{Failure, Store};
use crate::refusal::{Forbidden, Refusal, Thing};

use super::{Asker, Page, ROUND_ROWS_MIN, ROUNDS_MAX};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that invite the asker's user.
    Mine,
    Seen,
}

/// An offer is seen by whom it invites, and with its conversation.
pub async fn offer(store: &dyn Store, asker: &Asker, id: OfferId) -> Result<Arc<Offer>, Failure> {
    let not_found = Failure::Refused(Refusal::NotFound(Thing::Offer));
    let Some(offer) = store.row::<Offer>(asker.agency, &id).await? else { return Err(not_found) };
    let conversation = store.row::<Conversation>(asker.agency, &offer.conversation).await?;
    if visible(asker, &offer, conversation.as_deref()) { Ok(offer) } else { Err(not_found) }
}

fn visible(asker: &Asker, offer: &Offer, conversation: Option<&Conversation>) -> bool {
    conversation.is_some_and(|it| asker.sees(it) || (asker.rights.sees_brand(it.brand) && invited(asker, offer)))
}

fn invited(asker: &Asker, offer: &Offer) -> bool {
    asker.rights.user.is_some_and(|it| offer.invited.contains(&it))
}

/// Offers, newest first, before the one named.
pub async fn offers(
    store: &dyn Store,
    asker: &Asker,
    which: Which,
    before: Option<OfferId>,
    limit: usize,
) -> Result<Page<Arc<Offer>, OfferId>, Failure> {
    if which == Which::Mine && asker.rights.user.is_none() {
        return Err(Failure::Refused(Refusal::Forbidden(Forbidden::NoUser)));
    }
    let mut offers: Vec<Arc<Offer>> = Vec::new();
    let mut at = before;
    let mut next = None;
    for round in 1..=ROUNDS_MAX {
        let asked = (limit - offers.len()).saturating_add(1).max(ROUND_ROWS_MIN);
        let rows = store.offers(asker.agency, at, asked).await?;
        let ended = rows.len() < asked;
        let mut ids: Vec<ConversationId> = rows.iter().map(|it| it.conversation).collect();
        ids.sort_unstable();
        ids.dedup();
        let conversations = if ids.is_empty() { Vec::new() } else { store.rows::<Conversation>(asker.agency, &ids).await? };
        let conversations: HashMap<ConversationId, Option<Arc<Conversation>>> = ids.into_iter().zip(conversations).collect();
        for offer in rows {
            if offers.len() == limit {
                next = at;
                break;
            }
            at = Some(offer.id);
            let conversation = conversations.get(&offer.conversation).and_then(Option::as_deref);
            if visible(asker, &offer, conversation) && (which == Which::Seen || invited(asker, &offer)) {
                offers.push(offer);
            }
        }
        if next.is_some() || ended {
            break;
        }
        if round == ROUNDS_MAX {
            next = at;
        }
    }
    Ok(Page { rows: offers, next })
}
