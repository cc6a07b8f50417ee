use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use leadwire_core::Time;
use leadwire_core::entity::Direction;
use leadwire_core::feed::Unit;
use leadwire_core::id::{BrandId, ContactId, ConversationId, SourceId, UnitId, Uuid};
use leadwire_core::search::{Columns, DocumentChange, Index, Page, Query, Scope, SortKey};

use super::world::{AGENCY, Dice};
use crate::MemoryIndex;

const DOCUMENTS: u64 = 300;
const UPDATES: u64 = 6000;

fn brand() -> BrandId {
    BrandId(Uuid::from_u128(1))
}

fn conversation(number: u64) -> ConversationId {
    ConversationId(Uuid::from_u128(u128::from(number)))
}

/// Source, direction and star follow from the version, so that a row tells whether it belongs in an answer.
fn source(version: u64) -> SourceId {
    SourceId(Uuid::from_u128(u128::from(version % 4)))
}

fn direction(version: u64) -> Direction {
    if version.is_multiple_of(3) { Direction::Inbound } else { Direction::Outbound }
}

fn activity(version: u64) -> i64 {
    // Now and then backdated.
    (if version.is_multiple_of(5) { version / 2 } else { version }) as i64
}

fn unit(position: u64, number: u64) -> Arc<Unit> {
    let columns = Columns {
        conversation: conversation(number),
        contact: ContactId(Uuid::from_u128(u128::from(number))),
        brand: brand(),
        conversation_version: position,
        contact_version: position,
        created_at: Time::from_millis(0),
        last_message_at: Some(Time::from_millis(activity(position))),
        last_manual_at: None,
        last_type: None,
        last_direction: Some(direction(position)),
        outbound_action: None,
        owner: None,
        offered_to: Vec::new(),
        followers: Vec::new(),
        mentions: Vec::new(),
        sources: vec![source(position)],
        bots: Vec::new(),
        bot_replies: 0,
        starred: position.is_multiple_of(2),
        unread: false,
        follow_ups: Vec::new(),
        due: Vec::new(),
        scores: Vec::new(),
    };
    let change = if position % 97 == 96 {
        DocumentChange::Removed(conversation(number))
    } else {
        DocumentChange::Put { columns: Box::new(columns), fields: None, messages: vec![format!("word{} common", position % 50).into()] }
    };
    Arc::new(Unit { position, id: UnitId(Uuid::nil()), at: Time::from_millis(0), events: Vec::new(), documents: vec![change] })
}

/// Per document the positions at which it changed, and whether it was put or removed.
type Changes = BTreeMap<ConversationId, Vec<(u64, bool)>>;

/// The history of every document, and how many there are at each position.
fn history() -> (Vec<Arc<Unit>>, Changes, Vec<u64>) {
    let mut dice = Dice::new(11);
    let (mut units, mut changes, mut there, mut totals) = (vec![], Changes::new(), BTreeSet::new(), vec![0]);
    for position in 1..=UPDATES {
        let number = dice.next() % DOCUMENTS;
        let unit = unit(position, number);
        let put = matches!(unit.documents[0], DocumentChange::Put { .. });
        if put {
            there.insert(number)
        } else {
            there.remove(&number)
        };
        changes.entry(conversation(number)).or_default().push((position, put));
        totals.push(there.len() as u64);
        units.push(unit);
    }
    (units, changes, totals)
}

#[test]
fn readers_see_whole_states_in_order_while_a_writer_goes_at_full_speed() {
    let (units, changes, totals) = history();
    let index = MemoryIndex::new();
    let (done, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|threads| {
        for reader in 0..3 {
            let (index, changes, totals, done, asked) = (&index, &changes, &totals, &done, &asked);
            threads.spawn(move || {
                let mut dice = Dice::new(reader);
                // At least some queries, however fast the writer is.
                while !done.load(Ordering::Relaxed) || asked.load(Ordering::Relaxed) < 300 {
                    check(index, &mut dice, changes, totals);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for batch in units.chunks(16) {
            index.apply(AGENCY, batch).unwrap();
            // What was acknowledged is found.
            assert_eq!(index.position(AGENCY), batch.last().unwrap().position);
        }
        done.store(true, Ordering::Relaxed);
    });
    let everything = query(&mut Dice::new(0), 0);
    assert_eq!(index.search(AGENCY, &everything).total, totals[UPDATES as usize]);
}

fn query(dice: &mut Dice, shape: usize) -> Query {
    let scope = Scope { brands: Arc::new([brand()].into()), own_only: None };
    let mut query = Query::new(scope, Time::from_millis(0), 1000);
    if shape & 1 != 0 {
        query.sources = Some(vec![source(dice.next())]);
    }
    if shape & 2 != 0 {
        query.direction = Some(dice.of(&[Direction::Inbound, Direction::Outbound]));
    }
    if shape & 4 != 0 {
        query.starred = Some(dice.one_in(2));
    }
    if shape & 8 != 0 {
        query.text = Some("comm".to_owned());
    }
    query
}

fn check(index: &MemoryIndex, dice: &mut Dice, changes: &Changes, totals: &[u64]) {
    let shape = dice.below(16);
    let query = query(dice, shape);
    let from = index.position(AGENCY);
    let hits = index.search(AGENCY, &query);
    let to = index.position(AGENCY);
    assert_eq!(hits.total, hits.rows.len() as u64);
    // The latest version in the answer that can be told: the state was at least there, and at most at `to` (and one
    // more, which stands before its position does).
    let newest = hits.rows.iter().map(|it| it.conversation_version).max().unwrap_or_default();
    assert!(newest <= to + 1, "{newest} of {to}");
    let mut low = from.max(newest);
    let mut high = to + 1;
    let mut last: Option<(i64, ConversationId)> = None;
    for row in &hits.rows {
        let version = row.conversation_version;
        assert_eq!(row.contact_version, version);
        assert_eq!(row.key, SortKey::Time(activity(version)));
        assert!(query.sources.as_ref().is_none_or(|it| it.contains(&source(version))));
        assert!(query.direction.is_none_or(|it| it == direction(version)));
        assert!(query.starred.is_none_or(|it| it == version.is_multiple_of(2)));
        let place = (activity(version), row.conversation);
        assert!(last.is_none_or(|it| it > place), "{last:?} stands before {place:?}");
        last = Some(place);
        // Some one state holds every row: each row's version lasts until its document changes again.
        let until = changes[&row.conversation].iter().map(|it| it.0).find(|it| *it > version).unwrap_or(u64::MAX);
        low = low.max(version);
        high = high.min(until - 1);
    }
    assert!(low <= high, "the rows are of no one state: {low}..{high}");
    if shape == 0 || shape == 8 {
        let possible = &totals[low as usize..=(high as usize).min(totals.len() - 1)];
        assert!(possible.contains(&hits.total), "{} is none of {possible:?}", hits.total);
    }
    let total_only = Query { page: Page::Offset { offset: 0, limit: 0 }, ..query };
    assert!(index.search(AGENCY, &total_only).total <= DOCUMENTS);
}
