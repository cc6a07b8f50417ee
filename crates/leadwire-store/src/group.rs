//! A group in one agency: the rows its units have loaded, and what they have done so far. Pure: it is told what time
//! it is and given its rows.

use std::collections::HashSet;
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::config::Config;
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, ConversationId, UnitId};
use leadwire_core::port::{Fault, Key, Layer, Ran, Row, Rows, Seed, Sweep, Tx, Work};

use crate::driver::{Head, Part};

/// A unit on its way through a group.
pub(crate) struct Member {
    work: Box<dyn Work>,
    /// It is committed already, and has its outcome from then.
    pub(crate) settled: bool,
}

impl Member {
    pub(crate) fn new(work: Box<dyn Work>) -> Self {
        Self { work, settled: false }
    }

    pub(crate) fn agency(&self) -> AgencyId {
        self.work.agency()
    }

    pub(crate) fn seed(&self) -> Seed {
        self.work.seed()
    }

    pub(crate) fn answer(self, result: Result<(), Fault>) {
        self.work.answer(result);
    }
}

/// What a group has read and done in one agency.
pub(crate) struct Book {
    /// As it was found.
    pub(crate) head: Head,
    /// As it is to be.
    pub(crate) next: Head,
    now: Time,
    before: Arc<Config>,
    pub(crate) config: Arc<Config>,
    pub(crate) loaded: Rows,
    pub(crate) changed: Rows,
    pub(crate) wants: HashSet<Key>,
    pub(crate) units: Vec<Arc<Unit>>,
    sweeps: Vec<Sweep>,
    /// Dead letters there would be if none were dropped.
    pub(crate) dead_letters_put: u64,
}

impl Book {
    /// `now` never goes back: it is the clock's, or that of the last unit where the clock is behind.
    pub(crate) fn new(head: Head, clock: Time, config: Arc<Config>) -> Self {
        Self {
            next: head.clone(),
            now: clock.max(head.last),
            before: Arc::clone(&config),
            config,
            loaded: Rows::new(),
            changed: Rows::new(),
            wants: HashSet::new(),
            units: Vec::new(),
            sweeps: Vec::new(),
            dead_letters_put: 0,
            head,
        }
    }

    /// Forgets what the last pass did; keeps what was loaded.
    pub(crate) fn restart(&mut self) {
        self.next = self.head.clone();
        self.config = Arc::clone(&self.before);
        self.changed.clear();
        self.wants.clear();
        self.units.clear();
        self.sweeps.clear();
        self.dead_letters_put = self.head.dead.count;
    }

    /// Runs one unit over what those before it left.
    pub(crate) fn run(&mut self, member: &mut Member) {
        let seed = member.seed();
        let mut tx = Tx::new(self.now, Arc::clone(&self.config), &self.loaded, &self.changed, seed, self.next.numbered);
        let ran = member.work.run(&mut tx);
        match tx.seal(ran == Ran::Done) {
            Err(wants) => self.wants.extend(wants),
            Ok(Some(layer)) => self.fold(seed.unit, layer),
            Ok(None) => {}
        }
    }

    fn fold(&mut self, unit: UnitId, layer: Layer) {
        let Layer { changes, events, documents, sweeps, config, numbered } = layer;
        if changes.is_empty() && events.is_empty() && sweeps.is_empty() {
            return;
        }
        for (key, row) in &changes {
            if let Key::DeadLetter(_) = key {
                self.count_dead_letter(key, row.as_ref());
            }
        }
        self.changed.extend(changes);
        for sweep in &sweeps {
            if let Sweep::Messages(of) = sweep {
                self.sweep_messages(*of);
            }
        }
        self.sweeps.extend(sweeps);
        self.next.position += 1;
        self.next.numbered = numbered;
        self.next.last = self.now;
        if let Some(config) = config {
            self.config = config;
            self.next.config = self.head.config + 1;
        }
        self.units.push(Arc::new(Unit { position: self.next.position, id: unit, at: self.now, events, documents }));
    }

    /// The engine removes what it holds; this removes what this group holds.
    fn sweep_messages(&mut self, of: ConversationId) {
        let hit = |row: &Option<Row>| matches!(row, Some(Row::Message(it)) if it.conversation == of);
        for row in self.changed.values_mut().filter(|row| hit(row)) {
            *row = None;
        }
        let loaded = self.loaded.iter().filter(|(key, row)| hit(row) && !self.changed.contains_key(*key));
        let gone: Vec<Key> = loaded.map(|(key, _)| key.clone()).collect();
        self.changed.extend(gone.into_iter().map(|key| (key, None)));
    }

    /// A dead letter put is a new one; one deleted was read before.
    fn count_dead_letter(&mut self, key: &Key, row: Option<&Row>) {
        let size = |row: Option<&Row>| match row {
            Some(Row::DeadLetter(it)) => Some(it.raw.bytes.len() as u64),
            _ => None,
        };
        let before = self.changed.get(key).or_else(|| self.loaded.get(key)).and_then(Option::as_ref);
        let dead = &mut self.next.dead;
        if let Some(bytes) = size(before) {
            dead.count = dead.count.saturating_sub(1);
            dead.bytes = dead.bytes.saturating_sub(bytes);
        }
        if let Some(bytes) = size(row) {
            dead.count += 1;
            dead.bytes += bytes;
        }
        self.dead_letters_put = dead.count;
    }

    /// Takes what is known already out of what is wanted.
    pub(crate) fn gather(&mut self, known: impl Fn(&Key) -> Option<Row>) {
        let loaded = &mut self.loaded;
        self.wants.retain(|key| match known(key) {
            Some(row) => {
                loaded.insert(key.clone(), Some(row));
                false
            }
            None => true,
        });
    }

    /// What was wanted is known to be absent, unless it is found.
    pub(crate) fn nothing_else(&mut self) {
        self.loaded.extend(self.wants.drain().map(|key| (key, None)));
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.units.is_empty()
    }

    pub(crate) fn has_config(&self) -> bool {
        self.next.config != self.head.config
    }

    pub(crate) fn part(&mut self) -> Part<'_> {
        Part { head: &mut self.next, changes: &self.changed, sweeps: &self.sweeps, units: &self.units }
    }
}
