//! Who sees what, told through the world in memory.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use super::configured::{self, Of};
use super::conversations::{conversation, conversation_of, message, messages, search};
use super::leads::{dead_letters, lead, leads, routing};
use super::offers::{Which, offer, offers};
use super::{Asker, asker, contacts, feed, may_found_agency};
use crate::Time;
use crate::command::config::{
    CaptureChange, CreateBrand, CreateKey, CreateSource, CreateUser, DeleteBrand, DeleteKey, DeleteSource, FoundAgency, NewKey,
};
use crate::entity::{
    Contact, Conversation, DeadLetter, Direction, ExternalId, ExternalIdKey, KeyHash, Lead, LeadState, Membership, Message, MessageType, Offer,
    OfferState, RawBody, Role, RoutingState, ScopeName,
};
use crate::feed::Unit;
use crate::id::{AgencyId, BrandId, ContactId, ConversationId, DeadLetterId, LeadId, MessageId, OfferId, SourceId, UserId};
use crate::port::{Failure, Store};
use crate::refusal::{Forbidden, Refusal, Thing};
use crate::search::{Gap, Hit, Hits, Index, Loader, Query, Scope, SortKey};
use crate::testing::{World, block_on};
use crate::who::Who;

struct House {
    world: World,
    agency: AgencyId,
    root: BrandId,
    office: BrandId,
    admin: Who,
}

fn house() -> House {
    let world = World::new(3);
    let founded = world.found("North").unwrap();
    let (root, agency) = (founded.brand.id, AgencyId(founded.brand.id.0));
    let admin = world.key(agency, founded.key.id);
    world.advance_secs(1);
    let create = CreateBrand { parent: root, name: "Office".to_owned(), brand_type: None, timezone: None, default_country: None, profile: None };
    let office = world.write(admin, create).unwrap().id;
    House { world, agency, root, office, admin }
}

impl House {
    fn store(&self) -> &dyn Store {
        &self.world
    }

    fn user(&self, brand: BrandId, role: Role, own_only: bool) -> UserId {
        let create = CreateUser {
            memberships: vec![Membership { brand, role, own_only }],
            first_name: "Ann".to_owned(),
            last_name: String::new(),
            email: "ann@example.com".to_owned(),
            phone_number: None,
            timezone: None,
            mls_ids: Vec::new(),
            profile: None,
        };
        self.world.write(self.admin, create).unwrap().id
    }

    fn key(&self, brand: BrandId, user: Option<UserId>, scopes: &[ScopeName]) -> Who {
        let key = NewKey { name: "key".to_owned(), hash: KeyHash(self.world.draw_bytes()), hint: String::new() };
        let create = CreateKey { key, brand, user, scopes: Some(scopes.iter().copied().collect()), expires_at: None };
        Who::Key { agency: self.agency, key: self.world.write(self.admin, create).unwrap().id }
    }

    fn asker(&self, who: Who) -> Asker {
        asker(self.store(), who).unwrap()
    }

    /// One who reads in this brand, as nobody.
    fn reader(&self, brand: BrandId) -> Asker {
        self.asker(self.key(brand, None, &[ScopeName::Read]))
    }

    /// One who sees but his own there.
    fn own(&self, brand: BrandId) -> (Asker, UserId) {
        let user = self.user(brand, Role::Agent, true);
        (self.asker(self.key(brand, Some(user), &[ScopeName::Read])), user)
    }

    fn channel(&self, brand: BrandId) -> SourceId {
        self.world.config(self.agency).sources().find(|it| it.brand == brand).unwrap().id
    }

    /// A contact of the brand with a conversation, owned by whom is named.
    fn thread(&self, brand: BrandId, owner: Option<UserId>) -> (ContactId, ConversationId) {
        let (contact, conversation) = (self.world.draw(), self.world.draw());
        self.world.put(self.agency, contact_row(contact, conversation, brand)).unwrap();
        self.world.put(self.agency, Conversation { owner, ..conversation_row(conversation, contact, brand) }).unwrap();
        (contact, conversation)
    }

    fn change(&self, conversation: ConversationId, change: impl FnOnce(&mut Conversation)) {
        let mut row = Conversation::clone(&self.world.one::<Conversation>(self.agency, &conversation).unwrap());
        change(&mut row);
        self.world.put(self.agency, row).unwrap();
    }

    /// A lead on that conversation; ids grow with `number`.
    fn lead(&self, number: u64, source: SourceId, (contact, conversation): (ContactId, ConversationId)) -> LeadId {
        let id = LeadId(uuid::Uuid::from_u128(number.into()));
        let raw = RawBody { content_type: "application/json".into(), bytes: Arc::from(&b"{}"[..]) };
        let previous = self.world.one::<Conversation>(self.agency, &conversation).unwrap().lead;
        let row = Lead {
            id,
            number,
            created_at: self.world.now(),
            source,
            contact,
            conversation,
            bots: Vec::new(),
            source_type: None,
            raw,
            parsed: None,
            previous,
            duplicate_of: None,
            keyless: false,
        };
        self.world.put(self.agency, row).unwrap();
        let state = RoutingState::Inbox { brand: self.root };
        self.world.put(self.agency, LeadState { lead: id, epoch: 1, state, since: self.world.now() }).unwrap();
        self.change(conversation, |it| it.lead = Some(id));
        id
    }
}

fn contact_row(id: ContactId, conversation: ConversationId, brand: BrandId) -> Contact {
    Contact {
        id,
        version: 0,
        created_at: Time::default(),
        updated_at: Time::default(),
        deleted_at: None,
        brand,
        conversation: Some(conversation),
        last_lead: None,
        first_name: None,
        last_name: None,
        company: None,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: Vec::new(),
        fields: Vec::new(),
        external_ids: Vec::new(),
        source_type: None,
        lead_source: None,
        timezone: None,
        last_touch_at: None,
        created_for: "manual".to_owned(),
        updated_for: "manual".to_owned(),
        possible_duplicates: Vec::new(),
        profile: None,
    }
}

fn conversation_row(id: ConversationId, contact: ContactId, brand: BrandId) -> Conversation {
    Conversation {
        id,
        version: 0,
        created_at: Time::default(),
        updated_at: Time::default(),
        brand,
        contact,
        starred: false,
        unread_count: 0,
        owner: None,
        lead: None,
        routed: Vec::new(),
        captured: Vec::new(),
        offer: None,
        offered_to: Vec::new(),
        followers: Vec::new(),
        mentions: Vec::new(),
        last_message: None,
        last_manual_at: None,
        outbound_action: None,
        sources: Vec::new(),
        bots: Vec::new(),
        bot_replies: 0,
        wont_respond_until: None,
        failure_reason: None,
        mimic_source: None,
        scores: Vec::new(),
        due: Vec::new(),
        profile: None,
    }
}

/// An index that says what it was told to, and remembers what it was asked. The last answer is repeated.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Hits>>,
    asked: Mutex<Vec<Query>>,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Hits>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    fn runs(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Index for Scripted {
    fn apply(&self, _: AgencyId, _: &[Arc<Unit>]) -> Result<(), Gap> {
        Ok(())
    }

    fn position(&self, _: AgencyId) -> u64 {
        0
    }

    fn search(&self, _: AgencyId, query: &Query) -> Hits {
        self.asked.lock().unwrap().push(query.clone());
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers.front().cloned().unwrap_or_default() }
    }

    fn rebuild(&self, _: AgencyId) -> Box<dyn Loader> {
        unreachable!()
    }
}

fn hits(rows: &[(ContactId, ConversationId, u64, u64)]) -> Hits {
    let hit = |&(contact, conversation, conversation_version, contact_version): &_| Hit {
        conversation,
        contact,
        conversation_version,
        contact_version,
        key: SortKey::Null,
    };
    Hits { rows: rows.iter().map(hit).collect(), total: rows.len() as u64 }
}

fn not_found(thing: Thing) -> Failure {
    Failure::Refused(Refusal::NotFound(thing))
}

#[test]
fn a_key_without_the_scope_a_deleted_one_and_a_keyless_asker_read_nothing() {
    let it = house();
    let key = it.key(it.office, None, &[ScopeName::Write]);
    assert_eq!(asker(it.store(), key).err(), Some(Refusal::Forbidden(Forbidden::Scope(ScopeName::Read))));
    let key = it.key(it.office, None, &[ScopeName::Read]);
    let Who::Key { key: id, .. } = key else { panic!() };
    it.asker(key);
    it.world.write(it.admin, DeleteKey { id, if_match: None }).unwrap();
    assert_eq!(asker(it.store(), key).err(), Some(Refusal::Unauthorized));
    let keyless = Who::Keyless { agency: it.agency, source: it.channel(it.office) };
    assert_eq!(asker(it.store(), keyless).err(), Some(Refusal::Unauthorized));
    let elsewhere = Who::Key { agency: it.world.draw(), key: id };
    assert_eq!(asker(it.store(), elsewhere).err(), Some(Refusal::Unauthorized));
}

#[test]
fn only_an_operator_founds_agencies() {
    let it = house();
    let agency: AgencyId = it.world.draw();
    let founded = FoundAgency {
        name: "First".to_owned(),
        brand_type: None,
        timezone: None,
        default_country: None,
        profile: None,
        admin_key: NewKey { name: "first".to_owned(), hash: KeyHash([1; 32]), hint: String::new() },
        operator: true,
    };
    let key = it.world.write(Who::System { agency }, founded).unwrap().key.id;
    let now = it.world.now();
    let may = |who| may_found_agency(&it.world.directory(), who, now);
    assert_eq!(may(Who::Key { agency, key }), Ok(()));
    assert_eq!(may(it.admin), Err(Refusal::Forbidden(Forbidden::Scope(ScopeName::Operator))));
    assert_eq!(may(Who::Keyless { agency, source: it.world.draw() }), Err(Refusal::Unauthorized));
    assert_eq!(may(Who::System { agency: it.world.draw() }), Ok(()));
}

#[test]
fn lists_hold_what_is_seen_of_the_brands_asked_for() {
    let it = house();
    let (admin, office) = (it.asker(it.admin), it.reader(it.office));
    let sources = |asker: &Asker, of| configured::sources(&asker.config, &asker.rights, of).map(|it| it.len());
    assert_eq!(sources(&admin, Of::Seen), Ok(2));
    assert_eq!(sources(&admin, Of::Subtree(it.root)), Ok(2));
    assert_eq!(sources(&admin, Of::Brand(it.root)), Ok(1));
    assert_eq!(sources(&office, Of::Seen), Ok(1));
    let missing = Err(Refusal::NotFound(Thing::Brand));
    assert_eq!(sources(&office, Of::Brand(it.root)), missing);
    assert_eq!(sources(&office, Of::Subtree(it.world.draw())), missing);
    let brands = |asker: &Asker| configured::brands(&asker.config, &asker.rights, Of::Seen).unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(brands(&admin), [it.root, it.office]);
    assert_eq!(brands(&office), [it.office]);
    let source = |asker: &Asker, id| configured::source(&asker.config, &asker.rights, Of::Seen, id).map(|it| it.id);
    assert_eq!(source(&office, it.channel(it.root)), source(&office, it.world.draw()));
    assert_eq!(source(&office, it.channel(it.office)), Ok(it.channel(it.office)));
}

#[test]
fn a_brands_default_channel_is_listed_first() {
    let it = house();
    for _ in 0..4 {
        // Made in the same millisecond, so that nothing but its kind puts it first.
        let create = CreateSource {
            brand: it.office,
            name: None,
            category: None,
            protocol: None,
            mls: None,
            capture: CaptureChange::default(),
            profile: None,
        };
        it.world.write(it.admin, create).unwrap();
    }
    let asker = it.asker(it.admin);
    let list = configured::sources(&asker.config, &asker.rights, Of::Brand(it.office)).unwrap();
    assert_eq!(list.iter().map(|it| it.is_default).collect::<Vec<_>>(), [true, false, false, false, false]);
}

#[test]
fn users_are_seen_where_they_work_and_keys_by_admins() {
    let it = house();
    let boss = it.user(it.root, Role::Agent, false);
    it.world.advance_secs(1);
    let own = it.user(it.office, Role::Agent, false);
    let users = |asker: &Asker, of| configured::users(&asker.config, &asker.rights, of).unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    let (office, admin) = (it.reader(it.office), it.asker(it.admin));
    assert_eq!(users(&admin, Of::Brand(it.root)), [boss]);
    assert_eq!(users(&office, Of::Brand(it.office)), [boss, own]);
    assert!(configured::keys(&office.config, &office.rights, Of::Seen).is_err());
    assert_eq!(configured::keys(&admin.config, &admin.rights, Of::Brand(it.office)).unwrap().len(), 1);
}

#[test]
fn a_source_is_shown_with_its_rules_and_counters() {
    let it = house();
    let asker = it.asker(it.admin);
    let id = it.channel(it.office);
    let view = |of| block_on(configured::source_view(it.store(), &asker, of, id));
    assert_eq!(view(Of::Seen).unwrap().count.capture_number, 0);
    let count = crate::entity::SourceCount { source: id, capture_number: 9, last_capture_at: Some(it.world.now()) };
    it.world.put(it.agency, count).unwrap();
    let shown = view(Of::Brand(it.office)).unwrap();
    assert_eq!((shown.count.capture_number, shown.rules.rules.len()), (9, 1));
    assert!(view(Of::Brand(it.root)).is_err());
    assert_eq!(block_on(configured::source_views(it.store(), &asker, Of::Seen)).unwrap().len(), 2);
}

#[test]
fn a_contact_is_seen_with_its_brand_and_by_an_own_only_agent_with_its_conversation() {
    let it = house();
    let (own, user) = it.own(it.office);
    let (mine, theirs, above) = (it.thread(it.office, Some(user)), it.thread(it.office, None), it.thread(it.root, Some(user)));
    let sees = |asker: &Asker, (id, conversation_id): (ContactId, ConversationId)| {
        let seen = block_on(contacts::contact(it.store(), asker, id)).map(|it| it.contact.id);
        assert_eq!(seen.is_ok(), block_on(conversation(it.store(), asker, conversation_id)).is_ok());
        assert_eq!(seen.is_ok(), block_on(conversation_of(it.store(), asker, id)).is_ok());
        assert_eq!(seen.is_ok(), block_on(messages(it.store(), asker, conversation_id, None, 1)).is_ok());
        if let Err(failure) = &seen {
            assert_eq!(*failure, not_found(Thing::Contact));
        }
        seen.is_ok()
    };
    let (admin, office) = (it.asker(it.admin), it.reader(it.office));
    assert_eq!([mine, theirs, above].map(|row| sees(&admin, row)), [true, true, true]);
    assert_eq!([mine, theirs, above].map(|row| sees(&office, row)), [true, true, false]);
    assert_eq!([mine, theirs, above].map(|row| sees(&own, row)), [true, false, false]);
    it.change(theirs.1, |row| row.offered_to = vec![user]);
    assert!(sees(&own, theirs));
}

#[test]
fn a_deleted_contact_is_gone_and_one_without_a_thread_is_not_an_own_only_agents() {
    let it = house();
    let (own, user) = it.own(it.office);
    let (id, _) = it.thread(it.office, Some(user));
    let mut row = Contact::clone(&it.world.one::<Contact>(it.agency, &id).unwrap());
    row.conversation = None;
    it.world.put(it.agency, row.clone()).unwrap();
    let office = it.reader(it.office);
    assert!(block_on(contacts::contact(it.store(), &office, id)).unwrap().conversation.is_none());
    assert_eq!(block_on(conversation_of(it.store(), &office, id)).err(), Some(not_found(Thing::Conversation)));
    assert!(block_on(contacts::contact(it.store(), &own, id)).is_err());
    row.deleted_at = Some(it.world.now());
    it.world.put(it.agency, row).unwrap();
    assert!(block_on(contacts::contact(it.store(), &office, id)).is_err());
}

#[test]
fn an_external_id_finds_its_contact_in_its_source_only() {
    let it = house();
    let (id, _) = it.thread(it.office, None);
    let source = it.channel(it.office);
    it.world.put(it.agency, ExternalId { source, id: "x1".to_owned(), contact: id }).unwrap();
    let office = it.reader(it.office);
    let find = |source| {
        let key = ExternalIdKey { source, id: "x1".to_owned() };
        block_on(contacts::contact_by_external_id(it.store(), &office, &key)).map(|it| it.contact.id)
    };
    assert_eq!(find(source), Ok(id));
    assert_eq!(find(it.channel(it.root)), Err(not_found(Thing::Contact)));
}

#[test]
fn messages_come_newest_first_and_only_with_their_conversation() {
    let it = house();
    let (own, _) = it.own(it.office);
    let (_, thread) = it.thread(it.office, None);
    let say = |id: u128, at: i64| {
        let row = Message {
            id: MessageId(uuid::Uuid::from_u128(id)),
            version: 0,
            created_at: it.world.now(),
            conversation: thread,
            at: Time::from_millis(at),
            kind: MessageType::Sms,
            direction: Direction::Inbound,
            body: "hi".into(),
            bot: None,
            user: None,
            source: None,
            lead: None,
            profile: None,
        };
        it.world.put(it.agency, row).unwrap().id
    };
    let (old, tie, new) = (say(9, 1), say(1, 2), say(2, 2));
    let office = it.reader(it.office);
    let ids = |before, limit| block_on(messages(it.store(), &office, thread, before, limit)).unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids(None, 2), [new, tie]);
    assert_eq!(ids(Some((Time::from_millis(2), tie)), 9), [old]);
    assert_eq!(block_on(message(it.store(), &office, old)).unwrap().id, old);
    assert_eq!(block_on(message(it.store(), &own, old)).err(), Some(not_found(Thing::Message)));
    assert_eq!(block_on(message(it.store(), &office, it.world.draw())).err(), Some(not_found(Thing::Message)));
}

#[test]
fn a_search_is_confined_to_what_is_seen_whatever_it_came_with() {
    let it = house();
    let index = Scripted::default();
    let (own, user) = it.own(it.office);
    let wide = Scope { brands: Arc::new(BTreeSet::from([it.root, it.office, it.world.draw()])), own_only: None };
    block_on(search(it.store(), &index, &own, Query::new(wide, own.now, 10))).unwrap();
    let asked = index.asked.lock().unwrap().pop().unwrap();
    assert_eq!(*asked.scope.brands, BTreeSet::from([it.office]));
    assert_eq!(asked.scope.own_only, Some(user));
    let admin = it.asker(it.admin);
    let narrow = Scope { brands: Arc::new(BTreeSet::from([it.office])), own_only: None };
    block_on(search(it.store(), &index, &admin, Query::new(narrow, admin.now, 10))).unwrap();
    assert_eq!(*index.asked.lock().unwrap().pop().unwrap().scope.brands, BTreeSet::from([it.office]));
}

#[test]
fn a_row_of_another_version_makes_the_query_run_again() {
    let it = house();
    let asker = it.asker(it.admin);
    let (a, b) = (it.thread(it.office, None), it.thread(it.office, None));
    it.change(a.1, |row| row.starred = true);
    let (old, new) = (hits(&[(a.0, a.1, 1, 1), (b.0, b.1, 1, 1)]), hits(&[(b.0, b.1, 1, 1), (a.0, a.1, 2, 1)]));
    let index = Scripted::new([old.clone(), old, new]);
    let found = block_on(search(it.store(), &index, &asker, Query::new(asker.scope(), asker.now, 10))).unwrap();
    assert_eq!(found.rows.iter().map(|it| it.row.conversation.id).collect::<Vec<_>>(), [b.1, a.1]);
    assert_eq!((found.total, index.runs()), (2, 3));
}

#[test]
fn a_row_that_never_holds_still_is_left_out_in_the_end() {
    let it = house();
    let asker = it.asker(it.admin);
    let (a, b) = (it.thread(it.office, None), it.thread(it.office, None));
    let gone = (it.world.draw(), it.world.draw());
    let index = Scripted::new([hits(&[(a.0, a.1, 1, 7), (b.0, b.1, 1, 1), (gone.0, gone.1, 1, 1)])]);
    let found = block_on(search(it.store(), &index, &asker, Query::new(asker.scope(), asker.now, 10))).unwrap();
    assert_eq!(found.rows.iter().map(|it| it.row.conversation.id).collect::<Vec<_>>(), [b.1]);
    assert_eq!(index.runs(), 64);
}

#[test]
fn leads_are_listed_as_far_as_they_are_seen() {
    let it = house();
    let (own, user) = it.own(it.office);
    let (near, far) = (it.channel(it.office), it.channel(it.root));
    let mine = it.thread(it.office, Some(user));
    let theirs = it.thread(it.office, None);
    let above = it.thread(it.root, None);
    // Enough hidden ones between that one round is too few.
    for number in 1..=200 {
        it.lead(number, near, if number % 60 == 0 { mine } else { theirs });
    }
    it.lead(201, far, above);
    let pages = |asker: &Asker, contact, source, limit| {
        let (mut all, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = block_on(leads(it.store(), asker, contact, source, before, limit)).unwrap();
            assert!(page.rows.len() <= limit && page.rows.iter().all(|it| it.state.is_some()));
            all.extend(page.rows.iter().map(|it| it.lead.number));
            pages += 1;
            before = page.next;
            if before.is_none() {
                return (all, pages);
            }
            assert_eq!(page.rows.len(), limit, "a page that is not the last is full");
        }
    };
    let (admin, office) = (it.asker(it.admin), it.reader(it.office));
    assert_eq!(pages(&admin, None, None, 67), ((1..=201).rev().collect(), 3));
    assert_eq!(pages(&office, None, None, 100), ((1..=200).rev().collect(), 2));
    assert_eq!(pages(&office, None, Some(far), 100).0, []);
    assert_eq!(pages(&admin, Some(mine.0), None, 2), (vec![180, 120, 60], 2));
    assert_eq!(pages(&own, None, None, 10).0, [180, 120, 60]);
    assert_eq!(pages(&own, None, None, 1).0, [180, 120, 60]);
}

#[test]
fn a_lead_is_seen_with_its_sources_brand_and_after_its_source_is_gone() {
    let it = house();
    let (own, user) = it.own(it.office);
    let create = CreateBrand { parent: it.root, name: "Desk".to_owned(), brand_type: None, timezone: None, default_country: None, profile: None };
    let desk = it.world.write(it.admin, create).unwrap().id;
    let source = it.channel(it.office);
    let (mine, theirs) = (it.lead(1, source, it.thread(it.office, Some(user))), it.lead(2, source, it.thread(it.office, None)));
    let sees = |asker: &Asker, id| block_on(lead(it.store(), asker, id)).map(drop);
    let (admin, office, desk_key) = (it.asker(it.admin), it.reader(it.office), it.reader(desk));
    assert_eq!([&admin, &office, &own, &desk_key].map(|it| sees(it, mine).is_ok()), [true, true, true, false]);
    assert_eq!([&admin, &office, &own, &desk_key].map(|it| sees(it, theirs).is_ok()), [true, true, false, false]);
    assert_eq!(sees(&desk_key, mine), sees(&desk_key, it.world.draw()));
    assert!(block_on(routing(it.store(), &own, theirs)).is_err());
    assert!(block_on(routing(it.store(), &own, mine)).unwrap().decisions.is_empty());
    // A deleted source's leads stay with its brand; a deleted brand's are out of sight.
    let create =
        CreateSource { brand: desk, name: None, category: None, protocol: None, mls: None, capture: CaptureChange::default(), profile: None };
    let source = it.world.write(it.admin, create).unwrap().source.id;
    let id = it.lead(3, source, it.thread(desk, None));
    it.world.write(it.admin, DeleteSource { id: source, within: None, if_match: None }).unwrap();
    let admin = it.asker(it.admin);
    assert_eq!([&admin, &it.reader(desk), &it.reader(it.office)].map(|it| sees(it, id).is_ok()), [true, true, false]);
    assert_eq!(block_on(leads(it.store(), &admin, None, None, None, 1)).unwrap().rows[0].lead.id, id);
    it.world.write(it.admin, DeleteBrand { id: desk, if_match: None }).unwrap();
    assert_eq!(sees(&it.asker(it.admin), id), Err(not_found(Thing::Lead)));
}

#[test]
fn offers_are_seen_by_whom_they_invite_and_with_their_conversation() {
    let it = house();
    let (own, user) = it.own(it.office);
    let (contact, thread) = it.thread(it.office, None);
    let make = |number: u128, invited: Vec<UserId>, (contact, conversation): (ContactId, ConversationId)| {
        let now = it.world.now();
        let row = Offer {
            id: OfferId(uuid::Uuid::from_u128(number)),
            version: 0,
            leads: Vec::new(),
            conversation,
            contact,
            group: it.world.draw(),
            invited,
            declined: Vec::new(),
            offered_at: now,
            expires_at: now.plus_secs(300),
            state: OfferState::Open,
        };
        it.world.put(it.agency, row).unwrap().id
    };
    let mine = make(1, vec![user], (contact, thread));
    let theirs = make(2, vec![it.world.draw()], (contact, thread));
    let above = make(3, vec![user], it.thread(it.root, None));
    let list =
        |asker: &Asker, which| block_on(offers(it.store(), asker, which, None, 10)).map(|it| it.rows.iter().map(|it| it.id).collect::<Vec<_>>());
    assert_eq!(list(&own, Which::Mine).unwrap(), [mine]);
    assert_eq!(list(&own, Which::Seen).unwrap(), [mine]);
    assert_eq!(list(&it.reader(it.office), Which::Seen).unwrap(), [theirs, mine]);
    let admin = it.asker(it.admin);
    assert_eq!(list(&admin, Which::Seen).unwrap(), [above, theirs, mine]);
    assert_eq!(list(&admin, Which::Mine), Err(Failure::Refused(Refusal::Forbidden(Forbidden::NoUser))));
    assert_eq!(block_on(offer(it.store(), &own, mine)).unwrap().id, mine);
    assert_eq!(block_on(offer(it.store(), &own, theirs)).err(), Some(not_found(Thing::Offer)));
    let page = block_on(offers(it.store(), &admin, Which::Seen, None, 2)).unwrap();
    assert_eq!((page.rows.len(), page.next), (2, Some(theirs)));
    let rest = block_on(offers(it.store(), &admin, Which::Seen, page.next, 2)).unwrap();
    assert_eq!((rest.rows[0].id, rest.rows.len(), rest.next), (mine, 1, None));
}

#[test]
fn the_feed_is_for_admins_of_the_whole_agency() {
    let it = house();
    let read = |asker: &Asker, after| block_on(feed::feed(it.store(), asker, after, 2));
    let admin = it.asker(it.admin);
    let page = read(&admin, 0).unwrap().unwrap();
    assert_eq!((page.units.len(), page.head), (2, 2));
    let office = it.reader(it.office);
    let reader = it.asker(it.key(it.root, Some(it.user(it.root, Role::Reader, false)), &[ScopeName::Read]));
    for asker in [office, reader] {
        assert_eq!(read(&asker, 0).err(), Some(Failure::Refused(Refusal::Forbidden(Forbidden::Role(Role::Admin)))));
    }
    it.world.drop_feed(it.agency, 1);
    let head = page.head + 3;
    assert_eq!(read(&admin, 0), Ok(None), "what was dropped is said to be");
    assert_eq!(read(&admin, head - 1).unwrap().unwrap().units[0].position, head);
}

#[test]
fn dead_letters_are_for_those_who_configure_their_source() {
    let it = house();
    let drop = |number: u128, source| {
        let raw = RawBody { content_type: "text/plain".into(), bytes: Arc::from(&b"?"[..]) };
        let id = DeadLetterId(uuid::Uuid::from_u128(number));
        it.world.put(it.agency, DeadLetter { id, at: it.world.now(), source, error: "no JSON".to_owned(), raw }).unwrap();
        id
    };
    let (near, far) = (drop(1, it.channel(it.office)), drop(2, it.channel(it.root)));
    let list = |asker: &Asker| block_on(dead_letters(it.store(), asker, None, 10)).map(|it| it.rows.iter().map(|it| it.id).collect::<Vec<_>>());
    assert_eq!(list(&it.asker(it.admin)).unwrap(), [far, near]);
    assert_eq!(list(&it.asker(it.key(it.office, None, &[ScopeName::Read, ScopeName::Admin]))).unwrap(), [near]);
    assert!(list(&it.reader(it.office)).is_err());
}
