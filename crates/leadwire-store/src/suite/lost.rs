//! Commits that end badly: with an answer that is lost, for want of space, or for good.

use std::sync::atomic::Ordering;

use leadwire_core::Time;
use leadwire_core::entity::SourceCount;
use leadwire_core::id::{AgencyId, SourceId};
use leadwire_core::port::{Failure, Fault};
use leadwire_core::refusal::Refusal;

use super::Bed;
use super::bed::{Commit, Engine, NOON, a_brand, add_person, agency, count, say, uuid};
use crate::driver::Trouble;
use crate::wait::wait;

const A: fn() -> AgencyId = || agency(1);
const SOURCE: fn() -> SourceId = || SourceId(uuid(1));

/// Counts, and says when it ran.
fn count_at(bed: &Bed<'_>) -> impl Fn(&mut leadwire_core::port::Tx<'_>) -> Result<(u64, Time), leadwire_core::port::Halt> + Send + Sync + use<> {
    let clock = std::sync::Arc::clone(&bed.clock);
    move |tx| {
        let counted = count(SOURCE())(tx)?;
        // Time passes with every run: a second one would show.
        clock.now.fetch_add(1, Ordering::Relaxed);
        Ok((counted, tx.now))
    }
}

pub(super) fn a_commit_that_happened_though_its_answer_was_lost_counts_once(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), add_person(1)).unwrap();
    bed.run(A(), count(SOURCE())).unwrap();
    bed.clock.now.store(NOON, Ordering::Relaxed);
    let (started, spoken) = bed.as_one_group(|| {
        bed.plan.commit.lock().extend([Commit::LostAfter]);
        let started: Vec<_> = (0..10).map(|_| bed.start(A(), count_at(&bed))).collect();
        (started, bed.start(A(), say(1, "hello")))
    });
    let ended: Vec<(u64, Time)> = started.into_iter().map(|it| it.end().unwrap()).collect();
    assert_eq!(ended.iter().map(|it| it.0).collect::<Vec<_>>(), (2..=11).collect::<Vec<_>>());
    spoken.end().unwrap();
    assert_eq!(bed.store.stats().ambiguous.get(), 1);
    assert_eq!(bed.row::<SourceCount>(A(), &SOURCE()).unwrap().capture_number, 11);
    let units = bed.feed(A());
    assert_eq!(units.len(), 13);
    assert!(ended.iter().all(|it| it.1 == units[2].at), "answered with what was committed, not with what ran again");
    bed.check_feed(A());
    assert_eq!(bed.held(A()).documents.values().next().unwrap().2, ["hello"], "the index has followed");
    assert_eq!(bed.run(A(), count(SOURCE())), Ok(12));
}

pub(super) fn a_commit_that_did_not_happen_is_done_again(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let started = bed.as_one_group(|| {
        bed.plan.commit.lock().extend([Commit::LostBefore, Commit::LostBefore, Commit::Fine]);
        (0..10).map(|_| bed.start(A(), count_at(&bed))).collect::<Vec<_>>()
    });
    let counted: Vec<u64> = started.into_iter().map(|it| it.end().unwrap().0).collect();
    assert_eq!(counted, (1..=10).collect::<Vec<_>>());
    assert_eq!(bed.feed(A()).len(), 10);
    bed.check_feed(A());
}

pub(super) fn lost_and_lost_again_counts_once(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let started = bed.as_one_group(|| {
        bed.plan.commit.lock().extend([Commit::LostBefore, Commit::LostAfter, Commit::LostBefore, Commit::LostAfter]);
        (0..5).map(|_| bed.start(A(), count(SOURCE()))).collect::<Vec<_>>()
    });
    assert_eq!(started.into_iter().map(|it| it.end().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(bed.feed(A()).len(), 5);
    bed.check_feed(A());
}

pub(super) fn configuration_of_a_lost_commit_is_seen(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let root = A().root();
    let (made, refused) = bed.as_one_group(|| {
        bed.plan.commit.lock().extend([Commit::LostAfter]);
        let made = bed.start(A(), move |tx| Ok(tx.put(a_brand(root, "Root", tx.now)).version));
        let refused = bed.start(A(), |_| -> Result<(), _> { Err(Refusal::OfferGone.into()) });
        (made, refused)
    });
    assert_eq!(made.end(), Ok(1));
    assert_eq!(refused.end(), Err(Failure::Refused(Refusal::OfferGone)));
    assert!(bed.port().directory().agency(A()).unwrap().brand(root).is_some());
    assert_eq!(bed.run(A(), move |tx| Ok(tx.config.brand(root).is_some())), Ok(true));
}

pub(super) fn a_full_disk_at_commit_fails_the_group_and_no_later_one(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), count(SOURCE())).unwrap();
    let started = bed.as_one_group(|| {
        bed.plan.commit.lock().extend([Commit::Fails(Trouble::Full)]);
        (0..5).map(|_| bed.start(A(), count(SOURCE()))).collect::<Vec<_>>()
    });
    for it in started {
        assert_eq!(it.end(), Err(Failure::Fault(Fault::Full)));
    }
    assert_eq!(bed.row::<SourceCount>(A(), &SOURCE()).unwrap().capture_number, 1);
    assert_eq!(bed.run(A(), count(SOURCE())), Ok(2));
    assert!(bed.fatal.lock().is_empty());
    bed.check_feed(A());
}

pub(super) fn a_failed_sync_stops_everything_and_acknowledges_nothing(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), count(SOURCE())).unwrap();
    let (failed, later) = bed.as_one_group(|| {
        bed.plan.commit.lock().extend([Commit::Fails(Trouble::Fatal("disk I/O error".to_owned()))]);
        (bed.start(A(), count(SOURCE())), bed.start(A(), count(SOURCE())))
    });
    assert!(matches!(failed.end(), Err(Failure::Fault(Fault::Unavailable(_)))));
    assert!(matches!(later.end(), Err(Failure::Fault(Fault::Unavailable(_)))));
    assert_eq!(*bed.fatal.lock(), ["disk I/O error"]);
    assert!(bed.run(A(), count(SOURCE())).is_err());
    assert!(wait(bed.port().check()).is_err());
}

pub(super) fn an_engine_that_is_away_answers_unavailable_and_comes_back(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.plan.flush.lock().extend((0..8).map(|_| Trouble::Lost("gone".to_owned())));
    assert_eq!(bed.run(A(), count(SOURCE())), Err(Failure::Fault(Fault::Unavailable("gone".to_owned()))));
    assert_eq!(bed.run(A(), count(SOURCE())), Ok(1));
    wait(bed.port().check()).unwrap();
}
