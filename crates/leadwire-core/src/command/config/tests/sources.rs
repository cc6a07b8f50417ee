//! Sources and their tokens.

use super::*;

#[test]
fn a_source_routes_to_its_maker_by_default() {
    let it = house();
    let ann = it.user(it.office, Role::Admin, "Ann");
    let made = it.world.write(it.key(it.office, Some(ann)), channel(it.office)).unwrap();
    assert_eq!(made.source.created_by, Some(ann));
    let rule = &made.rules.rules[0];
    assert_eq!((rule.target, rule.user, rule.brand, rule.created_by), (Target::User, Some(ann), Some(it.office), None));
    assert_eq!((made.count.capture_number, made.source.rules_version, made.rules.version), (0, 1, 1));
    assert!(made.source.capture.token.starts_with("lwc_"));
}

#[test]
fn a_source_is_changed_in_part() {
    let it = house();
    let id = it.source(it.office);
    let capture = CaptureChange { mode: Some(CaptureMode::Key), per_second: Some(5), ..CaptureChange::default() };
    let made = it.world.write(it.admin, UpdateSource { name: Some(Some(" Web ".to_owned())), capture, ..change_source(id) }).unwrap();
    assert_eq!(made.source.name.as_deref(), Some("Web"));
    let capture = &made.source.capture;
    assert_eq!((capture.mode, capture.per_second, capture.per_minute_per_address, capture.sticky), (CaptureMode::Key, 5, 30, true));
    let mls = UpdateSource { mls: Some(Some(vec!["NTREIS".to_owned()])), name: Some(None), ..change_source(id) };
    let made = it.world.write(it.admin, mls).unwrap();
    assert_eq!((made.source.name.as_deref(), made.source.mls.as_deref()), (None, Some(&["NTREIS".to_owned()][..])));
    assert_eq!(made.source.capture.per_second, 5);
}

#[test]
fn a_source_refuses_what_no_browser_would_send_as_origin() {
    let it = house();
    let origins = |list: &[&str]| CreateSource {
        capture: CaptureChange { allowed_origins: Some(list.iter().map(|it| (*it).to_owned()).collect()), ..CaptureChange::default() },
        ..channel(it.office)
    };
    let made = it.world.write(it.admin, origins(&["https://Example.com:8443", "http://localhost"])).unwrap();
    assert_eq!(made.source.capture.allowed_origins, ["https://example.com:8443", "http://localhost"]);
    for wrong in ["example.com", "https://a/b", "https://", "*", "https://u@a", "https://a b"] {
        assert_eq!(it.wrong(origins(&[wrong])), ["/capture/allowed_origins/0"], "{wrong}");
    }
}

#[test]
fn the_brand_in_a_path_is_exactly_that_brand() {
    let it = house();
    let id = it.source(it.office);
    let within = |within| UpdateSource { within: Some(within), ..change_source(id) };
    assert_eq!(it.refused(it.admin, within(it.root)), Refusal::NotFound(Thing::Source));
    it.world.write(it.admin, within(it.office)).unwrap();
    let rule = |within| CreateRule { source: id, within: Some(within), rule: to_brand(it.office, 1) };
    assert_eq!(it.refused(it.admin, rule(it.root)), Refusal::NotFound(Thing::Source));
    it.world.write(it.admin, rule(it.office)).unwrap();
}

#[test]
fn a_default_channel_stays_and_another_goes_softly() {
    let it = house();
    let id = it.source(it.office);
    let default = it.config().sources().find(|it| it.is_default).unwrap().id;
    let delete = |id| DeleteSource { id, within: None, if_match: None };
    assert!(matches!(it.refused(it.admin, delete(default)), Refusal::Invalid(_)));
    it.world.write(it.admin, delete(id)).unwrap();
    assert!(it.config().source(id).is_none() && it.config().rules(id).is_none());
    assert!(it.world.one::<Source>(it.agency, &id).unwrap().deleted_at.is_some());
    assert_eq!(it.refused(it.admin, delete(id)), Refusal::NotFound(Thing::Source));
}

#[test]
fn a_rotated_token_is_good_for_a_day() {
    let it = house();
    let id = it.source(it.office);
    let old = it.config().source(id).unwrap().capture.token.clone();
    let made = it.world.write(it.admin, RotateToken { id, if_match: None }).unwrap();
    let new = made.source.capture.token.clone();
    assert_ne!(old, new);
    let finds = |token: &str, at: Time| it.world.directory().source_by_token(token, at).is_some();
    let now = it.world.now();
    assert!(finds(&old, now) && finds(&new, now));
    assert!(finds(&old, now.plus_secs(86_400).plus_millis(-1)));
    assert!(!finds(&old, now.plus_secs(86_400)));
    assert!(finds(&new, now.plus_secs(86_400)));
}
