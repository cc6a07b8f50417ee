//! Captured bodies that could not be read. They are kept, and are no leads.

use axum::response::Response;
use leadwire_core::Time;
use leadwire_core::entity;
use leadwire_core::id::DeadLetterId;
use leadwire_core::read::leads;
use serde::Serialize;
use utoipa::ToSchema;

use super::ask::{Ask, decode_place, encode_place};
use super::leads::{Raw, raw};
use super::problem::Error;
use super::wire::{Id, Page, Paging, When};
use crate::kit::page;

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    pub id: Id,
    pub at: When,
    pub source: Id,
    /// Why it could not be read.
    pub error: String,
    pub raw: Raw,
}

fn view(it: &entity::DeadLetter) -> DeadLetter {
    DeadLetter { id: it.id.into(), at: it.at.into(), source: it.source.into(), error: it.error.clone(), raw: raw(&it.raw) }
}

/// Bodies that could not be read, newest first. The oldest are dropped beyond 10,000 or 64 MB.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "dead-letters", params(Paging), responses((status = 200, body = Page<DeadLetter>)))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: Paging = ask.query()?;
    let limit = page::limit(query.limit)?;
    let before = match &query.after {
        Some(it) => Some(DeadLetterId(decode_place(it)?.1)),
        None => None,
    };
    let found = leads::dead_letters(ask.app.store.as_ref(), &asker, before, limit).await?;
    Ok(ask.page(found.rows.iter().map(|it| view(it)).collect(), found.next.map(|it| encode_place((Time::default(), it.0)))))
}
