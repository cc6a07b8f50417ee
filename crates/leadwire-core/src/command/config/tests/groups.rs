//! Groups, bots, personas and flows.

use super::*;

#[test]
fn members_of_a_group_are_users_of_the_agency_each_once() {
    let it = house();
    let (ann, bob) = (it.user(it.office, Role::Agent, "Ann"), it.user(it.root, Role::Agent, "Bob"));
    let made = it.world.write(it.admin, team(it.office, vec![member(bob), MemberInput { weight: Some(40), ..member(ann) }])).unwrap();
    assert_eq!(made.members.iter().map(|it| (it.user, it.order, it.weight)).collect::<Vec<_>>(), [(bob, 1, 1), (ann, 2, 40)]);
    assert!(made.members.iter().all(|member| member.brand == it.office));
    assert_eq!((made.claim_timeout_secs, made.created_by), (300, None));
    assert_eq!(it.wrong(team(it.office, vec![member(ann), member(ann)])), ["/members/1"]);
    assert_eq!(it.wrong(team(it.office, vec![member(it.world.draw())])), ["/members/0/user"]);
    let abroad = MemberInput { brand: Some(it.world.found("South").unwrap().brand.id), ..member(ann) };
    assert_eq!(it.wrong(team(it.office, vec![abroad])), ["/members/0/brand"]);
    for weight in [0, 41, -1] {
        assert_eq!(it.wrong(team(it.office, vec![MemberInput { weight: Some(weight), ..member(ann) }])), ["/members/0/weight"]);
    }
    for secs in [14, 1801] {
        assert_eq!(it.wrong(CreateGroup { claim_timeout_secs: Some(secs), ..team(it.office, Vec::new()) }), ["/claim_timeout_secs"]);
    }
    assert_eq!(it.wrong(CreateGroup { created_by: Some(it.world.draw()), ..team(it.office, Vec::new()) }), ["/created_by"]);
}

#[test]
fn a_group_keeps_its_members_unless_they_are_named() {
    let it = house();
    let (ann, bob) = (it.user(it.office, Role::Agent, "Ann"), it.user(it.root, Role::Agent, "Bob"));
    let group = it.world.write(it.admin, team(it.office, vec![member(ann)])).unwrap();
    let change = UpdateGroup {
        id: group.id,
        within: Some(it.office),
        if_match: Some(1),
        name: Some("Night".to_owned()),
        description: None,
        distribution: Some(Distribution::FirstToClaim),
        members: None,
        claim_timeout_secs: None,
        profile: None,
    };
    let renamed = it.world.write(it.admin, change.clone()).unwrap();
    assert_eq!((renamed.name.as_str(), renamed.members.len(), renamed.distribution), ("Night", 1, Distribution::FirstToClaim));
    let swapped = it.world.write(it.admin, UpdateGroup { if_match: None, members: Some(vec![member(bob)]), ..change.clone() }).unwrap();
    assert_eq!(swapped.members.iter().map(|it| it.user).collect::<Vec<_>>(), [bob]);
    assert_eq!(it.refused(it.admin, UpdateGroup { within: Some(it.root), ..change }), Refusal::NotFound(Thing::Group));
    it.world.write(it.admin, DeleteGroup { id: group.id, within: None, if_match: None }).unwrap();
    assert!(it.config().group(group.id).is_none());
}

#[test]
fn a_bot_answers_on_each_source_once_and_only_where_it_is_seen() {
    let it = house();
    let ann = it.user(it.office, Role::Agent, "Ann");
    let (near, far) = (it.source(it.office), it.source(it.root));
    let on = |source| Attachment { source, tags: Vec::new(), tag_filter: None, channels: vec!["SMS".to_owned()], persona_name: None, enabled: true };
    let bot =
        |attachments| CreateBot { brand: it.office, name: "Ivy".to_owned(), owner: Some(ann), personas: Vec::new(), attachments, profile: None };
    assert_eq!(it.wrong(bot(vec![on(near), on(near)])), ["/attachments/1"]);
    let office = it.key(it.office, None);
    assert_eq!(it.refused(office, bot(vec![on(far)])), Refusal::NotFound(Thing::Source));
    assert_eq!(it.wrong(CreateBot { owner: None, ..bot(Vec::new()) }), ["/owner"]);
    assert_eq!(it.refused(it.admin, CreateBot { owner: Some(it.world.draw()), ..bot(Vec::new()) }), Refusal::NotFound(Thing::User));
    assert_eq!(it.refused(it.admin, CreateBot { personas: vec![it.world.draw()], ..bot(Vec::new()) }), Refusal::NotFound(Thing::Persona));
    let made = it.world.write(office, bot(vec![on(near)])).unwrap();
    assert_eq!(it.config().bots_attached(near), [made.id]);
    let off = UpdateBot {
        id: made.id,
        if_match: None,
        name: None,
        owner: None,
        personas: None,
        attachments: Some(vec![Attachment { enabled: false, ..on(near) }]),
        profile: None,
    };
    it.world.write(office, off).unwrap();
    assert!(it.config().bots_attached(near).is_empty());
    it.world.write(office, DeleteBot { id: made.id, if_match: None }).unwrap();
    assert!(it.config().bot(made.id).is_none());
}

#[test]
fn personas_and_flows_are_made_changed_and_gone() {
    let it = house();
    let made = CreatePersona { brand: it.office, name: "Warm".to_owned(), description: Some("kind".to_owned()), profile: None };
    let id = it.world.write(it.admin, made).unwrap().id;
    let change = UpdatePersona { id, if_match: None, name: None, description: Some(None), profile: Some(Some("{}".into())) };
    let persona = it.world.write(it.admin, change).unwrap();
    assert_eq!((persona.name.as_str(), persona.description.as_deref(), persona.profile.as_deref()), ("Warm", None, Some("{}")));
    it.world.write(it.admin, DeletePersona { id, if_match: Some(2) }).unwrap();
    assert!(it.config().persona(id).is_none());
    let id = it.world.write(it.admin, CreateFlow { brand: it.office, name: "Drip".to_owned(), profile: None }).unwrap().id;
    let change = |if_match| UpdateFlow { id, if_match, name: Some("Drop".to_owned()), profile: None };
    assert_eq!(it.world.write(it.admin, change(Some(1))).unwrap().name, "Drop");
    assert_eq!(it.refused(it.admin, change(Some(1))), Refusal::VersionMismatch);
    it.world.write(it.admin, DeleteFlow { id, if_match: None }).unwrap();
    assert!(it.config().flow(id).is_none());
}
