use std::sync::Arc;

use proptest::prelude::*;

use super::super::Field;
use super::super::world::{any_condition, any_facts, condition, default_rule, facts, number, rule, rule_set, text, texts};
use super::*;
use crate::entity::{Condition, Operator};

fn truth(kind: Combine, conditions: &[Condition], facts: &Facts) -> Truth {
    let program = Program::new(&rule_set(vec![rule(1, kind, conditions.to_vec())]));
    program.evaluate(facts).next().unwrap().1.truth
}

#[test]
fn without_conditions_and_holds_and_or_does_not() {
    assert_eq!(truth(Combine::And, &[], &Facts::default()), Truth::True);
    assert_eq!(truth(Combine::Or, &[], &Facts::default()), Truth::False);
}

#[test]
fn the_first_condition_that_settles_a_rule_is_named() {
    let facts = facts(&[(Field::Price, "10"), (Field::Tag, "hot")]);
    let yes = || condition("price", Operator::Gte, number(1));
    let no = || condition("tag", Operator::Eq, text("cold"));
    let unknown = || condition("city", Operator::Eq, text("x"));
    for (kind, conditions, truth, because) in [
        (Combine::And, vec![yes(), unknown(), no(), no()], Truth::False, (2, Truth::False)),
        (Combine::And, vec![yes(), unknown(), unknown()], Truth::Unknown, (1, Truth::Unknown)),
        (Combine::And, vec![yes(), yes()], Truth::True, (0, Truth::True)),
        (Combine::Or, vec![no(), unknown(), yes()], Truth::True, (2, Truth::True)),
        (Combine::Or, vec![no(), unknown(), no()], Truth::Unknown, (1, Truth::Unknown)),
        (Combine::Or, vec![no(), no()], Truth::False, (0, Truth::False)),
    ] {
        let program = Program::new(&rule_set(vec![rule(1, kind, conditions)]));
        assert_eq!(program.evaluate(&facts).next(), Some((0, Evaluated { truth, because: Some(because) })));
    }
}

#[test]
fn the_default_rule_is_last_whatever_its_order_and_asks_nothing() {
    let mut first = default_rule(rule(0, Combine::Or, vec![condition("price", Operator::Eq, number(1))]));
    first.order = 0;
    let set = rule_set(vec![first, rule(5, Combine::And, Vec::new()), rule(2, Combine::Or, Vec::new())]);
    let program = Program::new(&set);
    assert_eq!(program.order().collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(program.matching(&Facts::default()).collect::<Vec<_>>(), [1, 0]);
}

proptest! {
    #[test]
    fn another_condition_narrows_and_and_widens_or(
        conditions in proptest::collection::vec(any_condition(), 0..4),
        more in any_condition(),
        at in any::<prop::sample::Index>(),
        facts in any_facts(),
    ) {
        let mut longer = conditions.clone();
        longer.insert(at.index(conditions.len() + 1), more);
        prop_assert!(truth(Combine::And, &longer, &facts) <= truth(Combine::And, &conditions, &facts));
        prop_assert!(truth(Combine::Or, &longer, &facts) >= truth(Combine::Or, &conditions, &facts));
    }

    #[test]
    fn and_is_the_least_and_or_the_greatest_of_the_conditions(conditions in proptest::collection::vec(any_condition(), 1..5), facts in any_facts()) {
        let each: Vec<Truth> = conditions.iter().map(|it| truth(Combine::And, std::slice::from_ref(it), &facts)).collect();
        prop_assert_eq!(truth(Combine::And, &conditions, &facts), *each.iter().min().unwrap());
        prop_assert_eq!(truth(Combine::Or, &conditions, &facts), *each.iter().max().unwrap());
    }

    #[test]
    fn the_order_of_rows_does_not_count(
        rules in proptest::collection::vec((any_condition(), 0u16..3, any::<bool>()), 1..6),
        facts in any_facts(),
        seed in any::<u64>(),
    ) {
        let built: Vec<Rule> = rules.into_iter().enumerate().map(|(n, (it, order, is_default))| {
            let built = rule(n, Combine::And, vec![it]);
            Rule { order, is_default: is_default && n == 0, ..built }
        }).collect();
        let mut shuffled = built.clone();
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, usize::try_from(seed.rotate_left(u32::try_from(i).unwrap()) % (i as u64 + 1)).unwrap());
        }
        let matching = |list: Vec<Rule>| {
            let set = rule_set(list);
            Program::new(&set).matching(&facts).map(|it| set.rules[it].id).collect::<Vec<_>>()
        };
        prop_assert_eq!(matching(built), matching(shuffled));
    }
}

/// Not a check but a measure: `cargo test -p leadwire-core --release -- --ignored --nocapture rules_cost`.
#[test]
#[ignore = "a measure"]
fn rules_cost() {
    let facts = Arc::new(facts(&[
        (Field::Price, "450000"),
        (Field::PostalCode, "90210-1234"),
        (Field::City, "Los Angeles"),
        (Field::Tag, "buyer"),
        (Field::Tag, "hot"),
        (Field::SourceType, "Website"),
    ]));
    for (rules, conditions) in [(50, 3), (1000, 5)] {
        let zips: Vec<String> = (0..40).map(|it| format!("{:05}", 10_000 + it)).collect();
        let zips: Vec<&str> = zips.iter().map(String::as_str).collect();
        let kinds = [
            condition("price", Operator::Gte, number(400_000)),
            condition("tag", Operator::Any, texts(&["hot", "cold"])),
            condition("source_type", Operator::Eq, text("website")),
            condition("city", Operator::Eq, text("los angeles")),
            condition("postal_code", Operator::Any, texts(&zips)),
        ];
        // The last condition fails, so each is evaluated.
        let list = (0..rules).map(|n| rule(n, Combine::And, kinds[5 - conditions..].to_vec())).collect();
        let set = rule_set(list);
        let program = Program::new(&set);
        let clock = std::time::Instant::now();
        for _ in 0..200 {
            assert_eq!(std::hint::black_box(&program).matching(std::hint::black_box(&facts)).count(), 0);
        }
        println!("{rules} rules of {conditions}: {:?}", clock.elapsed() / 200);
    }
}
