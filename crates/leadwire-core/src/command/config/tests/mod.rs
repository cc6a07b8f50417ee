//! Stories of configuration, told through the world in memory.

use std::collections::BTreeSet;

use super::*;
use crate::Time;
use crate::config::Config;
use crate::entity::{
    Attachment, Brand, CaptureMode, Combine, ConditionValue, Distribution, KeyHash, Membership, Operator, Role, RuleSet, ScopeName, Source, Target,
    User,
};
use crate::feed::{Change, ConfigThing, Event};
use crate::id::{AgencyId, BrandId, KeyId, RuleId, SourceId, UserId};
use crate::port::{Command, Entity, Failure, Store};
use crate::refusal::{Conflict, Forbidden, Refusal, Thing};
use crate::testing::World;
use crate::who::Who;

mod groups;
mod rules;
mod sources;

/// An agency with an office below its root.
struct House {
    world: World,
    agency: AgencyId,
    root: BrandId,
    office: BrandId,
    admin: Who,
}

fn house() -> House {
    let world = World::new(1);
    let founded = world.found("North").unwrap();
    let agency = AgencyId(founded.brand.id.0);
    let admin = world.key(agency, founded.key.id);
    let root = founded.brand.id;
    let office = world.write(admin, brand(root, "Office")).unwrap().id;
    House { world, agency, root, office, admin }
}

fn brand(parent: BrandId, name: &str) -> CreateBrand {
    CreateBrand { parent, name: name.to_owned(), brand_type: None, timezone: None, default_country: None, profile: None }
}

fn change_brand(id: BrandId) -> UpdateBrand {
    UpdateBrand { id, if_match: None, parent: None, name: None, brand_type: None, timezone: None, default_country: None, profile: None }
}

fn channel(brand: BrandId) -> CreateSource {
    CreateSource { brand, name: None, category: None, protocol: None, mls: None, capture: CaptureChange::default(), profile: None }
}

fn change_source(id: SourceId) -> UpdateSource {
    UpdateSource {
        id,
        within: None,
        if_match: None,
        name: None,
        category: None,
        protocol: None,
        mls: None,
        capture: CaptureChange::default(),
        profile: None,
    }
}

fn person(brand: BrandId, role: Role, name: &str) -> CreateUser {
    CreateUser {
        memberships: vec![Membership { brand, role, own_only: false }],
        first_name: name.to_owned(),
        last_name: String::new(),
        email: format!("{}@example.com", name.to_lowercase()),
        phone_number: None,
        timezone: None,
        mls_ids: Vec::new(),
        profile: None,
    }
}

fn change_user(id: UserId) -> UpdateUser {
    UpdateUser {
        id,
        if_match: None,
        memberships: None,
        first_name: None,
        last_name: None,
        email: None,
        phone_number: None,
        timezone: None,
        mls_ids: None,
        profile: None,
    }
}

fn to_brand(brand: BrandId, order: i64) -> RuleInput {
    RuleInput { target: Target::Brand, kind: Combine::And, order, user: None, group: None, brand: Some(brand), flow: None, conditions: Vec::new() }
}

fn priced(from: &str) -> ConditionInput {
    ConditionInput { field: "price".to_owned(), operator: Operator::Gte, value: ConditionValue::Number(from.to_owned()), order: None, negated: false }
}

fn team(brand: BrandId, members: Vec<MemberInput>) -> CreateGroup {
    CreateGroup {
        brand,
        name: "Team".to_owned(),
        description: None,
        distribution: Distribution::RoundRobin,
        members,
        claim_timeout_secs: None,
        created_by: None,
        profile: None,
    }
}

fn member(user: UserId) -> MemberInput {
    MemberInput { user, order: None, brand: None, weight: None }
}

impl House {
    fn new_key(&self) -> NewKey {
        NewKey { name: "key".to_owned(), hash: KeyHash(self.world.draw_bytes()), hint: "lw_x".to_owned() }
    }

    /// A key with every scope but operator.
    fn key(&self, brand: BrandId, user: Option<UserId>) -> Who {
        let command = CreateKey { key: self.new_key(), brand, user, scopes: None, expires_at: None };
        Who::Key { agency: self.agency, key: self.world.write(self.admin, command).unwrap().id }
    }

    fn user(&self, brand: BrandId, role: Role, name: &str) -> UserId {
        self.world.write(self.admin, person(brand, role, name)).unwrap().id
    }

    fn source(&self, brand: BrandId) -> SourceId {
        self.world.write(self.admin, channel(brand)).unwrap().source.id
    }

    fn config(&self) -> std::sync::Arc<Config> {
        self.world.config(self.agency)
    }

    fn rules(&self, source: SourceId) -> std::sync::Arc<RuleSet> {
        self.config().rules(source).unwrap().set.clone()
    }

    fn default_rule(&self, source: SourceId) -> RuleId {
        self.rules(source).rules.last().unwrap().id
    }

    /// How the command was refused, and that nothing came of it.
    fn refused<C: Command>(&self, who: Who, command: C) -> Refusal {
        let before = self.world.units(self.agency).len();
        let Err(Failure::Refused(it)) = self.world.write(who, command) else { panic!("it was not refused") };
        assert_eq!(self.world.units(self.agency).len(), before, "a refusal left a unit");
        it
    }

    /// Where the command was found wrong.
    fn wrong<C: Command>(&self, command: C) -> Vec<String> {
        match self.refused(self.admin, command) {
            Refusal::Invalid(list) => list.into_iter().map(|it| it.at).collect(),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn an_agency_begins_with_its_root_its_channel_and_its_admin_key() {
    let world = World::new(7);
    let founded = world.found("  North  ").unwrap();
    let agency = AgencyId(founded.brand.id.0);
    assert_eq!(founded.brand.name, "North");
    assert_eq!(founded.brand.parent, None);
    assert_eq!(founded.brand.version, 1);
    assert_eq!(founded.key.scopes, [ScopeName::Read, ScopeName::Write, ScopeName::Admin, ScopeName::Secrets].into());
    let source = &founded.channel.source;
    assert!(source.is_default && source.name.as_deref() == Some("Default Route") && source.category == "WebHook");
    let rule = &founded.channel.rules.rules[0];
    assert!(rule.is_default && rule.order == 32_767 && rule.conditions.is_empty() && rule.created_by.is_none());
    assert_eq!((rule.target, rule.brand), (Target::Brand, Some(founded.brand.id)));
    let directory = world.directory();
    assert_eq!(directory.key(&founded.key.hash), Some((agency, founded.key.id)));
    assert_eq!(directory.source_by_token(&source.capture.token, world.now()), Some((agency, source.id)));
    let units = world.units(agency);
    assert_eq!(units.len(), 1);
    assert!(units[0].events.contains(&Event::ConfigChanged { what: ConfigThing::Brand(founded.brand.id), change: Change::Created }));
}

#[test]
fn an_agency_is_founded_once_even_after_its_root_was_there() {
    let it = house();
    let again = FoundAgency {
        name: "Again".to_owned(),
        brand_type: None,
        timezone: None,
        default_country: None,
        profile: None,
        admin_key: it.new_key(),
        operator: false,
    };
    assert_eq!(it.refused(Who::System { agency: it.agency }, again.clone()), Refusal::Conflict(Conflict::Exists));
    assert_eq!(it.refused(it.admin, again), Refusal::Forbidden(Forbidden::Scope(ScopeName::Operator)));
}

#[test]
fn a_brand_takes_zone_and_country_from_its_parent_and_gets_a_channel() {
    let it = house();
    let command = UpdateBrand { timezone: Some("Asia/Dubai".to_owned()), default_country: Some("ae".to_owned()), ..change_brand(it.root) };
    it.world.write(it.admin, command).unwrap();
    let below = it.world.write(it.admin, brand(it.root, "Marina")).unwrap();
    assert_eq!((below.timezone.as_str(), below.default_country.as_str()), ("Asia/Dubai", "AE"));
    assert_eq!(it.config().sources().filter(|source| source.brand == below.id && source.is_default).count(), 1);
}

#[test]
fn everything_wrong_with_a_brand_is_said_at_once() {
    let it = house();
    let command = CreateBrand {
        name: " \t".to_owned(),
        timezone: Some("Mars/Olympus".to_owned()),
        default_country: Some("USA".to_owned()),
        brand_type: Some("a\0b".to_owned()),
        profile: Some("x".repeat(20_000).into()),
        ..brand(it.root, "")
    };
    assert_eq!(it.wrong(command), ["/name", "/brand_type", "/timezone", "/default_country", "/profile"]);
}

#[test]
fn a_brand_moves_inside_its_agency_but_never_below_itself() {
    let it = house();
    let desk = it.world.write(it.admin, brand(it.office, "Desk")).unwrap().id;
    let other = it.world.write(it.admin, brand(it.root, "Other")).unwrap().id;
    let moved = |id, parent| UpdateBrand { parent: Some(parent), ..change_brand(id) };
    assert_eq!(it.wrong(moved(it.office, desk)), ["/parent"]);
    assert_eq!(it.wrong(moved(it.office, it.office)), ["/parent"]);
    assert!(it.wrong(moved(it.root, other)).contains(&"/parent".to_owned()));
    assert_eq!(it.refused(it.admin, moved(desk, it.world.draw())), Refusal::NotFound(Thing::Brand));
    it.world.write(it.admin, moved(it.office, other)).unwrap();
    assert_eq!(it.config().ancestry(desk), [desk, it.office, other, it.root]);
    assert!(it.config().subtree(other).contains(&desk));
}

#[test]
fn the_tree_grows_so_deep_and_no_deeper() {
    let it = house();
    let (mut chain, mut at) = (vec![it.root], it.root);
    for _ in 1..16 {
        at = it.world.write(it.admin, brand(at, "Deeper")).unwrap().id;
        chain.push(at);
    }
    assert_eq!(it.wrong(brand(at, "Too deep")), ["/parent"]);
    // A branch of two does not fit where one still would.
    let desk = it.world.write(it.admin, brand(it.office, "Desk")).unwrap().id;
    assert_eq!(it.wrong(UpdateBrand { parent: Some(chain[14]), ..change_brand(it.office) }), ["/parent"]);
    it.world.write(it.admin, UpdateBrand { parent: Some(chain[14]), ..change_brand(desk) }).unwrap();
    assert_eq!(it.config().ancestry(desk).len(), 16);
}

#[test]
fn a_brand_with_brands_below_stays_and_a_deleted_one_takes_its_channels_along() {
    let it = house();
    let desk = it.world.write(it.admin, brand(it.office, "Desk")).unwrap().id;
    let delete = |id| DeleteBrand { id, if_match: None };
    assert_eq!(it.refused(it.admin, delete(it.office)), Refusal::Conflict(Conflict::BrandInUse));
    let source = it.source(desk);
    it.world.write(it.admin, delete(desk)).unwrap();
    assert!(it.config().brand(desk).is_none() && it.config().source(source).is_none());
    assert!(it.world.one::<Brand>(it.agency, &desk).unwrap().deleted_at.is_some());
    it.world.write(it.admin, delete(it.office)).unwrap();
    assert!(matches!(it.refused(it.admin, delete(it.root)), Refusal::Invalid(_)));
    assert_eq!(it.refused(it.admin, delete(desk)), Refusal::NotFound(Thing::Brand));
}

#[test]
fn a_version_that_has_passed_changes_nothing() {
    let it = house();
    let named = |if_match, name: &str| UpdateBrand { if_match, name: Some(name.to_owned()), ..change_brand(it.office) };
    let first = it.world.write(it.admin, named(Some(1), "One")).unwrap();
    assert_eq!((first.version, first.name.as_str()), (2, "One"));
    assert_eq!(it.refused(it.admin, named(Some(1), "Two")), Refusal::VersionMismatch);
    assert_eq!(it.refused(it.admin, DeleteBrand { id: it.office, if_match: Some(1) }), Refusal::VersionMismatch);
}

#[test]
fn a_foreign_thing_and_a_missing_one_are_refused_alike() {
    let it = house();
    let foreign = it.world.found("South").unwrap();
    let local = it.key(it.office, None);
    let missing = |id| it.refused(local, change_brand(id));
    assert_eq!(missing(foreign.brand.id), missing(it.world.draw()));
    assert_eq!(missing(it.root), missing(it.world.draw()));
    let missing = |id| it.refused(local, change_source(id));
    let above = it.source(it.root);
    assert_eq!(missing(foreign.channel.source.id), missing(it.world.draw()));
    assert_eq!(missing(above), Refusal::NotFound(Thing::Source));
    assert_eq!(it.refused(local, channel(it.root)), Refusal::NotFound(Thing::Brand));
    assert_eq!(it.refused(local, DeleteKey { id: foreign.key.id, if_match: None }), Refusal::NotFound(Thing::Key));
}

#[test]
fn only_an_admin_with_the_scope_writes_configuration() {
    let it = house();
    for role in [Role::Agent, Role::Reader] {
        let key = it.key(it.office, Some(it.user(it.office, role, role.name())));
        assert_eq!(it.refused(key, channel(it.office)), Refusal::Forbidden(Forbidden::Role(Role::Admin)));
    }
    let scopes = Some(BTreeSet::from([ScopeName::Read, ScopeName::Write]));
    let key = CreateKey { key: it.new_key(), brand: it.root, user: None, scopes, expires_at: None };
    let key = Who::Key { agency: it.agency, key: it.world.write(it.admin, key).unwrap().id };
    assert_eq!(it.refused(key, channel(it.office)), Refusal::Forbidden(Forbidden::Scope(ScopeName::Admin)));
    let unknown = Who::Key { agency: it.agency, key: it.world.draw() };
    assert_eq!(it.refused(unknown, channel(it.office)), Refusal::Unauthorized);
}

#[test]
fn a_key_gets_what_its_maker_has_but_operator_and_secrets() {
    let it = house();
    let make = |scopes: Option<&[ScopeName]>| CreateKey {
        key: it.new_key(),
        brand: it.office,
        user: None,
        scopes: scopes.map(|it| it.iter().copied().collect()),
        expires_at: None,
    };
    let plain = it.world.write(it.admin, make(None)).unwrap();
    assert_eq!(plain.scopes, [ScopeName::Read, ScopeName::Write, ScopeName::Admin].into());
    let secret = it.world.write(it.admin, make(Some(&[ScopeName::Secrets]))).unwrap();
    assert_eq!(secret.scopes, [ScopeName::Secrets].into());
    let plain = Who::Key { agency: it.agency, key: plain.id };
    assert_eq!(it.refused(plain, make(Some(&[ScopeName::Read, ScopeName::Secrets]))), Refusal::Forbidden(Forbidden::Scope(ScopeName::Secrets)));
    assert_eq!(it.refused(it.admin, make(Some(&[ScopeName::Operator]))), Refusal::Forbidden(Forbidden::Scope(ScopeName::Operator)));
    assert_eq!(it.wrong(make(Some(&[]))), ["/scopes"]);
    assert_eq!(it.refused(plain, CreateKey { brand: it.root, ..make(None) }), Refusal::NotFound(Thing::Brand));
}

#[test]
fn a_key_acts_as_a_user_of_its_brand_only() {
    let it = house();
    let other = it.world.write(it.admin, brand(it.root, "Other")).unwrap().id;
    let stranger = it.user(other, Role::Agent, "Stranger");
    let boss = it.user(it.root, Role::Agent, "Boss");
    let make = |user| CreateKey { key: it.new_key(), brand: it.office, user: Some(user), scopes: None, expires_at: None };
    assert_eq!(it.wrong(make(stranger)), ["/user"]);
    assert_eq!(it.refused(it.admin, make(it.world.draw())), Refusal::NotFound(Thing::User));
    it.world.write(it.admin, make(boss)).unwrap();
}

#[test]
fn a_deleted_key_and_an_expired_one_open_nothing() {
    let it = house();
    let key = it.key(it.office, None);
    let Who::Key { key: id, .. } = key else { panic!() };
    it.world.write(it.admin, DeleteKey { id, if_match: None }).unwrap();
    assert_eq!(it.refused(key, channel(it.office)), Refusal::Unauthorized);
    let soon = Some(it.config().key(key_of(it.admin)).unwrap().created_at.plus_secs(60));
    let made = it.world.write(it.admin, CreateKey { key: it.new_key(), brand: it.office, user: None, scopes: None, expires_at: soon }).unwrap();
    let key = Who::Key { agency: it.agency, key: made.id };
    it.world.write(key, channel(it.office)).unwrap();
    it.world.advance_secs(60);
    assert_eq!(it.refused(key, channel(it.office)), Refusal::Unauthorized);
    let late = CreateKey { key: it.new_key(), brand: it.office, user: None, scopes: None, expires_at: soon };
    assert_eq!(it.wrong(late), ["/expires_at"]);
    let past = UpdateKey { id: made.id, if_match: None, name: None, expires_at: Some(soon) };
    assert_eq!(it.wrong(past), ["/expires_at"]);
    it.world.write(it.admin, UpdateKey { id: made.id, if_match: None, name: None, expires_at: Some(None) }).unwrap();
    it.world.write(key, channel(it.office)).unwrap();
}

fn key_of(who: Who) -> KeyId {
    match who {
        Who::Key { key, .. } => key,
        _ => panic!(),
    }
}

#[test]
fn everything_wrong_with_a_user_is_said_at_once() {
    let it = house();
    let twice = Membership { brand: it.office, role: Role::Agent, own_only: true };
    let command = CreateUser {
        memberships: vec![twice.clone(), twice],
        first_name: String::new(),
        email: "nobody".to_owned(),
        timezone: Some("Nowhere".to_owned()),
        mls_ids: vec![("NTREIS".to_owned(), " ".to_owned())],
        ..person(it.office, Role::Agent, "x")
    };
    assert_eq!(it.wrong(command), ["/memberships/1", "/first_name", "/email", "/timezone", "/mls_ids/0/id"]);
    assert_eq!(it.wrong(CreateUser { memberships: Vec::new(), ..person(it.office, Role::Agent, "x") }), ["/memberships"]);
}

#[test]
fn a_user_is_changed_in_part_and_cleared_in_part() {
    let it = house();
    let id = it.world.write(it.admin, CreateUser { phone_number: Some("1".to_owned()), ..person(it.office, Role::Agent, "Ann") }).unwrap().id;
    let zone = UpdateUser { timezone: Some(Some("Europe/Berlin".to_owned())), ..change_user(id) };
    let user = it.world.write(it.admin, zone).unwrap();
    assert_eq!((user.first_name.as_str(), user.phone_number.as_deref(), user.timezone.as_deref()), ("Ann", Some("1"), Some("Europe/Berlin")));
    let user = it.world.write(it.admin, UpdateUser { phone_number: Some(None), ..change_user(id) }).unwrap();
    assert_eq!((user.phone_number.as_deref(), user.timezone.as_deref(), user.version), (None, Some("Europe/Berlin"), 3));
    it.world.write(it.admin, DeleteUser { id, if_match: Some(3) }).unwrap();
    assert!(it.config().user(id).is_none());
    assert!(it.world.one::<User>(it.agency, &id).unwrap().deleted_at.is_some());
}

#[test]
fn an_office_admin_neither_changes_the_regions_people_nor_makes_any() {
    let it = house();
    let boss = it.user(it.root, Role::Admin, "Boss");
    let office = it.key(it.office, None);
    assert_eq!(it.refused(office, change_user(boss)), Refusal::Forbidden(Forbidden::Role(Role::Admin)));
    assert_eq!(it.refused(office, DeleteUser { id: boss, if_match: None }), Refusal::Forbidden(Forbidden::Role(Role::Admin)));
    assert_eq!(it.refused(office, person(it.root, Role::Admin, "Me")), Refusal::NotFound(Thing::Brand));
    let own = it.world.write(office, person(it.office, Role::Agent, "Own")).unwrap().id;
    let up = UpdateUser { memberships: Some(vec![Membership { brand: it.root, role: Role::Admin, own_only: false }]), ..change_user(own) };
    assert_eq!(it.refused(office, up), Refusal::NotFound(Thing::Brand));
}

#[test]
fn the_snapshot_is_what_the_rows_fold_to() {
    let it = house();
    let ann = it.user(it.office, Role::Agent, "Ann");
    let source = it.source(it.office);
    it.world.write(it.admin, CreateRule { source, within: None, rule: to_brand(it.root, 1) }).unwrap();
    it.world.write(it.admin, DeleteUser { id: ann, if_match: None }).unwrap();
    let mut folded = Config::new(it.agency);
    for row in it.world.all::<Brand>(it.agency) {
        folded.fold(&Brand::erase_key(&row.id), Some(&Brand::erase(row)));
    }
    for row in it.world.all::<User>(it.agency) {
        folded.fold(&User::erase_key(&row.id), Some(&User::erase(row)));
    }
    for row in it.world.all::<Source>(it.agency) {
        folded.fold(&Source::erase_key(&row.id), Some(&Source::erase(row)));
    }
    for row in it.world.all::<RuleSet>(it.agency) {
        folded.fold(&RuleSet::erase_key(&(row.source, row.version)), Some(&RuleSet::erase(row)));
    }
    let held = it.config();
    assert!(folded.brands().eq(held.brands()) && folded.users().eq(held.users()) && folded.sources().eq(held.sources()));
    assert_eq!(folded.rules(source).unwrap().set, held.rules(source).unwrap().set);
}
