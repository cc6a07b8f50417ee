use proptest::prelude::*;

use super::super::RawFact;
use super::super::world::{any_condition, any_facts, any_tags, any_zip, condition, facts, not, number, text, texts};
use super::*;

fn truth(it: &Condition, facts: &Facts) -> Truth {
    Compiled::new(it).truth(&View::new(facts))
}

fn holds(it: &Condition, facts: &Facts) -> bool {
    truth(it, facts) == Truth::True
}

#[test]
fn each_operator_means_what_the_table_says() {
    let tags = facts(&[(Field::Tag, "Buyer"), (Field::Tag, "hot")]);
    let price = facts(&[(Field::Price, "$750,000")]);
    for (expected, it, facts) in [
        (true, condition("tag", Operator::Eq, text("HOT ")), &tags),
        (false, condition("tag", Operator::Eq, text("cold")), &tags),
        (true, condition("tag", Operator::Eq, texts(&["hot", "buyer", "Buyer"])), &tags),
        (false, condition("tag", Operator::Eq, texts(&["hot"])), &tags),
        (false, condition("tag", Operator::Eq, texts(&["hot", "buyer", "x"])), &tags),
        (true, condition("tag", Operator::Any, texts(&["x", "hot"])), &tags),
        (true, condition("tag", Operator::Any, text("hot")), &tags),
        (false, condition("tag", Operator::Any, texts(&["x", "y"])), &tags),
        (true, condition("tag", Operator::All, texts(&["hot"])), &tags),
        (true, condition("tag", Operator::All, texts(&["hot", "buyer"])), &tags),
        (false, condition("tag", Operator::All, texts(&["hot", "x"])), &tags),
        (true, condition("price", Operator::All, texts(&["750000", "750,000.00"])), &price),
        (false, condition("price", Operator::All, texts(&["750000", "1"])), &price),
        (true, condition("price", Operator::Gte, number(750_000)), &price),
        (false, condition("price", Operator::Gte, number(750_001)), &price),
        (true, condition("price", Operator::Lte, text("750000")), &price),
        (false, condition("price", Operator::Lte, number(-1)), &price),
        (true, condition("city", Operator::Eq, ConditionValue::Null), &price),
        (false, condition("price", Operator::Eq, ConditionValue::Null), &price),
    ] {
        assert_eq!(truth(&it, facts), Truth::from(expected), "{it:?}");
        assert_eq!(truth(&not(it.clone()), facts), Truth::from(!expected), "not {it:?}");
    }
}

#[test]
fn a_zip_plus_four_compares_on_five_digits_when_either_side_has_five() {
    for (fact, value, expected) in [
        ("90210-1234", "90210", true),
        ("90210", "90210-1234", true),
        ("902101234", "90210-1234", true),
        ("90210-1234", "90210-9999", false),
        ("90210", "90211", false),
        ("sw1a 1aa", "SW1A1AA", true),
    ] {
        let facts = facts(&[(Field::PostalCode, fact)]);
        for operator in [Operator::Eq, Operator::Any, Operator::All] {
            let list = condition("postal_code", operator, texts(&[value]));
            assert_eq!(holds(&list, &facts), expected, "{fact} {operator:?} {value}");
        }
        let mut many: Vec<String> = (0..200).map(|it| format!("{it:05}")).collect();
        many.push(value.to_owned());
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(holds(&condition("postal_code", Operator::Any, texts(&many)), &facts), expected, "{fact} among many and {value}");
    }
}

#[test]
fn a_time_of_day_and_a_weekday_are_compared_as_such() {
    let facts = facts(&[(Field::ReceivedTime, "09:05:00"), (Field::ReceivedWeekday, "friday")]);
    assert!(holds(&condition("received_time", Operator::Gte, text("9:00")), &facts));
    assert!(!holds(&condition("received_time", Operator::Gte, text("10:00")), &facts));
    assert!(holds(&condition("received_time", Operator::Lte, text("17:30")), &facts));
    assert!(holds(&condition("received_weekday", Operator::Any, texts(&["Fri", "sat"])), &facts));
}

/// Conditions that a check refuses, each with the spot.
fn unreadable() -> Vec<(&'static str, Condition)> {
    let many: Vec<ConditionValue> = (0..=1000).map(number).collect();
    vec![
        ("field", condition("prize", Operator::Eq, number(1))),
        ("value", condition("tag", Operator::Any, ConditionValue::Null)),
        ("value", condition("tag", Operator::Any, ConditionValue::List(Vec::new()))),
        ("value", condition("tag", Operator::Eq, ConditionValue::List(Vec::new()))),
        ("value", condition("tag", Operator::All, text("hot"))),
        ("value", condition("tag", Operator::Eq, text("  "))),
        ("value/1", condition("tag", Operator::Any, ConditionValue::List(vec![text("a"), ConditionValue::Null]))),
        ("value/0", condition("tag", Operator::Any, ConditionValue::List(vec![texts(&["a"])]))),
        ("value", condition("price", Operator::Any, ConditionValue::List(many))),
        ("value", condition("price", Operator::Eq, text("a lot"))),
        ("value", condition("price", Operator::Gte, ConditionValue::Bool(true))),
        ("value", condition("price", Operator::Gte, texts(&["1"]))),
        ("operator", condition("tag", Operator::Gte, text("a"))),
        ("operator", condition("is_returning", Operator::Lte, ConditionValue::Bool(true))),
        ("value", condition("is_returning", Operator::Eq, text("maybe"))),
        ("value", condition("channel", Operator::Eq, text("my channel"))),
        ("value", condition("assignee_email", Operator::Eq, text("jane"))),
        ("value", condition("received_time", Operator::Lte, text("25:00"))),
    ]
}

#[test]
fn a_check_names_the_spot_and_the_known_fields() {
    for (at, it) in unreadable() {
        let fine = condition("price", Operator::Eq, number(1));
        let violations = check_rule(&[fine.clone(), it.clone()]);
        let spots: Vec<&str> = violations.iter().map(|it| it.at.as_str()).collect();
        assert_eq!(spots, [format!("/conditions/1/{at}")], "{it:?}");
        assert!(check_rule(&[fine]).is_empty());
    }
    let unknown = check_rule(&[condition("prize", Operator::Eq, number(1))]);
    assert!(Field::ALL.iter().all(|it| unknown[0].message.contains(it.name())));
}

#[test]
fn a_rule_has_a_hundred_conditions_at_most() {
    let many = vec![condition("price", Operator::Eq, number(1)); 101];
    assert_eq!(check_rule(&many)[0].at, "/conditions");
    assert!(check_rule(&many[1..]).is_empty());
}

#[test]
fn what_was_stored_unreadable_is_false_in_both_polarities() {
    let everything = facts(&[(Field::Tag, "a"), (Field::Price, "1"), (Field::IsReturning, "yes"), (Field::ReceivedTime, "10:00")]);
    for (_, it) in unreadable() {
        for facts in [&everything, &Facts::default()] {
            assert_eq!(truth(&it, facts), Truth::False, "{it:?}");
            assert_eq!(truth(&not(it.clone()), facts), Truth::False, "not {it:?}");
        }
    }
}

#[test]
fn a_fact_that_cannot_be_read_is_missing() {
    let facts = facts(&[(Field::Price, "a lot")]);
    assert_eq!(truth(&condition("price", Operator::Gte, number(0)), &facts), Truth::Unknown);
    assert_eq!(truth(&condition("price", Operator::Eq, ConditionValue::Null), &facts), Truth::True);
}

proptest! {
    #[test]
    fn every_condition_generated_can_be_written(it in any_condition()) {
        prop_assert!(check_rule(std::slice::from_ref(&it)).is_empty());
    }

    #[test]
    fn negating_turns_true_and_false_and_leaves_unknown(it in any_condition(), facts in any_facts()) {
        let plain = truth(&it, &facts);
        prop_assert_eq!(truth(&not(it.clone()), &facts), plain.negated());
        prop_assert_eq!(truth(&not(not(it)), &facts), plain);
    }

    #[test]
    fn a_missing_fact_is_unknown_in_both_polarities_but_for_eq_null(it in any_condition()) {
        let expected = if it.value == ConditionValue::Null { Truth::from(!it.negated) } else { Truth::Unknown };
        prop_assert_eq!(truth(&it, &Facts::default()), expected);
    }

    #[test]
    fn any_of_one_is_eq(facts in any_facts(), tag in any_tags(), zip in any_zip(), negated: bool) {
        for (field, value) in [("tag", tag[0]), ("postal_code", zip)] {
            let any = Condition { negated, ..condition(field, Operator::Any, texts(&[value])) };
            let eq = Condition { negated, ..condition(field, Operator::Eq, text(value)) };
            prop_assert_eq!(truth(&any, &facts), truth(&eq, &facts));
        }
    }

    #[test]
    fn sets_of_values_join_as_any_or_and_all_and(facts in any_facts(), a in any_tags(), b in any_tags()) {
        let joined: Vec<&str> = a.iter().chain(&b).copied().collect();
        let of = |operator, list: &[&str]| truth(&condition("tag", operator, texts(list)), &facts);
        prop_assert_eq!(of(Operator::All, &joined), of(Operator::All, &a).min(of(Operator::All, &b)));
        prop_assert_eq!(of(Operator::Any, &joined), of(Operator::Any, &a).max(of(Operator::Any, &b)));
    }

    #[test]
    fn on_a_single_value_all_implies_any(zip in any_zip(), list in proptest::collection::vec(any_zip(), 1..4)) {
        let facts = facts(&[(Field::PostalCode, zip)]);
        let of = |operator| holds(&condition("postal_code", operator, texts(&list)), &facts);
        prop_assert!(!of(Operator::All) || of(Operator::Any));
    }

    #[test]
    fn order_repetition_and_spelling_of_values_and_facts_do_not_count(
        facts_in in any_tags(),
        values in any_tags(),
        shuffle in any::<u64>(),
        operator in prop::sample::select(vec![Operator::Eq, Operator::Any, Operator::All]),
    ) {
        let stir = |list: &[&str]| -> Vec<String> {
            let mut all: Vec<String> = list.iter().chain(list).map(|it| format!("  {} ", it.to_uppercase())).collect();
            all.rotate_left(usize::try_from(shuffle % 7).unwrap() % list.len());
            if shuffle & 8 == 0 { all.reverse(); }
            all
        };
        let gather = |list: &[&str]| facts(&list.iter().map(|it| (Field::Tag, *it)).collect::<Vec<_>>());
        let plain = truth(&condition("tag", operator, texts(&values)), &gather(&facts_in));
        let (stirred_facts, stirred_values) = (stir(&facts_in), stir(&values));
        let stirred_facts = gather(&stirred_facts.iter().map(String::as_str).collect::<Vec<_>>());
        let stirred_values: Vec<&str> = stirred_values.iter().map(String::as_str).collect();
        prop_assert_eq!(truth(&condition("tag", operator, texts(&stirred_values)), &stirred_facts), plain);
    }

    #[test]
    fn on_a_single_number_at_least_and_at_most_together_are_equality(fact in 0i64..4, value in 0i64..4) {
        let mut input = super::super::FactsInput::default();
        input.add(Field::Price, RawFact::Number(fact.to_string()));
        let facts = Facts::gather(&input);
        let of = |operator| holds(&condition("price", operator, number(value)), &facts);
        prop_assert_eq!(of(Operator::Gte) && of(Operator::Lte), of(Operator::Eq));
    }

    #[test]
    fn many_values_mean_the_same_as_few(facts in any_facts(), values in proptest::collection::vec(any_zip(), 1..4)) {
        // Values nobody has push the list over the size from which a set is used.
        let strangers: Vec<String> = (0..SET_FROM).map(|it| format!("X{it}")).collect();
        let many: Vec<&str> = values.iter().copied().chain(strangers.iter().map(String::as_str)).collect();
        prop_assert_eq!(
            truth(&condition("postal_code", Operator::Any, texts(&values)), &facts),
            truth(&condition("postal_code", Operator::Any, texts(&many)), &facts)
        );
    }
}
