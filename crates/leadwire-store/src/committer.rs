//! The committer: one thread that turns the queue into groups, groups into transactions, and answers only what is
//! durable, indexed and published.
//!
//! A group runs as a whole and commits once. What goes wrong with one unit is found by halving and told to that unit
//! alone; what goes wrong with the engine is told to all of the group. The queue's order is the order of the feed.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use leadwire_core::config::{Config, Directory};
use leadwire_core::id::AgencyId;
use leadwire_core::port::{Fault, Key, Row, Work};

use crate::driver::{Driver, Head, Part, Trouble};
use crate::group::{Book, Member};
use crate::queue::{Next, Order};
use crate::shared::Shared;
use crate::wait::wait;
use crate::{read, rebuild};

/// Runs over a group before it is given up. A capture takes four.
const PASSES_MAX: usize = 8;

/// Attempts at a group whose transaction went away under it.
const TRIES_MAX: usize = 8;

/// How often what has had its time is dropped, and how soon again when there was much of it.
const TIDY_EVERY: Duration = Duration::from_secs(10);
const TIDY_SOON: Duration = Duration::from_millis(500);
const TIDY_MUCH: u64 = 1_000;
const TIDY_AGENCIES: usize = 64;

/// Units read from the feed at once when the index is behind.
const CATCH_UP_UNITS: usize = 1_000;

pub(crate) struct Committer<D> {
    driver: D,
    shared: Arc<Shared>,
    /// With the version of the head they belong to.
    configs: HashMap<AgencyId, (u64, Arc<Config>)>,
    group_max: usize,
    group_max_after_bulk: usize,
    feed_retention: Option<Duration>,
    tidy_at: Duration,
    /// The disk can no longer be trusted, and the process was not stopped.
    dead: bool,
}

pub(crate) struct CommitterOptions {
    pub(crate) configs: HashMap<AgencyId, (u64, Arc<Config>)>,
    pub(crate) group_max: usize,
    pub(crate) group_max_after_bulk: usize,
    pub(crate) feed_retention: Option<Duration>,
}

/// Why an attempt ended.
struct Stop {
    trouble: Trouble,
    /// The unit it is due to, where that is known.
    culprit: Option<usize>,
    committing: bool,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, culprit: None, committing: false }
    }
}

/// Why a group has no outcome.
enum Failed {
    /// Due to some unit of it.
    Some(Fault),
    /// Due to this unit.
    One(usize, Fault),
    /// Due to none of them.
    All(Fault),
}

impl<D: Driver> Committer<D> {
    pub(crate) fn new(driver: D, shared: Arc<Shared>, options: CommitterOptions) -> Self {
        let CommitterOptions { configs, group_max, group_max_after_bulk, feed_retention } = options;
        let tidy_at = shared.clock.uptime() + TIDY_EVERY;
        Self { driver, shared, configs, group_max, group_max_after_bulk, feed_retention, tidy_at, dead: false }
    }

    /// Until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        loop {
            match self.shared.queue.next(self.group_max, TIDY_EVERY) {
                Next::Group(units) => {
                    self.groups(units);
                    self.tend();
                }
                Next::Order(order) => self.order(order),
                Next::Idle => self.tend(),
                Next::Closed => break,
            }
            self.tidy();
        }
        if !self.dead
            && let Err(trouble) = wait(self.driver.close())
        {
            tracing::warn!(?trouble, "the last checkpoint did not finish; the next start does it");
        }
    }

    /// Cuts what was queued into transactions an engine can hold.
    fn groups(&mut self, units: Vec<Box<dyn Work>>) {
        self.shared.stats.queued.set(self.shared.queue.len() as u64);
        self.shared.stats.group_size.set(units.len() as u64);
        let members = units.into_iter().map(Member::new);
        if D::AGENCIES_MAX == usize::MAX {
            return self.group(members.collect());
        }
        let mut by_agency: Vec<(AgencyId, Vec<Member>)> = Vec::new();
        for member in members {
            let agency = member.agency();
            match by_agency.iter_mut().find(|(it, _)| *it == agency) {
                Some((_, list)) => list.push(member),
                None => by_agency.push((agency, vec![member])),
            }
        }
        let mut by_agency = by_agency.into_iter().peekable();
        while by_agency.peek().is_some() {
            let group = by_agency.by_ref().take(D::AGENCIES_MAX.max(1)).flat_map(|(_, list)| list).collect();
            self.group(group);
        }
    }

    /// Commits a group, without the units that cannot be stored, and answers every one of them.
    fn group(&mut self, members: Vec<Member>) {
        let mut waiting = vec![members];
        while let Some(mut members) = waiting.pop() {
            match self.settle(&mut members) {
                Ok(()) => {
                    self.shared.stats.units.add(members.len() as u64);
                    answer(members, &Ok(()));
                }
                Err(Failed::All(fault)) => {
                    if fault == Fault::Full {
                        self.shared.stats.full.add(members.len() as u64);
                    }
                    answer(members, &Err(fault));
                }
                Err(Failed::Some(fault)) if members.len() <= 1 => {
                    self.shared.stats.poisoned.add(1);
                    answer(members, &Err(fault));
                }
                Err(Failed::Some(_)) => {
                    self.shared.stats.halved.add(1);
                    let right = members.split_off(members.len() / 2);
                    waiting.push(right);
                    waiting.push(members);
                }
                Err(Failed::One(at, fault)) => {
                    self.shared.stats.poisoned.add(1);
                    if at < members.len() {
                        members.remove(at).answer(Err(fault));
                    }
                    if !members.is_empty() {
                        waiting.push(members);
                    }
                }
            }
        }
    }

    /// Commits a group whole, or says why not.
    fn settle(&mut self, members: &mut [Member]) -> Result<(), Failed> {
        if self.dead {
            return Err(Failed::All(Fault::Unavailable("the disk can no longer be trusted".to_owned())));
        }
        let began = self.shared.clock.uptime();
        // Where the feeds stood before a commit whose answer was lost.
        let mut known: Option<HashMap<AgencyId, u64>> = None;
        let mut last = String::new();
        for _ in 0..TRIES_MAX {
            let mut books = Vec::new();
            let Err(stop) = wait(self.attempt(&mut books, members, known.as_ref())) else {
                self.shared.stats.group_nanos.spent(self.shared.clock.uptime().saturating_sub(began));
                return Ok(());
            };
            wait(self.driver.rollback());
            let Stop { trouble, culprit, committing } = stop;
            match trouble {
                Trouble::Unit(fault) => return Err(culprit.map_or(Failed::Some(fault.clone()), |at| Failed::One(at, fault))),
                Trouble::Full => return Err(Failed::All(Fault::Full)),
                Trouble::Unavailable(text) => return Err(Failed::All(Fault::Unavailable(text))),
                Trouble::Fatal(text) => {
                    self.fatal(&text);
                    return Err(Failed::All(Fault::Unavailable(text)));
                }
                Trouble::Again(text) => last = text,
                Trouble::Lost(text) => {
                    if committing {
                        self.shared.stats.ambiguous.add(1);
                        known.get_or_insert_with(|| books.iter().map(|it| (it.head.agency, it.head.position)).collect());
                    }
                    last = text;
                }
            }
        }
        Err(Failed::All(Fault::Unavailable(last)))
    }

    /// One transaction. `known` is where the feeds stood before a commit of these units that may have happened: units
    /// that stand behind it did, and are answered with what they gave then, after this run's own commit.
    async fn attempt(&mut self, books: &mut Vec<Book>, members: &mut [Member], known: Option<&HashMap<AgencyId, u64>>) -> Result<(), Stop> {
        let mut agencies: Vec<AgencyId> = members.iter().map(Member::agency).collect();
        agencies.sort_unstable();
        agencies.dedup();
        let begun = self.driver.begin(&agencies).await?;
        let clock = begun.clock.unwrap_or_else(|| self.shared.clock.now());
        for head in begun.heads {
            let config = self.config(&head).await?;
            books.push(Book::new(head, clock, config));
        }
        if let Some(known) = known {
            self.shared.cache.forget_all();
            self.settled(books, members, known).await?;
        }
        self.passes(books, members).await?;

        let mut parts: Vec<Part<'_>> = books.iter_mut().filter(|it| known.is_some() || it.has_changes()).map(Book::part).collect();
        if parts.is_empty() {
            // Refused, or repeated: nothing to make durable that is not.
            self.driver.rollback().await;
            return Ok(());
        }
        let began = self.shared.clock.uptime();
        self.driver.flush(&mut parts).await?;
        drop(parts);
        let flushed = self.shared.clock.uptime();
        self.driver.commit().await.map_err(|trouble| Stop { trouble, culprit: None, committing: true })?;
        self.shared.stats.commits.add(1);
        self.shared.stats.flush_nanos.spent(flushed.saturating_sub(began));
        self.shared.stats.commit_nanos.spent(self.shared.clock.uptime().saturating_sub(flushed));
        self.publish(books);
        Ok(())
    }

    /// Marks the units that stand in the feed already.
    async fn settled(&mut self, books: &[Book], members: &mut [Member], known: &HashMap<AgencyId, u64>) -> Result<(), Stop> {
        for book in books.iter().filter(|it| it.head.local != 0) {
            let after = known.get(&book.head.agency).copied().unwrap_or(book.head.position);
            let ids = self.driver.units_after(book.head.local, after).await?;
            for member in members.iter_mut().filter(|it| it.agency() == book.head.agency && ids.contains(&it.seed().unit)) {
                member.settled = true;
            }
        }
        Ok(())
    }

    /// Runs the group until nothing is missing.
    async fn passes(&mut self, books: &mut [Book], members: &mut [Member]) -> Result<(), Stop> {
        for _ in 0..PASSES_MAX {
            let began = self.shared.clock.uptime();
            books.iter_mut().for_each(Book::restart);
            for (at, member) in members.iter_mut().enumerate().filter(|(_, it)| !it.settled) {
                let agency = member.agency();
                let Ok(book) = books.binary_search_by_key(&agency, |it| it.head.agency) else { continue };
                let Some(book) = books.get_mut(book) else { continue };
                if catch_unwind(AssertUnwindSafe(|| book.run(member))).is_err() {
                    tracing::error!("a command panicked");
                    let trouble = Trouble::Unit(Fault::Poison("the command panicked".to_owned()));
                    return Err(Stop { trouble, culprit: Some(at), committing: false });
                }
            }
            let ran = self.shared.clock.uptime();
            self.shared.stats.passes.add(1);
            self.shared.stats.run_nanos.spent(ran.saturating_sub(began));
            if books.iter().all(|it| it.wants.is_empty()) {
                return Ok(());
            }
            self.load(books).await?;
            self.shared.stats.load_nanos.spent(self.shared.clock.uptime().saturating_sub(ran));
        }
        Err(Trouble::Unit(Fault::Poison(format!("it still misses rows after {PASSES_MAX} passes"))).into())
    }

    /// Loads what the last pass wanted.
    async fn load(&mut self, books: &mut [Book]) -> Result<(), Stop> {
        for book in &mut *books {
            let agency = book.head.agency;
            book.gather(|key| if D::ALONE { self.shared.cache.get(agency, key) } else { None });
        }
        let wants: Vec<(i64, &Key)> =
            books.iter().filter(|it| it.head.local != 0).flat_map(|book| book.wants.iter().map(|key| (book.head.local, key))).collect();
        let rows = if wants.is_empty() { Vec::new() } else { self.driver.load(&wants).await? };
        for book in &mut *books {
            book.nothing_else();
        }
        for (local, row) in rows {
            if let Some(book) = books.iter_mut().find(|it| it.head.local == local) {
                book.loaded.insert(row.key(), Some(row));
            }
        }
        Ok(())
    }

    /// The configuration this head stands for.
    async fn config(&mut self, head: &Head) -> Result<Arc<Config>, Stop> {
        if head.local == 0 {
            return Ok(Arc::new(Config::new(head.agency)));
        }
        if let Some((version, config)) = self.configs.get(&head.agency)
            && *version == head.config
        {
            return Ok(Arc::clone(config));
        }
        let rows = self.driver.config(head.local).await?;
        let (config, keys) = fold(head.agency, &rows);
        let mut directory = Directory::clone(&self.shared.directory.load());
        directory.publish(&config, &keys);
        self.shared.directory.store(Arc::new(directory));
        self.configs.insert(head.agency, (head.config, Arc::clone(&config)));
        Ok(config)
    }

    /// Shows what was committed: rows, index, configuration. Nobody was answered yet.
    fn publish(&mut self, books: &[Book]) {
        let shared = Arc::clone(&self.shared);
        let changed = || books.iter().filter(|it| it.has_changes());
        for book in books.iter().filter(|it| it.next.local != 0 && shared.local(it.head.agency).is_none()) {
            shared.locals.write().insert(book.head.agency, book.next.local);
        }
        shared.cache.commit(changed().map(|it| (it.head.agency, &it.changed)));
        let began = shared.clock.uptime();
        for book in books {
            self.index(book);
        }
        shared.stats.index_nanos.spent(shared.clock.uptime().saturating_sub(began));
        if changed().any(Book::has_config) {
            let mut directory = Directory::clone(&shared.directory.load());
            for book in changed().filter(|it| it.has_config()) {
                directory.publish(&book.config, book.changed.keys().filter(|it| it.table().is_config()));
                self.configs.insert(book.head.agency, (book.next.config, Arc::clone(&book.config)));
            }
            shared.directory.store(Arc::new(directory));
        }
        for book in changed() {
            shared.stats.dead_letters_dropped.add(book.dead_letters_put.saturating_sub(book.next.dead.count));
        }
    }

    /// Brings the index up to where the group leaves the feed: with its units, or from the feed where they are not
    /// all that is new.
    fn index(&mut self, book: &Book) {
        let Head { agency, local, position, .. } = book.next;
        let applied = self.shared.index.apply(agency, &book.units);
        if applied.is_ok() && self.shared.index.position(agency) >= position {
            return;
        }
        if let Err(fault) = self.catch_up(agency, local) {
            tracing::warn!(%fault, "the index could not follow the feed, and is built anew");
            if let Err(fault) = rebuild::agency(&self.shared, agency) {
                // Answering would break the promise that what was acknowledged is found.
                self.fatal(&format!("the index cannot be brought up to date: {fault}"));
            }
        }
    }

    fn catch_up(&self, agency: AgencyId, local: i64) -> Result<(), Fault> {
        loop {
            let at = self.shared.index.position(agency);
            let page = wait(read::feed(self.shared.reader.as_ref(), local, at, CATCH_UP_UNITS))?;
            let page = page.ok_or_else(|| Fault::Unavailable("the feed begins after the index".to_owned()))?;
            if page.units.is_empty() {
                return Ok(());
            }
            self.shared.index.apply(agency, &page.units).map_err(|gap| Fault::Unavailable(gap.to_string()))?;
        }
    }

    fn order(&mut self, order: Order) {
        if self.dead {
            return order.answer(Err(Fault::Unavailable("the disk can no longer be trusted".to_owned())));
        }
        let result = match &order {
            Order::Check(_) => self.check(),
            Order::Rebuild(_) => rebuild::all(&self.shared),
            Order::FinishBulk(_) => {
                self.group_max = self.group_max_after_bulk;
                let done = wait(self.driver.finish_bulk());
                done.map_err(|trouble| self.fault(trouble))
            }
        };
        order.answer(result);
    }

    fn check(&mut self) -> Result<(), Fault> {
        let begun = wait(self.driver.begin(&[])).map(drop);
        wait(self.driver.rollback());
        begun.map_err(|trouble| self.fault(trouble))
    }

    fn tend(&mut self) {
        if let Err(trouble) = wait(self.driver.tend()) {
            let fault = self.fault(trouble);
            tracing::warn!(%fault, "a checkpoint did not finish");
        }
    }

    /// Drops what has had its time, now and then.
    fn tidy(&mut self) {
        let uptime = self.shared.clock.uptime();
        if self.dead || uptime < self.tidy_at {
            return;
        }
        let agencies: Vec<AgencyId> = self.shared.locals.read().keys().copied().collect();
        let mut gone = 0;
        for agencies in agencies.chunks(TIDY_AGENCIES.min(D::AGENCIES_MAX).max(1)) {
            match wait(self.tidy_some(agencies)) {
                Ok(rows) => gone += rows,
                Err(trouble) => {
                    wait(self.driver.rollback());
                    let fault = self.fault(trouble);
                    tracing::warn!(%fault, "old rows could not be dropped");
                }
            }
        }
        self.tidy_at = uptime + if gone >= TIDY_MUCH { TIDY_SOON } else { TIDY_EVERY };
    }

    async fn tidy_some(&mut self, agencies: &[AgencyId]) -> Result<u64, Trouble> {
        let heads = self.driver.begin(agencies).await?.heads;
        let now = self.shared.clock.now();
        let retention = self.feed_retention.and_then(|it| i64::try_from(it.as_millis()).ok());
        let feed_before = retention.map_or(leadwire_core::Time::MIN, |it| now.plus_millis(-it));
        let mut gone = 0;
        for head in heads.iter().filter(|it| it.local != 0) {
            gone += self.driver.tidy(head.local, now, feed_before).await?;
        }
        if gone == 0 {
            self.driver.rollback().await;
        } else {
            self.driver.commit().await?;
        }
        Ok(gone)
    }

    /// What is told to whoever asked for something that is no unit.
    fn fault(&mut self, trouble: Trouble) -> Fault {
        match trouble {
            Trouble::Unit(fault) => fault,
            Trouble::Full => Fault::Full,
            Trouble::Again(text) | Trouble::Lost(text) | Trouble::Unavailable(text) => Fault::Unavailable(text),
            Trouble::Fatal(text) => {
                self.fatal(&text);
                Fault::Unavailable(text)
            }
        }
    }

    /// Stops the process; where that is not done, nothing is written any more.
    fn fatal(&mut self, text: &str) {
        tracing::error!(text, "the store must stop");
        self.dead = true;
        self.shared.queue.close();
        (self.shared.on_fatal)(text);
    }
}

fn answer(members: Vec<Member>, result: &Result<(), Fault>) {
    for it in members {
        it.answer(result.clone());
    }
}

/// A configuration from its rows, a source before its rules.
pub(crate) fn fold(agency: AgencyId, rows: &[Row]) -> (Arc<Config>, Vec<Key>) {
    let mut config = Config::new(agency);
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        let key = row.key();
        // The rules of a source that is gone are kept, but not in force.
        let gone = matches!(&key, Key::RuleSet((source, _)) if config.source(*source).is_none());
        if !gone {
            config.fold(&key, Some(row));
        }
        keys.push(key);
    }
    (Arc::new(config), keys)
}
