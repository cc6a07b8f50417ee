//! The words of contact fields. They come and go: a change removes the old and adds the new.
//!
//! Words lie one behind another in pages of bytes; a word of one document, as most e-mails and numbers are, costs its
//! letters and some twenty bytes. A word is found through its grams: its first letters and, where it is found from its
//! middle too, every three letters in a row. A gram leads to words, never to documents, so what it finds is checked
//! against the word itself.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use leadwire_core::text::INFIX_CHARS_MIN;
use memchr::memmem::Finder;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::chunked::Chunked;
use crate::posting::{Posting, Union};
use crate::varint::{index, put, take};

const PAGE_BYTES: usize = 1 << 16;
/// In a slot: no document.
const NONE: u32 = u32::MAX;
/// In a slot: the rest of the number says which set.
const SHARED: u32 = 1 << 31;
/// More grams than this do not make the candidates of a long word fewer.
const GRAMS_READ_MAX: usize = 4;
/// Numbers of a gram that are read in the time it takes to compare one word.
const COMPARE_COST: usize = 16;
/// Words swept for each unit applied while documents are being forgotten.
const SWEEP_WORDS: u32 = if cfg!(test) { 10 } else { 64 };
/// Below this much waste the pages are left alone.
const WASTE_MIN: usize = 1 << 20;

/// How words of a kind are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By their beginning.
    Prefix,
    /// From [`INFIX_CHARS_MIN`] characters by any part, before that by their beginning.
    Infix,
}

pub(crate) struct FieldWords {
    kind: Kind,
    words: Words,
    by_hash: HashTable<u32>,
    hasher: DefaultHashBuilder,
    grams: FxHashMap<u64, Posting>,
    free_words: Vec<u32>,
    free_sets: Vec<u32>,
    bytes_used: usize,
    bytes_wasted: usize,
    sweep: Option<(u32, Arc<RoaringBitmap>)>,
}

/// What a query shares: words by number, with their documents.
#[derive(Clone, Default)]
struct Words {
    pages: Arc<Vec<Arc<Vec<u8>>>>,
    slots: Chunked<Slot>,
    sets: Chunked<Posting>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// Page and offset of the word.
    at: u32,
    /// [`NONE`], one document, or the number of a set.
    docs: u32,
}

/// What a query holds of the words that one of its own finds.
pub(crate) struct FieldLeaves {
    kind: Kind,
    words: Words,
    /// `None`: some gram is in no word.
    grams: Option<Vec<Posting>>,
}

impl FieldWords {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            words: Words::default(),
            by_hash: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            grams: FxHashMap::default(),
            free_words: Vec::new(),
            free_sets: Vec::new(),
            bytes_used: 0,
            bytes_wasted: 0,
            sweep: None,
        }
    }

    pub(crate) fn add(&mut self, word: &str, doc: u32) {
        let number = self.find(word).unwrap_or_else(|| self.create(word));
        let Some(&Slot { docs, .. }) = self.words.slots.get(number) else { return };
        if docs == NONE {
            self.set_docs(number, doc);
        } else if docs & SHARED != 0 {
            if let Some(set) = self.words.sets.get_mut(docs & !SHARED) {
                set.insert(doc);
            }
        } else if docs != doc {
            let mut set = Posting::One(docs);
            set.insert(doc);
            let set = self.keep_set(set);
            self.set_docs(number, set | SHARED);
        }
    }

    pub(crate) fn remove(&mut self, word: &str, doc: u32) {
        let Some(number) = self.find(word) else { return };
        let Some(&Slot { docs, .. }) = self.words.slots.get(number) else { return };
        if docs == doc {
            self.set_docs(number, NONE);
            self.drop_word(number);
        } else if docs != NONE && docs & SHARED != 0 {
            if let Some(set) = self.words.sets.get_mut(docs & !SHARED) {
                set.remove(doc);
            }
            self.shrink(number, docs);
        }
    }

    pub(crate) fn leaves(&self, word: &str) -> FieldLeaves {
        let wanted = query_grams(self.kind, word);
        let mut grams: Option<Vec<Posting>> = wanted.iter().map(|it| self.grams.get(it).cloned()).collect();
        if let Some(grams) = &mut grams {
            grams.sort_by_key(Posting::len);
            grams.truncate(GRAMS_READ_MAX);
        }
        FieldLeaves { kind: self.kind, words: self.words.clone(), grams }
    }

    pub(crate) fn begin_sweep(&mut self, dead: &Arc<RoaringBitmap>) {
        self.sweep = Some((0, Arc::clone(dead)));
    }

    /// Goes on forgetting documents; whether it is done.
    pub(crate) fn sweep(&mut self) -> bool {
        let Some((at, dead)) = self.sweep.take() else { return true };
        let end = index(self.words.slots.len()).min(at.saturating_add(SWEEP_WORDS));
        for number in at..end {
            let Some(&Slot { docs, .. }) = self.words.slots.get(number) else { continue };
            if docs == NONE {
                continue;
            }
            if docs & SHARED == 0 {
                if dead.contains(docs) {
                    self.set_docs(number, NONE);
                    self.drop_word(number);
                }
            } else if let Some(set) = self.words.sets.get_mut(docs & !SHARED)
                && set.subtract(&dead)
            {
                self.shrink(number, docs);
            }
        }
        if (end as usize) < self.words.slots.len() {
            self.sweep = Some((end, dead));
            return false;
        }
        true
    }

    pub(crate) fn bytes(&self) -> usize {
        let grams: usize = self.grams.values().map(|it| 30 + it.bytes()).sum();
        let sets: usize = self.words.sets.iter().map(|it| 16 + it.bytes()).sum();
        let pages: usize = self.words.pages.iter().map(|it| 40 + it.capacity()).sum();
        pages + sets + grams + self.words.slots.len() * 8 + self.by_hash.allocation_size()
    }

    fn find(&self, word: &str) -> Option<u32> {
        self.by_hash.find(self.hasher.hash_one(word.as_bytes()), |it| self.words.text(*it) == word.as_bytes()).copied()
    }

    fn create(&mut self, word: &str) -> u32 {
        self.tidy_pages();
        let at = append(&mut self.words.pages, word.as_bytes());
        self.bytes_used += word.len();
        let slot = Slot { at, docs: NONE };
        let number = match self.free_words.pop() {
            Some(number) => {
                if let Some(free) = self.words.slots.get_mut(number) {
                    *free = slot;
                }
                number
            }
            None => {
                self.words.slots.push(slot);
                index(self.words.slots.len()) - 1
            }
        };
        let Self { words, by_hash, hasher, grams, .. } = self;
        let hash = |it: &u32| hasher.hash_one(words.text(*it));
        by_hash.insert_unique(hasher.hash_one(word.as_bytes()), number, hash);
        for gram in word_grams(self.kind, word) {
            grams.entry(gram).or_default().insert(number);
        }
        number
    }

    /// Forgets a word no document has. Its number serves another.
    fn drop_word(&mut self, number: u32) {
        let words = &self.words;
        let text = words.text(number);
        let hash = self.hasher.hash_one(text);
        if let Ok(entry) = self.by_hash.find_entry(hash, |it| *it == number) {
            entry.remove();
        }
        self.bytes_wasted += text.len();
        for gram in word_grams(self.kind, std::str::from_utf8(text).unwrap_or_default()) {
            if let Some(posting) = self.grams.get_mut(&gram) {
                posting.remove(number);
                if posting.is_empty() {
                    self.grams.remove(&gram);
                }
            }
        }
        self.free_words.push(number);
    }

    fn set_docs(&mut self, number: u32, docs: u32) {
        if let Some(slot) = self.words.slots.get_mut(number) {
            slot.docs = docs;
        }
    }

    fn keep_set(&mut self, set: Posting) -> u32 {
        if let Some(number) = self.free_sets.pop() {
            if let Some(free) = self.words.sets.get_mut(number) {
                *free = set;
            }
            return number;
        }
        self.words.sets.push(set);
        index(self.words.sets.len()) - 1
    }

    /// Gives a set back that has become one document or none.
    fn shrink(&mut self, number: u32, docs: u32) {
        let left = match self.words.sets.get(docs & !SHARED) {
            Some(Posting::Empty) => NONE,
            Some(Posting::One(only)) => *only,
            _ => return,
        };
        if let Some(set) = self.words.sets.get_mut(docs & !SHARED) {
            *set = Posting::Empty;
        }
        self.free_sets.push(docs & !SHARED);
        self.set_docs(number, left);
        if left == NONE {
            self.drop_word(number);
        }
    }

    /// Writes the pages anew when more than half of them is waste.
    fn tidy_pages(&mut self) {
        if self.bytes_wasted < WASTE_MIN || self.bytes_wasted * 2 < self.bytes_used {
            return;
        }
        let before = self.words.clone();
        let mut pages = Arc::default();
        self.bytes_used = 0;
        self.bytes_wasted = 0;
        for number in 0..index(before.slots.len()) {
            if before.slots.get(number).is_some_and(|it| it.docs != NONE) {
                let text = before.text(number);
                self.bytes_used += text.len();
                let at = append(&mut pages, text);
                if let Some(slot) = self.words.slots.get_mut(number) {
                    slot.at = at;
                }
            }
        }
        self.words.pages = pages;
    }
}

/// Writes a word behind its length and says where: the page in the upper half, the offset in the lower. A word longer
/// than a page has one to itself.
fn append(pages: &mut Arc<Vec<Arc<Vec<u8>>>>, word: &[u8]) -> u32 {
    let pages = Arc::make_mut(pages);
    if pages.last().is_none_or(|it| it.len() + word.len() + 5 > PAGE_BYTES) {
        pages.push(Arc::default());
    }
    let page = index(pages.len()) - 1;
    let Some(bytes) = pages.last_mut() else { return 0 };
    let bytes = Arc::make_mut(bytes);
    let at = index(bytes.len());
    put(bytes, index(word.len()));
    bytes.extend_from_slice(word);
    page << 16 | at
}

impl Words {
    fn text(&self, number: u32) -> &[u8] {
        let Some(Slot { at, .. }) = self.slots.get(number) else { return &[] };
        let page = self.pages.get((at >> 16) as usize);
        let mut rest = page.and_then(|it| it.get((at & 0xffff) as usize..)).unwrap_or_default();
        let len = take(&mut rest) as usize;
        rest.get(..len).unwrap_or_default()
    }

    fn collect(&self, number: u32, union: &mut Union) {
        match self.slots.get(number) {
            Some(Slot { docs: NONE, .. }) | None => {}
            Some(Slot { docs, .. }) if docs & SHARED == 0 => union.push(*docs),
            Some(Slot { docs, .. }) => {
                if let Some(set) = self.sets.get(docs & !SHARED) {
                    union.add(set);
                }
            }
        }
    }
}

impl FieldLeaves {
    /// The documents, added to `union`.
    pub(crate) fn collect(&self, word: &str, union: &mut Union) {
        let Some((least, others)) = self.grams.as_ref().and_then(|it| it.split_first()) else { return };
        let exact = word.chars().nth(INFIX_CHARS_MIN).is_none();
        let needle = Finder::new(word.as_bytes());
        let finds = |number: u32| {
            exact
                || match self.kind {
                    Kind::Prefix => self.words.text(number).starts_with(word.as_bytes()),
                    Kind::Infix => needle.find(self.words.text(number)).is_some(),
                }
        };
        let mut candidates = Vec::new();
        least.each(|it| candidates.push(it));
        for other in others {
            // To compare a word costs as much as to read so many numbers of another gram.
            if other.len() < candidates.len().saturating_mul(COMPARE_COST) as u64 {
                other.retain(&mut candidates);
            }
        }
        for number in candidates {
            if finds(number) {
                self.words.collect(number, union);
            }
        }
    }
}

/// A gram as a number: its letters at 21 bits each, none as 0, and whether it stands at the beginning of the word.
fn gram(letters: &[char], begins: bool) -> u64 {
    let packed = letters.iter().fold(0, |sum, it| sum << 21 | (u64::from(u32::from(*it)) + 1));
    packed | u64::from(begins) << 63
}

fn word_grams(kind: Kind, word: &str) -> Vec<u64> {
    let letters: Vec<char> = word.chars().collect();
    let by_beginning = if kind == Kind::Infix { INFIX_CHARS_MIN - 1 } else { INFIX_CHARS_MIN };
    let mut grams: Vec<u64> = (1..=by_beginning).filter_map(|len| letters.get(..len)).map(|it| gram(it, true)).collect();
    if kind == Kind::Infix {
        grams.extend(letters.windows(INFIX_CHARS_MIN).map(|it| gram(it, false)));
        grams.sort_unstable();
        grams.dedup();
    }
    grams
}

/// The grams all of which a word must have to be found by `word`.
fn query_grams(kind: Kind, word: &str) -> Vec<u64> {
    let letters: Vec<char> = word.chars().collect();
    if kind == Kind::Infix && letters.len() >= INFIX_CHARS_MIN {
        let mut grams: Vec<u64> = letters.windows(INFIX_CHARS_MIN).map(|it| gram(it, false)).collect();
        grams.sort_unstable();
        grams.dedup();
        return grams;
    }
    vec![gram(letters.get(..INFIX_CHARS_MIN).unwrap_or(&letters), true)]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn found(words: &FieldWords, word: &str) -> BTreeSet<u32> {
        let mut union = Union::default();
        words.leaves(word).collect(word, &mut union);
        union.parts(100).iter().flat_map(|it| it.iter()).collect()
    }

    proptest! {
        #[test]
        fn words_are_found_by_what_they_hold_now(
            steps in proptest::collection::vec(("[abя]{1,6}", 0..60_u32, any::<bool>()), 0..200),
            queries in proptest::collection::vec("[abя]{1,5}", 1..20),
        ) {
            for kind in [Kind::Prefix, Kind::Infix] {
                let mut words = FieldWords::new(kind);
                let mut model: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
                for (word, doc, adds) in &steps {
                    if *adds || doc % 2 == 0 {
                        words.add(word, *doc);
                        model.entry(word).or_default().insert(*doc);
                    } else {
                        words.remove(word, doc - 1);
                        model.entry(word).or_default().remove(&(doc - 1));
                    }
                }
                for swept in [false, true] {
                    if swept {
                        let dead: RoaringBitmap = (0..30).collect();
                        for docs in model.values_mut() {
                            docs.retain(|doc| *doc >= 30);
                        }
                        words.begin_sweep(&Arc::new(dead));
                        while !words.sweep() {}
                    }
                    for query in &queries {
                        let hit = |word: &str| match kind {
                            Kind::Infix if query.chars().count() >= 3 => word.contains(query.as_str()),
                            _ => word.starts_with(query.as_str()),
                        };
                        let expected: BTreeSet<u32> = model.iter().filter(|(it, _)| hit(it)).flat_map(|(_, docs)| docs.iter().copied()).collect();
                        prop_assert_eq!(found(&words, query), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn waste_is_given_back_and_no_word_lost() {
        let mut words = FieldWords::new(Kind::Infix);
        let long = "x".repeat(100_000);
        words.add(&long, 1);
        words.add("stays", 2);
        for n in 0..40 {
            let word = format!("{}{n}", "y".repeat(50_000));
            words.add(&word, 3);
            words.remove(&word, 3);
        }
        words.add("new", 4);
        assert!(words.bytes() < 2 << 20, "{}", words.bytes());
        assert_eq!(found(&words, "tay"), [2].into());
        assert_eq!(found(&words, &long), [1].into());
        assert_eq!(found(&words, "new"), [4].into());
    }
}
