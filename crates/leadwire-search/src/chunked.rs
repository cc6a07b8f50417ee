//! A vector a reader shares by cloning one pointer, while its writer goes on in place.
//!
//! Three levels of `Arc`: a change copies only the path to one small leaf, and only while a reader holds it. It never
//! blocks and never shows a reader anything later than its clone.

use std::sync::Arc;

/// Values per leaf: the largest piece a writer ever copies is some 25 KB.
const LEAF_BITS: u32 = if cfg!(test) { 4 } else { 8 };
/// Leaves per branch.
const BRANCH_BITS: u32 = 6;
const LEAF_LEN: usize = 1 << LEAF_BITS;
const BRANCH_LEN: usize = 1 << BRANCH_BITS;

type Branch<T> = Vec<Arc<Vec<T>>>;

#[derive(Debug)]
pub(crate) struct Chunked<T> {
    branches: Arc<Vec<Arc<Branch<T>>>>,
    len: usize,
}

impl<T> Clone for Chunked<T> {
    fn clone(&self) -> Self {
        Self { branches: Arc::clone(&self.branches), len: self.len }
    }
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { branches: Arc::default(), len: 0 }
    }
}

impl<T> Chunked<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (branch, leaf, entry) = split(index);
        self.branches.get(branch)?.get(leaf)?.get(entry)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.branches.iter().flat_map(|it| it.iter()).flat_map(|it| it.iter())
    }
}

impl<T: Clone> Chunked<T> {
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let (branch, leaf, entry) = split(index);
        let branch = Arc::make_mut(Arc::make_mut(&mut self.branches).get_mut(branch)?);
        Arc::make_mut(branch.get_mut(leaf)?).get_mut(entry)
    }

    pub(crate) fn push(&mut self, value: T) {
        let branches = Arc::make_mut(&mut self.branches);
        if self.len.is_multiple_of(LEAF_LEN * BRANCH_LEN) {
            branches.push(Arc::default());
        }
        if let Some(branch) = branches.last_mut() {
            let branch = Arc::make_mut(branch);
            if self.len.is_multiple_of(LEAF_LEN) {
                branch.push(Arc::default());
            }
            if let Some(leaf) = branch.last_mut() {
                Arc::make_mut(leaf).push(value);
                self.len += 1;
            }
        }
    }
}

fn split(index: u32) -> (usize, usize, usize) {
    let index = index as usize;
    (index >> (LEAF_BITS + BRANCH_BITS), (index >> LEAF_BITS) & (BRANCH_LEN - 1), index & (LEAF_LEN - 1))
}

#[cfg(test)]
mod tests {
    use super::Chunked;

    #[test]
    fn a_clone_keeps_what_it_saw_while_the_writer_goes_on() {
        let mut numbers = Chunked::default();
        for n in 0..40_000_u32 {
            numbers.push(n);
        }
        let seen = numbers.clone();
        *numbers.get_mut(20_000).unwrap() = 7;
        numbers.push(40_000);
        assert_eq!(seen.get(20_000), Some(&20_000));
        assert_eq!(numbers.get(20_000), Some(&7));
        assert_eq!((seen.len(), numbers.len()), (40_000, 40_001));
        assert_eq!((seen.get(40_000), numbers.get(40_000)), (None, Some(&40_000)));
        assert!(seen.iter().copied().eq(0..40_000));
    }
}
