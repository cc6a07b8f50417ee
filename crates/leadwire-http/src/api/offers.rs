//! Offers: a lead offered to the members of a group. The first to claim it owns it.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::Time;
use leadwire_core::command::offer::{ClaimOffer, DeclineOffer, Settled};
use leadwire_core::config::Config;
use leadwire_core::entity::{self, OfferState, StoredAnswer};
use leadwire_core::id::OfferId;
use leadwire_core::read::offers::{self, Which};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, refused, tagged};
use super::problem::Error;
use super::wire::{Id, Page, When};
use crate::kit::page;

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub id: Id,
    /// The leads it is about, oldest first.
    pub leads: Vec<Id>,
    pub conversation: Id,
    pub contact: Id,
    pub group: Id,
    pub invited: Vec<Id>,
    pub declined: Vec<Id>,
    pub offered_at: When,
    /// At this instant a claim already loses.
    pub expires_at: When,
    pub state: StateName,
    /// Of `claimed`.
    #[schema(required)]
    pub claimed_by: Option<Id>,
    #[schema(required)]
    pub claimed_at: Option<When>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OfferStateName)]
pub enum StateName {
    Open,
    Claimed,
    Declined,
    Expired,
    /// Ended by a manual assignment or a deletion.
    Withdrawn,
}

/// Who answers an offer.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OfferAnswer {
    /// The key's user unless given; only for a key that acts as nobody.
    pub user: Option<Id>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfferQuery {
    /// True unless given: those that invite the key's user. False: all that are seen. A key that acts as nobody sees all.
    pub mine: Option<bool>,
    /// Rows of a page, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9a-f]{32}$")]
    pub after: Option<String>,
}

pub fn view(it: &entity::Offer, now: Time) -> Offer {
    let (state, claimed) = match it.state_at(now) {
        OfferState::Open => (StateName::Open, None),
        OfferState::Claimed { by, at } => (StateName::Claimed, Some((by, at))),
        OfferState::Declined => (StateName::Declined, None),
        OfferState::Expired => (StateName::Expired, None),
        OfferState::Withdrawn => (StateName::Withdrawn, None),
    };
    let users = |list: &[leadwire_core::id::UserId]| list.iter().map(|it| (*it).into()).collect();
    Offer {
        id: it.id.into(),
        leads: it.leads.iter().map(|it| (*it).into()).collect(),
        conversation: it.conversation.into(),
        contact: it.contact.into(),
        group: it.group.into(),
        invited: users(&it.invited),
        declined: users(&it.declined),
        offered_at: it.offered_at.into(),
        expires_at: it.expires_at.into(),
        state,
        claimed_by: claimed.map(|it| it.0.into()),
        claimed_at: claimed.map(|it| it.1.into()),
    }
}

/// Offers, newest first.
#[utoipa::path(get, path = "/v1/offers", tag = "offers", params(OfferQuery), responses((status = 200, body = Page<Offer>)))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: OfferQuery = ask.query()?;
    let limit = page::limit(query.limit)?;
    let before = match &query.after {
        Some(it) => Some(OfferId(page::decode_id(it)?)),
        None => None,
    };
    let which = if query.mine.unwrap_or(asker.rights.user.is_some()) { Which::Mine } else { Which::Seen };
    let found = offers::offers(ask.app.store.as_ref(), &asker, which, before, limit).await?;
    Ok(ask.page(found.rows.iter().map(|it| view(it, asker.now)).collect(), found.next.map(|it| page::encode(it.0.as_bytes()))))
}

/// One offer.
#[utoipa::path(get, path = "/v1/offers/{id}", tag = "offers", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Offer), (status = 404, description = "No such offer")))]
pub async fn one(ask: Ask, Named(id): Named<OfferId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = offers::offer(ask.app.store.as_ref(), &asker, id).await?;
    Ok(tagged(&view(&row, asker.now), row.version))
}

/// Claims an offer: the first to do so owns its leads.
#[utoipa::path(post, path = "/v1/offers/{id}/claim", tag = "offers", params(("id" = Uuid, Path)), request_body = Option<OfferAnswer>, responses(
    (status = 200, body = Offer), (status = 404, description = "No such offer"), (status = 409, description = "Somebody else has claimed it, or the idempotency key was used for another request"),
    (status = 410, description = "The offer has ended")))]
pub async fn claim(ask: Ask, Named(id): Named<OfferId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json_or_default::<OfferAnswer>(body).await?;
    ask.write(&bytes, ClaimOffer { id, user: it.user.map(Id::to) }, settled).await
}

/// Declines an offer. When all have, the lead is routed on.
#[utoipa::path(post, path = "/v1/offers/{id}/decline", tag = "offers", params(("id" = Uuid, Path)), request_body = Option<OfferAnswer>, responses(
    (status = 200, body = Offer), (status = 404, description = "No such offer"), (status = 409, description = "Somebody has claimed it, or the idempotency key was used for another request"),
    (status = 410, description = "The offer has ended")))]
pub async fn decline(ask: Ask, Named(id): Named<OfferId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json_or_default::<OfferAnswer>(body).await?;
    ask.write(&bytes, DeclineOffer { id, user: it.user.map(Id::to) }, settled).await
}

fn settled(it: &Settled, _: &Config) -> StoredAnswer {
    match it {
        // As it was answered: an offer that was open at this instant shows as open.
        Ok(it) => changed(&view(&it.offer, it.offer.offered_at), it.offer.version),
        Err(refusal) => refused(refusal),
    }
}
