//! Rules, and sets of them.

use super::*;

#[test]
fn every_change_of_rules_is_a_new_set_and_the_old_one_stays() {
    let it = house();
    let source = it.source(it.office);
    let rule = RuleInput { conditions: vec![priced("500000")], ..to_brand(it.root, 2) };
    let made = it.world.write(it.admin, CreateRule { source, within: None, rule: rule.clone() }).unwrap();
    assert_eq!((made.set.version, made.source.rules_version), (2, 2));
    assert!(!made.rule.is_default && made.rule.conditions[0].order == 1);
    let replaced = it.world.write(it.admin, ReplaceRule { source, within: None, id: made.rule.id, if_match: Some(2), rule: rule.clone() }).unwrap();
    assert_eq!((replaced.rule.id, replaced.rule.created_at), (made.rule.id, made.rule.created_at));
    assert_ne!(replaced.rule.conditions[0].id, made.rule.conditions[0].id);
    let stale = ReplaceRule { source, within: None, id: made.rule.id, if_match: Some(2), rule };
    assert_eq!(it.refused(it.admin, stale), Refusal::VersionMismatch);
    it.world.write(it.admin, DeleteRule { source, within: None, id: made.rule.id, if_match: None }).unwrap();
    assert_eq!(it.rules(source).rules.len(), 1);
    assert_eq!(it.world.all::<RuleSet>(it.agency).iter().filter(|it| it.source == source).map(|it| it.rules.len()).collect::<Vec<_>>(), [1, 2, 2, 1]);
}

#[test]
fn a_replaced_rule_loses_what_is_not_named() {
    let it = house();
    let source = it.source(it.office);
    let ann = it.user(it.office, Role::Agent, "Ann");
    let flow = it.world.write(it.admin, CreateFlow { brand: it.office, name: "Drip".to_owned(), profile: None }).unwrap().id;
    let full = RuleInput { target: Target::User, user: Some(ann), flow: Some(flow), conditions: vec![priced("1")], ..to_brand(it.office, 7) };
    let id = it.world.write(it.admin, CreateRule { source, within: None, rule: full }).unwrap().rule.id;
    let bare = ReplaceRule { source, within: None, id, if_match: None, rule: to_brand(it.office, 3) };
    let rule = it.world.write(it.admin, bare).unwrap().rule;
    assert_eq!((rule.user, rule.flow, rule.order, rule.conditions.len()), (None, None, 3, 0));
}

#[test]
fn the_default_rule_changes_its_target_and_nothing_else() {
    let it = house();
    let source = it.source(it.office);
    let id = it.default_rule(source);
    let rule = RuleInput { kind: Combine::Or, conditions: vec![priced("1")], ..to_brand(it.root, -5) };
    let rule = it.world.write(it.admin, ReplaceRule { source, within: None, id, if_match: None, rule }).unwrap().rule;
    assert_eq!(rule.brand, Some(it.root));
    assert!(rule.is_default && rule.order == 32_767 && rule.kind == Combine::And && rule.conditions.is_empty());
    assert!(matches!(it.refused(it.admin, DeleteRule { source, within: None, id, if_match: None }), Refusal::Invalid(_)));
}

#[test]
fn a_rule_without_its_target_or_with_a_strange_one_is_refused() {
    let it = house();
    let foreign = it.world.found("South").unwrap().brand.id;
    let source = it.source(it.office);
    let wrong = |rule| it.wrong(CreateRule { source, within: None, rule });
    let empty = RuleInput { brand: None, ..to_brand(it.root, 1) };
    assert_eq!(wrong(empty.clone()), ["/brand"]);
    assert_eq!(wrong(RuleInput { target: Target::User, ..empty.clone() }), ["/user"]);
    assert_eq!(wrong(RuleInput { target: Target::Group, ..empty }), ["/group"]);
    assert_eq!(wrong(to_brand(foreign, 1)), ["/brand"]);
    let ids = RuleInput { user: Some(it.world.draw()), group: Some(it.world.draw()), flow: Some(it.world.draw()), ..to_brand(it.root, 1) };
    assert_eq!(wrong(ids), ["/user", "/group", "/flow"]);
    for order in [-1, 32_768, i64::MAX] {
        assert_eq!(wrong(to_brand(it.root, order)), ["/order"]);
    }
    let unknown = ConditionInput { field: "colour".to_owned(), ..priced("1") };
    let nested = ConditionInput { value: ConditionValue::List(vec![ConditionValue::List(Vec::new())]), operator: Operator::Any, ..priced("1") };
    let conditions = vec![priced("1"), unknown, nested];
    assert!(wrong(RuleInput { conditions, ..to_brand(it.root, 1) }).iter().all(|it| it.starts_with("/conditions/")));
    assert_eq!(it.rules(source).version, 1);
}

#[test]
fn so_many_rules_and_conditions_and_no_more() {
    let it = house();
    let source = it.source(it.office);
    let many = RuleInput { conditions: vec![priced("1"); 101], ..to_brand(it.root, 1) };
    assert_eq!(it.wrong(CreateRule { source, within: None, rule: many }), ["/conditions"]);
    for _ in 1..1000 {
        it.world.write(it.admin, CreateRule { source, within: None, rule: to_brand(it.root, 1) }).unwrap();
    }
    assert_eq!(it.rules(source).rules.len(), 1000);
    assert_eq!(it.wrong(CreateRule { source, within: None, rule: to_brand(it.root, 1) }), [""]);
}

#[test]
fn rules_stand_in_the_order_they_are_evaluated() {
    let it = house();
    let source = it.source(it.office);
    let make = |order| it.world.write(it.admin, CreateRule { source, within: None, rule: to_brand(it.root, order) }).unwrap().rule.id;
    let (b, a, c) = (make(5), make(1), make(5));
    let default = it.default_rule(source);
    let order = || it.rules(source).rules.iter().map(|it| it.id).collect::<Vec<_>>();
    let mut ties = [b, c];
    ties.sort_unstable();
    assert_eq!(order(), [a, ties[0], ties[1], default]);
    let sort = |orders| SortRules { source, within: None, if_match: None, orders };
    // The default rule takes the number and still stands last.
    it.world.write(it.admin, sort(vec![(default, 1), (a, 9)])).unwrap();
    assert_eq!(order(), [ties[0], ties[1], a, default]);
    assert_eq!(it.rules(source).rules.last().unwrap().order, 1);
}

#[test]
fn sorting_is_all_or_nothing() {
    let it = house();
    let (source, other) = (it.source(it.office), it.source(it.office));
    let rule = it.world.write(it.admin, CreateRule { source, within: None, rule: to_brand(it.root, 4) }).unwrap().rule.id;
    let strange = it.default_rule(other);
    let sort = |orders| SortRules { source, within: None, if_match: None, orders };
    assert_eq!(it.wrong(sort(vec![(rule, 1), (strange, 2)])), ["/1/id"]);
    assert_eq!(it.wrong(sort(vec![(rule, 1), (rule, 2)])), ["/1"]);
    assert_eq!(it.wrong(sort(vec![(rule, 32_768)])), ["/0/order"]);
    assert_eq!(it.rules(source).rules[0].order, 4);
    let same = it.world.write(it.admin, sort(vec![(rule, 4)])).unwrap();
    assert_eq!(same.version, 2, "nothing moved, nothing was written");
}

#[test]
fn the_texts_of_a_sources_rules_are_bounded_each_and_together() {
    let it = house();
    let source = it.source(it.office);
    let tagged = |len: usize, values: usize| ConditionInput {
        field: "tag".to_owned(),
        operator: Operator::Any,
        value: ConditionValue::List((0..values).map(|i| ConditionValue::Text(format!("{i:0>len$}"))).collect()),
        order: None,
        negated: false,
    };
    let rule = |conditions| CreateRule { source, within: None, rule: RuleInput { conditions, ..to_brand(it.root, 1) } };
    assert_eq!(it.wrong(rule(vec![tagged(513, 1)])), ["/conditions/0/value/0"]);
    let nul = ConditionInput { value: ConditionValue::Text("a\0b".to_owned()), operator: Operator::Eq, ..tagged(1, 1) };
    assert!(it.wrong(rule(vec![nul])).contains(&"/conditions/0/value".to_owned()));
    // Eight times 512 kB fill the 4 MiB but for a little.
    let full = || vec![tagged(512, 1000)];
    for _ in 0..8 {
        it.world.write(it.admin, rule(full())).unwrap();
    }
    assert_eq!(it.wrong(rule(full())), ["/conditions"]);
    it.world.write(it.admin, rule(vec![tagged(512, 100)])).unwrap();
}
