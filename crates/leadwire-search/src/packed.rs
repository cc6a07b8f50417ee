//! A sorted list of numbers as packed differences, one or two bytes each, with what changed lately beside it.
//!
//! Twice as small as a bitmap's arrays where a set is neither tiny nor a large share of all; and, unlike theirs, never
//! with half of its room reserved. It is read from its begin to its end, and not asked for one number.

use roaring::RoaringBitmap;

use crate::varint::{index, put, take};

/// Changes wait until they are this many, or this share of the list.
const RECENT_MIN: usize = if cfg!(test) { 3 } else { 32 };
const RECENT_SHARE: usize = 16;

#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    base: Vec<u8>,
    count: u32,
    last: u32,
    /// Sorted. Some may stand in the base too.
    recent: Vec<u32>,
    /// Sorted, none of them recent. Some may not stand in the base.
    gone: Vec<u32>,
}

impl Packed {
    /// `numbers` sorted, each once.
    pub(crate) fn of(numbers: &[u32]) -> Self {
        let mut packed = Self::default();
        packed.base.reserve_exact(numbers.len() * 2);
        for number in numbers {
            packed.append(*number);
        }
        packed.base.shrink_to_fit();
        packed
    }

    /// About how many numbers there are.
    pub(crate) fn len(&self) -> usize {
        (self.count as usize + self.recent.len()).saturating_sub(self.gone.len())
    }

    pub(crate) fn insert(&mut self, number: u32) {
        if self.count > 0 && number >= self.last && self.recent.is_empty() && self.gone.is_empty() {
            if number == self.last {
                return;
            }
            if self.base.len() + 5 > self.base.capacity() {
                self.base.reserve_exact(self.base.len() / 8 + 16);
            }
            self.append(number);
            return;
        }
        if let Ok(at) = self.gone.binary_search(&number) {
            self.gone.remove(at);
        }
        if let Err(at) = self.recent.binary_search(&number) {
            self.recent.insert(at, number);
            self.settle();
        }
    }

    pub(crate) fn remove(&mut self, number: u32) {
        if let Ok(at) = self.recent.binary_search(&number) {
            self.recent.remove(at);
        }
        if let Err(at) = self.gone.binary_search(&number) {
            self.gone.insert(at, number);
            self.settle();
        }
    }

    /// Removes all of `dead`; whether any was there.
    pub(crate) fn subtract(&mut self, dead: &RoaringBitmap) -> bool {
        let numbers = self.numbers();
        let left: Vec<u32> = numbers.iter().copied().filter(|it| !dead.contains(*it)).collect();
        let changed = left.len() != numbers.len();
        if changed {
            *self = Self::of(&left);
        }
        changed
    }

    /// Calls with every number, ascending.
    pub(crate) fn each(&self, mut call: impl FnMut(u32)) {
        if self.recent.is_empty() && self.gone.is_empty() {
            let (mut number, mut difference, mut shift) = (0_u32, 0, 0);
            for &byte in &self.base {
                difference |= u32::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    number = number.wrapping_add(difference);
                    call(number);
                    (difference, shift) = (0, 0);
                } else {
                    shift += 7;
                }
            }
            return;
        }
        let mut base = Base { rest: &self.base, before: 0 };
        let mut recent = self.recent.iter().copied().peekable();
        let mut gone = self.gone.as_slice();
        while let Some(number) = base.next() {
            while let Some(earlier) = recent.next_if(|it| *it < number) {
                call(earlier);
            }
            recent.next_if_eq(&number);
            while let Some((first, rest)) = gone.split_first()
                && *first < number
            {
                gone = rest;
            }
            if gone.first() != Some(&number) {
                call(number);
            }
        }
        recent.for_each(call);
    }

    pub(crate) fn numbers(&self) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(self.count as usize + self.recent.len());
        self.each(|it| numbers.push(it));
        numbers
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + 16 + self.base.capacity() + (self.recent.capacity() + self.gone.capacity()) * 4
    }

    fn append(&mut self, number: u32) {
        put(&mut self.base, number.wrapping_sub(self.last));
        self.last = number;
        self.count += 1;
    }

    fn settle(&mut self) {
        let bound = RECENT_MIN.max(self.count as usize / RECENT_SHARE);
        if self.recent.len() + self.gone.len() > bound {
            let numbers = self.numbers();
            let mut base = Vec::with_capacity(self.base.len() + self.recent.len() * 2);
            let mut before = 0;
            for number in &numbers {
                put(&mut base, number.wrapping_sub(before));
                before = *number;
            }
            base.shrink_to_fit();
            *self = Self { base, count: index(numbers.len()), last: before, recent: Vec::new(), gone: Vec::new() };
        }
    }
}

struct Base<'a> {
    rest: &'a [u8],
    before: u32,
}

impl Base<'_> {
    fn next(&mut self) -> Option<u32> {
        let (&first, rest) = self.rest.split_first()?;
        if first < 0x80 {
            // Most differences are one byte.
            self.rest = rest;
            self.before = self.before.wrapping_add(u32::from(first));
        } else {
            self.before = self.before.wrapping_add(take(&mut self.rest));
        }
        Some(self.before)
    }
}
