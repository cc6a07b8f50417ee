//! What matches a query: how many, and whether a given document does, without building the set unless it must be.
//!
//! To count an intersection costs a tenth of building it, and a first page needs only to test the rows it passes.

use std::cell::OnceCell;
use std::sync::Arc;

use roaring::{MultiOps, RoaringBitmap};

pub(crate) type Set = Arc<RoaringBitmap>;

/// Up to so many parts of a union are intersected one by one with what is small already.
const PARTS_MAX: usize = 4;

/// The documents that are, for each of `any`, in one of its sets.
pub(crate) struct Found {
    total: u64,
    any: Vec<Vec<Set>>,
    built: OnceCell<Set>,
}

impl Found {
    pub(crate) fn of(set: Set) -> Self {
        Self { total: set.len(), any: Vec::new(), built: OnceCell::from(set) }
    }

    /// `any` is not empty.
    pub(crate) fn of_all(any: Vec<Vec<Set>>) -> Self {
        let parts: Vec<&[Set]> = any.iter().map(Vec::as_slice).collect();
        let total = match parts.as_slice() {
            [[only]] => return Self::of(Arc::clone(only)),
            [[one], [two]] => one.intersection_len(two),
            [[one, two]] => one.union_len(two),
            _ => return Self::of(intersection(&any)),
        };
        Self { total, any, built: OnceCell::new() }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn contains(&self, doc: u32) -> bool {
        match self.built.get() {
            Some(set) => set.contains(doc),
            None => self.any.iter().all(|it| it.iter().any(|it| it.contains(doc))),
        }
    }

    pub(crate) fn set(&self) -> &RoaringBitmap {
        self.built.get_or_init(|| intersection(&self.any))
    }
}

/// The intersection of unions, the smallest first. None at all is the empty set.
pub(crate) fn intersection(any: &[Vec<Set>]) -> Set {
    let mut by_size: Vec<&[Set]> = any.iter().map(Vec::as_slice).collect();
    by_size.sort_by_cached_key(|it| it.iter().map(|it| it.len()).sum::<u64>());
    let mut sets = by_size.into_iter();
    let Some(mut set) = sets.next().map(union) else { return Set::default() };
    for parts in sets {
        set = Arc::new(match parts {
            [only] => &*set & &**only,
            parts if parts.len() <= PARTS_MAX => parts.iter().map(|it| &*set & &**it).union(),
            parts => &*set & &*union(parts),
        });
    }
    set
}

fn union(sets: &[Set]) -> Set {
    match sets {
        [only] => Arc::clone(only),
        sets => Arc::new(sets.iter().map(|it| &**it).union()),
    }
}

/// A set as plain bits, for many tests one after another.
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn of(set: &RoaringBitmap, universe: usize) -> Self {
        let mut bits = vec![0_u64; universe / 64 + 1];
        let mut buffer = [0; 256];
        let mut numbers = set.iter();
        loop {
            let taken = numbers.next_many(&mut buffer);
            if taken.is_empty() {
                return Self(bits);
            }
            for number in taken {
                if let Some(word) = bits.get_mut(*number as usize / 64) {
                    *word |= 1 << (*number % 64);
                }
            }
        }
    }

    pub(crate) fn contains(&self, doc: u32) -> bool {
        self.0.get(doc as usize / 64).is_some_and(|it| it >> (doc % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_found_is_the_intersection_of_the_unions(
            any in proptest::collection::vec(proptest::collection::vec(proptest::collection::btree_set(0..300_u32, 0..200), 0..7), 1..4),
        ) {
            let sets = any.iter().map(|it| it.iter().map(|it| Arc::new(it.iter().copied().collect())).collect()).collect();
            let found = Found::of_all(sets);
            let expected: BTreeSet<u32> = (0..300).filter(|doc| any.iter().all(|it| it.iter().any(|it| it.contains(doc)))).collect();
            prop_assert_eq!(found.total(), expected.len() as u64);
            let bits = Bits::of(found.set(), 300);
            for doc in 0..310 {
                prop_assert_eq!(found.contains(doc), expected.contains(&doc));
                prop_assert_eq!(bits.contains(doc), expected.contains(&doc));
            }
            prop_assert!(found.set().iter().eq(expected));
        }
    }
}
