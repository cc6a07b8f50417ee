//! What one row's text need not say twice: an id that stood in it before is written as its number in the order of
//! first mention, and every time but the first as its distance from the first. A capture's rows name the same contact,
//! thread and lead and the same moment over and over.
//!
//! Texts are read in the order they are written, so each explains itself: the fields of a mirror may change their order.

use std::cell::RefCell;

use leadwire_core::id::Uuid;

/// Ids remembered of one text; later ones are written out.
const IDS_MAX: usize = 64;

thread_local! {
    static TEXT: RefCell<Text> = const { RefCell::new(Text { first: None, ids: Vec::new() }) };
}

/// The text that is being written or read on this thread.
struct Text {
    /// The first time in it, in milliseconds.
    first: Option<i64>,
    ids: Vec<Uuid>,
}

/// Begins a text. No text is written inside another.
pub(super) fn begin() {
    TEXT.with_borrow_mut(|text| {
        text.first = None;
        text.ids.clear();
    });
}

/// The number of an id that stood before, in its hyphenated spelling; nothing is remembered.
pub(super) fn known(text: &str) -> Option<u64> {
    let id = leadwire_core::id::parse(text).ok()?;
    let same = TEXT.with_borrow(|it| it.ids.iter().position(|it| *it == id))?;
    // One in capitals is another text.
    text.bytes().all(|it| !it.is_ascii_uppercase()).then_some(same as u64)
}

/// The number of an id that stood before; else it is remembered.
pub(super) fn mention(id: Uuid) -> Option<u64> {
    TEXT.with_borrow_mut(|text| {
        let known = text.ids.iter().position(|it| *it == id);
        if known.is_none() && text.ids.len() < IDS_MAX {
            text.ids.push(id);
        }
        known.map(|it| it as u64)
    })
}

/// The id of a number.
pub(super) fn mentioned(number: u64) -> Option<Uuid> {
    TEXT.with_borrow(|text| text.ids.get(usize::try_from(number).ok()?).copied())
}

/// What is written for a time.
pub(super) fn distance(millis: i64) -> i64 {
    TEXT.with_borrow_mut(|text| match text.first {
        Some(first) => millis.wrapping_sub(first),
        None => *text.first.insert(millis),
    })
}

/// The time that was written so.
pub(super) fn time(written: i64) -> i64 {
    TEXT.with_borrow_mut(|text| match text.first {
        Some(first) => first.wrapping_add(written),
        None => *text.first.insert(written),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_numbered_by_its_first_mention() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        begin();
        assert_eq!([mention(a), mention(b), mention(a), mention(b)], [None, None, Some(0), Some(1)]);
        assert_eq!((mentioned(1), mentioned(2)), (Some(b), None));
        begin();
        assert_eq!(mention(b), None);
    }

    #[test]
    fn an_id_beyond_those_remembered_is_never_numbered() {
        begin();
        for n in 0..2 * IDS_MAX as u128 {
            assert_eq!(mention(Uuid::from_u128(n)), None);
        }
        assert_eq!(mention(Uuid::from_u128(2 * IDS_MAX as u128 - 1)), None);
        assert_eq!(mention(Uuid::from_u128(IDS_MAX as u128 - 1)), Some(IDS_MAX as u64 - 1));
    }

    #[test]
    fn times_after_the_first_are_distances_whatever_they_are() {
        let times = [5, 7, i64::MIN, i64::MAX, 5, -1];
        begin();
        let written = times.map(distance);
        assert_eq!((written[0], written[1], written[4]), (5, 2, 0));
        begin();
        assert_eq!(written.map(time), times);
    }
}
