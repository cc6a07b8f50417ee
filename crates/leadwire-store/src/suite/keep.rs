//! What is kept: over a restart, in the cache, in the index.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use leadwire_core::entity::{Contact, Conversation, SourceCount};
use leadwire_core::id::{AgencyId, SourceId};
use leadwire_core::port::{Row, Rows, Table};

use super::Bed;
use super::bed::{Engine, a_brand, add_person, agency, count, person, say, uuid};
use crate::row::arb::Source;
use crate::table::arbitrary;
use crate::wait::wait;

const A: fn() -> AgencyId = || agency(1);

/// Rows of every kind, one of each per seed.
fn some_rows(seed: u64) -> Vec<Row> {
    Table::ALL.iter().map(|kind| arbitrary(*kind, &mut Source::new(seed))).collect()
}

fn put_all(rows: Vec<Row>) -> impl Fn(&mut leadwire_core::port::Tx<'_>) -> Result<(), leadwire_core::port::Halt> + Send + Sync {
    move |tx| {
        for row in &rows {
            match row.clone() {
                Row::Brand(it) => drop(tx.put((*it).clone())),
                Row::User(it) => drop(tx.put((*it).clone())),
                Row::ApiKey(it) => drop(tx.put((*it).clone())),
                Row::Source(it) => drop(tx.put((*it).clone())),
                Row::RuleSet(it) => drop(tx.put((*it).clone())),
                Row::Group(it) => drop(tx.put((*it).clone())),
                Row::Bot(it) => drop(tx.put((*it).clone())),
                Row::Persona(it) => drop(tx.put((*it).clone())),
                Row::Flow(it) => drop(tx.put((*it).clone())),
                Row::Contact(it) => drop(tx.put((*it).clone())),
                Row::ContactKey(it) => drop(tx.put((*it).clone())),
                Row::ExternalId(it) => drop(tx.put((*it).clone())),
                Row::Conversation(_) => {}
                Row::Message(it) => drop(tx.put((*it).clone())),
                Row::Lead(it) => drop(tx.put((*it).clone())),
                Row::LeadState(it) => drop(tx.put((*it).clone())),
                Row::Decision(it) => drop(tx.put((*it).clone())),
                Row::Offer(it) => drop(tx.put((*it).clone())),
                Row::Turns(it) => drop(tx.put((*it).clone())),
                Row::SourceCount(it) => drop(tx.put((*it).clone())),
                Row::Receipt(it) => drop(tx.put((*it).clone())),
                Row::DeadLetter(it) => drop(tx.put((*it).clone())),
            }
        }
        Ok(())
    }
}

pub(super) fn a_restart_gives_the_same_rows_configuration_and_feed(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let root = A().root();
    bed.run(A(), move |tx| {
        tx.put(a_brand(root, "Root", tx.now));
        Ok(())
    })
    .unwrap();
    for seed in 0..20 {
        // A contact of a random conversation would ask for it.
        let rows = some_rows(seed).into_iter().filter(|it| !matches!(it, Row::Contact(_))).collect();
        bed.run(A(), put_all(rows)).unwrap();
    }
    bed.run(A(), add_person(1)).unwrap();
    bed.run(A(), say(1, "one")).unwrap();
    let keys: Vec<_> = (0..20).flat_map(some_rows).map(|it| it.key()).chain([leadwire_core::port::Key::Contact(person(1).0)]).collect();
    let all = |bed: &Bed<'_>| {
        let rows = wait(bed.port().load(A(), &keys)).unwrap();
        let directory = bed.port().directory();
        let config = directory.agency(A()).unwrap();
        let brands: Vec<_> = config.brands().cloned().collect();
        let sources: Vec<_> = config.sources().cloned().collect();
        let rules: Vec<_> = config.sources().map(|it| config.rules(it.id).map(|it| Arc::clone(&it.set))).collect();
        let users: Vec<_> = config.users().cloned().collect();
        (rows, brands, sources, rules, users, bed.feed(A()))
    };
    let before = all(&bed);
    assert!(before.0.iter().filter(|it| it.is_some()).count() > 19 * 20);
    let bed = bed.reopen();
    assert_eq!(all(&bed), before);
}

pub(super) fn the_index_built_anew_equals_the_one_that_followed(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    for n in 0..300 {
        bed.run(A(), add_person(n)).unwrap();
    }
    let texts = ["hello", "مرحبا", "東京 tower", ""];
    let started: Vec<_> = (0..1000u64).map(|n| bed.start(A(), say(n * 7 % 290, texts[usize::try_from(n % 4).unwrap()]))).collect();
    for it in started {
        it.end().unwrap();
    }
    for n in [3, 50, 299] {
        bed.run(A(), move |tx| {
            let (contact, conversation) = person(n);
            let before = tx.get::<Contact>(&contact)?.unwrap();
            tx.get::<Conversation>(&conversation)?;
            tx.put(Contact { conversation: None, ..Contact::clone(&before) });
            tx.delete::<Conversation>(&conversation);
            tx.sweep(leadwire_core::port::Sweep::Messages(conversation));
            Ok(())
        })
        .unwrap();
    }
    let followed = bed.held(A());
    assert_eq!(followed.documents.len(), 297);
    wait(bed.store.rebuild_index()).unwrap();
    assert_eq!(bed.held(A()), followed);
    let bed = bed.reopen();
    assert_eq!(bed.held(A()), followed);
    bed.check_feed(A());
}

pub(super) fn an_index_that_fell_behind_follows_from_the_feed(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    for n in 0..5 {
        bed.run(A(), add_person(n)).unwrap();
    }
    bed.index.held.lock().clear();
    bed.run(A(), add_person(5)).unwrap();
    assert_eq!(bed.held(A()).documents.len(), 6);
    bed.check_feed(A());
}

pub(super) fn a_row_read_is_never_older_than_the_last_answer(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), add_person(1)).unwrap();
    let acknowledged = Arc::new(AtomicU64::new(1));
    let done = Arc::new(AtomicBool::new(false));
    let read = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (acknowledged, done, bed) = (Arc::clone(&acknowledged), Arc::clone(&done), &bed);
                let store = Arc::clone(&bed.store);
                scope.spawn(move || {
                    let mut read = 0u64;
                    while !done.load(Ordering::Acquire) {
                        let least = acknowledged.load(Ordering::Acquire);
                        let port: &dyn leadwire_core::port::Store = store.as_ref();
                        let row = wait(port.row::<Conversation>(A(), &person(1).1)).unwrap().unwrap();
                        assert!(row.version >= least, "version {} after {least} was acknowledged", row.version);
                        if read.is_multiple_of(3) {
                            // As when the row was pushed out: the next read asks the database.
                            store.forget_rows();
                        }
                        read += 1;
                    }
                    read
                })
            })
            .collect();
        for n in 2..=400 {
            bed.run(A(), say(1, "again")).unwrap();
            acknowledged.store(n, Ordering::Release);
        }
        done.store(true, Ordering::Release);
        readers.into_iter().map(|it| it.join().unwrap()).sum::<u64>()
    });
    assert!(read > 0);
    assert_eq!(bed.row::<Conversation>(A(), &person(1).1).unwrap().version, 400);
}

pub(super) fn a_group_loads_what_is_cached_as_it_stands(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let id = SourceId(uuid(1));
    for n in 1..=5 {
        assert_eq!(bed.run(A(), count(id)), Ok(n));
        assert_eq!(bed.row::<SourceCount>(A(), &id).unwrap().capture_number, n);
    }
    bed.run(A(), move |tx| {
        tx.get::<SourceCount>(&id)?;
        tx.delete::<SourceCount>(&id);
        Ok(())
    })
    .unwrap();
    assert_eq!(bed.row::<SourceCount>(A(), &id), None);
    assert_eq!(bed.run(A(), count(id)), Ok(1));
}

pub(super) fn what_was_loaded_in_bulk_is_there_like_any_other(engine: &dyn Engine) {
    let bed = Bed::tuned(engine, |it| it.bulk = true);
    let started: Vec<_> = (0..3000).map(|n| bed.start(A(), add_person(n))).collect();
    for it in started {
        it.end().unwrap();
    }
    wait(bed.store.finish_bulk()).unwrap();
    bed.run(A(), say(7, "after")).unwrap();
    bed.check_feed(A());
    let followed = bed.held(A());
    let bed = bed.reopen();
    assert_eq!(bed.held(A()), followed);
}

/// Keeps the imports of the row types honest.
#[test]
fn every_kind_has_an_arbitrary_row() {
    let rows: Rows = some_rows(1).into_iter().map(|it| (it.key(), Some(it))).collect();
    assert_eq!(rows.len(), Table::ALL.len());
}
