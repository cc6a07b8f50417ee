//! The index the server is served from: bitmaps, orders and postings per agency, in memory.
//!
//! One lock per agency, held by a query only to share what it needs, and by a writer for one unit at a time. It never
//! reads a table, and never waits for a query.

use std::collections::HashMap;
use std::sync::Arc;

use leadwire_core::feed::Unit;
use leadwire_core::id::AgencyId;
use leadwire_core::search::{Document, DocumentChange, FieldsChange, Gap, Hits, Index, Loader, Query};
use leadwire_core::text;
use parking_lot::{Mutex, RwLock};

use crate::page::page;
use crate::plan::{Plan, words_of};
use crate::state::{Bytes, Cut, Difference, State};

/// The index in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryIndex {
    agencies: Arc<RwLock<HashMap<AgencyId, Arc<Agency>>>>,
}

struct Agency {
    /// Held by whoever applies units, so that they go in one after another.
    writing: Mutex<()>,
    state: RwLock<State>,
}

impl MemoryIndex {
    pub fn new() -> Self {
        Self::default()
    }

    /// What the index of one agency takes, about. It looks at every set: a measure, not for each request.
    pub fn bytes(&self, agency: AgencyId) -> Bytes {
        self.get(agency).map(|it| it.state.read().bytes()).unwrap_or_default()
    }

    /// How many conversations the index holds of an agency.
    pub fn documents(&self, agency: AgencyId) -> u64 {
        self.get(agency).map_or(0, |it| it.state.read().all.len())
    }

    fn get(&self, agency: AgencyId) -> Option<Arc<Agency>> {
        self.agencies.read().get(&agency).cloned()
    }

    fn get_or_create(&self, agency: AgencyId) -> Arc<Agency> {
        if let Some(agency) = self.get(agency) {
            return agency;
        }
        let mut agencies = self.agencies.write();
        let new = || Arc::new(Agency { writing: Mutex::new(()), state: RwLock::new(State::new()) });
        Arc::clone(agencies.entry(agency).or_insert_with(new))
    }
}

impl Index for MemoryIndex {
    fn apply(&self, agency: AgencyId, units: &[Arc<Unit>]) -> Result<(), Gap> {
        let agency = self.get_or_create(agency);
        let _writing = agency.writing.lock();
        let at = agency.state.read().position;
        let new: Vec<&Arc<Unit>> = units.iter().filter(|it| it.position > at).collect();
        for (expected, unit) in (at + 1..).zip(&new) {
            if unit.position != expected {
                return Err(Gap { at, begin: unit.position });
            }
        }
        for unit in new {
            apply(&agency.state, unit);
        }
        Ok(())
    }

    fn position(&self, agency: AgencyId) -> u64 {
        self.get(agency).map_or(0, |it| it.state.read().position)
    }

    fn search(&self, agency: AgencyId, query: &Query) -> Hits {
        let Some(agency) = self.get(agency) else { return Hits::default() };
        let words = words_of(query);
        let plan = Plan::take(&agency.state.read(), query, words);
        drop(agency);
        let found = plan.found();
        Hits { rows: page(&plan, &found, query), total: found.total() }
    }

    fn rebuild(&self, agency: AgencyId) -> Box<dyn Loader> {
        Box::new(MemoryLoader { index: self.clone(), agency, state: State::new() })
    }
}

/// Puts one unit in. Words are cut before the lock is taken.
fn apply(state: &RwLock<State>, unit: &Unit) {
    let folded: Vec<String> = unit.documents.iter().map(fold).collect();
    let cuts: Vec<Cut<'_>> = unit.documents.iter().zip(&folded).map(|(change, folded)| cut(change, folded)).collect();
    let mut state = state.write();
    for (change, cut) in unit.documents.iter().zip(&cuts) {
        match change {
            DocumentChange::Put { columns, .. } => state.put(columns, cut),
            DocumentChange::Removed(conversation) => state.remove(*conversation),
        }
    }
    state.tend(unit.at.millis());
    state.position = unit.position;
}

/// The messages a change adds, folded, one after another: no word goes over from one to the next.
fn fold(change: &DocumentChange) -> String {
    match change {
        DocumentChange::Put { messages, .. } => match messages.as_slice() {
            [only] => text::fold(only),
            messages => messages.iter().map(|it| text::fold(it)).collect::<Vec<_>>().join("\n"),
        },
        DocumentChange::Removed(_) => String::new(),
    }
}

fn cut<'a>(change: &'a DocumentChange, folded: &'a str) -> Cut<'a> {
    let DocumentChange::Put { fields, .. } = change else { return Cut::default() };
    let mut cut = Cut { messages: text::words(folded).collect(), ..Cut::default() };
    if let Some(fields) = fields {
        let FieldsChange { before, after } = &**fields;
        cut.infix = difference(&before.infix, &after.infix);
        cut.prefix = difference(&before.words, &after.words);
    }
    cut
}

fn difference<'a>(before: &'a [String], after: &'a [String]) -> Difference<'a> {
    let (before, after) = (sorted_words(before), sorted_words(after));
    let not_in = |these: &[&'a str], those: &[&'a str]| these.iter().copied().filter(|it| those.binary_search(it).is_err()).collect();
    Difference { gone: not_in(&before, &after), new: not_in(&after, &before) }
}

/// The words of fields, which come folded, each once.
fn sorted_words(texts: &[String]) -> Vec<&str> {
    let mut words: Vec<&str> = texts.iter().flat_map(|it| text::words(it)).collect();
    words.sort_unstable();
    words.dedup();
    words
}

struct MemoryLoader {
    index: MemoryIndex,
    agency: AgencyId,
    state: State,
}

impl Loader for MemoryLoader {
    fn add(&mut self, document: &Document, messages: &mut dyn Iterator<Item = &str>) {
        let folded: Vec<String> = messages.map(text::fold).collect();
        let cut = Cut {
            infix: Difference { gone: Vec::new(), new: sorted_words(&document.fields.infix) },
            prefix: Difference { gone: Vec::new(), new: sorted_words(&document.fields.words) },
            messages: folded.iter().flat_map(|it| text::words(it)).collect(),
        };
        self.state.put(&document.columns, &cut);
    }

    fn finish(self: Box<Self>, position: u64) {
        let Self { index, agency, mut state } = *self;
        state.settle();
        state.position = position;
        let agency = index.get_or_create(agency);
        let _writing = agency.writing.lock();
        // What was held is freed behind the lock, for that can take a while.
        let before = std::mem::replace(&mut *agency.state.write(), state);
        drop(before);
    }
}
