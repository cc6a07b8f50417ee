//! Captured leads, how they were routed, and the bodies nobody could read.

use std::collections::HashMap;
use std::sync::Arc;

use crate::entity::{Conversation, DeadLetter, Decision, Lead, LeadState, RuleSet, Source};
use crate::id::{BrandId, ContactId, ConversationId, DeadLetterId, LeadId, SourceId};
use crate::port::{Failure, LeadFilter, Store};
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
    let state = store.row::<LeadState>(asker.agency, &id).await?;
    Ok(LeadRow { lead, state })
}

/// A deleted source still has its row, and its leads still their brand.
async fn brand_of(store: &dyn Store, asker: &Asker, source: SourceId) -> Result<Option<BrandId>, Failure> {
    if let Some(live) = asker.config.source(source) {
        return Ok(Some(live.brand));
    }
    Ok(store.row::<Source>(asker.agency, &source).await?.map(|it| it.brand))
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
    let filter = LeadFilter { contact, source, sources: asker.sources().map(Arc::new) };
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
    let ids: Vec<LeadId> = leads.iter().map(|it| it.id).collect();
    let states = if ids.is_empty() { Vec::new() } else { store.rows::<LeadState>(asker.agency, &ids).await? };
    Ok(Page { rows: leads.into_iter().zip(states).map(|(lead, state)| LeadRow { lead, state }).collect(), next })
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
