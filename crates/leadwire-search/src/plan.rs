//! What a query needs of the index, taken under the lock in the time it takes to share it; and which documents match,
//! found without the lock.
//!
//! A plan holds one moment of the index. It never sees a change made after it was taken.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::search::{Assigned, Query, SortBy};
use leadwire_core::text;
use roaring::RoaringBitmap;

use crate::field_words::FieldLeaves;
use crate::follow_ups::FollowUps;
use crate::found::{Found, Set, intersection};
use crate::leaves::{LeafKey, REPLIES_MAX};
use crate::message_words::MessageLeaves;
use crate::order::{Order, Position};
use crate::posting::{Union, of_numbers};
use crate::rows::{NEVER, Rows, sortable};
use crate::state::State;

pub(crate) struct Plan {
    pub(crate) rows: Rows,
    pub(crate) all: Set,
    /// The order the answer is sorted by.
    pub(crate) order: Order,
    now: Time,
    /// Some condition can hold for no document.
    nothing: bool,
    /// Of each, any.
    any: Vec<Vec<Set>>,
    not: Vec<Set>,
    picked: Vec<Vec<u32>>,
    words: Vec<Word>,
    /// Words may name documents that are gone.
    some_dead: bool,
    follow_up: Option<(bool, FollowUps)>,
    ranges: Vec<Range>,
    replies_min: u32,
}

struct Word {
    text: String,
    messages: MessageLeaves,
    infix: FieldLeaves,
    prefix: FieldLeaves,
}

/// Keys of an order between two bounds, both inclusive.
struct Range {
    by: SortBy,
    order: Order,
    /// The documents that have the key at all.
    present: Set,
    low: i64,
    high: i64,
}

/// The words of a query, cut before the lock is taken.
pub(crate) fn words_of(query: &Query) -> Vec<String> {
    query.text.as_deref().map(text::query_words).unwrap_or_default()
}

impl Plan {
    pub(crate) fn take(state: &State, query: &Query, words: Vec<String>) -> Self {
        let mut plan = Self {
            rows: state.rows.clone(),
            all: Arc::clone(&state.all),
            order: order_of(state, query.sort.by),
            now: query.now,
            nothing: false,
            any: Vec::new(),
            not: Vec::new(),
            picked: Vec::new(),
            words: Vec::new(),
            some_dead: !state.dead.is_empty(),
            follow_up: query.follow_up_scheduled.map(|asked| (asked, state.follow_ups.clone())),
            ranges: Vec::new(),
            replies_min: 0,
        };
        plan.scope(state, query);
        plan.conditions(state, query);
        plan.ranges(state, query);
        if plan.nothing {
            return plan;
        }
        plan.words = words
            .into_iter()
            .map(|text| Word { messages: state.messages.leaves(&text), infix: state.infix.leaves(&text), prefix: state.prefix.leaves(&text), text })
            .collect();
        plan
    }

    fn scope(&mut self, state: &State, query: &Query) {
        let brands: Vec<Set> = query.scope.brands.iter().filter_map(|it| state.leaves.get(LeafKey::Brand(*it)).cloned()).collect();
        // A document is of one brand: if they sum up to all, they are all.
        if brands.iter().map(|it| it.len()).sum::<u64>() < state.all.len() {
            self.any(brands);
        }
        if let Some(user) = query.scope.own_only {
            self.any_of(state, [LeafKey::Owner(user), LeafKey::Offered(user)]);
        }
    }

    fn conditions(&mut self, state: &State, query: &Query) {
        if let Some(asked) = &query.conversations {
            self.picked.push(asked.iter().filter_map(|it| state.of_conversation(*it)).collect());
        }
        if let Some(asked) = &query.contacts {
            self.picked.push(asked.iter().flat_map(|it| state.of_contact(*it)).collect());
        }
        if let Some(asked) = &query.sources {
            self.any_of(state, asked.iter().copied().map(LeafKey::Source));
        }
        if let Some(asked) = &query.types {
            self.any_of(state, asked.iter().copied().map(LeafKey::Type));
        }
        if let Some(asked) = &query.bots {
            self.any_of(state, asked.iter().copied().map(LeafKey::Bot));
        }
        if let Some(asked) = &query.persona_bots {
            self.any_of(state, asked.iter().copied().map(LeafKey::Bot));
        }
        if let Some(min) = query.bot_replies_min.filter(|it| *it > 0) {
            self.any_of(state, [LeafKey::Replies(min.min(REPLIES_MAX))]);
            self.replies_min = min;
        }
        if let Some(asked) = query.direction {
            self.any_of(state, [LeafKey::Direction(asked)]);
        }
        if let Some(asked) = query.outbound_action {
            self.any_of(state, [LeafKey::Action(asked)]);
        }
        match &query.assigned {
            None => {}
            Some(Assigned::Nobody) => self.any_of(state, [LeafKey::Unassigned]),
            Some(Assigned::AnyOf(users)) => self.any_of(state, users.iter().copied().map(LeafKey::Owner)),
        }
        if let Some(asked) = &query.followers {
            self.any_of(state, asked.iter().copied().map(LeafKey::Follower));
        }
        if let Some(asked) = &query.mentions {
            self.any_of(state, asked.iter().copied().map(LeafKey::Mention));
        }
        for (asked, key) in [(query.starred, LeafKey::Starred), (query.unread, LeafKey::Unread)] {
            match asked {
                None => {}
                Some(true) => self.any_of(state, [key]),
                Some(false) => self.not.extend(state.leaves.get(key).cloned()),
            }
        }
    }

    fn ranges(&mut self, state: &State, query: &Query) {
        let times = [
            (SortBy::Created, &state.by_creation, query.created_from, query.created_to),
            (SortBy::LastActivity, &state.by_activity, query.active_from, query.active_to),
        ];
        for (by, order, from, to) in times {
            if from.is_some() || to.is_some() {
                let (low, high) = (from.map_or(NEVER, Time::millis), to.map_or(i64::MAX, Time::millis));
                self.ranges.push(Range { by, order: order.clone(), present: Arc::clone(&state.all), low, high });
            }
        }
        if let Some(asked) = query.score {
            // Nothing compares with what is not a number.
            self.nothing |= [asked.min, asked.max].into_iter().flatten().any(f64::is_nan);
            let scores = state.scores.get(&asked.profile).cloned().unwrap_or_default();
            let (low, high) = (asked.min.map_or(NEVER, sortable), asked.max.map_or(i64::MAX, sortable));
            self.ranges.push(Range { by: SortBy::Score(asked.profile), order: scores.order, present: scores.present, low, high });
        }
    }

    fn any_of(&mut self, state: &State, keys: impl IntoIterator<Item = LeafKey>) {
        self.any(keys.into_iter().filter_map(|it| state.leaves.get(it).cloned()).collect());
    }

    fn any(&mut self, sets: Vec<Set>) {
        self.nothing |= sets.is_empty();
        self.any.push(sets);
    }

    /// What matches.
    pub(crate) fn found(&self) -> Found {
        if self.nothing {
            return Found::of(Set::default());
        }
        let universe = self.rows.len();
        let mut any = self.any.clone();
        let mut not = self.not.clone();
        any.extend(self.picked.iter().map(|it| vec![Arc::new(of_numbers(it.clone(), universe))]));
        for word in &self.words {
            let mut union = Union::default();
            word.messages.collect(&word.text, &mut union);
            word.infix.collect(&word.text, &mut union);
            word.prefix.collect(&word.text, &mut union);
            any.push(union.parts(universe));
        }
        if self.some_dead && !self.words.is_empty() {
            any.push(vec![Arc::clone(&self.all)]);
        }
        match &self.follow_up {
            None => {}
            Some((true, column)) => any.push(vec![column.after(self.now.millis(), universe)]),
            Some((false, column)) => not.push(column.after(self.now.millis(), universe)),
        }
        not.retain(|it| !it.is_empty());
        if not.is_empty() && self.ranges.is_empty() && self.replies_min <= REPLIES_MAX {
            return if any.is_empty() { Found::of(Arc::clone(&self.all)) } else { Found::of_all(any) };
        }
        let mut set = if any.is_empty() { Arc::clone(&self.all) } else { intersection(&any) };
        for it in &not {
            set = Arc::new(&*set - &**it);
        }
        for range in &self.ranges {
            set = range.of(&set, &self.rows, self.now);
        }
        if self.replies_min > REPLIES_MAX {
            let enough = |doc: &u32| self.rows.get(*doc).is_some_and(|it| it.bot_replies >= self.replies_min);
            set = Arc::new(set.iter().filter(enough).collect());
        }
        Found::of(set)
    }
}

impl Range {
    /// Those of `set` whose key lies within, by whichever way looks at the fewest.
    fn of(&self, set: &Set, rows: &Rows, now: Time) -> Set {
        let (from, to) = (self.order.at_key(self.low), self.order.past_key(self.high));
        let inside = self.order.count(from, to);
        let outside = self.order.len() - inside;
        let asked = usize::try_from(set.len()).unwrap_or(usize::MAX);
        if asked.saturating_mul(4) < inside.min(outside) {
            let within = |doc: &u32| rows.get(*doc).and_then(|it| it.key(self.by, now)).is_some_and(|it| it >= self.low && it <= self.high);
            return Arc::new(set.iter().filter(within).collect());
        }
        if inside <= outside {
            let inside = of_numbers(self.order.between(from, to).map(|it| it.1).collect(), rows.len());
            return Arc::new(&**set & &inside);
        }
        let mut left = RoaringBitmap::clone(set);
        left &= &*self.present;
        let (before, after) = (self.order.between(Position::BEGIN, from), self.order.between(to, self.order.end()));
        let outside = of_numbers(before.chain(after).map(|it| it.1).collect(), rows.len());
        left -= outside;
        Arc::new(left)
    }
}

fn order_of(state: &State, by: SortBy) -> Order {
    match by {
        SortBy::LastActivity => state.by_activity.clone(),
        SortBy::Created => state.by_creation.clone(),
        SortBy::LastManual => state.by_manual.clone(),
        SortBy::Due | SortBy::Overdue => state.by_due.clone(),
        SortBy::Score(profile) => state.scores.get(&profile).map(|it| it.order.clone()).unwrap_or_default(),
    }
}
