//! Time, numbers, configuration: what is given in the order of the commits.

use std::sync::atomic::Ordering;

use leadwire_core::Time;
use leadwire_core::entity::Brand;
use leadwire_core::id::{AgencyId, BrandId, SourceId};
use leadwire_core::port::Halt;
use leadwire_core::refusal::Refusal;

use super::Bed;
use super::bed::{Engine, NOON, a_brand, agency, count, uuid};

const A: fn() -> AgencyId = || agency(1);

pub(super) fn now_never_goes_back_even_when_the_clock_does(engine: &dyn Engine) {
    let mut bed = Bed::new(engine);
    let mut last = Time::MIN;
    for clock in [0, 5, 3, -1_000_000, 6, 6, 2] {
        bed.clock.now.store(NOON + clock, Ordering::Relaxed);
        if clock == 6 {
            bed = bed.reopen();
        }
        let now = bed
            .run(A(), |tx| {
                tx.lead_number();
                tx.put(a_brand(BrandId(uuid(1)), "x", tx.now));
                Ok(tx.now)
            })
            .unwrap();
        assert!(now >= last && now >= Time::from_millis(NOON + clock));
        last = now;
    }
    assert_eq!(last, Time::from_millis(NOON + 6));
    bed.check_feed(A());
}

pub(super) fn a_group_has_one_now(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let started = bed.as_one_group(|| {
        let tick = |n: i64| bed.clock.now.store(NOON + n, Ordering::Relaxed);
        (0..10)
            .map(|n| {
                tick(n);
                bed.start(A(), |tx| {
                    count(SourceId(uuid(1)))(tx)?;
                    Ok(tx.now)
                })
            })
            .collect::<Vec<_>>()
    });
    let times: Vec<Time> = started.into_iter().map(|it| it.end().unwrap()).collect();
    assert!(times.iter().all(|it| *it == times[0]));
}

pub(super) fn lead_numbers_have_no_holes(engine: &dyn Engine) {
    let mut bed = Bed::new(engine);
    let mut numbers = Vec::new();
    for round in 0..6u64 {
        let sick = SourceId(uuid(500));
        *bed.plan.poison.lock() = Some(sick);
        let started = bed.as_one_group(|| {
            (0..30u64)
                .map(|n| {
                    bed.start(A(), move |tx| {
                        let number = tx.lead_number();
                        count(SourceId(uuid(1)))(tx)?;
                        match n % 5 {
                            3 => Err(Refusal::OfferGone.into()),
                            4 => count(sick)(tx).map(|_| number),
                            _ => Ok::<u64, Halt>(number),
                        }
                    })
                })
                .collect::<Vec<_>>()
        });
        numbers.extend(started.into_iter().filter_map(|it| it.end().ok()));
        if round == 3 {
            bed = bed.reopen();
        }
    }
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(numbers.len(), 6 * 18);
    bed.check_feed(A());
}

pub(super) fn configuration_is_seen_by_the_next_unit_of_the_group_and_by_whoever_is_answered(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let root = A().root();
    let (made, seen) = bed.as_one_group(|| {
        let made = bed.start(A(), move |tx| {
            tx.put(a_brand(root, "Root", tx.now));
            Ok(())
        });
        let seen = bed.start(A(), move |tx| Ok(tx.config.brand(root).map(|it| it.name.clone())));
        (made, seen)
    });
    made.end().unwrap();
    assert!(bed.port().directory().agency(A()).unwrap().brand(root).is_some());
    assert_eq!(seen.end(), Ok(Some("Root".to_owned())));
    assert_eq!(bed.port().directory().agency_of_brand(root), Some(A()));
}

pub(super) fn configuration_that_was_refused_or_failed_is_never_seen(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let root = A().root();
    let sick = SourceId(uuid(500));
    *bed.plan.poison.lock() = Some(sick);
    let (refused, failed, seen) = bed.as_one_group(|| {
        let refused = bed.start(A(), move |tx| -> Result<(), Halt> {
            tx.put(a_brand(root, "Root", tx.now));
            Err(Refusal::OfferGone.into())
        });
        let failed = bed.start(A(), move |tx| {
            tx.put(a_brand(root, "Root", tx.now));
            count(sick)(tx)
        });
        let seen = bed.start(A(), move |tx| {
            count(SourceId(uuid(1)))(tx)?;
            Ok(tx.config.brand(root).is_some())
        });
        (refused, failed, seen)
    });
    assert!(refused.end().is_err() && failed.end().is_err());
    assert_eq!(seen.end(), Ok(false));
    assert!(bed.port().directory().is_empty());
}

pub(super) fn versions_rise_by_one_with_each_change(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let id = BrandId(uuid(7));
    let rename = move |tx: &mut leadwire_core::port::Tx<'_>| {
        let name = tx.get::<Brand>(&id)?.map_or(String::new(), |it| it.name.clone()) + "x";
        Ok(tx.put(a_brand(id, &name, tx.now)).version)
    };
    let started = bed.as_one_group(|| (0..3).map(|_| bed.start(A(), rename)).collect::<Vec<_>>());
    assert_eq!(started.into_iter().map(|it| it.end().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    let bed = bed.reopen();
    assert_eq!(bed.run(A(), rename), Ok(4));
    assert_eq!(bed.row::<Brand>(A(), &id).unwrap().name, "xxxx");
}

pub(super) fn ids_are_the_same_on_every_rerun_and_differ_between_units(engine: &dyn Engine) {
    let bed = Bed::new(engine);
    let runs: std::sync::Arc<parking_lot::Mutex<Vec<(BrandId, BrandId)>>> = std::sync::Arc::default();
    let seen = std::sync::Arc::clone(&runs);
    let command = move |tx: &mut leadwire_core::port::Tx<'_>| {
        let drawn = (tx.id::<BrandId>(), tx.random_id::<BrandId>());
        seen.lock().push(drawn);
        count(SourceId(drawn.0.0))(tx)?;
        Ok(drawn)
    };
    let first = bed.run(A(), command.clone()).unwrap();
    assert!(runs.lock().len() > 1 && runs.lock().iter().all(|it| *it == first));
    let second = bed.run(A(), command).unwrap();
    assert!(first.0 != second.0 && first.1 != second.1 && first.0 != first.1);
    assert_eq!((first.0.0.get_version_num(), first.1.0.get_version_num()), (7, 4));
}
