//! Captured leads, how they were routed, and the bodies nobody could read.

use std::collections::HashMap;
use std::sync::Arc;

use crate::entity::{Contact, Conversation, DeadLetter, Decision, Lead, LeadState, Offer, OfferState, RoutingState, RuleSet, Source};
use crate::id::{BrandId, ContactId, ConversationId, DeadLetterId, LeadId, SourceId};
use crate::port::{Failure, Key, LeadFilter, Row, Store};
use crate::refusal::{Refusal, Thing};

use super::{Asker, Page, ROUND_ROWS_MIN, ROUNDS_MAX};

#[derive(Clone, Debug)]
pub struct LeadRow {
    pub lead: Arc<Lead>,
    /// Where its routing stands.
    pub state: Option<Arc<LeadState>>,
}

/// A lead with every decision on it, each with the rules it read: all that a trace is computed from.
#[derive(Clone, Debug)]
pub struct Routing {
    pub row: LeadRow,
    /// Oldest first.
    pub decisions: Vec<Routed>,
}

#[derive(Clone, Debug)]
pub struct Routed {
    pub decision: Arc<Decision>,
    pub rules: Option<Arc<RuleSet>>,
}

const NOT_FOUND: Failure = Failure::Refused(Refusal::NotFound(Thing::Lead));

/// A lead is seen with its source's brand; by an agent who sees only his own, with its conversation.
pub async fn lead(store: &dyn Store, asker: &Asker, id: LeadId) -> Result<LeadRow, Failure> {
    let lead = store.row::<Lead>(asker.agency, &id).await?.ok_or(NOT_FOUND)?;
    let brand = brand_of(store, asker, lead.source).await?;
    if !brand.is_some_and(|it| asker.rights.sees_brand(it)) {
        return Err(NOT_FOUND);
    }
    if asker.rights.own_only.is_some() {
        let conversation = store.row::<Conversation>(asker.agency, &lead.conversation).await?;
        if !conversation.is_some_and(|it| asker.sees(&it)) {
            return Err(NOT_FOUND);
        }
    }
    let rows = with_states(store, asker, vec![lead]).await?;
    rows.into_iter().next().ok_or(NOT_FOUND)
}

/// A deleted source still has its row, and its leads still their brand.
async fn brand_of(store: &dyn Store, asker: &Asker, source: SourceId) -> Result<Option<BrandId>, Failure> {
    if let Some(live) = asker.config.source(source) {
        return Ok(Some(live.brand));
    }
    Ok(store.row::<Source>(asker.agency, &source).await?.map(|it| it.brand))
}

/// Each with where its routing stands: by its own row, or by its first decision while that is the only one.
async fn with_states(store: &dyn Store, asker: &Asker, leads: Vec<Arc<Lead>>) -> Result<Vec<LeadRow>, Failure> {
    let keys = leads.iter().flat_map(|it| [Key::LeadState(it.id), Key::Decision((it.id, Decision::FIRST))]);
    let keys: Vec<Key> = keys.collect();
    let rows = if keys.is_empty() { Vec::new() } else { store.load(asker.agency, &keys).await? };
    let state = |pair: &[Option<Row>]| match pair {
        [Some(Row::LeadState(it)), _] => Some(Arc::clone(it)),
        [None, Some(Row::Decision(it))] => Some(Arc::new(LeadState::first(it))),
        _ => None,
    };
    let mut shown = Vec::with_capacity(leads.len());
    for (lead, pair) in leads.into_iter().zip(rows.chunks(2)) {
        let state = match state(pair) {
            Some(state) => Some(as_of_now(store, asker, &lead, state).await?),
            None => None,
        };
        shown.push(LeadRow { lead, state });
    }
    Ok(shown)
}

/// An offer whose time is up has ended, whether or not anybody touched it since.
async fn as_of_now(store: &dyn Store, asker: &Asker, lead: &Lead, state: Arc<LeadState>) -> Result<Arc<LeadState>, Failure> {
    let RoutingState::Offered { offer } = state.state else { return Ok(state) };
    let Some(offer) = store.row::<Offer>(asker.agency, &offer).await? else { return Ok(state) };
    if offer.state != OfferState::Open || offer.state_at(asker.now) != OfferState::Expired {
        return Ok(state);
    }
    let Some(brand) = brand_of(store, asker, lead.source).await? else { return Ok(state) };
    Ok(Arc::new(LeadState { state: RoutingState::Inbox { brand }, since: offer.expires_at, ..LeadState::clone(&state) }))
}

/// Leads of a contact, newest first, before the one named: along the line of each lead's `previous`.
async fn leads_of(
    store: &dyn Store,
    asker: &Asker,
    contact: ContactId,
    source: Option<SourceId>,
    before: Option<LeadId>,
    limit: usize,
) -> Result<Page<LeadRow, LeadId>, Failure> {
    let none = Page { rows: Vec::new(), next: None };
    let Some(contact) = store.row::<Contact>(asker.agency, &contact).await?.filter(|it| asker.rights.sees_brand(it.brand)) else { return Ok(none) };
    let mut at = match before {
        Some(id) => store.row::<Lead>(asker.agency, &id).await?.filter(|it| it.contact == contact.id).and_then(|it| it.previous),
        None => newest_of(store, asker, &contact).await?,
    };
    let sources = asker.sources();
    let mut leads: Vec<Arc<Lead>> = Vec::new();
    let mut last = None;
    for _ in 0..ROUNDS_MAX.saturating_mul(ROUND_ROWS_MIN) {
        let Some(id) = at else { break };
        if leads.len() == limit {
            break;
        }
        let Some(lead) = store.row::<Lead>(asker.agency, &id).await? else { break };
        at = lead.previous;
        last = Some(id);
        let asked = source.is_none_or(|it| it == lead.source) && sources.as_ref().is_none_or(|it| it.contains(&lead.source));
        let seen = seen(store, asker, std::slice::from_ref(&lead)).await?;
        if asked && seen.is_none_or(|it| it.get(&lead.conversation).copied().unwrap_or(false)) {
            leads.push(lead);
        }
    }
    let next = if at.is_some() { last } else { None };
    Ok(Page { rows: with_states(store, asker, leads).await?, next })
}

async fn newest_of(store: &dyn Store, asker: &Asker, contact: &Contact) -> Result<Option<LeadId>, Failure> {
    let thread = match contact.conversation {
        Some(id) => store.row::<Conversation>(asker.agency, &id).await?,
        None => None,
    };
    Ok(thread.and_then(|it| it.lead).or(contact.last_lead))
}

/// Leads, newest first, before the one named.
pub async fn leads(
    store: &dyn Store,
    asker: &Asker,
    contact: Option<ContactId>,
    source: Option<SourceId>,
    before: Option<LeadId>,
    limit: usize,
) -> Result<Page<LeadRow, LeadId>, Failure> {
    if let Some(contact) = contact {
        return leads_of(store, asker, contact, source, before, limit).await;
    }
    let filter = LeadFilter { source, sources: asker.sources().map(Arc::new) };
    let mut leads: Vec<Arc<Lead>> = Vec::new();
    let mut at = before;
    let mut next = None;
    for round in 1..=ROUNDS_MAX {
        let asked = (limit - leads.len()).saturating_add(1).max(if asker.rights.own_only.is_some() { ROUND_ROWS_MIN } else { 0 });
        let rows = store.leads(asker.agency, &filter, at, asked).await?;
        let ended = rows.len() < asked;
        let seen = seen(store, asker, &rows).await?;
        for lead in rows {
            if leads.len() == limit {
                next = at;
                break;
            }
            at = Some(lead.id);
            if seen.as_ref().is_none_or(|it| it.get(&lead.conversation).copied().unwrap_or(false)) {
                leads.push(lead);
            }
        }
        if next.is_some() || ended {
            break;
        }
        if round == ROUNDS_MAX {
            next = at;
        }
    }
    Ok(Page { rows: with_states(store, asker, leads).await?, next })
}

/// Which of their conversations are seen; `None`: all that were listed may be.
async fn seen(store: &dyn Store, asker: &Asker, leads: &[Arc<Lead>]) -> Result<Option<HashMap<ConversationId, bool>>, Failure> {
    if asker.rights.own_only.is_none() {
        return Ok(None);
    }
    let mut ids: Vec<ConversationId> = leads.iter().map(|it| it.conversation).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = store.rows::<Conversation>(asker.agency, &ids).await?;
    Ok(Some(ids.into_iter().zip(rows).map(|(id, row)| (id, row.is_some_and(|it| asker.sees(&it)))).collect()))
}

/// Why a lead went where it went.
pub async fn routing(store: &dyn Store, asker: &Asker, id: LeadId) -> Result<Routing, Failure> {
    let row = lead(store, asker, id).await?;
    let decisions = store.decisions(asker.agency, id).await?;
    let mut keys: Vec<(SourceId, u32)> = decisions.iter().map(|it| (it.source, it.rules_version)).collect();
    keys.sort_unstable();
    keys.dedup();
    let sets = if keys.is_empty() { Vec::new() } else { store.rows::<RuleSet>(asker.agency, &keys).await? };
    let sets: HashMap<(SourceId, u32), Arc<RuleSet>> = keys.into_iter().zip(sets).filter_map(|(key, set)| Some((key, set?))).collect();
    let routed = |decision: Arc<Decision>| {
        let rules = sets.get(&(decision.source, decision.rules_version)).map(Arc::clone);
        Routed { decision, rules }
    };
    Ok(Routing { row, decisions: decisions.into_iter().map(routed).collect() })
}

/// Bodies that could not be read, newest first, for those who can mend their sources.
pub async fn dead_letters(
    store: &dyn Store,
    asker: &Asker,
    before: Option<DeadLetterId>,
    limit: usize,
) -> Result<Page<Arc<DeadLetter>, DeadLetterId>, Failure> {
    asker.rights.may_configure()?;
    let sources = asker.sources();
    let mut letters: Vec<Arc<DeadLetter>> = Vec::new();
    let mut at = before;
    let mut next = None;
    for round in 1..=ROUNDS_MAX {
        let asked = (limit - letters.len()).saturating_add(1).max(if sources.is_some() { ROUND_ROWS_MIN } else { 0 });
        let rows = store.dead_letters(asker.agency, at, asked).await?;
        let ended = rows.len() < asked;
        for letter in rows {
            if letters.len() == limit {
                next = at;
                break;
            }
            at = Some(letter.id);
            if sources.as_ref().is_none_or(|it| it.contains(&letter.source)) {
                letters.push(letter);
            }
        }
        if next.is_some() || ended {
            break;
        }
        if round == ROUNDS_MAX {
            next = at;
        }
    }
    Ok(Page { rows: letters, next })
}
