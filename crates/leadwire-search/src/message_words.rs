//! The words of messages. They are only ever added: a message's text never changes, and what is removed is removed with
//! its document.
//!
//! A word of few documents waits in a small tail and then in sorted runs; a word of many is promoted to a dictionary
//! with a set of its own. A word may be in several of these places at once, and is found in the union of them, so that
//! nothing is ever looked up to add a rare word. Merging goes on a little with every word added.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use roaring::RoaringBitmap;

use crate::posting::{Posting, Union};
use crate::runs::{Builder, Merge, Run};
use crate::varint::index;

/// From more documents than this a word has a set of its own.
const RARE_MAX: usize = if cfg!(test) { 4 } else { 32 };
/// Words the tail holds before it becomes a run.
const TAIL_WORDS: usize = if cfg!(test) { 16 } else { 2048 };
/// So many runs of one level make one of the next.
const FANOUT: usize = 4;
/// Words merged per level for each rare word added. One would just keep up.
const PACE: usize = 2;
/// Words swept for each unit applied while documents are being forgotten.
const SWEEP_RARE: usize = if cfg!(test) { 20 } else { 128 };
const SWEEP_COMMON: usize = if cfg!(test) { 5 } else { 16 };
/// A run may not outgrow the 32 bits of its block offsets: such runs stay apart.
const RUN_BYTES_MAX: usize = 1 << 31;

#[derive(Default)]
pub(crate) struct MessageWords {
    common: Common,
    tail: BTreeMap<Box<str>, Vec<u32>>,
    levels: Vec<Level>,
    sweep: Option<Sweep>,
}

#[derive(Default)]
struct Common {
    words: Vec<Word>,
    by_hash: HashTable<u32>,
    hasher: DefaultHashBuilder,
    sorted: BTreeMap<Arc<str>, u32>,
}

struct Word {
    text: Arc<str>,
    docs: Posting,
}

#[derive(Default)]
struct Level {
    runs: Vec<Arc<Run>>,
    /// Merges the first [`FANOUT`] of the runs.
    merge: Option<Merge>,
}

/// Forgetting documents: every run is merged without them, every common word goes over its set.
struct Sweep {
    dead: Arc<RoaringBitmap>,
    runs: Vec<Arc<Run>>,
    merge: Option<Merge>,
    common: usize,
}

/// What a query holds of the words that begin with a prefix.
pub(crate) struct MessageLeaves {
    common: Vec<Posting>,
    runs: Vec<Arc<Run>>,
    tail: Vec<u32>,
}

impl MessageWords {
    pub(crate) fn add(&mut self, word: &str, doc: u32) {
        if let Some(at) = self.common.find(word) {
            self.common.insert(at, doc);
            return;
        }
        if let Some(docs) = self.tail.get_mut(word) {
            if let Err(at) = docs.binary_search(&doc) {
                docs.insert(at, doc);
                if docs.len() > RARE_MAX {
                    let docs = std::mem::take(docs);
                    self.tail.remove(word);
                    self.common.add(word, &docs);
                }
            }
            return;
        }
        self.tail.insert(word.into(), vec![doc]);
        for level in 0..self.levels.len() {
            self.merge(level, PACE);
        }
        if self.tail.len() >= TAIL_WORDS {
            self.flush();
        }
    }

    /// The leaves that hold the words beginning with `prefix`.
    pub(crate) fn leaves(&self, prefix: &str) -> MessageLeaves {
        let from = (std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded);
        let common = self.common.sorted.range::<str, _>(from).take_while(|(word, _)| word.starts_with(prefix));
        let tail = self.tail.range::<str, _>(from).take_while(|(word, _)| word.starts_with(prefix));
        let sweeping = self.sweep.iter().flat_map(|it| &it.runs);
        MessageLeaves {
            common: common.filter_map(|(_, at)| self.common.words.get(*at as usize)).map(|it| it.docs.clone()).collect(),
            runs: self.levels.iter().flat_map(|it| &it.runs).chain(sweeping).cloned().collect(),
            tail: tail.flat_map(|(_, docs)| docs.iter().copied()).collect(),
        }
    }

    fn flush(&mut self) {
        let mut builder = Builder::default();
        for (word, docs) in &self.tail {
            builder.push(word.as_bytes(), docs);
        }
        self.tail.clear();
        self.place(Arc::new(builder.finish()));
    }

    /// Puts a run where runs of its size are.
    fn place(&mut self, run: Arc<Run>) {
        let mut level = 0;
        let mut size = TAIL_WORDS * FANOUT;
        while run.words() >= size {
            level += 1;
            size = size.saturating_mul(FANOUT);
        }
        self.place_at(level, run);
    }

    fn place_at(&mut self, level: usize, run: Arc<Run>) {
        while self.levels.len() <= level {
            self.levels.push(Level::default());
        }
        if run.words() > 0
            && let Some(level) = self.levels.get_mut(level)
        {
            level.runs.push(run);
        }
    }

    /// Goes on with the merge of a level, or begins it.
    fn merge(&mut self, at: usize, words: usize) {
        let Some(level) = self.levels.get_mut(at) else { return };
        if level.merge.is_none() {
            let Some(runs) = level.runs.get(..FANOUT) else { return };
            if runs.iter().map(|it| it.bytes()).sum::<usize>() > RUN_BYTES_MAX {
                return;
            }
            level.merge = Some(Merge::new(runs, None));
        }
        let common = &mut self.common;
        let merged = level.merge.as_mut().and_then(|it| it.step(words, &mut |word, docs| common.promote(word, docs)));
        if let Some(run) = merged {
            level.merge = None;
            level.runs.drain(..FANOUT.min(level.runs.len()));
            self.place_at(at + 1, Arc::new(run));
        }
    }

    /// Begins to forget documents. Nothing is added for them any more.
    pub(crate) fn begin_sweep(&mut self, dead: &Arc<RoaringBitmap>) {
        self.flush();
        let mut runs: Vec<Arc<Run>> = self.sweep.take().into_iter().flat_map(|it| it.runs).collect();
        runs.extend(std::mem::take(&mut self.levels).into_iter().flat_map(|it| it.runs));
        let merge = Some(Merge::new(&runs, Some(Arc::clone(dead))));
        self.sweep = Some(Sweep { dead: Arc::clone(dead), runs, merge, common: 0 });
    }

    /// Goes on forgetting; whether it is done.
    pub(crate) fn sweep(&mut self) -> bool {
        let Some(sweep) = &mut self.sweep else { return true };
        let common = &mut self.common;
        let end = common.words.len().min(sweep.common + SWEEP_COMMON);
        for word in common.words.get_mut(sweep.common..end).unwrap_or_default() {
            word.docs.subtract(&sweep.dead);
        }
        sweep.common = end;
        if let Some(merge) = &mut sweep.merge
            && let Some(run) = merge.step(SWEEP_RARE, &mut |word, docs| common.promote(word, docs))
        {
            sweep.runs = vec![Arc::new(run)];
            sweep.merge = None;
        }
        if sweep.merge.is_some() || sweep.common < common.words.len() {
            return false;
        }
        let runs = std::mem::take(&mut sweep.runs);
        self.sweep = None;
        for run in runs {
            self.place(run);
        }
        true
    }

    /// After a load: the largest run, and one of all others. To merge the largest too would take its size once more.
    pub(crate) fn settle(&mut self) {
        self.flush();
        let mut runs: Vec<Arc<Run>> = std::mem::take(&mut self.levels).into_iter().flat_map(|it| it.runs).collect();
        runs.sort_by_key(|it| it.words());
        if let Some(largest) = runs.pop() {
            self.place(largest);
        }
        if runs.iter().map(|it| it.bytes()).sum::<usize>() > RUN_BYTES_MAX {
            for run in runs {
                self.place(run);
            }
            return;
        }
        let mut merge = Merge::new(&runs, None);
        drop(runs);
        let common = &mut self.common;
        if let Some(run) = merge.step(usize::MAX, &mut |word, docs| common.promote(word, docs)) {
            self.place(Arc::new(run));
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let sweeping = self.sweep.iter().flat_map(|it| &it.runs);
        let runs: usize = self.levels.iter().flat_map(|it| &it.runs).chain(sweeping).map(|it| it.bytes()).sum();
        let common: usize = self.common.words.iter().map(|it| 120 + it.text.len() + it.docs.bytes()).sum();
        runs + common + self.tail.len() * 100
    }
}

impl Common {
    fn find(&self, word: &str) -> Option<u32> {
        let same = |at: &u32| self.words.get(*at as usize).is_some_and(|it| &*it.text == word);
        self.by_hash.find(self.hasher.hash_one(word), same).copied()
    }

    fn insert(&mut self, at: u32, doc: u32) {
        if let Some(word) = self.words.get_mut(at as usize) {
            word.docs.insert(doc);
        }
    }

    fn add(&mut self, word: &str, docs: &[u32]) {
        let at = self.find(word).unwrap_or_else(|| self.create(word));
        if let Some(word) = self.words.get_mut(at as usize) {
            for doc in docs {
                word.docs.insert(*doc);
            }
        }
    }

    fn create(&mut self, word: &str) -> u32 {
        let at = index(self.words.len());
        let text: Arc<str> = word.into();
        self.sorted.insert(Arc::clone(&text), at);
        self.words.push(Word { text, docs: Posting::default() });
        let Self { words, by_hash, hasher, .. } = self;
        let hash = |at: &u32| words.get(*at as usize).map_or(0, |it| hasher.hash_one(&*it.text));
        by_hash.insert_unique(hasher.hash_one(word), at, hash);
        at
    }

    /// Takes a word out of the runs that is common by now.
    fn promote(&mut self, word: &[u8], docs: &[u32]) -> bool {
        let Ok(word) = std::str::from_utf8(word) else { return false };
        if docs.len() > RARE_MAX {
            self.add(word, docs);
            return true;
        }
        let Some(at) = self.find(word) else { return false };
        for doc in docs {
            self.insert(at, *doc);
        }
        true
    }
}

impl MessageLeaves {
    /// The documents, added to `union`.
    pub(crate) fn collect(&self, prefix: &str, union: &mut Union) {
        for posting in &self.common {
            union.add(posting);
        }
        union.few().extend_from_slice(&self.tail);
        for run in &self.runs {
            run.prefix(prefix.as_bytes(), union.few());
        }
    }
}
