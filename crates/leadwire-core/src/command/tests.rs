//! The verbs on leads, contacts and threads, each told as a short story in a world in memory.

mod offers;

use std::sync::Arc;

use super::capture::{Capture, Captured, Inquiry, Sameness};
use super::config::{ConditionInput, CreateGroup, CreateRule, CreateSource, CreateUser, DeleteSource, MemberInput, RuleInput, UpdateSource};
use super::contact::{ContactFields, CreateContact, DeleteContact, UpdateContact};
use super::conversation::{DeleteConversation, UpdateConversation};
use super::idempotent::{Idempotent, Once, digest};
use super::message::{AppendMessage, To};
use super::offer::{ClaimOffer, DeclineOffer};
use crate::entity::{
    AssignReason, CaptureMode, Cause, Combine, ConditionValue, Contact, ContactKey, Conversation, Decision, Direction, Distribution, InboxReason,
    Lead, LeadState, Membership, Message, MessageType, Offer, OfferState, Operator, Outcome, RawBody, Receipt, ReceiptKey, Role, RoutingState,
    Source, SourceCount, StoredAnswer, Target, Turns,
};
use crate::feed::Event;
use crate::id::{AgencyId, BrandId, GroupId, OfferId, SourceId, UserId};
use crate::port::{Failure, Table};
use crate::refusal::{Conflict, Forbidden, Refusal, Thing};
use crate::routing::{Assignee, Field, RawFact};
use crate::testing::World;
use crate::who::Who;

struct Stage {
    world: World,
    agency: AgencyId,
    admin: Who,
    source: SourceId,
    users: Vec<UserId>,
}

impl Stage {
    /// An agency with three users and a source; leads of it go to the brand's inbox.
    fn new() -> Self {
        let world = World::new(7);
        let founded = world.found("Acme").unwrap();
        let agency = founded.key.brand.0;
        let agency = AgencyId(agency);
        let admin = world.key(agency, founded.key.id);
        let brand = agency.root();
        let users = ["ann", "bob", "cyd"].map(|it| user(&world, admin, brand, it)).to_vec();
        let source = create_source(&world, admin, brand);
        Self { world, agency, admin, source, users }
    }

    fn brand(&self) -> BrandId {
        self.agency.root()
    }

    fn keyless(&self) -> Who {
        Who::Keyless { agency: self.agency, source: self.source }
    }

    fn capture(&self, email: &str) -> Captured {
        self.try_capture(self.admin, capture(self.source, email, &format!("note {email}"))).unwrap()
    }

    fn try_capture(&self, who: Who, command: Capture) -> Result<Captured, Failure> {
        self.world.write(who, command)
    }

    fn contact(&self, captured: &Captured) -> Arc<Contact> {
        self.world.one::<Contact>(self.agency, &captured.lead.contact).unwrap()
    }

    fn conversation(&self, captured: &Captured) -> Arc<Conversation> {
        self.world.one::<Conversation>(self.agency, &captured.lead.conversation).unwrap()
    }

    fn decision(&self, captured: &Captured) -> Arc<Decision> {
        let state = self.state(captured);
        self.world.one::<Decision>(self.agency, &(captured.lead.id, state.epoch)).unwrap()
    }

    fn state(&self, captured: &Captured) -> Arc<LeadState> {
        let first = || Arc::new(LeadState::first(&self.world.one::<Decision>(self.agency, &(captured.lead.id, Decision::FIRST)).unwrap()));
        self.world.one::<LeadState>(self.agency, &captured.lead.id).unwrap_or_else(first)
    }

    fn group(&self, distribution: Distribution) -> GroupId {
        let members = self.users.iter().map(|it| MemberInput { user: *it, order: None, brand: None, weight: None }).collect();
        let group = CreateGroup {
            brand: self.brand(),
            name: "team".to_owned(),
            description: None,
            distribution,
            members,
            claim_timeout_secs: Some(60),
            created_by: None,
            profile: None,
        };
        let group = self.world.write(self.admin, group).unwrap().id;
        let rule = RuleInput {
            target: Target::Group,
            kind: Combine::And,
            order: 1,
            user: None,
            group: Some(group),
            brand: None,
            flow: None,
            conditions: Vec::new(),
        };
        self.world.write(self.admin, CreateRule { source: self.source, within: None, rule }).unwrap();
        group
    }

    fn offer(&self, captured: &Captured) -> Arc<Offer> {
        let id = self.conversation(captured).offer.unwrap();
        self.world.one::<Offer>(self.agency, &id).unwrap()
    }

    fn claim(&self, id: OfferId, user: usize) -> Result<Arc<Offer>, Refusal> {
        match self.world.write(self.admin, ClaimOffer { id, user: Some(self.users[user]) }) {
            Ok(settled) => settled.map(|it| it.offer),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Fault(fault)) => panic!("{fault}"),
        }
    }

    fn reconfigure(&self, change: impl FnOnce(&mut super::config::CaptureChange)) {
        let mut update = UpdateSource {
            id: self.source,
            within: None,
            if_match: None,
            name: None,
            category: None,
            protocol: None,
            mls: None,
            capture: super::config::CaptureChange::default(),
            profile: None,
        };
        change(&mut update.capture);
        self.world.write(self.admin, update).unwrap();
    }
}

fn user(world: &World, admin: Who, brand: BrandId, name: &str) -> UserId {
    let membership = Membership { brand, role: Role::Agent, own_only: false };
    let create = CreateUser {
        memberships: vec![membership],
        first_name: name.to_owned(),
        last_name: "Agent".to_owned(),
        email: format!("{name}@acme.test"),
        phone_number: None,
        timezone: None,
        mls_ids: Vec::new(),
        profile: None,
    };
    world.write(admin, create).unwrap().id
}

fn create_source(world: &World, admin: Who, brand: BrandId) -> SourceId {
    let create = CreateSource {
        brand,
        name: Some("Site".to_owned()),
        category: None,
        protocol: None,
        mls: None,
        capture: super::config::CaptureChange::default(),
        profile: None,
    };
    world.write(admin, create).unwrap().source.id
}

fn capture(source: SourceId, email: &str, note: &str) -> Capture {
    let inquiry = Inquiry {
        first_name: Some("Test".to_owned()),
        emails: vec![email.to_owned()],
        note: Some(note.to_owned()),
        source_type: Some("Website".to_owned()),
        ..Inquiry::default()
    };
    let bytes = format!("{email} {note}");
    let raw = RawBody { content_type: Arc::from("application/json"), bytes: Arc::from(bytes.as_bytes()) };
    Capture { source, inquiry, raw, parsed: None, bot: None, sameness: Sameness::Fingerprint, origin: None }
}

fn refused<T>(result: Result<T, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(it)) => it,
        Err(Failure::Fault(it)) => panic!("a fault: {it}"),
        Ok(_) => panic!("it was done"),
    }
}

#[test]
fn a_capture_makes_contact_thread_message_and_lead() {
    let stage = Stage::new();
    let captured = stage.capture("Ann.Lee@Example.com");
    let (contact, conversation) = (stage.contact(&captured), stage.conversation(&captured));
    assert_eq!(captured.lead.number, 1);
    assert_eq!(contact.tags, ["Website", "Lead"]);
    assert_eq!(contact.created_for, "lts_lead");
    assert_eq!(conversation.unread_count, 1);
    assert_eq!(conversation.sources.len(), 1);
    let last = conversation.last_message.as_ref().unwrap();
    assert_eq!((last.body.as_str(), last.kind, last.direction), ("note Ann.Lee@Example.com", MessageType::FormSubmission, Direction::Inbound));
    assert_eq!(stage.state(&captured).state, RoutingState::Inbox { brand: stage.brand() });
    let count = stage.world.one::<SourceCount>(stage.agency, &stage.source).unwrap();
    assert_eq!((count.capture_number, count.last_capture_at), (1, Some(captured.lead.created_at)));
    let events = stage.world.units(stage.agency).last().unwrap().events.clone();
    assert!(events.iter().any(|it| matches!(it, Event::LeadCaptured { duplicate: false, .. })), "{events:?}");
    assert!(events.iter().any(|it| matches!(it, Event::LeadInbox { reason: InboxReason::Rule, .. })), "{events:?}");
}

#[test]
fn a_capture_without_a_note_says_what_was_asked_about_else_where_it_came_from() {
    let stage = Stage::new();
    let mut about = capture(stage.source, "a@x.test", "");
    about.inquiry.about = Some("12 Elm St".to_owned());
    let about = stage.try_capture(stage.admin, about).unwrap();
    assert_eq!(stage.conversation(&about).last_message.as_ref().unwrap().body, "12 Elm St");
    let bare = stage.try_capture(stage.admin, capture(stage.source, "b@x.test", " ")).unwrap();
    assert_eq!(stage.conversation(&bare).last_message.as_ref().unwrap().body, "New lead from Site");
}

#[test]
fn one_person_is_one_contact_however_the_address_is_spelt() {
    let stage = Stage::new();
    let spellings = ["ann@example.com", "ANN@Example.COM", "  ann@example.com ", "ann@ｅxample.com"];
    let captures: Vec<Captured> = spellings.iter().map(|it| stage.capture(it)).collect();
    for it in &captures {
        assert_eq!(it.lead.contact, captures[0].lead.contact);
        assert_eq!(it.lead.conversation, captures[0].lead.conversation);
    }
    assert_eq!(stage.world.counts()[&Table::Contact], 1);
    assert_eq!(stage.world.counts()[&Table::Lead], 4);
    assert_eq!(stage.conversation(&captures[0]).unread_count, 4);
}

#[test]
fn an_email_wins_over_a_phone_and_the_other_contact_is_noted_not_merged() {
    let stage = Stage::new();
    let a = stage.capture("a@x.test");
    let mut by_phone = capture(stage.source, "b@x.test", "hi");
    by_phone.inquiry.phones = vec!["(212) 555-0142".to_owned()];
    let b = stage.try_capture(stage.admin, by_phone).unwrap();
    let mut both = capture(stage.source, "A@x.test", "both");
    both.inquiry.phones = vec!["+1 212 555 0142".to_owned()];
    let both = stage.try_capture(stage.admin, both).unwrap();
    assert_eq!(both.lead.contact, a.lead.contact);
    assert_eq!(stage.contact(&a).possible_duplicates, [b.lead.contact]);
    assert_eq!(stage.world.counts()[&Table::Contact], 2);
}

#[test]
fn a_sources_own_id_finds_the_contact_first_and_only_in_that_source() {
    let stage = Stage::new();
    let with_id = |source, email: &str| {
        let mut it = capture(source, email, email);
        it.inquiry.contact_id = Some("X-1".to_owned());
        it
    };
    let first = stage.try_capture(stage.admin, with_id(stage.source, "a@x.test")).unwrap();
    let again = stage.try_capture(stage.admin, with_id(stage.source, "other@x.test")).unwrap();
    assert_eq!(first.lead.contact, again.lead.contact);
    let elsewhere = create_source(&stage.world, stage.admin, stage.brand());
    let foreign = stage.try_capture(stage.admin, with_id(elsewhere, "third@x.test")).unwrap();
    assert_ne!(foreign.lead.contact, first.lead.contact);
}

#[test]
fn the_same_payload_within_the_span_is_one_lead() {
    let stage = Stage::new();
    let first = stage.capture("a@x.test");
    stage.world.advance_secs(59);
    let again = stage.capture("a@x.test");
    assert!(again.replayed);
    assert_eq!(again.lead, first.lead);
    assert_eq!(stage.world.counts()[&Table::Lead], 1);
    assert_eq!(stage.world.one::<SourceCount>(stage.agency, &stage.source).unwrap().capture_number, 1);
    stage.world.advance_secs(1);
    assert!(!stage.capture("a@x.test").replayed);
    stage.reconfigure(|it| it.fingerprint_secs = Some(0));
    assert!(!stage.capture("a@x.test").replayed);
}

#[test]
fn equal_payloads_without_a_contact_key_are_different_people() {
    let stage = Stage::new();
    let nobody = || {
        let mut it = capture(stage.source, "x", "same");
        it.inquiry.emails.clear();
        it
    };
    let first = stage.try_capture(stage.admin, nobody()).unwrap();
    let second = stage.try_capture(stage.admin, nobody()).unwrap();
    assert_ne!(first.lead.id, second.lead.id);
    assert_ne!(first.lead.contact, second.lead.contact);
}

#[test]
fn a_natural_id_replays_and_with_another_payload_makes_a_marked_duplicate_that_is_not_routed() {
    let stage = Stage::new();
    stage.group(Distribution::RoundRobin);
    let natural = |note: &str| Capture { sameness: Sameness::Natural("L-7".to_owned()), ..capture(stage.source, "a@x.test", note) };
    let first = stage.try_capture(stage.admin, natural("one")).unwrap();
    assert!(stage.try_capture(stage.admin, natural("one")).unwrap().replayed);
    let other = stage.try_capture(stage.admin, natural("two")).unwrap();
    assert_eq!(other.lead.duplicate_of, Some(first.lead.id));
    assert_eq!(stage.state(&other).state, RoutingState::Closed);
    assert_eq!(stage.conversation(&first).last_message.as_ref().unwrap().body, "two");
    assert_eq!(stage.world.all::<Turns>(stage.agency)[0].count, 1);
}

#[test]
fn a_header_key_replays_the_stored_bytes_and_refuses_another_payload() {
    let stage = Stage::new();
    let once = |note: &str| Idempotent {
        key: ReceiptKey::of(&[b"rechat", b"owner", b"header", b"k-1"]),
        payload: digest(&[note.as_bytes()]),
        command: Capture { sameness: Sameness::Header, ..capture(stage.source, "a@x.test", note) },
        render: Arc::new(|it: &Captured, _: &crate::config::Config| StoredAnswer {
            status: 200,
            content_type: Arc::from("application/json"),
            body: Arc::from(it.lead.id.to_string().as_bytes()),
            headers: Vec::new(),
        }),
    };
    let Once::Fresh(first) = stage.world.write(stage.admin, once("one")).unwrap() else { panic!("replayed") };
    stage.world.advance_secs(6 * 24 * 3600);
    let Once::Replayed(again) = stage.world.write(stage.admin, once("one")).unwrap() else { panic!("done twice") };
    assert_eq!(first, again);
    assert_eq!(stage.world.counts()[&Table::Lead], 1);
    assert_eq!(refused(stage.world.write(stage.admin, once("two"))), Refusal::Conflict(Conflict::KeyReused));
    assert_eq!(stage.world.all::<Receipt>(stage.agency).len(), 1);
}

#[test]
fn what_a_keyless_capture_adds_to_a_known_contact_is_shown_but_never_matches() {
    let stage = Stage::new();
    let known = stage.capture("victim@x.test");
    let mut attack = capture(stage.source, "victim@x.test", "me");
    attack.inquiry.emails.push("thief@x.test".to_owned());
    let attack = stage.try_capture(stage.keyless(), attack).unwrap();
    assert_eq!(attack.lead.contact, known.lead.contact);
    let contact = stage.contact(&known);
    assert_eq!(contact.emails.iter().map(|it| it.verified).collect::<Vec<_>>(), [true, false]);
    let thief = stage.try_capture(stage.keyless(), capture(stage.source, "thief@x.test", "mine?")).unwrap();
    assert_ne!(thief.lead.contact, known.lead.contact);
    assert_eq!(stage.world.all::<ContactKey>(stage.agency).len(), 2);
}

#[test]
fn a_source_says_who_may_capture() {
    let stage = Stage::new();
    let try_it = |who| stage.try_capture(who, capture(stage.source, "a@x.test", "x"));
    stage.reconfigure(|it| it.mode = Some(CaptureMode::Key));
    assert_eq!(refused(try_it(stage.keyless())), Refusal::Unauthorized);
    assert!(try_it(stage.admin).is_ok());
    stage.reconfigure(|it| it.mode = Some(CaptureMode::Closed));
    assert_eq!(refused(try_it(stage.admin)), Refusal::Forbidden(Forbidden::CaptureClosed));
    stage.reconfigure(|it| {
        it.mode = Some(CaptureMode::Public);
        it.allowed_origins = Some(vec!["https://site.test".to_owned()]);
    });
    let from = |origin: &str| Capture { origin: Some(origin.to_owned()), ..capture(stage.source, "a@x.test", "x") };
    assert_eq!(refused(stage.try_capture(stage.keyless(), from("https://evil.test"))), Refusal::Forbidden(Forbidden::Origin));
    assert!(stage.try_capture(stage.keyless(), from("https://site.test")).is_ok());
    stage.world.write(stage.admin, DeleteSource { id: stage.source, within: None, if_match: None }).unwrap();
    let before = stage.world.counts();
    assert_eq!(refused(try_it(stage.admin)), Refusal::NotFound(Thing::Source));
    assert_eq!(stage.world.counts(), before);
}

#[test]
fn round_robin_goes_round_and_a_returning_contact_keeps_its_owner() {
    let stage = Stage::new();
    stage.group(Distribution::RoundRobin);
    let owners: Vec<UserId> = (0..6).map(|i| stage.conversation(&stage.capture(&format!("p{i}@x.test"))).owner.unwrap()).collect();
    assert_eq!(owners[..3], stage.users[..]);
    assert_eq!(owners[3..], stage.users[..]);
    stage.world.advance_secs(61);
    let back = stage.capture("p1@x.test");
    assert_eq!(stage.conversation(&back).owner, Some(stage.users[1]));
    assert_eq!(stage.decision(&back).outcome, Outcome::Assigned { user: stage.users[1], reason: AssignReason::Sticky });
    assert_eq!(stage.world.all::<Turns>(stage.agency)[0].count, 6);
}

#[test]
fn a_rule_matches_on_facts_and_a_named_assignee_comes_before_rules() {
    let stage = Stage::new();
    let rule = RuleInput {
        target: Target::User,
        kind: Combine::And,
        order: 1,
        user: Some(stage.users[0]),
        group: None,
        brand: None,
        flow: None,
        conditions: vec![ConditionInput {
            field: "price".to_owned(),
            operator: Operator::Gte,
            value: ConditionValue::Number("500000".to_owned()),
            order: None,
            negated: false,
        }],
    };
    stage.world.write(stage.admin, CreateRule { source: stage.source, within: None, rule }).unwrap();
    let priced = |email: &str, price: &str| {
        let mut it = capture(stage.source, email, email);
        it.inquiry.facts.add(Field::Price, RawFact::Text(price.to_owned()));
        it
    };
    let rich = stage.try_capture(stage.admin, priced("rich@x.test", "$750,000")).unwrap();
    assert_eq!(stage.conversation(&rich).owner, Some(stage.users[0]));
    let poor = stage.try_capture(stage.admin, priced("poor@x.test", "499999.99")).unwrap();
    assert_eq!(stage.conversation(&poor).owner, None);
    let named = |email: &str| {
        let mut it = priced(email, "900000");
        it.inquiry.assignees = vec![Assignee { email: Some("BOB@acme.test".to_owned()), ..Assignee::default() }];
        it
    };
    let explicit = stage.try_capture(stage.admin, named("n1@x.test")).unwrap();
    assert_eq!(stage.decision(&explicit).outcome, Outcome::Assigned { user: stage.users[1], reason: AssignReason::Explicit });
    let keyless = stage.try_capture(stage.keyless(), named("n2@x.test")).unwrap();
    assert_eq!(stage.conversation(&keyless).owner, Some(stage.users[0]), "a keyless capture's assignees are only recorded");
}

#[test]
fn messages_move_the_thread_and_a_backdated_one_only_counts() {
    let stage = Stage::new();
    let captured = stage.capture("a@x.test");
    let start = stage.conversation(&captured).last_message.as_ref().unwrap().at;
    let say = |direction, body: &str, at| AppendMessage {
        to: To::Conversation(captured.lead.conversation),
        direction,
        kind: MessageType::Sms,
        body: body.to_owned(),
        bot: None,
        user: None,
        source: None,
        at,
        profile: None,
    };
    stage.world.advance_secs(10);
    let out = stage.world.write(stage.admin, say(Direction::Outbound, "hello", None)).unwrap().conversation;
    assert_eq!((out.unread_count, out.last_manual_at), (0, Some(start.plus_secs(10))));
    let old = stage.world.write(stage.admin, say(Direction::Inbound, "old", Some(start.plus_secs(5)))).unwrap().conversation;
    assert_eq!((old.unread_count, old.last_message.as_ref().unwrap().body.as_str()), (1, "hello"));
    let new = stage.world.write(stage.admin, say(Direction::Inbound, "new", None)).unwrap().conversation;
    assert_eq!((new.unread_count, new.last_manual_at), (2, None));
    let future = stage.world.write(stage.admin, say(Direction::Inbound, "x", Some(start.plus_secs(3600))));
    assert!(matches!(refused(future), Refusal::Invalid(list) if list[0].at == "/at"));
}

#[test]
fn a_deleted_thread_is_gone_and_the_next_message_makes_a_new_one() {
    let stage = Stage::new();
    let captured = stage.capture("a@x.test");
    let id = captured.lead.conversation;
    stage.world.write(stage.admin, DeleteConversation { id, if_match: None }).unwrap();
    assert!(stage.world.one::<Conversation>(stage.agency, &id).is_none());
    assert!(stage.world.all::<Message>(stage.agency).is_empty());
    assert_eq!(stage.contact(&captured).conversation, None);
    let next = stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "back")).unwrap();
    assert_eq!(next.lead.contact, captured.lead.contact);
    assert_ne!(next.lead.conversation, id);
}

#[test]
fn a_deleted_contact_is_not_matched_again() {
    let stage = Stage::new();
    let captured = stage.capture("a@x.test");
    stage.world.write(stage.admin, DeleteContact { id: captured.lead.contact, if_match: Some(1) }).unwrap();
    let next = stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "new")).unwrap();
    assert_ne!(next.lead.contact, captured.lead.contact);
    assert_eq!(stage.world.all::<ContactKey>(stage.agency).len(), 1);
}

#[test]
fn a_contact_by_hand_keeps_its_keys_to_itself() {
    let stage = Stage::new();
    let fields = |email: &str| ContactFields { emails: Some(vec![email.to_owned()]), ..ContactFields::default() };
    let brand = stage.brand();
    let a = stage.world.write(stage.admin, CreateContact { brand, fields: fields("a@x.test") }).unwrap().contact;
    let b = stage.world.write(stage.admin, CreateContact { brand, fields: fields("b@x.test") }).unwrap().contact;
    let taken = UpdateContact { id: b.id, if_match: None, fields: fields("A@x.test") };
    assert_eq!(refused(stage.world.write(stage.admin, taken)), Refusal::Conflict(Conflict::ContactKeyTaken));
    stage.world.write(stage.admin, UpdateContact { id: a.id, if_match: Some(1), fields: fields("c@x.test") }).unwrap();
    let stale = UpdateContact { id: a.id, if_match: Some(1), fields: fields("d@x.test") };
    assert_eq!(refused(stage.world.write(stage.admin, stale)), Refusal::VersionMismatch);
    let freed = UpdateContact { id: b.id, if_match: None, fields: fields("a@x.test") };
    assert_eq!(stage.world.write(stage.admin, freed).unwrap().contact.emails[0].typed, "a@x.test");
}

#[test]
fn bad_fields_are_all_named_at_once() {
    let stage = Stage::new();
    let fields = ContactFields {
        emails: Some(vec!["no address".to_owned()]),
        timezone: Some(Some("Mars/Olympus".to_owned())),
        first_name: Some(Some("a\0b".to_owned())),
        ..ContactFields::default()
    };
    let Refusal::Invalid(list) = refused(stage.world.write(stage.admin, CreateContact { brand: stage.brand(), fields })) else {
        panic!("another refusal")
    };
    let spots: Vec<&str> = list.iter().map(|it| it.at.as_str()).collect();
    assert_eq!(spots, ["/first_name", "/timezone", "/emails/0"]);
}

#[test]
fn a_foreign_conversation_looks_like_a_missing_one() {
    let stage = Stage::new();
    let captured = stage.capture("a@x.test");
    let other = stage.world.found("Other").unwrap();
    let foreign = stage.world.key(AgencyId(other.key.brand.0), other.key.id);
    let star = UpdateConversation { id: Some(captured.lead.conversation), starred: Some(true), ..UpdateConversation::default() };
    assert_eq!(refused(stage.world.write(foreign, star)), Refusal::NotFound(Thing::Conversation));
    assert!(!stage.conversation(&captured).starred);
    assert!(stage.world.one::<Source>(stage.agency, &stage.source).is_some() && stage.world.one::<Lead>(stage.agency, &captured.lead.id).is_some());
}

#[test]
fn a_key_over_two_memberships_has_the_weaker_role_and_a_narrow_key_its_own() {
    use super::config::{CreateBrand, CreateKey, NewKey};
    use crate::entity::KeyHash;
    let stage = Stage::new();
    let brand = |name: &str| CreateBrand {
        parent: stage.brand(),
        name: name.to_owned(),
        brand_type: None,
        timezone: None,
        default_country: None,
        profile: None,
    };
    let (a, b) = (stage.world.write(stage.admin, brand("A")).unwrap().id, stage.world.write(stage.admin, brand("B")).unwrap().id);
    let membership = |brand, role| Membership { brand, role, own_only: false };
    let create = CreateUser {
        memberships: vec![membership(a, Role::Admin), membership(b, Role::Reader)],
        first_name: "Eve".to_owned(),
        last_name: "Two".to_owned(),
        email: "eve@acme.test".to_owned(),
        phone_number: None,
        timezone: None,
        mls_ids: Vec::new(),
        profile: None,
    };
    let user = stage.world.write(stage.admin, create).unwrap().id;
    let key = |brand, byte| CreateKey {
        brand,
        user: Some(user),
        scopes: None,
        expires_at: None,
        key: NewKey { name: "k".to_owned(), hash: KeyHash([byte; 32]), hint: "lw_k".to_owned() },
    };
    let rights = |id| {
        stage
            .world
            .key(stage.agency, id)
            .rights(&stage.world.config(stage.agency), stage.world.config(stage.agency).brand(a).unwrap().created_at)
            .unwrap()
    };
    let wide = rights(stage.world.write(stage.admin, key(stage.brand(), 1)).unwrap().id);
    assert_eq!((wide.role, wide.brands.len()), (Role::Reader, 2));
    let narrow = rights(stage.world.write(stage.admin, key(a, 2)).unwrap().id);
    assert_eq!((narrow.role, narrow.brands.len()), (Role::Admin, 1));
}

#[test]
fn either_payload_of_a_natural_id_finds_its_own_lead_again() {
    let stage = Stage::new();
    let natural = |note: &str| Capture { sameness: Sameness::Natural("L-7".to_owned()), ..capture(stage.source, "a@x.test", note) };
    let one = stage.try_capture(stage.admin, natural("one")).unwrap();
    let two = stage.try_capture(stage.admin, natural("two")).unwrap();
    for (note, lead) in [("one", &one), ("two", &two), ("one", &one)] {
        let again = stage.try_capture(stage.admin, natural(note)).unwrap();
        assert!(again.replayed && again.lead.id == lead.lead.id, "{note}");
    }
    assert_eq!(stage.world.counts()[&Table::Lead], 2);
}

#[test]
fn what_a_stranger_added_is_confirmed_by_a_capture_with_a_key() {
    let stage = Stage::new();
    let known = stage.capture("a@x.test");
    let both = || {
        let mut it = capture(stage.source, "a@x.test", "both");
        it.inquiry.emails.push("b@x.test".to_owned());
        it
    };
    stage.try_capture(stage.keyless(), both()).unwrap();
    assert!(!stage.contact(&known).emails[1].verified);
    stage.world.advance_secs(61);
    stage.try_capture(stage.admin, both()).unwrap();
    assert!(stage.contact(&known).emails[1].verified);
    assert_eq!(stage.capture("b@x.test").lead.contact, known.lead.contact);
}
