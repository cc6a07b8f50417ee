//! One set of documents per thing a filter can name.
//!
//! A document's sets are kept beside it as a packed list, so that a change touches only the difference. Nothing here
//! depends on the time a question is asked: such conditions are ordered columns, never sets.

use std::sync::Arc;

use leadwire_core::entity::{Action, Direction, MessageType};
use leadwire_core::id::{BotId, BrandId, SourceId, UserId};
use leadwire_core::search::Columns;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::posting::bitmap_bytes;
use crate::varint::{index, put_sorted, sorted};

/// Bot replies are sets up to here; more are counted in the rows.
pub(crate) const REPLIES_MAX: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeafKey {
    Brand(BrandId),
    Source(SourceId),
    Bot(BotId),
    Type(MessageType),
    Direction(Direction),
    Action(Action),
    Owner(UserId),
    Unassigned,
    Offered(UserId),
    Follower(UserId),
    Mention(UserId),
    Starred,
    Unread,
    /// At least so many replies by bots.
    Replies(u32),
}

#[derive(Default)]
pub(crate) struct Leaves {
    numbers: FxHashMap<LeafKey, u32>,
    sets: Vec<Arc<RoaringBitmap>>,
    /// Per document, the numbers of its sets but for replies, sorted and packed.
    members: Vec<Box<[u8]>>,
}

impl Leaves {
    pub(crate) fn get(&self, key: LeafKey) -> Option<&Arc<RoaringBitmap>> {
        self.numbers.get(&key).and_then(|it| self.sets.get(*it as usize))
    }

    pub(crate) fn put(&mut self, doc: u32, columns: &Columns) {
        let mut members: Vec<u32> = keys(columns).map(|it| self.number(it)).collect();
        members.sort_unstable();
        members.dedup();
        let mut packed = Vec::with_capacity(members.len() * 2);
        put_sorted(&mut packed, &members);
        while self.members.len() <= doc as usize {
            self.members.push(Box::default());
        }
        let Some(own) = self.members.get_mut(doc as usize) else { return };
        if **own == *packed {
            return;
        }
        let before = sorted(own);
        *own = packed.into_boxed_slice();
        for gone in before.iter().filter(|it| members.binary_search(it).is_err()) {
            self.unset(*gone, doc);
        }
        for new in members.iter().filter(|it| before.binary_search(it).is_err()) {
            self.set(*new, doc);
        }
    }

    pub(crate) fn replies(&mut self, doc: u32, before: u32, after: u32) {
        let (before, after) = (before.min(REPLIES_MAX), after.min(REPLIES_MAX));
        for replies in before + 1..=after {
            let number = self.number(LeafKey::Replies(replies));
            self.set(number, doc);
        }
        for replies in after + 1..=before {
            let number = self.number(LeafKey::Replies(replies));
            self.unset(number, doc);
        }
    }

    pub(crate) fn remove(&mut self, doc: u32) {
        let Some(own) = self.members.get_mut(doc as usize) else { return };
        let before = sorted(own);
        *own = Box::default();
        for gone in before {
            self.unset(gone, doc);
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let members: usize = self.members.iter().map(|it| 16 + it.len().next_multiple_of(8)).sum();
        members + self.sets.iter().map(|it| 40 + bitmap_bytes(it)).sum::<usize>()
    }

    fn number(&mut self, key: LeafKey) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            self.sets.push(Arc::default());
            index(self.sets.len()) - 1
        })
    }

    fn set(&mut self, number: u32, doc: u32) {
        if let Some(set) = self.sets.get_mut(number as usize) {
            Arc::make_mut(set).insert(doc);
        }
    }

    fn unset(&mut self, number: u32, doc: u32) {
        if let Some(set) = self.sets.get_mut(number as usize) {
            Arc::make_mut(set).remove(doc);
        }
    }
}

fn keys(it: &Columns) -> impl Iterator<Item = LeafKey> {
    let one = [
        Some(LeafKey::Brand(it.brand)),
        Some(it.owner.map_or(LeafKey::Unassigned, LeafKey::Owner)),
        it.last_type.map(LeafKey::Type),
        it.last_direction.map(LeafKey::Direction),
        it.outbound_action.map(LeafKey::Action),
        it.starred.then_some(LeafKey::Starred),
        it.unread.then_some(LeafKey::Unread),
    ];
    one.into_iter()
        .flatten()
        .chain(it.sources.iter().copied().map(LeafKey::Source))
        .chain(it.bots.iter().copied().map(LeafKey::Bot))
        .chain(it.offered_to.iter().copied().map(LeafKey::Offered))
        .chain(it.followers.iter().copied().map(LeafKey::Follower))
        .chain(it.mentions.iter().copied().map(LeafKey::Mention))
}
