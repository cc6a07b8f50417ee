//! Sets of numbers, of documents or of words, from none to all of them, each in the form that is smallest for its size.
//!
//! Cloning shares; a change copies only what somebody else still holds.

use std::sync::Arc;

use roaring::{MultiOps, RoaringBitmap};

/// Up to here a sorted list is smaller than a bitmap, whose containers cost some 50 bytes each.
const FEW_MAX: usize = if cfg!(test) { 24 } else { 512 };

#[derive(Clone, Debug, Default)]
pub(crate) enum Posting {
    #[default]
    Empty,
    One(u32),
    /// Sorted.
    Few(Arc<Vec<u32>>),
    Many(Arc<RoaringBitmap>),
}

impl Posting {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Few(numbers) => numbers.len() as u64,
            Self::Many(bitmap) => bitmap.len(),
        }
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        match self {
            Self::Empty => false,
            Self::One(only) => *only == number,
            Self::Few(numbers) => numbers.binary_search(&number).is_ok(),
            Self::Many(bitmap) => bitmap.contains(number),
        }
    }

    pub(crate) fn insert(&mut self, number: u32) {
        match self {
            Self::Empty => *self = Self::One(number),
            Self::One(only) if *only == number => {}
            Self::One(only) => *self = Self::Few(Arc::new(vec![number.min(*only), number.max(*only)])),
            Self::Few(numbers) => {
                let Err(at) = numbers.binary_search(&number) else { return };
                if numbers.len() < FEW_MAX {
                    let numbers = Arc::make_mut(numbers);
                    if numbers.len() == numbers.capacity() {
                        // Grown by quarters, not doubled: there are many of these.
                        numbers.reserve_exact(numbers.len() / 4 + 2);
                    }
                    numbers.insert(at, number);
                } else {
                    let mut bitmap: RoaringBitmap = numbers.iter().copied().collect();
                    bitmap.insert(number);
                    *self = Self::Many(Arc::new(bitmap));
                }
            }
            Self::Many(bitmap) => {
                Arc::make_mut(bitmap).insert(number);
            }
        }
    }

    pub(crate) fn remove(&mut self, number: u32) {
        match self {
            Self::Empty => {}
            Self::One(only) => {
                if *only == number {
                    *self = Self::Empty;
                }
            }
            Self::Few(numbers) => {
                if let Ok(at) = numbers.binary_search(&number) {
                    Arc::make_mut(numbers).remove(at);
                    self.shrink();
                }
            }
            Self::Many(bitmap) => {
                if bitmap.contains(number) {
                    Arc::make_mut(bitmap).remove(number);
                    self.shrink();
                }
            }
        }
    }

    /// Removes all of `dead`; whether that changed anything.
    pub(crate) fn subtract(&mut self, dead: &RoaringBitmap) -> bool {
        let before = self.len();
        match self {
            Self::Empty => {}
            Self::One(only) => {
                if dead.contains(*only) {
                    *self = Self::Empty;
                }
            }
            Self::Few(numbers) => {
                if numbers.iter().any(|it| dead.contains(*it)) {
                    Arc::make_mut(numbers).retain(|it| !dead.contains(*it));
                    self.shrink();
                }
            }
            Self::Many(bitmap) => {
                if !bitmap.is_disjoint(dead) {
                    *Arc::make_mut(bitmap) -= dead;
                    self.shrink();
                }
            }
        }
        self.len() != before
    }

    fn shrink(&mut self) {
        let smaller = match self {
            Self::Empty | Self::One(_) => None,
            Self::Few(numbers) => match numbers.as_slice() {
                [] => Some(Self::Empty),
                [only] => Some(Self::One(*only)),
                _ => None,
            },
            // Half of the bound, so that a set at the bound does not change its form at every turn.
            Self::Many(bitmap) if bitmap.len() > FEW_MAX as u64 / 2 => None,
            Self::Many(bitmap) => Some(Self::Few(Arc::new(bitmap.iter().collect()))),
        };
        if let Some(smaller) = smaller {
            *self = smaller;
            self.shrink();
        }
    }

    /// Gives back what growing reserved.
    pub(crate) fn fit(&mut self) {
        match self {
            Self::Empty | Self::One(_) => {}
            Self::Few(numbers) => Arc::make_mut(numbers).shrink_to_fit(),
            // A clone holds each container at its exact size.
            Self::Many(bitmap) => *bitmap = Arc::new(RoaringBitmap::clone(bitmap)),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Empty | Self::One(_) => 0,
            Self::Few(numbers) => 40 + numbers.capacity() * 4,
            Self::Many(bitmap) => bitmap_bytes(bitmap),
        }
    }
}

/// What a bitmap takes in memory, about.
pub(crate) fn bitmap_bytes(bitmap: &RoaringBitmap) -> usize {
    let statistics = bitmap.statistics();
    40 + bitmap.serialized_size() + statistics.n_containers as usize * 48
}

/// The union of many sets, built once they are all known.
#[derive(Default)]
pub(crate) struct Union {
    few: Vec<u32>,
    many: Vec<Arc<RoaringBitmap>>,
}

impl Union {
    pub(crate) fn add(&mut self, posting: &Posting) {
        match posting {
            Posting::Empty => {}
            Posting::One(only) => self.few.push(*only),
            Posting::Few(numbers) => self.few.extend_from_slice(numbers),
            Posting::Many(bitmap) => self.many.push(Arc::clone(bitmap)),
        }
    }

    pub(crate) fn push(&mut self, number: u32) {
        self.few.push(number);
    }

    pub(crate) fn few(&mut self) -> &mut Vec<u32> {
        &mut self.few
    }

    /// `universe`: all numbers are below.
    pub(crate) fn build(self, universe: usize) -> Arc<RoaringBitmap> {
        let Self { few, mut many } = self;
        if few.is_empty()
            && many.len() <= 1
            && let Some(only) = many.pop()
        {
            return only;
        }
        let few = of_numbers(few, universe);
        if many.is_empty() {
            return Arc::new(few);
        }
        let mut union: RoaringBitmap = many.iter().map(|it| &**it).union();
        union |= few;
        Arc::new(union)
    }
}

/// The set of numbers in any order, all below `universe`.
pub(crate) fn of_numbers(mut numbers: Vec<u32>, universe: usize) -> RoaringBitmap {
    if numbers.len() > universe / 64 {
        // Dense: marking bits costs less than sorting.
        let mut bits = vec![0_u8; universe / 8 + 1];
        for number in numbers {
            if let Some(byte) = bits.get_mut(number as usize / 8) {
                *byte |= 1 << (number % 8);
            }
        }
        return RoaringBitmap::from_lsb0_bytes(0, &bits);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let mut set = RoaringBitmap::new();
    // Sorted and each once, so all are taken.
    let _ = set.append(numbers);
    set
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn all(posting: &Posting) -> Vec<u32> {
        let mut union = Union::default();
        union.add(posting);
        union.build(2000).iter().collect()
    }

    proptest! {
        #[test]
        fn a_posting_holds_what_a_set_would(steps in proptest::collection::vec((any::<bool>(), 0..1500_u32), 0..3000)) {
            let (mut posting, mut set) = (Posting::default(), BTreeSet::new());
            let mut shared = Vec::new();
            for (at, (inserts, number)) in steps.into_iter().enumerate() {
                if at % 500 == 0 {
                    shared.push((posting.clone(), set.clone()));
                }
                if inserts || number > 1000 {
                    posting.insert(number);
                    set.insert(number);
                } else {
                    posting.remove(number);
                    set.remove(&number);
                }
                prop_assert_eq!(posting.len(), set.len() as u64);
                prop_assert_eq!(posting.contains(number), set.contains(&number));
            }
            let dead: RoaringBitmap = (0..1500).step_by(3).collect();
            let mut swept = posting.clone();
            swept.subtract(&dead);
            prop_assert!(all(&swept).into_iter().eq(set.iter().copied().filter(|it| !dead.contains(*it))));
            shared.push((posting, set));
            for (posting, set) in shared {
                prop_assert!(all(&posting).into_iter().eq(set));
            }
        }
    }
}
