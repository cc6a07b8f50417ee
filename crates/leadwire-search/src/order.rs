//! Documents in the order of a key, ties by conversation id: a total order.
//!
//! A sorted sequence in pieces. It takes a key anywhere (a backdated message stands where its time puts it), counts
//! by whole pieces, and is shared with a reader by one pointer. It never holds the ids themselves: whoever changes it
//! says how to find them.

use std::cmp::Ordering;
use std::sync::Arc;

use leadwire_core::id::ConversationId;

use crate::varint::index;

/// Entries of a piece: 12 KB, the most a change copies. Small in tests, as other such bounds, so that they meet every path.
const PIECE_MAX: usize = if cfg!(test) { 32 } else { 1024 };

#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pieces: Arc<Vec<Piece>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Piece {
    /// The first entry, beside the piece so that finding one does not touch them all.
    key: i64,
    doc: u32,
    len: u32,
    entries: Arc<Entries>,
}

#[derive(Clone, Debug, Default)]
struct Entries {
    keys: Vec<i64>,
    docs: Vec<u32>,
}

/// A gap between two entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    piece: usize,
    entry: usize,
}

impl Position {
    /// Before every entry.
    pub(crate) const BEGIN: Self = Self { piece: 0, entry: 0 };
}

impl Piece {
    fn of(entries: Entries) -> Self {
        let mut piece = Self { key: 0, doc: 0, len: 0, entries: Arc::new(entries) };
        piece.refresh();
        piece
    }

    fn refresh(&mut self) {
        self.key = self.entries.keys.first().copied().unwrap_or_default();
        self.doc = self.entries.docs.first().copied().unwrap_or_default();
        self.len = index(self.entries.keys.len());
    }
}

impl Entries {
    fn split_off(&mut self, at: usize) -> Self {
        Self { keys: self.keys.split_off(at), docs: self.docs.split_off(at) }
    }

    fn entry(&self, at: usize) -> Option<(i64, u32)> {
        Some((*self.keys.get(at)?, *self.docs.get(at)?))
    }

    /// The first entry that does not stand before what is looked for.
    fn find(&self, key: i64, before: impl Fn(i64, u32) -> bool) -> usize {
        // Keys differ nearly always; ids are looked up only among equals.
        let low = self.keys.partition_point(|it| *it < key);
        let equal = self.keys.get(low..).unwrap_or_default().partition_point(|it| *it == key);
        let docs = self.docs.get(low..low + equal).unwrap_or_default();
        low + docs.partition_point(|doc| before(key, *doc))
    }
}

impl Order {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn insert(&mut self, key: i64, doc: u32, id: impl Fn(u32) -> ConversationId) {
        let wanted = id(doc);
        let before = |at: i64, it: u32| compare(at, || id(it), key, wanted).is_lt();
        let pieces = Arc::make_mut(&mut self.pieces);
        let at = pieces.partition_point(|it| before(it.key, it.doc)).saturating_sub(1);
        let newest = at + 1 >= pieces.len();
        if let Some(piece) = pieces.get_mut(at) {
            let entries = Arc::make_mut(&mut piece.entries);
            let entry = entries.find(key, before);
            let appended = newest && entry == entries.keys.len();
            entries.keys.insert(entry, key);
            entries.docs.insert(entry, doc);
            let right = if entries.keys.len() > PIECE_MAX {
                // Most keys are the newest: then the piece stays full and the next begins.
                Some(entries.split_off(if appended { PIECE_MAX } else { PIECE_MAX / 2 }))
            } else {
                None
            };
            piece.refresh();
            if let Some(right) = right {
                pieces.insert(at + 1, Piece::of(right));
            }
        } else {
            pieces.push(Piece::of(Entries { keys: vec![key], docs: vec![doc] }));
        }
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, key: i64, doc: u32, id: impl Fn(u32) -> ConversationId) {
        let wanted = id(doc);
        let not_after = |at: i64, it: u32| compare(at, || id(it), key, wanted).is_le();
        let before = |at: i64, it: u32| compare(at, || id(it), key, wanted).is_lt();
        let pieces = Arc::make_mut(&mut self.pieces);
        let at = pieces.partition_point(|it| not_after(it.key, it.doc)).saturating_sub(1);
        let Some(piece) = pieces.get_mut(at) else { return };
        let entry = piece.entries.find(key, before);
        if piece.entries.entry(entry) != Some((key, doc)) {
            return;
        }
        let entries = Arc::make_mut(&mut piece.entries);
        entries.keys.remove(entry);
        entries.docs.remove(entry);
        piece.refresh();
        self.len -= 1;
        let len = entries_len(pieces, at);
        if len == 0 {
            pieces.remove(at);
        } else if len < PIECE_MAX / 8 && len + entries_len(pieces, at + 1) < PIECE_MAX / 2 && at + 1 < pieces.len() {
            // Rows leave old pieces for the newest; what is left of them is drawn together.
            let right = pieces.remove(at + 1);
            if let Some(piece) = pieces.get_mut(at) {
                let entries = Arc::make_mut(&mut piece.entries);
                entries.keys.extend_from_slice(&right.entries.keys);
                entries.docs.extend_from_slice(&right.entries.docs);
                piece.refresh();
            }
        }
    }

    pub(crate) fn end(&self) -> Position {
        Position { piece: self.pieces.len(), entry: 0 }
    }

    /// Before the first entry whose key is `key` or greater.
    pub(crate) fn at_key(&self, key: i64) -> Position {
        let piece = self.pieces.partition_point(|it| it.key < key).saturating_sub(1);
        let entry = self.pieces.get(piece).map_or(0, |it| it.entries.keys.partition_point(|it| *it < key));
        self.tidy(Position { piece, entry })
    }

    /// Before the first entry whose key is greater than `key`.
    pub(crate) fn past_key(&self, key: i64) -> Position {
        key.checked_add(1).map_or(self.end(), |next| self.at_key(next))
    }

    /// Around the place of (key, id): before it, and behind it.
    pub(crate) fn around(&self, key: i64, wanted: ConversationId, id: impl Fn(u32) -> ConversationId) -> (Position, Position) {
        let find = |before: &dyn Fn(i64, u32) -> bool| {
            let piece = self.pieces.partition_point(|it| before(it.key, it.doc)).saturating_sub(1);
            let entry = self.pieces.get(piece).map_or(0, |it| it.entries.find(key, before));
            self.tidy(Position { piece, entry })
        };
        let low = find(&|at, it| compare(at, || id(it), key, wanted).is_lt());
        let high = find(&|at, it| compare(at, || id(it), key, wanted).is_le());
        (low, high)
    }

    /// How many entries stand between two positions.
    pub(crate) fn count(&self, from: Position, to: Position) -> usize {
        if from >= to {
            return 0;
        }
        let pieces = self.pieces.get(from.piece..to.piece).unwrap_or_default();
        let whole: usize = pieces.iter().map(|it| it.len as usize).sum();
        (whole + to.entry).saturating_sub(from.entry)
    }

    /// The position `count` entries further on.
    pub(crate) fn forward(&self, from: Position, count: usize) -> Position {
        let mut left = count + from.entry;
        for (at, piece) in self.pieces.iter().enumerate().skip(from.piece) {
            if left < piece.len as usize {
                return Position { piece: at, entry: left };
            }
            left -= piece.len as usize;
        }
        self.end()
    }

    /// The position `count` entries further back.
    pub(crate) fn back(&self, to: Position, count: usize) -> Position {
        let mut left = count;
        if left <= to.entry {
            return Position { piece: to.piece, entry: to.entry - left };
        }
        left -= to.entry;
        for (at, piece) in self.pieces.iter().enumerate().take(to.piece).rev() {
            let len = piece.len as usize;
            if left <= len {
                return Position { piece: at, entry: len - left };
            }
            left -= len;
        }
        Position::BEGIN
    }

    /// The entries between two positions, ascending.
    pub(crate) fn between(&self, from: Position, to: Position) -> impl DoubleEndedIterator<Item = (i64, u32)> {
        let end = self.pieces.len().min(to.piece.saturating_add(1));
        let pieces = if from < to { self.pieces.get(from.piece..end).unwrap_or_default() } else { &[] };
        pieces.iter().enumerate().flat_map(move |(at, piece)| {
            let start = if at == 0 { from.entry } else { 0 };
            let end = if at + from.piece == to.piece { to.entry } else { piece.len as usize };
            let keys = piece.entries.keys.get(start..end).unwrap_or_default();
            let docs = piece.entries.docs.get(start..end).unwrap_or_default();
            keys.iter().copied().zip(docs.iter().copied())
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.pieces.iter().map(|it| 112 + it.entries.keys.capacity() * 8 + it.entries.docs.capacity() * 4).sum()
    }

    fn tidy(&self, at: Position) -> Position {
        match self.pieces.get(at.piece) {
            Some(piece) if at.entry >= piece.len as usize => Position { piece: at.piece + 1, entry: 0 },
            _ => at,
        }
    }
}

fn entries_len(pieces: &[Piece], at: usize) -> usize {
    pieces.get(at).map_or(0, |it| it.len as usize)
}

fn compare(key: i64, id: impl FnOnce() -> ConversationId, wanted_key: i64, wanted: ConversationId) -> Ordering {
    key.cmp(&wanted_key).then_with(|| id().cmp(&wanted))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use leadwire_core::id::Uuid;
    use proptest::prelude::*;

    use super::*;

    /// Ids run against the numbers, so that a tie broken by number shows.
    fn id(doc: u32) -> ConversationId {
        ConversationId(Uuid::from_u128(u128::from(u32::MAX - doc)))
    }

    proptest! {
        #[test]
        fn an_order_stands_as_a_sorted_set_would(
            steps in proptest::collection::vec((0..40_i64, 0..3000_u32, any::<bool>()), 0..200),
            bulk in 0..3000_u32,
        ) {
            let mut order = Order::default();
            let mut set = BTreeSet::new();
            for doc in 0..bulk {
                order.insert(i64::from(doc % 37), doc, id);
                set.insert((i64::from(doc % 37), id(doc), doc));
            }
            for (key, doc, inserts) in steps {
                if inserts {
                    if set.insert((key, id(doc), doc)) {
                        order.insert(key, doc, id);
                    }
                } else {
                    set.remove(&(key, id(doc), doc));
                    order.remove(key, doc, id);
                }
            }
            // Far more leave than stay, so that pieces are drawn together.
            for doc in 0..bulk {
                if doc % 16 != 0 && set.remove(&(i64::from(doc % 37), id(doc), doc)) {
                    order.remove(i64::from(doc % 37), doc, id);
                }
            }
            let sorted: Vec<(i64, u32)> = set.iter().map(|(key, _, doc)| (*key, *doc)).collect();
            prop_assert!(order.between(Position::BEGIN, order.end()).eq(sorted.iter().copied()));
            prop_assert!(order.between(Position::BEGIN, order.end()).rev().eq(sorted.iter().rev().copied()));
            prop_assert_eq!(order.len(), sorted.len());
            for key in -1..41 {
                let low = sorted.partition_point(|it| it.0 < key);
                let high = sorted.partition_point(|it| it.0 <= key);
                prop_assert_eq!(order.count(Position::BEGIN, order.at_key(key)), low);
                prop_assert_eq!(order.count(order.at_key(key), order.past_key(key)), high - low);
                prop_assert_eq!(order.between(order.at_key(key), order.past_key(key)).count(), high - low);
            }
            for (at, (key, doc)) in sorted.iter().enumerate().step_by(7) {
                let (low, high) = order.around(*key, id(*doc), id);
                prop_assert_eq!(order.count(Position::BEGIN, low), at);
                prop_assert_eq!(order.count(Position::BEGIN, high), at + 1);
                prop_assert_eq!(order.count(Position::BEGIN, order.forward(Position::BEGIN, at)), at);
                prop_assert_eq!(order.count(order.back(order.end(), at), order.end()), at);
            }
        }
    }
}
