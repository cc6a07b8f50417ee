use std::sync::Arc;

use super::super::world::{World, condition, default_rule, facts, group, not, number, rule, rule_id, rules, text, texts, to_group, to_user, user_id};
use super::super::{Assignee, Decided, TURN, decide, summary};
use super::*;
use crate::config::Rules;
use crate::entity::{Combine, ConditionValue, Distribution, Operator, Turn, Turns};
use crate::id::Uuid;

fn names(user: UserId) -> Option<String> {
    ["Ann Lee", "Bob Ray", "Cleo Diaz"].iter().enumerate().find(|(n, _)| user_id(*n) == user).map(|(_, it)| (*it).to_owned())
}

fn luxury() -> Rules {
    let expensive = condition("price", Operator::Gte, number(1_000_000));
    let somewhere = condition("postal_code", Operator::Any, texts(&["90210", "90211"]));
    let not_rent = not(condition("intent", Operator::Eq, text("rent")));
    rules(vec![
        to_user(0, rule(1, Combine::And, vec![expensive])),
        to_user(9, rule(2, Combine::And, vec![not_rent])),
        to_user(1, rule(3, Combine::And, vec![somewhere])),
        to_group(
            1,
            rule(
                4,
                Combine::Or,
                vec![condition("tag", Operator::Any, texts(&["hot", "vip"])), condition("city", Operator::Eq, ConditionValue::Null)],
            ),
        ),
        default_rule(to_user(0, rule(0, Combine::And, Vec::new()))),
    ])
}

fn world() -> World {
    let mut world = World::new(3);
    world.put(group(1, Distribution::RoundRobin, &[(0, 1), (1, 2), (2, 1)]));
    world
}

fn buyer() -> Facts {
    facts(&[(Field::Price, "$450,000"), (Field::Intent, "buy"), (Field::Tag, "VIP")])
}

fn decided(world: &World, rules: &Rules, facts: Facts, change: impl FnOnce(&mut super::super::Request<'_>)) -> Decided {
    let members = [(0, -TURN / 2), (1, TURN), (2, -TURN / 2)].map(|(n, lag)| Turn { user: user_id(n), lag, turns: 4 });
    let turns = &mut |group| Ok(Some(Arc::new(Turns { group, count: 12, members: members.to_vec() })));
    let mut request = world.request(rules, facts, turns);
    change(&mut request);
    decide(request).unwrap()
}

#[test]
fn a_trace_shows_each_rule_until_the_one_that_decided() {
    let (world, rules) = (world(), luxury());
    let it = decided(&world, &rules, buyer(), |it| it.excluded = const { &[UserId(Uuid::from_u128(102))] });
    let trace = trace(&it.decision, &rules.set);

    let results: Vec<_> = trace.rules.iter().map(|it| (it.rule, it.result, it.skipped, it.chosen)).collect();
    assert_eq!(
        results,
        [
            (rule_id(1), RuleResult::False, None, false),
            (rule_id(2), RuleResult::True, Some(SkipReason::UserGone), false),
            (rule_id(3), RuleResult::Unknown, None, false),
            (rule_id(4), RuleResult::True, None, true),
            (rule_id(0), RuleResult::NotEvaluated, None, false),
        ]
    );
    let reasons: Vec<_> = trace.rules.iter().filter_map(|it| it.because.as_ref()).map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "price is 450000, which is not at least 1000000",
            "intent is buy, which is not rent",
            "postal_code is missing",
            "tag is vip, which is one of hot and vip",
        ]
    );
    let steps: Vec<_> = trace.precedence.iter().map(|it| (it.step, it.result)).collect();
    assert_eq!(
        steps,
        [
            (Precedence::Explicit, StepResult::NotApplicable),
            (Precedence::Sticky, StepResult::NotApplicable),
            (Precedence::Rules, StepResult::Decided),
        ]
    );

    // The lags after are those that were stored.
    let after = it.turns.unwrap();
    let group = trace.group.as_ref().unwrap();
    assert_eq!(group.turns, 12);
    for (traced, stored) in group.members.iter().zip(&after.members) {
        assert_eq!((traced.user, traced.lag_after), (stored.user, stored.lag));
    }
    assert_eq!(group.members.iter().filter(|it| it.picked).map(|it| it.user).collect::<Vec<_>>(), [user_id(1)]);

    assert_eq!(
        summary(&trace, &names),
        "The lead went to Bob Ray, whose turn it was in the group that rule 4 names. \
         Rule 1 did not match because price is 450000, which is not at least 1000000. \
         Rule 2 matched, but the person it names is no longer here. \
         Rule 3 could not be decided because postal_code is missing. \
         Rule 4 matched because tag is vip, which is one of hot and vip. \
         Before this turn the balance was Bob Ray +1.00, against Ann Lee -0.50. Cleo Diaz was not available."
    );
}

#[test]
fn what_is_decided_before_the_rules_evaluates_none() {
    let (world, rules) = (world(), luxury());
    let it = decided(&world, &rules, buyer(), |it| it.owner_before = Some(user_id(2)));
    let sticky = trace(&it.decision, &rules.set);
    assert!(sticky.rules.iter().all(|it| it.result == RuleResult::NotEvaluated && it.because.is_none() && !it.chosen));
    assert_eq!(summary(&sticky, &names), "The lead went to Cleo Diaz, who already owned this contact.");

    let named = [Assignee { email: Some("user1@example.com".to_owned()), ..Assignee::default() }];
    let turns = &mut |_| Ok(None);
    let mut request = world.request(&rules, buyer(), turns);
    request.explicit = &named;
    let it = decide(request).unwrap();
    let explicit = trace(&it.decision, &rules.set);
    assert_eq!(explicit.precedence[0].reason, "the payload names user1@example.com");
    assert_eq!(summary(&explicit, &names), "The lead went to Bob Ray, whom the inquiry itself names.");
}

#[test]
fn a_name_nobody_answers_to_and_an_owner_who_left_are_told() {
    let (world, rules) = (world(), rules(vec![default_rule(rule(0, Combine::And, Vec::new()))]));
    let named = [Assignee { email: Some("gone@example.com".to_owned()), ..Assignee::default() }];
    let turns = &mut |_| Ok(None);
    let mut request = world.request(&rules, buyer(), turns);
    request.explicit = &named;
    request.owner_before = Some(user_id(9));
    let it = decide(request).unwrap();
    assert_eq!(
        summary(&trace(&it.decision, &rules.set), &names),
        "The lead went to the brand's inbox, as the default rule says; anyone there may take it. \
         The payload names gone@example.com: nobody who works in the brand, or this way in does not obey it. \
         The contact's owner does not work in the brand, or this way in does not keep owners."
    );
}

#[test]
fn a_long_list_of_rules_is_cut_but_the_one_that_decided_is_told() {
    let failing = |n| rule(n, Combine::And, vec![condition("price", Operator::Lte, number(1))]);
    let mut list: Vec<_> = (1..=40).map(failing).collect();
    list.push(rule(41, Combine::And, vec![not(condition("city", Operator::Any, texts(&["a", "b", "c", "d", "e", "f", "g"])))]));
    let rules = rules(list);
    let facts = facts(&[(Field::Price, "2"), (Field::City, "Plano")]);
    let it = decided(&world(), &rules, facts, |_| {});
    let told = summary(&trace(&it.decision, &rules.set), &names);
    assert!(told.contains("Rule 5 did not match") && !told.contains("Rule 6 "), "{told}");
    assert!(told.contains("Rule 41 matched because city is plano, which is not one of a, b, c, d, e and 2 more."), "{told}");
    assert!(told.ends_with("35 more rules led nowhere either."), "{told}");
}

#[test]
fn an_excluded_value_and_an_unread_one_are_told() {
    let rent = not(condition("intent", Operator::Eq, text("Rent")));
    let cheap = condition("price", Operator::Lte, number(5));
    let early = condition("received_time", Operator::Lte, text("09:00"));
    let rules = rules(vec![rule(1, Combine::And, vec![rent]), rule(2, Combine::And, vec![cheap]), rule(3, Combine::And, vec![early])]);
    let facts = facts(&[(Field::Intent, "rent"), (Field::Price, "a lot"), (Field::ReceivedTime, "14:30:10")]);
    let it = decided(&world(), &rules, facts, |_| {});
    let trace = trace(&it.decision, &rules.set);
    let reasons: Vec<_> = trace.rules.iter().filter_map(|it| it.because.as_ref()).map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "intent is rent, which is Rent, and that is excluded",
            "price is missing (what was given could not be read)",
            "received_time is 14:30, which is not at most 09:00",
        ]
    );
    assert!(summary(&trace, &names).starts_with("The lead went to the brand's inbox, because no rule led to anybody"));
}

#[test]
fn an_outcome_no_rule_made_replays_as_it_stands() {
    let (world, rules) = (world(), luxury());
    let mut decision = decided(&world, &rules, buyer(), |_| {}).decision;
    for outcome in [
        Outcome::Assigned { user: user_id(2), reason: AssignReason::Claimed },
        Outcome::Assigned { user: user_id(2), reason: AssignReason::Manual },
        Outcome::Inbox { brand: super::super::world::OFFICE, reason: InboxReason::OfferExpired },
        Outcome::Closed,
    ] {
        decision.outcome = outcome.clone();
        assert_eq!(replay(&decision, &rules.set), Some(outcome));
        let trace = trace(&decision, &rules.set);
        assert!(trace.rules.iter().all(|it| it.result == RuleResult::NotEvaluated));
        assert!(!summary(&trace, &names).is_empty());
    }
}

#[test]
fn a_replay_tells_when_the_inputs_do_not_give_the_outcome() {
    let (world, rules) = (world(), luxury());
    let decision = decided(&world, &rules, buyer(), |_| {}).decision;
    assert_eq!(replay(&decision, &rules.set), Some(decision.outcome.clone()));

    let mut other_facts = decision.clone();
    other_facts.facts = Arc::new(facts(&[(Field::Price, "2,000,000")]));
    assert_ne!(replay(&other_facts, &rules.set), Some(decision.outcome.clone()));

    let mut other_lags = decision.clone();
    for it in &mut other_lags.group.as_mut().unwrap().members {
        it.lag = -it.lag;
    }
    assert_ne!(replay(&other_lags, &rules.set), Some(decision.outcome.clone()));

    let mut without_group = decision.clone();
    without_group.group = None;
    assert_eq!(replay(&without_group, &rules.set), None);
}
