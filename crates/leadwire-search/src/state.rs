//! All that is held of one agency, and how a change gets into it.
//!
//! Everything a query may hold is shared by `Arc` and changed in place (`Arc::make_mut`), so that only what a query
//! still holds is ever copied. Documents have numbers; the number of a removed document serves another once the last
//! word has forgotten it.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use leadwire_core::id::{ContactId, ConversationId, ProfileId, Uuid};
use leadwire_core::search::Columns;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::field_words::{FieldWords, Kind};
use crate::follow_ups::FollowUps;
use crate::leaves::Leaves;
use crate::message_words::MessageWords;
use crate::order::{Order, Position};
use crate::rows::{NEVER, Row, Rows, id, sortable};
use crate::varint::index;

/// Documents are forgotten when so many are gone, and at least one in [`SWEEP_SHARE`] of those that stay.
const SWEEP_MIN: u64 = if cfg!(test) { 6 } else { 64 };
const SWEEP_SHARE: u64 = 8;

pub(crate) struct State {
    pub(crate) position: u64,
    pub(crate) rows: Rows,
    pub(crate) all: Arc<RoaringBitmap>,
    pub(crate) leaves: Leaves,
    pub(crate) by_activity: Order,
    pub(crate) by_creation: Order,
    pub(crate) by_manual: Order,
    /// Every due time, a document once for each.
    pub(crate) by_due: Order,
    pub(crate) scores: FxHashMap<ProfileId, Scores>,
    pub(crate) follow_ups: FollowUps,
    pub(crate) messages: MessageWords,
    pub(crate) infix: FieldWords,
    pub(crate) prefix: FieldWords,
    /// Removed documents that words still name.
    pub(crate) dead: RoaringBitmap,
    sweep: Option<Arc<RoaringBitmap>>,
    free: Vec<u32>,
    hasher: DefaultHashBuilder,
    by_conversation: HashTable<u32>,
    by_contact: HashTable<u32>,
}

#[derive(Clone, Default)]
pub(crate) struct Scores {
    pub(crate) order: Order,
    pub(crate) present: Arc<RoaringBitmap>,
}

/// The words of a change, cut before the lock is taken.
#[derive(Default)]
pub(crate) struct Cut<'a> {
    pub(crate) infix: Difference<'a>,
    pub(crate) prefix: Difference<'a>,
    pub(crate) messages: Vec<&'a str>,
}

#[derive(Default)]
pub(crate) struct Difference<'a> {
    pub(crate) gone: Vec<&'a str>,
    pub(crate) new: Vec<&'a str>,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            position: 0,
            rows: Rows::default(),
            all: Arc::default(),
            leaves: Leaves::default(),
            by_activity: Order::default(),
            by_creation: Order::default(),
            by_manual: Order::default(),
            by_due: Order::default(),
            scores: FxHashMap::default(),
            follow_ups: FollowUps::new(),
            messages: MessageWords::default(),
            infix: FieldWords::new(Kind::Infix),
            prefix: FieldWords::new(Kind::Prefix),
            dead: RoaringBitmap::new(),
            sweep: None,
            free: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            by_conversation: HashTable::new(),
            by_contact: HashTable::new(),
        }
    }

    pub(crate) fn put(&mut self, columns: &Columns, cut: &Cut<'_>) {
        let row = Row::new(columns);
        let doc = match self.of_conversation(columns.conversation) {
            Some(doc) => {
                self.change(doc, row);
                doc
            }
            None => self.create(&row),
        };
        self.leaves.put(doc, columns);
        for (words, cut) in [(&mut self.infix, &cut.infix), (&mut self.prefix, &cut.prefix)] {
            for word in &cut.gone {
                words.remove(word, doc);
            }
            for word in &cut.new {
                words.add(word, doc);
            }
        }
        for word in &cut.messages {
            self.messages.add(word, doc);
        }
    }

    pub(crate) fn remove(&mut self, conversation: ConversationId) {
        let Some(doc) = self.of_conversation(conversation) else { return };
        let Some(row) = self.rows.get(doc).cloned() else { return };
        let none = Row { active: NEVER, created: NEVER, manual: NEVER, follow_up: NEVER, bot_replies: 0, extra: None, ..row.clone() };
        self.reorder(doc, &row, &none);
        self.leaves.remove(doc);
        Arc::make_mut(&mut self.all).remove(doc);
        forget(&mut self.by_conversation, self.hasher.hash_one(row.conversation.0), doc);
        forget(&mut self.by_contact, self.hasher.hash_one(row.contact.0), doc);
        if let Some(place) = self.rows.get_mut(doc) {
            *place = none;
        }
        self.dead.insert(doc);
    }

    /// Work that is done a little with every unit.
    pub(crate) fn tend(&mut self, now: i64) {
        self.follow_ups.advance(now);
        match &self.sweep {
            None if self.dead.len() >= SWEEP_MIN.max(self.all.len() / SWEEP_SHARE) => {
                let dead = Arc::new(self.dead.clone());
                self.messages.begin_sweep(&dead);
                self.infix.begin_sweep(&dead);
                self.prefix.begin_sweep(&dead);
                self.sweep = Some(dead);
            }
            None => {}
            Some(swept) => {
                // Each goes on at every turn.
                let done = [self.messages.sweep(), self.infix.sweep(), self.prefix.sweep()];
                if done.iter().all(|it| *it) {
                    self.dead -= &**swept;
                    self.free.extend(swept.iter());
                    self.sweep = None;
                }
            }
        }
    }

    /// After a load: ready to be asked.
    pub(crate) fn settle(&mut self) {
        let newest = self.by_activity.between(Position::BEGIN, self.by_activity.end()).next_back();
        self.follow_ups.advance(newest.map_or(NEVER, |it| it.0));
        self.messages.settle();
    }

    pub(crate) fn of_conversation(&self, conversation: ConversationId) -> Option<u32> {
        let same = |it: &u32| self.rows.get(*it).is_some_and(|row| row.conversation == conversation);
        self.by_conversation.find(self.hasher.hash_one(conversation.0), same).copied()
    }

    pub(crate) fn of_contact(&self, contact: ContactId) -> impl Iterator<Item = u32> {
        let found = self.by_contact.iter_hash(self.hasher.hash_one(contact.0)).copied();
        found.filter(move |it| self.rows.get(*it).is_some_and(|row| row.contact == contact))
    }

    fn create(&mut self, row: &Row) -> u32 {
        let none = Row { active: NEVER, created: NEVER, manual: NEVER, follow_up: NEVER, bot_replies: 0, extra: None, ..row.clone() };
        let doc = match self.free.pop() {
            Some(doc) => {
                if let Some(place) = self.rows.get_mut(doc) {
                    *place = row.clone();
                }
                doc
            }
            None => {
                self.rows.push(row.clone());
                index(self.rows.len()) - 1
            }
        };
        Arc::make_mut(&mut self.all).insert(doc);
        self.reorder(doc, &none, row);
        let Self { rows, hasher, by_conversation, by_contact, .. } = self;
        let hash = |it: &u32| hasher.hash_one(rows.get(*it).map_or(Uuid::nil(), |it| it.conversation.0));
        by_conversation.insert_unique(hasher.hash_one(row.conversation.0), doc, hash);
        let hash = |it: &u32| hasher.hash_one(rows.get(*it).map_or(Uuid::nil(), |it| it.contact.0));
        by_contact.insert_unique(hasher.hash_one(row.contact.0), doc, hash);
        doc
    }

    fn change(&mut self, doc: u32, row: Row) {
        let Some(before) = self.rows.get(doc).cloned() else { return };
        self.reorder(doc, &before, &row);
        let contact = row.contact;
        if let Some(place) = self.rows.get_mut(doc) {
            *place = row;
        }
        if before.contact != contact {
            forget(&mut self.by_contact, self.hasher.hash_one(before.contact.0), doc);
            let Self { rows, hasher, by_contact, .. } = self;
            let hash = |it: &u32| hasher.hash_one(rows.get(*it).map_or(Uuid::nil(), |it| it.contact.0));
            by_contact.insert_unique(hasher.hash_one(contact.0), doc, hash);
        }
    }

    /// Moves a document to where its keys put it now. Its id must stand in its row already.
    fn reorder(&mut self, doc: u32, before: &Row, after: &Row) {
        let id = id(&self.rows);
        let orders = [
            (&mut self.by_activity, before.active, after.active),
            (&mut self.by_creation, before.created, after.created),
            (&mut self.by_manual, before.manual, after.manual),
        ];
        for (order, before, after) in orders {
            if before != after {
                if before != NEVER {
                    order.remove(before, doc, &id);
                }
                if after != NEVER {
                    order.insert(after, doc, &id);
                }
            }
        }
        self.follow_ups.set(doc, before.follow_up, after.follow_up, &id);
        if before.extra != after.extra {
            for gone in before.due().iter().filter(|it| after.due().binary_search(it).is_err()) {
                self.by_due.remove(*gone, doc, &id);
            }
            for new in after.due().iter().filter(|it| before.due().binary_search(it).is_err()) {
                self.by_due.insert(*new, doc, &id);
            }
            for (profile, score) in before.scores() {
                if let Some(scores) = self.scores.get_mut(profile) {
                    scores.order.remove(sortable(*score), doc, &id);
                    Arc::make_mut(&mut scores.present).remove(doc);
                }
            }
            for (profile, score) in after.scores() {
                let scores = self.scores.entry(*profile).or_default();
                scores.order.insert(sortable(*score), doc, &id);
                Arc::make_mut(&mut scores.present).insert(doc);
            }
        }
        self.leaves.replies(doc, before.bot_replies, after.bot_replies);
    }

    pub(crate) fn bytes(&self) -> Bytes {
        let extras = self.rows.iter().filter_map(|it| it.extra.as_ref());
        let extras: usize = extras.map(|it| 80 + it.due.capacity() * 8 + it.scores.capacity() * 24).sum();
        let orders = [&self.by_activity, &self.by_creation, &self.by_manual, &self.by_due];
        let scores = self.scores.values().map(|it| it.order.bytes() + it.present.serialized_size());
        Bytes {
            rows: self.rows.len() * size_of::<Row>() + extras + self.by_conversation.allocation_size() + self.by_contact.allocation_size(),
            orders: orders.into_iter().map(Order::bytes).chain(scores).sum::<usize>() + self.follow_ups.bytes(),
            leaves: self.leaves.bytes() + self.all.serialized_size(),
            messages: self.messages.bytes(),
            fields: self.infix.bytes() + self.prefix.bytes(),
        }
    }
}

fn forget(table: &mut HashTable<u32>, hash: u64, doc: u32) {
    if let Ok(entry) = table.find_entry(hash, |it| *it == doc) {
        entry.remove();
    }
}

/// What an index takes in memory, about, by its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub rows: usize,
    pub orders: usize,
    pub leaves: usize,
    pub messages: usize,
    pub fields: usize,
}

impl Bytes {
    pub fn total(&self) -> usize {
        let Self { rows, orders, leaves, messages, fields } = self;
        rows + orders + leaves + messages + fields
    }
}
