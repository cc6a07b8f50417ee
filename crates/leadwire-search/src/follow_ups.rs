//! Follow-ups that lie ahead: an ordered column of times, asked as of any moment.
//!
//! The set of those ahead of a mark is kept beside it; a query corrects it by what stands in the column between the
//! mark and its own now, which is little while the mark moves with the feed. The answer is exact for every now.

use std::sync::Arc;

use leadwire_core::id::ConversationId;
use roaring::RoaringBitmap;

use crate::order::Order;
use crate::posting::of_numbers;
use crate::rows::NEVER;

#[derive(Clone)]
pub(crate) struct FollowUps {
    /// By the last follow-up of each document that has one.
    order: Order,
    mark: i64,
    ahead: Arc<RoaringBitmap>,
}

impl FollowUps {
    pub(crate) fn new() -> Self {
        Self { order: Order::default(), mark: NEVER, ahead: Arc::default() }
    }

    pub(crate) fn set(&mut self, doc: u32, before: i64, after: i64, id: impl Fn(u32) -> ConversationId) {
        if before == after {
            return;
        }
        if before != NEVER {
            self.order.remove(before, doc, &id);
        }
        if after != NEVER {
            self.order.insert(after, doc, &id);
        }
        if (before > self.mark) != (after > self.mark) {
            let ahead = Arc::make_mut(&mut self.ahead);
            if after > self.mark {
                ahead.insert(doc)
            } else {
                ahead.remove(doc)
            };
        }
    }

    /// Moves the mark forward.
    pub(crate) fn advance(&mut self, now: i64) {
        if now <= self.mark {
            return;
        }
        let (from, to) = (self.order.past_key(self.mark), self.order.past_key(now));
        self.mark = now;
        if self.order.count(from, to) > 0 {
            let ahead = Arc::make_mut(&mut self.ahead);
            for (_, doc) in self.order.between(from, to) {
                ahead.remove(doc);
            }
        }
    }

    /// The documents with a follow-up after `now`.
    pub(crate) fn after(&self, now: i64, universe: usize) -> Arc<RoaringBitmap> {
        let (low, high) = (now.min(self.mark), now.max(self.mark));
        let (from, to) = (self.order.past_key(low), self.order.past_key(high));
        if self.order.count(from, to) == 0 {
            return Arc::clone(&self.ahead);
        }
        let between = of_numbers(self.order.between(from, to).map(|it| it.1).collect(), universe);
        Arc::new(if now > self.mark { &*self.ahead - &between } else { &*self.ahead | &between })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.order.bytes() + self.ahead.serialized_size()
    }
}
