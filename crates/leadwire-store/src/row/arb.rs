//! Arbitrary rows for tests, drawn from one number so that a failure is repeated by it.

#![expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "any bits will do")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::id::Uuid;

/// A stream of numbers (splitmix64).
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

pub(crate) trait Arb: Sized {
    fn arb(source: &mut Source) -> Self;
}

impl Arb for bool {
    fn arb(source: &mut Source) -> Self {
        source.below(2) == 1
    }
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl Arb for $ty {
            fn arb(source: &mut Source) -> Self {
                let edges = [0, 1, <$ty>::MAX, <$ty>::MIN];
                if source.below(3) == 0 { source.pick(&edges) } else { source.next() as $ty }
            }
        }
    )*};
}

numbers!(u16, u32, i64);

/// SQLite's integers have a sign.
impl Arb for u64 {
    fn arb(source: &mut Source) -> Self {
        if source.below(3) == 0 { source.pick(&[0, 1, i64::MAX as u64]) } else { source.next() >> 1 }
    }
}

impl Arb for f64 {
    fn arb(source: &mut Source) -> Self {
        let some = f64::from_bits(source.next());
        if some.is_finite() { some } else { 0.5 }
    }
}

impl Arb for Time {
    fn arb(source: &mut Source) -> Self {
        if source.below(3) == 0 {
            source.pick(&[Self::MIN, Self::MAX, Self::default()])
        } else {
            Self::from_millis((source.next() % 4_000_000_000_000) as i64)
        }
    }
}

impl Arb for Uuid {
    fn arb(source: &mut Source) -> Self {
        Self::from_u64_pair(source.next(), source.next())
    }
}

impl Arb for String {
    fn arb(source: &mut Source) -> Self {
        let words = ["", "a", "Zoë", "مرحبا", "東京", "\"quoted\"\n", "back\\slash", "e\u{301}", "🦀", "x@y.example", " ", "null", "{}"];
        (0..source.below(4)).map(|_| source.pick(&words)).collect()
    }
}

impl Arb for Arc<str> {
    fn arb(source: &mut Source) -> Self {
        String::arb(source).into()
    }
}

impl Arb for Arc<[u8]> {
    fn arb(source: &mut Source) -> Self {
        (0..source.below(40)).map(|_| source.next() as u8).collect()
    }
}

impl<const N: usize> Arb for [u8; N] {
    fn arb(source: &mut Source) -> Self {
        std::array::from_fn(|_| source.next() as u8)
    }
}

impl<T: Arb> Arb for Option<T> {
    fn arb(source: &mut Source) -> Self {
        (source.below(2) == 1).then(|| T::arb(source))
    }
}

impl<T: Arb> Arb for Vec<T> {
    fn arb(source: &mut Source) -> Self {
        (0..source.below(4)).map(|_| T::arb(source)).collect()
    }
}

impl<T: Arb + Ord> Arb for BTreeSet<T> {
    fn arb(source: &mut Source) -> Self {
        Vec::arb(source).into_iter().collect()
    }
}

impl<K: Arb + Ord, V: Arb> Arb for BTreeMap<K, V> {
    fn arb(source: &mut Source) -> Self {
        Vec::<(K, V)>::arb(source).into_iter().collect()
    }
}

impl<A: Arb, B: Arb> Arb for (A, B) {
    fn arb(source: &mut Source) -> Self {
        (A::arb(source), B::arb(source))
    }
}

impl<T: Arb> Arb for Arc<T> {
    fn arb(source: &mut Source) -> Self {
        Self::new(T::arb(source))
    }
}

impl<T: Arb> Arb for Box<T> {
    fn arb(source: &mut Source) -> Self {
        Self::new(T::arb(source))
    }
}
