use std::collections::BTreeSet;
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, BrandId, Uuid};
use leadwire_core::search::{Gap, Index, Page, Query, Scope};

use super::world::{AGENCY, Dice, World};
use crate::{MemoryIndex, NaiveIndex};

fn everything() -> Query {
    let brands: BTreeSet<BrandId> = (0..3).map(|it| BrandId(Uuid::from_u128(1 << 64 | it))).collect();
    let mut query = Query::new(Scope { brands: Arc::new(brands), own_only: None }, Time::from_millis(0), 0);
    query.page = Page::Offset { offset: 0, limit: usize::MAX };
    query
}

fn units(count: usize) -> Vec<Arc<Unit>> {
    let (mut dice, mut world) = (Dice::new(3), World::default());
    (0..count).map(|_| world.unit(&mut dice)).collect()
}

fn both() -> [Box<dyn Index>; 2] {
    [Box::new(MemoryIndex::new()), Box::new(NaiveIndex::new())]
}

#[test]
fn a_gap_is_refused_and_changes_nothing() {
    let units = units(9);
    for index in both() {
        index.apply(AGENCY, &units[..4]).unwrap();
        let before = index.search(AGENCY, &everything());
        assert_eq!(index.apply(AGENCY, &units[5..]), Err(Gap { at: 4, begin: 6 }));
        let holed = [Arc::clone(&units[4]), Arc::clone(&units[6])];
        assert_eq!(index.apply(AGENCY, &holed), Err(Gap { at: 4, begin: 7 }));
        assert_eq!((index.position(AGENCY), index.search(AGENCY, &everything())), (4, before));
    }
}

#[test]
fn units_already_held_are_passed_over() {
    let units = units(9);
    for index in both() {
        let once = MemoryIndex::new();
        once.apply(AGENCY, &units).unwrap();
        index.apply(AGENCY, &units[..6]).unwrap();
        index.apply(AGENCY, &units[..3]).unwrap();
        index.apply(AGENCY, &units[2..]).unwrap();
        assert_eq!(index.position(AGENCY), 9);
        assert_eq!(index.search(AGENCY, &everything()), once.search(AGENCY, &everything()));
    }
}

#[test]
fn an_agency_finds_nothing_of_another() {
    let other = AgencyId(Uuid::from_u128(8));
    for index in both() {
        index.apply(AGENCY, &units(9)).unwrap();
        assert_eq!(index.position(other), 0);
        assert_eq!(index.search(other, &everything()).total, 0);
        assert!(index.search(AGENCY, &everything()).total > 0);
    }
}

#[test]
fn a_load_shows_nothing_before_it_is_finished() {
    let (mut dice, mut world) = (Dice::new(5), World::default());
    for index in both() {
        index.apply(AGENCY, &units(2)).unwrap();
        let before = index.search(AGENCY, &everything());
        for _ in 0..20 {
            world.unit(&mut dice);
        }
        let mut loader = index.rebuild(AGENCY);
        for (document, messages) in world.documents.values() {
            loader.add(document, &mut messages.iter().map(String::as_str));
            assert_eq!(index.search(AGENCY, &everything()), before);
        }
        loader.finish(world.position);
        assert_eq!(index.position(AGENCY), world.position);
        assert_eq!(index.search(AGENCY, &everything()).total, world.documents.len() as u64);
    }
}
