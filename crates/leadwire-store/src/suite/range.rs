//! Reads and removals that are not by key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use leadwire_core::Time;
use leadwire_core::entity::{DeadLetter, Lead, Message, RawBody, Receipt, ReceiptKey, Stored};
use leadwire_core::id::{AgencyId, DeadLetterId, LeadId, MessageId, SourceId};
use leadwire_core::port::{Halt, LeadFilter, Sweep, Tx};

use super::Bed;
use super::bed::{Engine, NOON, a_message, add_person, agency, count, person, say, uuid};
use crate::row::arb::{Arb, Source};
use crate::wait::wait;

const A: fn() -> AgencyId = || agency(1);

pub(super) fn messages_are_paged_newest_first(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), add_person(1)).unwrap();
    bed.run(A(), add_person(2)).unwrap();
    let mut all: Vec<(Time, MessageId)> = (0..50u64)
        .map(|n| {
            // Imports come in any order, and some at the same time.
            let at = Time::from_millis(NOON - i64::try_from(n * 37 % 20).unwrap());
            let id = bed.run(A(), move |tx| {
                let id = tx.id();
                tx.put(a_message(id, person(1).1, at, "x"));
                Ok(id)
            });
            (at, id.unwrap())
        })
        .collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let mut paged = Vec::new();
    while paged.len() < 50 {
        let page = wait(bed.port().messages(A(), person(1).1, paged.last().copied(), 7)).unwrap();
        assert!(!page.is_empty());
        paged.extend(page.iter().map(|it| (it.at, it.id)));
    }
    assert_eq!(paged, all);
    assert!(wait(bed.port().messages(A(), person(2).1, None, 7)).unwrap().is_empty());
    assert!(wait(bed.port().messages(agency(2), person(1).1, None, 7)).unwrap().is_empty());
}

pub(super) fn leads_are_found_by_every_filter(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let mut chance = Source::new(3);
    let mut all: Vec<(LeadId, SourceId)> = Vec::new();
    for _ in 0..200 {
        let source = SourceId(uuid(chance.below(60)));
        let lead: Lead = Arb::arb(&mut chance);
        let id = bed.run(A(), move |tx| {
            let id = tx.id();
            tx.put(Lead { id, source, ..lead.clone() });
            Ok(id)
        });
        let id = id.unwrap();
        all.push((id, source));
    }
    all.sort_unstable_by(|a, b| b.cmp(a));
    let few: Arc<BTreeSet<SourceId>> = Arc::new((0..10).map(|n| SourceId(uuid(n))).collect());
    let many: Arc<BTreeSet<SourceId>> = Arc::new((0..50).map(|n| SourceId(uuid(n))).collect());
    for source in [None, Some(SourceId(uuid(3))), Some(SourceId(uuid(59)))] {
        for sources in [None, Some(Arc::clone(&few)), Some(Arc::clone(&many))] {
            let filter = LeadFilter { source, sources };
            let expected: Vec<LeadId> = all
                .iter()
                .filter(|(_, s)| filter.source.is_none_or(|it| it == *s) && filter.sources.as_ref().is_none_or(|it| it.contains(s)))
                .map(|it| it.0)
                .collect();
            let mut paged: Vec<LeadId> = Vec::new();
            loop {
                let page = wait(bed.port().leads(A(), &filter, paged.last().copied(), 9)).unwrap();
                paged.extend(page.iter().map(|it| it.id));
                if page.len() < 9 {
                    break;
                }
            }
            assert_eq!(paged, expected, "{filter:?}");
        }
    }
}

pub(super) fn sweeping_messages_takes_those_stored_and_those_of_the_group(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    for n in [1, 2] {
        bed.run(A(), add_person(n)).unwrap();
    }
    let stored = bed.run(A(), say(1, "old")).unwrap();
    let other = bed.run(A(), say(2, "other")).unwrap();
    let (fresh, swept, seen, late) = bed.as_one_group(|| {
        let fresh = bed.start(A(), say(1, "fresh"));
        let swept = bed.start(A(), |tx| {
            tx.get::<Message>(&MessageId(uuid(0)))?;
            tx.sweep(Sweep::Messages(person(1).1));
            Ok(())
        });
        let seen = bed.start(A(), move |tx| Ok(tx.get::<Message>(&stored)?.is_some()));
        (fresh, swept, seen, bed.start(A(), say(1, "late")))
    });
    let fresh = fresh.end().unwrap();
    swept.end().unwrap();
    assert_eq!(seen.end(), Ok(false));
    let late = late.end().unwrap();
    assert_eq!(bed.row::<Message>(A(), &stored), None);
    assert_eq!(bed.row::<Message>(A(), &fresh), None);
    assert!(bed.row::<Message>(A(), &late).is_some());
    assert!(bed.row::<Message>(A(), &other).is_some());
}

fn receipt(n: u8, expires_at: Time) -> Receipt {
    Receipt { key: ReceiptKey([n; 16]), payload: [n; 16], at: Time::from_millis(NOON), expires_at, stored: Stored::Lead(LeadId(uuid(1))) }
}

pub(super) fn receipts_go_when_they_have_expired(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let at = |n: i64| Time::from_millis(NOON + n);
    bed.run(A(), move |tx| {
        for n in 0..10u8 {
            tx.put(receipt(n, at(i64::from(n))));
        }
        Ok(())
    })
    .unwrap();
    bed.run(A(), move |tx| {
        tx.sweep(Sweep::Receipts(at(4)));
        Ok(())
    })
    .unwrap();
    let there = |bed: &Bed<'_>| (0..10u8).filter(|n| bed.row::<Receipt>(A(), &ReceiptKey([*n; 16])).is_some()).collect::<Vec<_>>();
    assert_eq!(there(&bed), [4, 5, 6, 7, 8, 9]);
    // The committer looks by itself, now and then.
    bed.clock.now.store(NOON + 7, Ordering::Relaxed);
    bed.clock.uptime_secs.fetch_add(60, Ordering::Relaxed);
    wait(bed.port().check()).unwrap();
    wait(bed.port().check()).unwrap();
    assert_eq!(there(&bed), [7, 8, 9]);
}

fn letter(size: usize) -> impl Fn(&mut Tx<'_>) -> Result<DeadLetterId, Halt> + Send + Sync + 'static {
    move |tx| {
        let raw = RawBody { content_type: "text/plain".into(), bytes: vec![7; size].into() };
        let id = tx.id();
        tx.put(DeadLetter { id, at: tx.now, source: SourceId(uuid(1)), error: "no JSON".to_owned(), raw });
        tx.sweep(Sweep::DeadLetters { keep: 10, bytes: 1000 });
        Ok(id)
    }
}

pub(super) fn the_oldest_dead_letters_make_room(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let mut ids = Vec::new();
    let list = |bed: &Bed<'_>| wait(bed.port().dead_letters(A(), None, 100)).unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    for n in 0..25 {
        bed.clock.now.fetch_add(1, Ordering::Relaxed);
        ids.insert(0, bed.run(A(), letter(10 + n)).unwrap());
        assert_eq!(list(&bed), ids[..ids.len().min(10)]);
    }
    bed.clock.now.fetch_add(1, Ordering::Relaxed);
    ids.insert(0, bed.run(A(), letter(900)).unwrap());
    assert_eq!(list(&bed), ids[..4], "900 + 34 + 33 + 32 bytes fit");
    let bed = bed.reopen();
    let started = bed.as_one_group(|| {
        (0..30)
            .map(|_| {
                bed.clock.now.fetch_add(1, Ordering::Relaxed);
                bed.start(A(), letter(1))
            })
            .collect::<Vec<_>>()
    });
    let mut late: Vec<_> = started.into_iter().map(|it| it.end().unwrap()).collect();
    late.reverse();
    assert_eq!(list(&bed), late[..10]);
    assert_eq!(bed.store.stats().dead_letters_dropped.get(), 24);
}

pub(super) fn the_feed_is_paged_and_its_beginning_goes_after_its_time(engine: &dyn Engine) {
    let bed = Bed::tuned(engine, |it| it.feed_retention = Some(Duration::from_mins(1)));
    for n in 0..20 {
        bed.clock.now.store(NOON + n * 10_000, Ordering::Relaxed);
        bed.run(A(), count(SourceId(uuid(1)))).unwrap();
    }
    let page = wait(bed.port().feed(A(), 3, 4)).unwrap().unwrap();
    assert_eq!((page.units.iter().map(|it| it.position).collect::<Vec<_>>(), page.head), (vec![4, 5, 6, 7], 20));
    let page = wait(bed.port().feed(A(), 20, 4)).unwrap().unwrap();
    assert_eq!((page.units.len(), page.head), (0, 20));
    bed.clock.uptime_secs.fetch_add(60, Ordering::Relaxed);
    wait(bed.port().check()).unwrap();
    wait(bed.port().check()).unwrap();
    // It is 190 s after noon: what came before 130 s is gone, that is 13 units.
    for (after, there) in [(0, false), (12, false), (13, true), (19, true), (20, true)] {
        assert_eq!(wait(bed.port().feed(A(), after, 4)).unwrap().is_some(), there, "{after}");
        assert_eq!(wait(bed.port().feed(A(), after, 0)).unwrap().is_some(), there, "{after}");
    }
    bed.clock.now.fetch_add(1_000_000, Ordering::Relaxed);
    bed.clock.uptime_secs.fetch_add(60, Ordering::Relaxed);
    wait(bed.port().check()).unwrap();
    wait(bed.port().check()).unwrap();
    assert_eq!(wait(bed.port().feed(A(), 19, 4)).unwrap(), None, "all are gone");
    assert_eq!(wait(bed.port().feed(A(), 20, 4)).unwrap().map(|it| it.head), Some(20));
    let bed = bed.reopen();
    assert_eq!(bed.run(A(), count(SourceId(uuid(1)))), Ok(21));
    assert_eq!(wait(bed.port().feed(A(), 20, 4)).unwrap().map(|it| it.head), Some(21));
}
