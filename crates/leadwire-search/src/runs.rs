//! Sorted, immutable runs of rare words with the documents that hold them, and their merging.
//!
//! Most words of real messages stand in one document. In a run such a word costs what follows the letters it shares
//! with the one before it, and three or four bytes more. The same word may stand in several runs: what it is found in
//! is the union.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::varint::{index, put, put_sorted, take};

/// Words per block. The first of a block stands in full, so that blocks can be searched.
const BLOCK_WORDS: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Per word: bytes shared with the word before, bytes that follow, these, number of documents, their differences.
    data: Vec<u8>,
    blocks: Vec<u32>,
    words: usize,
}

impl Run {
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    pub(crate) fn bytes(&self) -> usize {
        self.data.capacity() + self.blocks.capacity() * 4
    }

    /// Adds the documents of every word that begins with `prefix`.
    pub(crate) fn prefix(&self, prefix: &[u8], docs: &mut Vec<u32>) {
        let block = self.blocks.partition_point(|at| self.first_of(*at) < prefix).saturating_sub(1);
        let Some(mut rest) = self.blocks.get(block).and_then(|at| self.data.get(*at as usize..)) else { return };
        // As much of the present word as is needed to compare.
        let mut head: Vec<u8> = Vec::with_capacity(prefix.len());
        let mut inside = false;
        while !rest.is_empty() {
            let shared = take(&mut rest) as usize;
            let suffix = take_bytes(&mut rest);
            if shared < prefix.len() {
                head.truncate(shared);
                head.extend(suffix.iter().take(prefix.len() - shared));
                inside = head == prefix;
                if head.as_slice() > prefix {
                    return;
                }
            }
            let count = take(&mut rest);
            let mut doc = 0_u32;
            for _ in 0..count {
                doc = doc.wrapping_add(take(&mut rest));
                if inside {
                    docs.push(doc);
                }
            }
        }
    }

    fn first_of(&self, at: u32) -> &[u8] {
        let mut rest = self.data.get(at as usize..).unwrap_or_default();
        take(&mut rest);
        take_bytes(&mut rest)
    }
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let len = take(bytes) as usize;
    let (taken, rest) = bytes.split_at_checked(len).unwrap_or_default();
    *bytes = rest;
    taken
}

/// Writes a run, word by word in order.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    run: Run,
    last: Vec<u8>,
}

impl Builder {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut builder = Self::default();
        builder.run.data.reserve_exact(bytes);
        builder
    }

    pub(crate) fn push(&mut self, word: &[u8], docs: &[u32]) {
        let Self { run, last } = self;
        let mut shared = 0;
        if run.words.is_multiple_of(BLOCK_WORDS) {
            run.blocks.push(index(run.data.len()));
        } else {
            shared = last.iter().zip(word).take_while(|(a, b)| a == b).count();
        }
        let suffix = word.get(shared..).unwrap_or_default();
        put(&mut run.data, index(shared));
        put(&mut run.data, index(suffix.len()));
        run.data.extend_from_slice(suffix);
        put(&mut run.data, index(docs.len()));
        put_sorted(&mut run.data, docs);
        run.words += 1;
        last.truncate(shared);
        last.extend_from_slice(suffix);
    }

    pub(crate) fn finish(mut self) -> Run {
        self.run.data.shrink_to_fit();
        self.run.blocks.shrink_to_fit();
        self.run
    }
}

/// Reads a run from its begin to its end. It owns its share, so that a merge can rest between steps.
#[derive(Debug)]
struct Cursor {
    run: Arc<Run>,
    at: usize,
    word: Vec<u8>,
    /// The first eight bytes of the word: most comparisons end here.
    head: u64,
    docs: Vec<u32>,
}

impl Cursor {
    /// The first word of a run, unless it is empty.
    fn open(run: Arc<Run>) -> Option<Self> {
        let mut cursor = Self { run, at: 0, word: Vec::new(), head: 0, docs: Vec::new() };
        cursor.advance().then_some(cursor)
    }

    fn advance(&mut self) -> bool {
        let Some(data) = self.run.data.get(self.at..).filter(|it| !it.is_empty()) else { return false };
        let mut rest = data;
        let shared = take(&mut rest) as usize;
        self.word.truncate(shared);
        self.word.extend_from_slice(take_bytes(&mut rest));
        let mut head = [0; 8];
        head.iter_mut().zip(&self.word).for_each(|(to, from)| *to = *from);
        self.head = u64::from_be_bytes(head);
        self.docs.clear();
        let count = take(&mut rest);
        let mut doc = 0_u32;
        for _ in 0..count {
            doc = doc.wrapping_add(take(&mut rest));
            self.docs.push(doc);
        }
        self.at += data.len() - rest.len();
        true
    }
}

/// Merges runs into one, a few words at a time, so that no change waits for a whole merge.
#[derive(Debug)]
pub(crate) struct Merge {
    cursors: Vec<Cursor>,
    out: Builder,
    /// Documents that are gone: they are not carried over.
    dead: Option<Arc<RoaringBitmap>>,
}

impl Merge {
    pub(crate) fn new(runs: &[Arc<Run>], dead: Option<Arc<RoaringBitmap>>) -> Self {
        let bytes = runs.iter().map(|it| it.data.len()).sum();
        Self { cursors: runs.iter().cloned().filter_map(Cursor::open).collect(), out: Builder::with_capacity(bytes), dead }
    }

    /// Merges up to `words` words; the run, when it is done. `promote` may take a word with its documents out.
    pub(crate) fn step(&mut self, words: usize, promote: &mut impl FnMut(&[u8], &[u32]) -> bool) -> Option<Run> {
        let mut word = Vec::new();
        let mut docs = Vec::new();
        for _ in 0..words {
            let least = self.cursors.iter().min_by(|a, b| a.head.cmp(&b.head).then_with(|| a.word.cmp(&b.word)));
            let Some(least) = least else { return Some(std::mem::take(&mut self.out).finish()) };
            let head = least.head;
            word.clone_from(&least.word);
            docs.clear();
            let mut sources = 0;
            self.cursors.retain_mut(|it| {
                if it.head != head || it.word != word {
                    return true;
                }
                docs.extend_from_slice(&it.docs);
                sources += 1;
                it.advance()
            });
            if sources > 1 {
                docs.sort_unstable();
                docs.dedup();
            }
            if let Some(dead) = &self.dead {
                docs.retain(|it| !dead.contains(*it));
            }
            if !docs.is_empty() && !promote(&word, &docs) {
                self.out.push(&word, &docs);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    type Words = BTreeMap<String, BTreeSet<u32>>;

    fn run(words: &Words) -> Arc<Run> {
        let mut builder = Builder::default();
        for (word, docs) in words {
            builder.push(word.as_bytes(), &docs.iter().copied().collect::<Vec<_>>());
        }
        Arc::new(builder.finish())
    }

    fn found(run: &Run, prefix: &str) -> BTreeSet<u32> {
        let mut docs = Vec::new();
        run.prefix(prefix.as_bytes(), &mut docs);
        docs.into_iter().collect()
    }

    fn expected(words: &Words, prefix: &str) -> BTreeSet<u32> {
        words.iter().filter(|(word, _)| word.starts_with(prefix)).flat_map(|(_, docs)| docs.iter().copied()).collect()
    }

    fn some_words() -> impl Strategy<Value = Words> {
        proptest::collection::btree_map("[abcя]{1,4}", proptest::collection::btree_set(0..100_000_u32, 1..4), 0..120)
    }

    proptest! {
        #[test]
        fn a_run_finds_every_word_by_its_prefix(words in some_words(), prefix in "[abcя]{1,3}") {
            let built = run(&words);
            prop_assert_eq!(found(&built, &prefix), expected(&words, &prefix));
            for word in words.keys() {
                prop_assert_eq!(found(&built, word), expected(&words, word));
            }
        }

        #[test]
        fn a_merge_holds_the_union_without_the_dead(all in proptest::collection::vec(some_words(), 1..6), dead in 0..100_000_u32) {
            let runs: Vec<_> = all.iter().map(run).collect();
            let gone: RoaringBitmap = (0..dead).collect();
            let mut merge = Merge::new(&runs, Some(Arc::new(gone)));
            let mut promoted = Words::new();
            let merged = loop {
                let mut promote = |word: &[u8], docs: &[u32]| {
                    let promotes = docs.len() > 3;
                    if promotes {
                        promoted.entry(String::from_utf8(word.to_vec()).unwrap()).or_default().extend(docs);
                    }
                    promotes
                };
                if let Some(merged) = merge.step(7, &mut promote) {
                    break merged;
                }
            };
            let mut union = Words::new();
            for (word, docs) in all.iter().flatten() {
                union.entry(word.clone()).or_default().extend(docs.iter().filter(|it| **it >= dead));
            }
            for word in union.keys() {
                let mut there = found(&merged, word);
                there.extend(expected(&promoted, word));
                prop_assert_eq!(there, expected(&union, word));
            }
        }
    }
}
