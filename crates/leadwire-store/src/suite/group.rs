//! Groups: all or nothing, but never at a neighbour's cost.

use leadwire_core::entity::{Conversation, Score, SourceCount};
use leadwire_core::id::{AgencyId, ProfileId, SourceId};
use leadwire_core::port::{Failure, Fault, Halt};
use leadwire_core::refusal::Refusal;

use super::Bed;
use super::bed::{Engine, add_person, agency, count, person, uuid};
use crate::driver::Trouble;

const A: fn() -> AgencyId = || agency(1);

fn source(n: u64) -> SourceId {
    SourceId(uuid(n))
}

pub(super) fn a_group_commits_once_and_each_unit_sees_those_before_it(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), count(source(1))).unwrap();
    let before = bed.store.stats().commits.get();
    let started = bed.as_one_group(|| (0..64).map(|_| bed.start(A(), count(source(1)))).collect::<Vec<_>>());
    let counted: Vec<u64> = started.into_iter().map(|it| it.end().unwrap()).collect();
    assert_eq!(counted, (2..=65).collect::<Vec<_>>());
    assert_eq!(bed.store.stats().commits.get(), before + 1);
    bed.check_feed(A());
}

pub(super) fn several_agencies_in_one_group_keep_to_themselves(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let started = bed.as_one_group(|| (0..60).map(|n| (n, bed.start(agency(n % 3), count(source(1))))).collect::<Vec<_>>());
    for (n, it) in started {
        assert_eq!(it.end().unwrap(), n / 3 + 1);
    }
    for n in 0..3 {
        bed.check_feed(agency(n));
        assert_eq!(bed.row::<SourceCount>(agency(n), &source(1)).unwrap().capture_number, 20);
    }
}

pub(super) fn a_poison_unit_at_each_of_64_positions_fails_alone(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    for bad in 0..64 {
        let sick = source(10_000 + bad);
        *bed.plan.poison.lock() = Some(sick);
        let started = bed.as_one_group(|| (0..64).map(|n| bed.start(A(), count(if n == bad { sick } else { source(1) }))).collect::<Vec<_>>());
        let ended: Vec<_> = started.into_iter().map(super::bed::Started::end).collect();
        let failed: Vec<usize> = ended.iter().enumerate().filter(|(_, it)| it.is_err()).map(|(at, _)| at).collect();
        assert_eq!(failed, [usize::try_from(bad).unwrap()]);
        assert_eq!(ended[failed[0]], Err(Failure::Fault(Fault::Poison("as planned".to_owned()))));
        assert_eq!(bed.row::<SourceCount>(A(), &sick), None);
        assert_eq!(bed.row::<SourceCount>(A(), &source(1)).unwrap().capture_number, (bad + 1) * 63);
    }
    bed.check_feed(A());
}

pub(super) fn a_value_that_cannot_be_written_fails_alone(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), add_person(1)).unwrap();
    let started = bed.as_one_group(|| {
        let good = bed.start(A(), count(source(1)));
        let bad = bed.start(A(), |tx| {
            let before = tx.get::<Conversation>(&person(1).1)?.unwrap();
            tx.put(Conversation { scores: vec![Score { profile: ProfileId(uuid(1)), score: f64::NAN }], ..Conversation::clone(&before) });
            Ok(0)
        });
        [good, bad, bed.start(A(), count(source(1)))]
    });
    let [good, bad, other] = started.map(super::bed::Started::end);
    assert_eq!((good, other), (Ok(1), Ok(2)));
    assert!(matches!(bad, Err(Failure::Fault(Fault::Poison(_)))));
    bed.check_feed(A());
}

pub(super) fn a_command_that_panics_fails_alone(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let started = bed.as_one_group(|| {
        let good = bed.start(A(), count(source(1)));
        let bad = bed.start(A(), |_| -> Result<u64, Halt> { panic!("as planned") });
        [good, bad, bed.start(A(), count(source(1)))]
    });
    let [good, bad, other] = started.map(super::bed::Started::end);
    assert_eq!((good, other), (Ok(1), Ok(2)));
    assert!(matches!(bad, Err(Failure::Fault(Fault::Poison(_)))));
    bed.check_feed(A());
}

pub(super) fn a_refusal_leaves_nothing_and_sees_what_came_before_it(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let (good, refused) = bed.as_one_group(|| {
        let good = bed.start(A(), count(source(1)));
        let refused = bed.start(A(), |tx| -> Result<(), Halt> {
            let seen = tx.get::<SourceCount>(&source(1))?.unwrap();
            assert_eq!(seen.capture_number, 1);
            tx.put(SourceCount { capture_number: 99, ..SourceCount::clone(&seen) });
            tx.lead_number();
            Err(Refusal::OfferGone.into())
        });
        (good, refused)
    });
    assert_eq!(good.end(), Ok(1));
    assert_eq!(refused.end(), Err(Failure::Refused(Refusal::OfferGone)));
    assert_eq!(bed.row::<SourceCount>(A(), &source(1)).unwrap().capture_number, 1);
    assert_eq!(bed.run(A(), |tx| Ok(tx.lead_number())), Ok(1));
    bed.check_feed(A());
}

pub(super) fn a_group_of_refusals_writes_nothing(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let before = bed.store.stats().commits.get();
    let refused = bed.run(A(), |_| -> Result<(), Halt> { Err(Refusal::OfferGone.into()) });
    assert_eq!(refused, Err(Failure::Refused(Refusal::OfferGone)));
    assert_eq!(bed.store.stats().commits.get(), before);
    assert!(bed.feed(A()).is_empty());
}

pub(super) fn a_command_that_asked_early_is_run_again_whatever_it_gave(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.run(A(), count(source(1))).unwrap();
    let bed = bed.reopen();
    let seen = bed.run(A(), |tx| {
        tx.want::<SourceCount>(&source(1));
        // Without the row it gives an answer all the same, a wrong one.
        Ok(tx.get::<SourceCount>(&source(1)).ok().flatten().map(|it| it.capture_number))
    });
    assert_eq!(seen, Ok(Some(1)));
}

pub(super) fn a_command_that_never_has_enough_fails_alone(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let chain = |length: u64| {
        move |tx: &mut leadwire_core::port::Tx<'_>| {
            for n in 0..length {
                tx.get::<SourceCount>(&source(100 + n))?;
            }
            Ok(length)
        }
    };
    let (good, bad) = bed.as_one_group(|| (bed.start(A(), chain(7)), bed.start(A(), chain(8))));
    assert_eq!(good.end(), Ok(7));
    assert!(matches!(bad.end(), Err(Failure::Fault(Fault::Poison(_)))));
}

pub(super) fn a_full_queue_turns_away_and_a_closed_one_too(engine: &dyn Engine) {
    let bed = Bed::tuned(engine, |it| it.queue_len = 3);
    let (started, busy) = bed.as_one_group(|| {
        let started: Vec<_> = (0..3).map(|_| bed.start(A(), count(source(1)))).collect();
        (started, bed.start(A(), count(source(1))).end())
    });
    assert_eq!(busy, Err(Failure::Fault(Fault::Busy)));
    assert_eq!(started.into_iter().map(|it| it.end().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(bed.store.stats().busy.get(), 1);
    bed.store.close();
    assert_eq!(bed.run(A(), count(source(1))), Err(Failure::Fault(Fault::Stopping)));
}

pub(super) fn what_is_queued_when_the_store_closes_is_done_and_answered(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let started = bed.as_one_group(|| (0..100).map(|_| bed.start(A(), count(source(1)))).collect::<Vec<_>>());
    bed.store.close();
    assert_eq!(started.into_iter().map(|it| it.end().unwrap()).max(), Some(100));
    let bed = bed.reopen();
    assert_eq!(bed.row::<SourceCount>(A(), &source(1)).unwrap().capture_number, 100);
}

pub(super) fn a_deadlock_is_tried_again_and_nobody_notices(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    bed.plan.flush.lock().extend([Trouble::Again("40P01".to_owned()), Trouble::Again("40001".to_owned())]);
    assert_eq!(bed.run(A(), count(source(1))), Ok(1));
    bed.check_feed(A());
}
