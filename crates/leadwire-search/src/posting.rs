//! Sets of numbers, of documents or of words, from none to all of them, each in the form that is smallest for its size.
//!
//! Cloning shares; a change copies only what somebody else still holds.

use std::sync::Arc;

use roaring::{MultiOps, RoaringBitmap};

use crate::packed::Packed;

/// Up to here a plain list is good enough.
const FEW_MAX: usize = if cfg!(test) { 8 } else { 64 };
/// Up to here a packed list is smaller than a bitmap, and read in some 50 µs.
const PACKED_MAX: usize = if cfg!(test) { 40 } else { 16_384 };

#[derive(Clone, Debug, Default)]
pub(crate) enum Posting {
    #[default]
    Empty,
    One(u32),
    /// Sorted.
    Few(Arc<Vec<u32>>),
    Packed(Arc<Packed>),
    Many(Arc<RoaringBitmap>),
}

impl Posting {
    /// How many numbers there are, about where they are packed.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Few(numbers) => numbers.len() as u64,
            Self::Packed(packed) => packed.len() as u64,
            Self::Many(bitmap) => bitmap.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
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
                    let mut packed = Packed::of(numbers);
                    packed.insert(number);
                    *self = Self::Packed(Arc::new(packed));
                }
            }
            Self::Packed(packed) => {
                if packed.len() < PACKED_MAX {
                    Arc::make_mut(packed).insert(number);
                } else {
                    let mut bitmap = RoaringBitmap::new();
                    // Sorted and each once, so all are taken.
                    let _ = bitmap.append(packed.numbers());
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
            Self::Packed(packed) => {
                Arc::make_mut(packed).remove(number);
                self.shrink();
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
        let changed = match self {
            Self::Empty => false,
            Self::One(only) => {
                let gone = dead.contains(*only);
                if gone {
                    *self = Self::Empty;
                }
                gone
            }
            Self::Few(numbers) => {
                let gone = numbers.iter().any(|it| dead.contains(*it));
                if gone {
                    Arc::make_mut(numbers).retain(|it| !dead.contains(*it));
                }
                gone
            }
            Self::Packed(packed) => Arc::make_mut(packed).subtract(dead),
            Self::Many(bitmap) => {
                let gone = !bitmap.is_disjoint(dead);
                if gone {
                    *Arc::make_mut(bitmap) -= dead;
                }
                gone
            }
        };
        if changed {
            self.shrink();
        }
        changed
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
            Self::Packed(packed) if packed.len() > FEW_MAX / 2 => None,
            Self::Packed(packed) => Some(Self::Few(Arc::new(packed.numbers()))),
            Self::Many(bitmap) if bitmap.len() > PACKED_MAX as u64 / 2 => None,
            Self::Many(bitmap) => Some(Self::Packed(Arc::new(Packed::of(&bitmap.iter().collect::<Vec<_>>())))),
        };
        if let Some(smaller) = smaller {
            *self = smaller;
            self.shrink();
        }
    }

    /// Calls with every number, ascending.
    pub(crate) fn each(&self, mut call: impl FnMut(u32)) {
        match self {
            Self::Empty => {}
            Self::One(only) => call(*only),
            Self::Few(numbers) => numbers.iter().copied().for_each(call),
            Self::Packed(packed) => packed.each(call),
            Self::Many(bitmap) => bitmap.iter().for_each(call),
        }
    }

    /// Keeps of sorted numbers those that are here.
    pub(crate) fn retain(&self, numbers: &mut Vec<u32>) {
        if let Self::Many(bitmap) = self {
            numbers.retain(|it| bitmap.contains(*it));
            return;
        }
        let mut kept = Vec::with_capacity(numbers.len());
        let mut rest = numbers.as_slice();
        self.each(|number| {
            while let Some((first, others)) = rest.split_first()
                && *first <= number
            {
                if *first == number {
                    kept.push(number);
                }
                rest = others;
            }
        });
        *numbers = kept;
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Empty | Self::One(_) => 0,
            Self::Few(numbers) => 40 + numbers.capacity() * 4,
            Self::Packed(packed) => packed.bytes(),
            Self::Many(bitmap) => bitmap_bytes(bitmap),
        }
    }
}

/// Up to so many parts of a union are left as they are.
const PARTS_MAX: usize = 2;

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
            Posting::Packed(packed) => packed.each(|it| self.few.push(it)),
            Posting::Many(bitmap) => self.many.push(Arc::clone(bitmap)),
        }
    }

    pub(crate) fn push(&mut self, number: u32) {
        self.few.push(number);
    }

    pub(crate) fn few(&mut self) -> &mut Vec<u32> {
        &mut self.few
    }

    /// The sets whose union it is, as they are where they are few. `universe`: all numbers are below.
    pub(crate) fn parts(self, universe: usize) -> Vec<Arc<RoaringBitmap>> {
        let Self { few, many: mut parts } = self;
        if !few.is_empty() {
            parts.push(Arc::new(of_numbers(few, universe)));
        }
        if parts.len() > PARTS_MAX {
            parts = vec![Arc::new(parts.iter().map(|it| &**it).union())];
        }
        parts
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
        union.parts(2000).iter().flat_map(|it| it.iter()).collect()
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
                if at % 100 == 0 {
                    let mut some: Vec<u32> = (number / 2..number * 2).step_by(3).collect();
                    posting.retain(&mut some);
                    prop_assert!(some.into_iter().eq((number / 2..number * 2).step_by(3).filter(|it| set.contains(it))));
                }
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
