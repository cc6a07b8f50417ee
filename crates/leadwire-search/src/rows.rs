//! What is kept per document for a query to read: ids, versions, and the keys it can be sorted by.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::id::{ContactId, ConversationId, ProfileId};
use leadwire_core::search::{Columns, SortBy, SortKey};
use uuid::Uuid;

use crate::chunked::Chunked;

/// No such time. Every true time is greater.
pub(crate) const NEVER: i64 = i64::MIN;

pub(crate) type Rows = Chunked<Row>;

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) conversation: ConversationId,
    pub(crate) contact: ContactId,
    pub(crate) conversation_version: u64,
    pub(crate) contact_version: u64,
    pub(crate) created: i64,
    pub(crate) active: i64,
    pub(crate) manual: i64,
    /// The last follow-up.
    pub(crate) follow_up: i64,
    pub(crate) bot_replies: u32,
    /// What few conversations have.
    pub(crate) extra: Option<Arc<Extra>>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Extra {
    /// Sorted, each once.
    pub(crate) due: Vec<i64>,
    /// Sorted by profile, each once; numbers only.
    pub(crate) scores: Vec<(ProfileId, f64)>,
}

impl Row {
    pub(crate) fn new(columns: &Columns) -> Self {
        let millis = |at: Option<Time>| at.map_or(NEVER, Time::millis);
        Self {
            conversation: columns.conversation,
            contact: columns.contact,
            conversation_version: columns.conversation_version,
            contact_version: columns.contact_version,
            created: columns.created_at.millis(),
            active: columns.last_message_at.unwrap_or(columns.created_at).millis(),
            manual: millis(columns.last_manual_at),
            follow_up: millis(columns.follow_ups.iter().max().copied()),
            bot_replies: columns.bot_replies,
            extra: Extra::new(columns).map(Arc::new),
        }
    }

    pub(crate) fn due(&self) -> &[i64] {
        self.extra.as_ref().map_or(&[], |it| &it.due)
    }

    pub(crate) fn scores(&self) -> &[(ProfileId, f64)] {
        self.extra.as_ref().map_or(&[], |it| &it.scores)
    }

    pub(crate) fn score(&self, profile: ProfileId) -> Option<f64> {
        self.scores().iter().find(|it| it.0 == profile).map(|it| it.1)
    }

    /// What the row is sorted by, as an integer in the same order.
    pub(crate) fn key(&self, by: SortBy, now: Time) -> Option<i64> {
        match by {
            SortBy::LastActivity => Some(self.active),
            SortBy::LastManual => Some(self.manual).filter(|it| *it != NEVER),
            SortBy::Created => Some(self.created),
            SortBy::Due => self.due().iter().copied().find(|it| *it >= now.millis()),
            SortBy::Overdue => self.due().first().copied().filter(|it| *it < now.millis()),
            SortBy::Score(profile) => self.score(profile).map(sortable),
        }
    }
}

impl Extra {
    fn new(columns: &Columns) -> Option<Self> {
        if columns.due.is_empty() && columns.scores.is_empty() {
            return None;
        }
        let mut due: Vec<i64> = columns.due.iter().map(|it| it.millis()).collect();
        due.sort_unstable();
        due.dedup();
        let mut scores: Vec<(ProfileId, f64)> = columns.scores.iter().copied().filter(|it| !it.1.is_nan()).collect();
        // Stable: of several by one profile the first counts.
        scores.sort_by_key(|it| it.0);
        scores.dedup_by_key(|it| it.0);
        Some(Self { due, scores })
    }
}

/// The id of a document, to break ties.
pub(crate) fn id(rows: &Rows) -> impl Fn(u32) -> ConversationId {
    |doc| rows.get(doc).map_or(ConversationId(Uuid::nil()), |it| it.conversation)
}

/// A number as an integer in the same order. Both zeros are one.
pub(crate) fn sortable(score: f64) -> i64 {
    let bits = (score + 0.0).to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

fn unsortable(key: i64) -> f64 {
    let bits = if key < 0 { key ^ i64::MAX } else { key };
    f64::from_bits(bits.cast_unsigned())
}

/// A key of a query as the integer it is compared as; `None` for null.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "only a cursor of another sort is converted")]
pub(crate) fn integer_of(by: SortBy, key: SortKey) -> Option<i64> {
    match (by, key) {
        (_, SortKey::Null) => None,
        (SortBy::Score(_), SortKey::Score(score)) => Some(sortable(score)),
        (SortBy::Score(_), SortKey::Time(at)) => Some(sortable(at as f64)),
        (_, SortKey::Time(at)) => Some(at),
        (_, SortKey::Score(score)) => Some(score as i64),
    }
}

/// The key as an answer shows it.
pub(crate) fn key_of(by: SortBy, integer: Option<i64>) -> SortKey {
    match (by, integer) {
        (_, None) => SortKey::Null,
        (SortBy::Score(_), Some(integer)) => SortKey::Score(unsortable(integer)),
        (_, Some(integer)) => SortKey::Time(integer),
    }
}

#[cfg(test)]
mod tests {
    use super::{sortable, unsortable};

    #[test]
    fn scores_stand_as_integers_in_the_order_of_numbers() {
        let numbers = [f64::NEG_INFINITY, -1e300, -2.5, -1.0, -1e-300, 0.0, 1e-300, 0.5, 1.0, 99.5, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(sortable(pair[0]) < sortable(pair[1]), "{pair:?}");
        }
        assert_eq!(sortable(-0.0), sortable(0.0));
        assert_eq!(numbers.map(|it| unsortable(sortable(it)).to_bits()), numbers.map(f64::to_bits));
    }
}
