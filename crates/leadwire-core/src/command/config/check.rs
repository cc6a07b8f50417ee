//! Rights, references and bounds, checked the same way for every kind of thing.

use std::collections::BTreeSet;

use crate::command::check::Checks;
use crate::entity::User;
use crate::id::UserId;
use crate::limits::{LIST_LEN_MAX, ORDER_MAX};
use crate::port::{Entity, Halt, Tx};
use crate::refusal::{Refusal, Thing};
use crate::who::{Rights, Who};
use std::sync::Arc;

/// Rights of an asker who writes configuration.
pub(super) fn admin(who: &Who, tx: &Tx<'_>) -> Result<Rights, Refusal> {
    let rights = who.rights(&tx.config, tx.now)?;
    rights.may_configure()?;
    Ok(rights)
}

/// The row as it stands, read so that another may be put over it.
pub(super) fn row<E: Entity>(tx: &mut Tx<'_>, key: &E::Key, thing: Thing) -> Result<Arc<E>, Halt> {
    tx.get::<E>(key)?.ok_or(Halt::Refused(Refusal::NotFound(thing)))
}

pub(super) fn version(if_match: Option<u64>, version: u64) -> Result<(), Refusal> {
    if if_match.is_none_or(|it| it == version) { Ok(()) } else { Err(Refusal::VersionMismatch) }
}

/// Trimmed; what is blank is nothing.
pub(super) fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

pub(super) fn zone(checks: &mut Checks, at: &str, name: &str) {
    checks.that(crate::time::is_zone(name.trim()), at, "is no IANA time zone");
}

pub(super) fn country(checks: &mut Checks, at: &str, code: &str) {
    let code = code.trim();
    checks.that(code.len() == 2 && code.bytes().all(|it| it.is_ascii_alphabetic()), at, "is no country code of two letters");
}

/// A place in an order, if it is one.
pub(super) fn order(checks: &mut Checks, at: &str, order: i64) -> u16 {
    checks.that((0..=ORDER_MAX).contains(&order), at, "is not between 0 and 32767");
    u16::try_from(order).unwrap_or_default()
}

/// The place in a list, from 1, as an order.
pub(super) fn place(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(ORDER_MAX).saturating_add(1).min(ORDER_MAX)
}

pub(super) fn unique<T: Ord>(checks: &mut Checks, at: &str, things: impl IntoIterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for (i, it) in things.into_iter().enumerate() {
        checks.that(seen.insert(it), &format!("{at}/{i}"), "is there twice");
    }
}

/// Lines, trimmed, none of them blank.
pub(super) fn lines(checks: &mut Checks, at: &str, lines: &[String]) -> Vec<String> {
    checks.list(at, lines, LIST_LEN_MAX);
    for (i, it) in lines.iter().enumerate().take(LIST_LEN_MAX) {
        checks.name(&format!("{at}/{i}"), it);
    }
    lines.iter().map(|it| it.trim().to_owned()).collect()
}

/// A user the asker sees: one who works in a brand that is seen.
pub(super) fn user_seen(tx: &Tx<'_>, rights: &Rights, id: UserId) -> Result<Arc<User>, Refusal> {
    crate::read::configured::user(&tx.config, rights, crate::read::Of::Seen, id)
}
