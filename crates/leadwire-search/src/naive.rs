//! The index as its definition: every document is looked at for every query.
//!
//! It implements the sentences of [`leadwire_core::search`] and [`leadwire_core::text`] one by one and nothing else.
//! The server was first served from it; now it is the oracle [`crate::MemoryIndex`] is held against. It must never
//! share code with what it judges, and never be clever.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, ConversationId};
use leadwire_core::search::{
    Assigned, Columns, Cursor, Document, DocumentChange, Fields, Gap, Hit, Hits, Index, Loader, Page, Query, Sort, SortBy, SortKey, TIE_ROWS_MAX,
};
use leadwire_core::text;
use parking_lot::RwLock;

/// An index that scans.
#[derive(Clone, Default)]
pub struct NaiveIndex {
    agencies: Arc<RwLock<HashMap<AgencyId, Scan>>>,
}

#[derive(Default)]
struct Scan {
    position: u64,
    documents: BTreeMap<ConversationId, Entry>,
}

struct Entry {
    columns: Columns,
    fields: Fields,
    /// Folded.
    messages: Vec<String>,
}

impl NaiveIndex {
    pub fn new() -> Self {
        Self::default()
    }

    /// The conversations a query would show if everything were one page, in order.
    pub fn all(&self, agency: AgencyId, query: &Query) -> Vec<ConversationId> {
        let everything = Query { page: Page::Offset { offset: 0, limit: usize::MAX }, ..query.clone() };
        self.search(agency, &everything).rows.iter().map(|it| it.conversation).collect()
    }
}

impl Index for NaiveIndex {
    fn apply(&self, agency: AgencyId, units: &[Arc<Unit>]) -> Result<(), Gap> {
        let mut agencies = self.agencies.write();
        let scan = agencies.entry(agency).or_default();
        let new: Vec<&Arc<Unit>> = units.iter().filter(|it| it.position > scan.position).collect();
        for (expected, unit) in (scan.position + 1..).zip(&new) {
            if unit.position != expected {
                return Err(Gap { at: scan.position, begin: unit.position });
            }
        }
        for unit in new {
            for change in &unit.documents {
                scan.change(change);
            }
            scan.position = unit.position;
        }
        Ok(())
    }

    fn position(&self, agency: AgencyId) -> u64 {
        self.agencies.read().get(&agency).map_or(0, |it| it.position)
    }

    fn search(&self, agency: AgencyId, query: &Query) -> Hits {
        let agencies = self.agencies.read();
        let Some(scan) = agencies.get(&agency) else { return Hits::default() };
        let words = query.text.as_deref().map(text::query_words).unwrap_or_default();
        let mut rows: Vec<Hit> = Vec::new();
        for entry in scan.documents.values() {
            if passes(query, &entry.columns) && says(&words, entry) {
                rows.push(hit(query, &entry.columns));
            }
        }
        rows.sort_by(|a, b| compare(query.sort, at(a), at(b)));
        let total = rows.len() as u64;
        Hits { rows: page(query, rows), total }
    }

    fn rebuild(&self, agency: AgencyId) -> Box<dyn Loader> {
        Box::new(ScanLoader { index: self.clone(), agency, scan: Scan::default() })
    }
}

struct ScanLoader {
    index: NaiveIndex,
    agency: AgencyId,
    scan: Scan,
}

impl Loader for ScanLoader {
    fn add(&mut self, document: &Document, messages: &mut dyn Iterator<Item = &str>) {
        let entry = Entry { columns: document.columns.clone(), fields: document.fields.clone(), messages: messages.map(text::fold).collect() };
        self.scan.documents.insert(document.columns.conversation, entry);
    }

    fn finish(self: Box<Self>, position: u64) {
        let Self { index, agency, mut scan } = *self;
        scan.position = position;
        index.agencies.write().insert(agency, scan);
    }
}

impl Scan {
    fn change(&mut self, change: &DocumentChange) {
        match change {
            DocumentChange::Removed(conversation) => {
                self.documents.remove(conversation);
            }
            DocumentChange::Put { columns, fields, messages } => {
                let entry = self.documents.entry(columns.conversation).or_insert_with(|| Entry {
                    columns: columns.as_ref().clone(),
                    fields: Fields::default(),
                    messages: Vec::new(),
                });
                entry.columns = columns.as_ref().clone();
                if let Some(fields) = fields {
                    entry.fields = fields.after.clone();
                }
                entry.messages.extend(messages.iter().map(|it| text::fold(it)));
            }
        }
    }
}

fn says(words: &[String], entry: &Entry) -> bool {
    text::matches(words, &entry.fields.infix, &entry.fields.words, entry.messages.iter().map(String::as_str))
}

/// Every condition but the text.
fn passes(query: &Query, it: &Columns) -> bool {
    let visible =
        query.scope.brands.contains(&it.brand) && query.scope.own_only.is_none_or(|user| it.owner == Some(user) || it.offered_to.contains(&user));
    let activity = it.last_message_at.unwrap_or(it.created_at);
    visible
        && query.conversations.as_ref().is_none_or(|asked| asked.contains(&it.conversation))
        && query.contacts.as_ref().is_none_or(|asked| asked.contains(&it.contact))
        && any(query.sources.as_deref(), &it.sources)
        && query.types.as_ref().is_none_or(|asked| it.last_type.is_some_and(|kind| asked.contains(&kind)))
        && any(query.bots.as_deref(), &it.bots)
        && any(query.persona_bots.as_deref(), &it.bots)
        && query.bot_replies_min.is_none_or(|min| it.bot_replies >= min)
        && query.direction.is_none_or(|asked| it.last_direction == Some(asked))
        && query.outbound_action.is_none_or(|asked| it.outbound_action == Some(asked))
        && query.follow_up_scheduled.is_none_or(|asked| it.follow_ups.iter().any(|at| *at > query.now) == asked)
        && match &query.assigned {
            None => true,
            Some(Assigned::Nobody) => it.owner.is_none(),
            Some(Assigned::AnyOf(users)) => it.owner.is_some_and(|owner| users.contains(&owner)),
        }
        && any(query.followers.as_deref(), &it.followers)
        && any(query.mentions.as_deref(), &it.mentions)
        && query.starred.is_none_or(|asked| it.starred == asked)
        && query.unread.is_none_or(|asked| it.unread == asked)
        && query.score.is_none_or(|asked| {
            score(it, SortBy::Score(asked.profile))
                .is_some_and(|score| asked.min.is_none_or(|min| score >= min) && asked.max.is_none_or(|max| score <= max))
        })
        && query.created_from.is_none_or(|from| it.created_at >= from)
        && query.created_to.is_none_or(|to| it.created_at <= to)
        && query.active_from.is_none_or(|from| activity >= from)
        && query.active_to.is_none_or(|to| activity <= to)
}

fn any<T: PartialEq>(asked: Option<&[T]>, has: &[T]) -> bool {
    asked.is_none_or(|asked| has.iter().any(|it| asked.contains(it)))
}

/// The score by the profile sorted by. What is not a number is no score.
fn score(it: &Columns, by: SortBy) -> Option<f64> {
    let SortBy::Score(profile) = by else { return None };
    it.scores.iter().find(|(id, score)| *id == profile && !score.is_nan()).map(|(_, score)| *score)
}

fn key(it: &Columns, by: SortBy, now: Time) -> SortKey {
    let time = |at: Option<Time>| at.map_or(SortKey::Null, |it| SortKey::Time(it.millis()));
    match by {
        SortBy::LastActivity => time(Some(it.last_message_at.unwrap_or(it.created_at))),
        SortBy::LastManual => time(it.last_manual_at),
        SortBy::Due => time(it.due.iter().copied().filter(|at| *at >= now).min()),
        SortBy::Overdue => time(it.due.iter().copied().filter(|at| *at < now).min()),
        SortBy::Score(_) => score(it, by).map_or(SortKey::Null, SortKey::Score),
        SortBy::Created => time(Some(it.created_at)),
    }
}

fn hit(query: &Query, it: &Columns) -> Hit {
    Hit {
        conversation: it.conversation,
        contact: it.contact,
        conversation_version: it.conversation_version,
        contact_version: it.contact_version,
        key: key(it, query.sort.by, query.now),
    }
}

fn at(hit: &Hit) -> Cursor {
    Cursor { key: hit.key, conversation: hit.conversation }
}

/// How two keys stand to one another in ascending order, where both are there.
fn compare_values(a: SortKey, b: SortKey) -> Ordering {
    match (a, b) {
        (SortKey::Time(a), SortKey::Time(b)) => a.cmp(&b),
        (a, b) => number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal),
    }
}

#[expect(clippy::cast_precision_loss, reason = "only where a cursor of one sort is used with another, which has no right answer")]
fn number(key: SortKey) -> f64 {
    match key {
        SortKey::Null => 0.0,
        SortKey::Time(at) => at as f64,
        SortKey::Score(score) => score,
    }
}

/// How two keys stand to one another in the order asked for.
fn compare_keys(sort: Sort, a: SortKey, b: SortKey) -> Ordering {
    match (a, b) {
        (SortKey::Null, SortKey::Null) => Ordering::Equal,
        (SortKey::Null, _) => Ordering::Greater,
        (_, SortKey::Null) => Ordering::Less,
        (a, b) if sort.descending => compare_values(b, a),
        (a, b) => compare_values(a, b),
    }
}

fn compare(sort: Sort, a: Cursor, b: Cursor) -> Ordering {
    let (low, high) = if sort.descending { (b.conversation, a.conversation) } else { (a.conversation, b.conversation) };
    compare_keys(sort, a.key, b.key).then(low.cmp(&high))
}

fn page(query: &Query, rows: Vec<Hit>) -> Vec<Hit> {
    match query.page {
        Page::Offset { offset, limit } => rows.into_iter().skip(offset).take(limit).collect(),
        Page::After { cursor, limit } => rows.into_iter().filter(|it| compare(query.sort, cursor, at(it)).is_lt()).take(limit).collect(),
        Page::AfterKey { key, limit } => {
            let mut rest = rows.into_iter().filter(|it| key.is_none_or(|key| compare_keys(query.sort, key, it.key).is_lt()));
            let mut page: Vec<Hit> = rest.by_ref().take(limit).collect();
            if let Some(last) = page.last().copied() {
                let tie = rest.take(TIE_ROWS_MAX).take_while(|it| compare_keys(query.sort, last.key, it.key).is_eq());
                page.extend(tie);
            }
            page
        }
    }
}
