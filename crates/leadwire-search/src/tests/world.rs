//! A small agency that changes at random, the same for a seed: units as a feed would carry them, and the documents as
//! the tables would hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{Action, Direction, MessageType};
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, BotId, BrandId, ContactId, ConversationId, ProfileId, SourceId, UnitId, UserId, Uuid};
use leadwire_core::search::{
    Assigned, Columns, Cursor, Document, DocumentChange, Fields, FieldsChange, Hit, Index, Page, Query, Scope, ScoreRange, Sort, SortBy, SortKey,
};
use leadwire_core::text::fold;

pub(super) const AGENCY: AgencyId = AgencyId(Uuid::from_u128(7));

/// Numbers that only look random.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(super) fn of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }

    fn some<T>(&mut self, max: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(max + 1)).map(|_| make(self)).collect()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.one_in(2) { Some(make(self)) } else { None }
    }

    fn rarely<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.one_in(7) { Some(make(self)) } else { None }
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next()))
    }

    fn few(&mut self, kind: u128, count: usize) -> Uuid {
        Uuid::from_u128(kind << 64 | self.below(count) as u128)
    }

    /// Few moments, so that many rows share one.
    fn time(&mut self) -> Time {
        Time::from_millis(self.below(40) as i64 - 5)
    }

    fn score(&mut self) -> f64 {
        self.of(&[-3.5, -0.0, 0.0, 0.25, 1.0, 7.0, 99.5])
    }

    fn brand(&mut self) -> BrandId {
        BrandId(self.few(1, 3))
    }

    fn user(&mut self) -> UserId {
        UserId(self.few(2, 4))
    }

    fn source(&mut self) -> SourceId {
        SourceId(self.few(3, 5))
    }

    fn bot(&mut self) -> BotId {
        BotId(self.few(4, 5))
    }

    fn profile(&mut self) -> ProfileId {
        ProfileId(self.few(5, 2))
    }

    fn kind(&mut self) -> MessageType {
        self.of(&[MessageType::Sms, MessageType::Email, MessageType::Webchat, MessageType::FormSubmission])
    }

    fn direction(&mut self) -> Direction {
        self.of(&[Direction::Inbound, Direction::Outbound])
    }

    fn action(&mut self) -> Action {
        self.of(&[Action::Automated, Action::Manual])
    }

    fn word(&mut self) -> String {
        const WORDS: &[&str] = &[
            "house",
            "HOUSES",
            "hours",
            "villa",
            "Émile",
            "emilia",
            "Ünal",
            "straße",
            "STRASSE",
            "дом",
            "Домик",
            "ёлка",
            "елка",
            "йод",
            "بيت",
            "بَيْت",
            "البيت",
            "房子",
            "房东",
            "子",
            "北京",
            "ﬁne",
            "fine",
            "x",
            "xy",
            "xyz",
            "a1b2",
            "O'Neil",
            "mid-town",
            "ｗｉｄｅ",
            "ไทย",
            "नमस्ते",
        ];
        match self.below(5) {
            0 => format!("w{}", self.below(400)),
            1 => ["al", "be", "la", "bel", "é", "ж"][self.below(6)].repeat(1 + self.below(3)),
            _ => self.of(WORDS).to_owned(),
        }
    }

    fn words(&mut self, max: usize) -> String {
        let separator = self.of(&[" ", ", ", "-", "\u{a0}", "."]);
        self.some(max, Self::word).join(separator)
    }

    fn fields(&mut self) -> Fields {
        let mut infix = self.some(2, |it| fold(&it.words(2)));
        if self.one_in(2) {
            infix.push(format!("{}@{}.com", fold(&self.word()), fold(&self.word())));
        }
        if self.one_in(2) {
            infix.push(format!("1555{:04}", self.below(10_000)));
        }
        Fields { infix, words: self.some(3, |it| fold(&it.words(2))) }
    }
}

#[derive(Default)]
pub(super) struct World {
    pub(super) position: u64,
    pub(super) documents: BTreeMap<ConversationId, (Document, Vec<String>)>,
    version: u64,
}

impl World {
    /// A unit with a few changes.
    pub(super) fn unit(&mut self, dice: &mut Dice) -> Arc<Unit> {
        let documents = (0..=dice.below(3)).map(|_| self.change(dice)).collect();
        self.position += 1;
        let at = Time::from_millis((self.position / 8) as i64);
        Arc::new(Unit { position: self.position, id: UnitId(dice.id()), at, events: Vec::new(), documents })
    }

    fn change(&mut self, dice: &mut Dice) -> DocumentChange {
        self.version += 1;
        let known: Vec<ConversationId> = self.documents.keys().copied().collect();
        if known.is_empty() || dice.one_in(3) {
            let conversation = ConversationId(dice.id());
            return self.put(dice, conversation, true);
        }
        let conversation = dice.of(&known);
        // In some stretches of time more goes than comes.
        if dice.one_in(if (self.position / 64).is_multiple_of(2) { 2 } else { 12 }) {
            self.documents.remove(&conversation);
            return DocumentChange::Removed(conversation);
        }
        self.put(dice, conversation, false)
    }

    fn put(&mut self, dice: &mut Dice, conversation: ConversationId, new: bool) -> DocumentChange {
        let columns = self.columns(dice, conversation);
        let before = self.documents.get(&conversation).map(|it| it.0.fields.clone()).unwrap_or_default();
        let after = if new || dice.one_in(3) { dice.fields() } else { before.clone() };
        let fields = (new || after != before).then(|| Box::new(FieldsChange { before, after: after.clone() }));
        let messages = dice.some(2, |it| it.words(6));
        let entry = self.documents.entry(conversation).or_insert_with(|| (Document { columns: columns.clone(), fields: Fields::default() }, vec![]));
        entry.0 = Document { columns: columns.clone(), fields: after };
        entry.1.extend(messages.iter().cloned());
        DocumentChange::Put { columns: Box::new(columns), fields, messages: messages.iter().map(|it| it.as_str().into()).collect() }
    }

    fn columns(&mut self, dice: &mut Dice, conversation: ConversationId) -> Columns {
        let before = self.documents.get(&conversation).map(|it| &it.0.columns);
        Columns {
            conversation,
            contact: before.map_or_else(|| ContactId(dice.id()), |it| it.contact),
            brand: before.map_or_else(|| dice.brand(), |it| it.brand),
            conversation_version: self.version,
            contact_version: self.version / 2,
            created_at: before.map_or_else(|| dice.time(), |it| it.created_at),
            last_message_at: dice.maybe(Dice::time),
            last_manual_at: dice.maybe(Dice::time),
            last_type: dice.maybe(Dice::kind),
            last_direction: dice.maybe(Dice::direction),
            outbound_action: dice.maybe(Dice::action),
            owner: dice.maybe(Dice::user),
            offered_to: dice.some(2, Dice::user),
            followers: dice.some(2, Dice::user),
            mentions: dice.some(2, Dice::user),
            sources: dice.some(2, Dice::source),
            bots: dice.some(2, Dice::bot),
            bot_replies: dice.of(&[0, 0, 1, 2, 3, 15, 16, 17, 18, 40]),
            starred: dice.one_in(4),
            unread: dice.one_in(2),
            follow_ups: dice.some(2, Dice::time),
            due: dice.some(3, Dice::time),
            scores: dice.some(2, |it| (it.profile(), it.score())),
        }
    }

    /// Loads an index as from the tables, one of them.
    pub(super) fn load(&self, index: &impl Index) {
        let mut loader = index.rebuild(AGENCY);
        for (document, messages) in self.documents.values() {
            loader.add(document, &mut messages.iter().map(String::as_str));
        }
        loader.finish(self.position);
    }
}

/// Any query, mostly with few conditions, so that something is found. `rows` are rows a page may go on from.
pub(super) fn query(dice: &mut Dice, world: &World, rows: &[Hit]) -> Query {
    let brands: BTreeSet<BrandId> = if dice.one_in(3) { dice.some(3, Dice::brand).into_iter().collect() } else { (0..3).map(brand).collect() };
    let scope = Scope { brands: Arc::new(brands), own_only: dice.rarely(Dice::user) };
    let mut query = Query::new(scope, dice.time(), 5);
    let known: Vec<&Columns> = world.documents.values().map(|it| &it.0.columns).collect();
    query.text = dice.maybe(|it| {
        let mut text = it.words(2);
        // A beginning, or a middle, of what may be there.
        if it.one_in(2) {
            let (skip, take) = (it.below(3), 1 + it.below(4));
            text = text.chars().skip(skip).take(take).collect();
        }
        text
    });
    if !known.is_empty() {
        query.conversations = dice.rarely(|it| it.some(30, |it| it.of(&known).conversation));
        query.contacts = dice.rarely(|it| it.some(30, |it| it.of(&known).contact));
    }
    query.sources = dice.rarely(|it| it.some(3, Dice::source));
    query.types = dice.rarely(|it| it.some(3, Dice::kind));
    query.bots = dice.rarely(|it| it.some(3, Dice::bot));
    query.persona_bots = dice.rarely(|it| it.some(3, Dice::bot));
    query.bot_replies_min = dice.rarely(|it| it.of(&[0, 1, 3, 15, 16, 17, 30]));
    query.direction = dice.rarely(Dice::direction);
    query.outbound_action = dice.rarely(Dice::action);
    query.follow_up_scheduled = dice.rarely(|it| it.one_in(2));
    query.assigned = dice.rarely(|it| if it.one_in(2) { Assigned::Nobody } else { Assigned::AnyOf(it.some(3, Dice::user)) });
    query.followers = dice.rarely(|it| it.some(3, Dice::user));
    query.mentions = dice.rarely(|it| it.some(3, Dice::user));
    query.starred = dice.rarely(|it| it.one_in(2));
    query.unread = dice.rarely(|it| it.one_in(2));
    query.score = dice.rarely(|it| ScoreRange { profile: it.profile(), min: it.maybe(Dice::score), max: it.maybe(Dice::score) });
    query.created_from = dice.rarely(Dice::time);
    query.created_to = dice.rarely(Dice::time);
    query.active_from = dice.rarely(Dice::time);
    query.active_to = dice.rarely(Dice::time);
    let by = match dice.below(6) {
        0 => SortBy::LastActivity,
        1 => SortBy::LastManual,
        2 => SortBy::Due,
        3 => SortBy::Overdue,
        4 => SortBy::Score(dice.profile()),
        _ => SortBy::Created,
    };
    query.sort = Sort { by, descending: dice.one_in(2) };
    query.page = page(dice, by, rows);
    query
}

fn brand(number: u128) -> BrandId {
    BrandId(Uuid::from_u128(1 << 64 | number))
}

fn page(dice: &mut Dice, by: SortBy, rows: &[Hit]) -> Page {
    let limit = dice.of(&[0, 1, 2, 3, 5, 8, 13, 50, 1000]);
    let random = match (by, dice.below(6)) {
        (_, 0) => SortKey::Null,
        (SortBy::Score(_), _) => SortKey::Score(dice.score()),
        _ => SortKey::Time(dice.time().millis()),
    };
    let fits = |key: SortKey| {
        matches!((by, key), (SortBy::Score(_), SortKey::Score(_)) | (_, SortKey::Null))
            || (!matches!(by, SortBy::Score(_)) && matches!(key, SortKey::Time(_)))
    };
    let known: Vec<Cursor> = rows.iter().filter(|it| fits(it.key)).map(|it| Cursor { key: it.key, conversation: it.conversation }).collect();
    let cursor = match known.as_slice() {
        [_, ..] if !dice.one_in(4) => dice.of(&known),
        _ => Cursor { key: random, conversation: ConversationId(dice.id()) },
    };
    match dice.below(4) {
        0 => Page::After { cursor, limit },
        1 => Page::AfterKey { key: dice.maybe(|_| cursor.key), limit },
        _ => Page::Offset { offset: dice.of(&[0, 0, 1, 3, 10, 100, 1000]), limit },
    }
}
