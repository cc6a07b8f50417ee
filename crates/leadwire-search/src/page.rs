//! Which of the matching documents a page shows, in order.
//!
//! Either a walk along the order, testing each row against the matches, or a selection among the matches, whichever
//! looks at fewer. A walk that finds too little on its way gives up for the selection, so that no distribution of the
//! matches makes a page slow.

use std::cmp::Ordering;

use leadwire_core::Time;
use leadwire_core::id::ConversationId;
use leadwire_core::search::{Hit, Page, Query, Sort, SortBy, TIE_ROWS_MAX};

use crate::found::{Bits, Found};
use crate::order::{Order, Position};
use crate::plan::Plan;
use crate::rows::{Rows, id, integer_of, key_of};

/// To find and compare a row costs about so many steps of a walk.
const SELECT_COST: usize = 4;
/// To test a document against a set costs about so many times marking one.
const TEST_COST: usize = 8;
/// A walk may always take so many steps.
const WALK_MIN: usize = if cfg!(test) { 16 } else { 4096 };

/// Where a page begins.
#[derive(Clone, Copy)]
enum Start {
    /// After so many rows.
    Skip(usize),
    /// After this row. A null key is `None`.
    Row(Option<i64>, ConversationId),
    /// After every row of this key.
    Key(Option<i64>),
}

struct Pager<'a> {
    rows: &'a Rows,
    order: &'a Order,
    found: &'a Found,
    /// Everything matches.
    whole: bool,
    sort: Sort,
    now: Time,
    start: Start,
    limit: usize,
    /// Rows beyond the limit that may be added while their key is the last one's.
    ties: usize,
}

type Entry = (Option<i64>, u32);

pub(crate) fn page(plan: &Plan, found: &Found, query: &Query) -> Vec<Hit> {
    let integer = |key| integer_of(query.sort.by, key);
    let (start, limit, ties) = match query.page {
        Page::Offset { offset, limit } => (Start::Skip(offset), limit, 0),
        Page::After { cursor, limit } => (Start::Row(integer(cursor.key), cursor.conversation), limit, 0),
        Page::AfterKey { key: Some(key), limit } => (Start::Key(integer(key)), limit, TIE_ROWS_MAX),
        Page::AfterKey { key: None, limit } => (Start::Skip(0), limit, TIE_ROWS_MAX),
    };
    if limit == 0 || found.total() == 0 {
        return Vec::new();
    }
    let whole = found.total() == plan.all.len();
    let pager = Pager { rows: &plan.rows, order: &plan.order, found, whole, sort: query.sort, now: query.now, start, limit, ties };
    let entries = pager.entries();
    let hits = entries.into_iter().filter_map(|(key, doc)| {
        let row = plan.rows.get(doc)?;
        Some(Hit {
            conversation: row.conversation,
            contact: row.contact,
            conversation_version: row.conversation_version,
            contact_version: row.contact_version,
            key: key_of(query.sort.by, key),
        })
    });
    hits.collect()
}

/// A page in the making.
struct Taken {
    entries: Vec<Entry>,
    /// Rows still to be passed over.
    skip: usize,
}

impl Pager<'_> {
    fn entries(&self) -> Vec<Entry> {
        let skip = if let Start::Skip(skip) = self.start { skip } else { 0 };
        let mut taken = Taken { entries: Vec::new(), skip };
        // After a null key only null keys follow.
        if !matches!(self.start, Start::Row(None, _) | Start::Key(None)) {
            taken = self.walk().unwrap_or_else(|| self.select());
        }
        if taken.entries.len() < self.limit && self.may_be_null() {
            self.nulls(&mut taken);
        }
        taken.entries
    }

    fn may_be_null(&self) -> bool {
        !matches!(self.sort.by, SortBy::LastActivity | SortBy::Created) && !matches!(self.start, Start::Key(None))
    }

    /// The entries of the order that can be on this page or a later one.
    fn span(&self) -> (Position, Position) {
        let (mut from, mut to) = (Position::BEGIN, self.order.end());
        match self.sort.by {
            SortBy::Due => from = self.order.at_key(self.now.millis()),
            SortBy::Overdue => to = self.order.at_key(self.now.millis()),
            _ => {}
        }
        let (before, after) = match self.start {
            Start::Row(Some(key), conversation) => self.order.around(key, conversation, id(self.rows)),
            Start::Key(Some(key)) => (self.order.at_key(key), self.order.past_key(key)),
            _ => return (from, to),
        };
        if self.sort.descending { (from, to.min(before)) } else { (from.max(after), to) }
    }

    /// The page along the order, unless matches are too rare there.
    fn walk(&self) -> Option<Taken> {
        let (mut from, mut to) = self.span();
        let mut skip = if let Start::Skip(skip) = self.start { skip } else { 0 };
        let each_once = !matches!(self.sort.by, SortBy::Due | SortBy::Overdue);
        let mut budget = usize::MAX;
        let mut bits = None;
        if self.whole && each_once {
            // Every entry is a row: they are passed over by counting.
            let passed = skip.min(self.order.count(from, to));
            skip -= passed;
            (from, to) = if self.sort.descending { (from, self.order.back(to, passed)) } else { (self.order.forward(from, passed), to) };
        } else {
            let span = self.order.count(from, to);
            let matches = usize::try_from(self.found.total()).unwrap_or(usize::MAX);
            budget = matches.saturating_mul(SELECT_COST).saturating_add(WALK_MIN);
            let wanted = skip.saturating_add(self.limit);
            let expected = wanted.saturating_mul(span) / matches.max(1);
            if span > WALK_MIN && expected > budget {
                return None;
            }
            // Marking every match pays where many rows are tested.
            let universe = self.rows.len();
            if expected.min(span).saturating_mul(TEST_COST) > matches + universe / 32 {
                bits = Some(Bits::of(self.found.set(), universe));
            }
        }
        let between = self.order.between(from, to);
        match (&bits, self.sort.descending) {
            (Some(bits), true) => self.along(between.rev(), skip, budget, |it| bits.contains(it)),
            (Some(bits), false) => self.along(between, skip, budget, |it| bits.contains(it)),
            (None, true) => self.along(between.rev(), skip, budget, |it| self.found.contains(it)),
            (None, false) => self.along(between, skip, budget, |it| self.found.contains(it)),
        }
    }

    fn along(&self, between: impl Iterator<Item = (i64, u32)>, skip: usize, budget: usize, matches: impl Fn(u32) -> bool) -> Option<Taken> {
        let mut taken = Taken { entries: Vec::with_capacity(self.limit.min(1024)), skip };
        let checks_key = matches!(self.sort.by, SortBy::Due | SortBy::Overdue);
        for (step, (key, doc)) in between.enumerate() {
            if step >= budget {
                return None;
            }
            if !self.whole && !matches(doc) {
                continue;
            }
            // Of a document's due times only the one it is sorted by counts.
            if checks_key && self.key(doc) != Some(key) {
                continue;
            }
            if taken.skip > 0 {
                taken.skip -= 1;
            } else if !self.take(&mut taken.entries, (Some(key), doc)) {
                break;
            }
        }
        Some(taken)
    }

    /// Adds an entry in its order, if there is room; whether there may be room for another.
    fn take(&self, entries: &mut Vec<Entry>, entry: Entry) -> bool {
        let tie = entries.last().is_some_and(|it| it.0 == entry.0);
        if entries.len() < self.limit || (tie && entries.len() < self.limit.saturating_add(self.ties)) {
            entries.push(entry);
            return entries.len() < self.limit.saturating_add(self.ties);
        }
        false
    }

    /// The page out of all the matches.
    fn select(&self) -> Taken {
        let skip = if let Start::Skip(skip) = self.start { skip } else { 0 };
        let mut keyed: Vec<Entry> = Vec::new();
        for doc in self.found.set() {
            if let Some(key) = self.key(doc)
                && self.is_after_start(key, doc)
            {
                keyed.push((Some(key), doc));
            }
        }
        self.window(keyed, skip)
    }

    fn nulls(&self, taken: &mut Taken) {
        let mut nulls: Vec<Entry> = Vec::new();
        for doc in self.found.set() {
            let follows = match self.start {
                Start::Row(None, conversation) => self.id(doc).is_some_and(|it| directed(self.sort, it.cmp(&conversation)).is_gt()),
                _ => true,
            };
            if follows && self.key(doc).is_none() {
                nulls.push((None, doc));
            }
        }
        let more = self.window(nulls, taken.skip);
        for entry in more.entries {
            if !self.take(&mut taken.entries, entry) {
                break;
            }
        }
    }

    /// What a page shows of entries in any order, behind the first `skip`.
    fn window(&self, mut entries: Vec<Entry>, skip: usize) -> Taken {
        if skip >= entries.len() {
            return Taken { skip: skip - entries.len(), entries: Vec::new() };
        }
        let compare = |a: &Entry, b: &Entry| directed(self.sort, a.0.cmp(&b.0).then_with(|| self.id(a.1).cmp(&self.id(b.1))));
        if skip > 0 {
            entries.select_nth_unstable_by(skip, compare);
            entries.drain(..skip);
        }
        let wanted = self.limit.saturating_add(self.ties);
        if wanted < entries.len() {
            entries.select_nth_unstable_by(wanted, compare);
            entries.truncate(wanted);
        }
        entries.sort_unstable_by(compare);
        let mut taken = Taken { entries: Vec::with_capacity(entries.len()), skip: 0 };
        for entry in entries {
            if !self.take(&mut taken.entries, entry) {
                break;
            }
        }
        taken
    }

    fn is_after_start(&self, key: i64, doc: u32) -> bool {
        match self.start {
            Start::Skip(_) => true,
            Start::Row(Some(start), conversation) => {
                let order = key.cmp(&start).then_with(|| self.id(doc).cmp(&Some(conversation)));
                directed(self.sort, order).is_gt()
            }
            Start::Key(Some(start)) => directed(self.sort, key.cmp(&start)).is_gt(),
            Start::Row(None, _) | Start::Key(None) => false,
        }
    }

    fn key(&self, doc: u32) -> Option<i64> {
        self.rows.get(doc)?.key(self.sort.by, self.now)
    }

    fn id(&self, doc: u32) -> Option<ConversationId> {
        self.rows.get(doc).map(|it| it.conversation)
    }
}

fn directed(sort: Sort, ascending: Ordering) -> Ordering {
    if sort.descending { ascending.reverse() } else { ascending }
}
