use leadwire_core::search::{Hit, Index, Page, Query};
use proptest::prelude::*;

use super::world::{AGENCY, Dice, World, query};
use crate::{MemoryIndex, NaiveIndex};

fn ask(dice: &mut Dice, world: &World, memory: &MemoryIndex, naive: &NaiveIndex, times: usize) {
    let mut rows: Vec<Hit> = Vec::new();
    for _ in 0..times {
        let query = query(dice, world, &rows);
        let (found, expected) = (memory.search(AGENCY, &query), naive.search(AGENCY, &query));
        assert_eq!(found, expected, "{query:#?}");
        rows = naive.search(AGENCY, &Query { page: Page::Offset { offset: 0, limit: 40 }, ..query }).rows;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_query_is_answered_as_the_scan_answers_it(seed: u64, units in 1..700_usize) {
        let (memory, naive) = (MemoryIndex::new(), NaiveIndex::new());
        let (mut dice, mut world) = (Dice::new(seed), World::default());
        for at in 0..units {
            let unit = world.unit(&mut dice);
            memory.apply(AGENCY, std::slice::from_ref(&unit)).unwrap();
            naive.apply(AGENCY, &[unit]).unwrap();
            if at % 50 == 0 {
                ask(&mut dice, &world, &memory, &naive, 10);
            }
        }
        ask(&mut dice, &world, &memory, &naive, 60);
    }

    #[test]
    fn a_rebuilt_index_answers_as_the_one_it_replaces(seed: u64, units in 1..300_usize) {
        let (live, naive) = (MemoryIndex::new(), NaiveIndex::new());
        let (mut dice, mut world) = (Dice::new(seed), World::default());
        for _ in 0..units {
            live.apply(AGENCY, &[world.unit(&mut dice)]).unwrap();
        }
        let rebuilt = MemoryIndex::new();
        world.load(&rebuilt);
        world.load(&naive);
        for round in 0..2 {
            prop_assert_eq!((rebuilt.position(AGENCY), naive.position(AGENCY)), (live.position(AGENCY), live.position(AGENCY)));
            for _ in 0..40 {
                let query = query(&mut dice, &world, &[]);
                let expected = live.search(AGENCY, &query);
                prop_assert_eq!(&rebuilt.search(AGENCY, &query), &expected, "{:#?}", query);
                prop_assert_eq!(&naive.search(AGENCY, &query), &expected, "{:#?}", query);
            }
            // And goes on from there; then it is dropped and loaded over itself.
            for _ in 0..40 {
                let unit = world.unit(&mut dice);
                for index in [&live, &rebuilt] {
                    index.apply(AGENCY, std::slice::from_ref(&unit)).unwrap();
                }
                naive.apply(AGENCY, &[unit]).unwrap();
            }
            if round == 0 {
                world.load(&rebuilt);
            }
        }
    }
}
