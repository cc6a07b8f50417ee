//! Rows by key, kept in memory. A search page reads the rows of its hits from here.
//!
//! It never shows a row older than the last acknowledged write: the committer writes its changes through after the
//! commit and before it answers, and a row read from the database is kept only if nothing was committed since before
//! it was read. Rows removed by range are never kept, since nobody could name them.

use leadwire_core::id::AgencyId;
use leadwire_core::port::{Key, Row, Rows, Table as Kind};
use parking_lot::RwLock;
use quick_cache::Weighter;
use quick_cache::sync::Cache as Shards;

/// What a row takes beside its texts: the struct, its key, the entry.
const ROW_BYTES: u64 = 512;

pub(crate) struct Cache {
    rows: Shards<(AgencyId, Key), Row, Weight>,
    /// Commits so far. Readers hold it shared while they put a row in.
    commits: RwLock<u64>,
}

/// As of when something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(u64);

#[derive(Clone)]
struct Weight;

impl Weighter<(AgencyId, Key), Row> for Weight {
    fn weight(&self, _: &(AgencyId, Key), row: &Row) -> u64 {
        ROW_BYTES + texts(row)
    }
}

/// About how much a row holds outside its struct.
fn texts(row: &Row) -> u64 {
    let bytes = match row {
        Row::Contact(it) => {
            64 * (it.emails.len() + it.phones.len() + it.tags.len() + it.external_ids.len())
                + 128 * (it.fields.len() + it.addresses.len())
                + it.profile.as_ref().map_or(0, |it| it.len())
        }
        Row::Conversation(it) => {
            96 * it.bots.len()
                + 24 * (it.sources.len() + it.scores.len() + it.followers.len())
                + it.last_message.as_ref().map_or(0, |it| it.body.len())
                + it.profile.as_ref().map_or(0, |it| it.len())
        }
        Row::Lead(it) => it.raw.bytes.len() + it.parsed.as_ref().map_or(0, |it| it.len()),
        Row::Turns(it) => 32 * it.members.len(),
        Row::RuleSet(it) => 1024 * it.rules.len(),
        Row::Group(it) => 64 * it.members.len(),
        _ => 256,
    };
    bytes as u64
}

/// Kinds that are removed by range are never kept, nor what is read once.
fn keeps(kind: Kind) -> bool {
    !matches!(kind, Kind::Message | Kind::Receipt | Kind::DeadLetter | Kind::Decision | Kind::ContactKey | Kind::ExternalId)
}

impl Cache {
    pub(crate) fn new(bytes: u64) -> Self {
        let rows = usize::try_from(bytes / (2 * ROW_BYTES)).unwrap_or(usize::MAX);
        Self { rows: Shards::with_weighter(rows, bytes, Weight), commits: RwLock::new(0) }
    }

    pub(crate) fn get(&self, agency: AgencyId, key: &Key) -> Option<Row> {
        if !keeps(key.table()) {
            return None;
        }
        self.rows.get(&Named(agency, key))
    }

    /// To be taken before a row is read from the database.
    pub(crate) fn moment(&self) -> Moment {
        Moment(*self.commits.read())
    }

    /// Keeps a row read since `moment`, unless something was committed in between.
    pub(crate) fn keep(&self, moment: Moment, agency: AgencyId, row: &Row) {
        let key = row.key();
        if !keeps(key.table()) {
            return;
        }
        // Whoever would have to wait for a commit would find that it came too late.
        let Some(commits) = self.commits.try_read() else { return };
        if Moment(*commits) == moment {
            self.rows.insert((agency, key), row.clone());
        }
    }

    /// Takes in what was committed, before anybody is answered.
    pub(crate) fn commit<'a>(&self, changes: impl Iterator<Item = (AgencyId, &'a Rows)>) {
        let mut commits = self.commits.write();
        *commits += 1;
        for (agency, rows) in changes {
            for (key, row) in rows.iter().filter(|(key, _)| keeps(key.table())) {
                match row {
                    // What the next search shows.
                    Some(row) if matches!(key, Key::Conversation(_) | Key::Contact(_) | Key::Turns(_) | Key::SourceCount(_)) => {
                        self.rows.insert((agency, key.clone()), row.clone());
                    }
                    Some(row) if self.rows.contains_key(&Named(agency, key)) => self.rows.insert((agency, key.clone()), row.clone()),
                    Some(_) => {}
                    None => drop(self.rows.remove(&Named(agency, key))),
                }
            }
        }
    }

    /// After something was committed that is not known here.
    pub(crate) fn forget_all(&self) {
        let mut commits = self.commits.write();
        *commits += 1;
        self.rows.clear();
    }
}

/// A key by reference.
#[derive(PartialEq, Eq, Hash)]
struct Named<'k>(AgencyId, &'k Key);

impl quick_cache::Equivalent<(AgencyId, Key)> for Named<'_> {
    fn equivalent(&self, (agency, key): &(AgencyId, Key)) -> bool {
        self.0 == *agency && self.1 == key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::arb::{Arb, Source};

    fn row() -> Row {
        Row::Contact(Arb::arb(&mut Source::new(1)))
    }

    fn changes(row: &Row, stands: bool) -> Rows {
        [(row.key(), stands.then(|| row.clone()))].into_iter().collect()
    }

    #[test]
    fn a_row_read_before_a_commit_is_not_kept_after_it() {
        let (cache, agency, row) = (Cache::new(1 << 20), AgencyId(Arb::arb(&mut Source::new(2))), row());
        let moment = cache.moment();
        cache.commit(std::iter::empty());
        cache.keep(moment, agency, &row);
        assert_eq!(cache.get(agency, &row.key()), None);
        cache.keep(cache.moment(), agency, &row);
        assert_eq!(cache.get(agency, &row.key()), Some(row));
    }

    #[test]
    fn a_commit_replaces_and_removes() {
        let (cache, agency, row) = (Cache::new(1 << 20), AgencyId(Arb::arb(&mut Source::new(2))), row());
        let rows = changes(&row, true);
        cache.commit([(agency, &rows)].into_iter());
        assert_eq!(cache.get(agency, &row.key()), Some(row.clone()));
        let rows = changes(&row, false);
        cache.commit([(agency, &rows)].into_iter());
        assert_eq!(cache.get(agency, &row.key()), None);
    }

    #[test]
    fn a_row_too_large_to_keep_does_not_leave_the_older_one() {
        let (cache, agency) = (Cache::new(64 << 10), AgencyId(Arb::arb(&mut Source::new(2))));
        let mut contact: leadwire_core::entity::Contact = Arb::arb(&mut Source::new(1));
        contact.profile = None;
        let small = Row::Contact(contact.clone().into());
        contact.profile = Some("x".repeat(1 << 20).into());
        let large = Row::Contact(contact.into());
        cache.commit([(agency, &changes(&small, true))].into_iter());
        assert_eq!(cache.get(agency, &small.key()), Some(small.clone()));
        cache.commit([(agency, &changes(&large, true))].into_iter());
        assert_ne!(cache.get(agency, &small.key()), Some(small));
    }
}
