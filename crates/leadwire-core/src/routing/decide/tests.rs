use std::collections::HashMap;

use proptest::prelude::*;

use super::super::Field;
use super::super::condition::Truth;
use super::super::trace::replay;
use super::super::world::{
    OFFICE, OTHER, ROOT, World, any_condition, any_facts, condition, default_rule, facts, group, group_id, number, rule, rule_id, rules, text,
    to_group, to_user, user, user_id,
};
use super::*;
use crate::entity::{Combine, Operator};

/// Decides without turns given before; `change` adjusts the request.
fn decide_in(world: &World, list: Vec<Rule>, facts: Facts, change: impl FnOnce(&mut Request<'_>)) -> Decided {
    let rules = rules(list);
    let turns = &mut |_: GroupId| Ok(None);
    let mut request = world.request(&rules, facts, turns);
    change(&mut request);
    decide(request).unwrap()
}

fn assigned(user: usize, reason: AssignReason) -> Outcome {
    Outcome::Assigned { user: user_id(user), reason }
}

fn always(n: usize) -> Rule {
    rule(n, Combine::And, Vec::new())
}

#[test]
fn the_payloads_assignee_comes_before_the_owner_and_the_owner_before_the_rules() {
    let world = World::new(4);
    let by_rule = || vec![default_rule(to_user(0, always(0)))];
    let named = [Assignee { email: Some(" USER2@Example.com".to_owned()), ..Assignee::default() }];
    let owner = Some(user_id(1));

    let it = decide_in(&world, by_rule(), Facts::default(), |it| {
        it.owner_before = owner;
    });
    assert_eq!(it.decision.outcome, assigned(1, AssignReason::Sticky));
    assert_eq!(it.decision.rule, None);

    let rules = rules(by_rule());
    let turns = &mut |_: GroupId| Ok(None);
    let mut request = world.request(&rules, Facts::default(), turns);
    request.explicit = &named;
    request.owner_before = owner;
    let it = decide(request).unwrap();
    assert_eq!(it.decision.outcome, assigned(2, AssignReason::Explicit));
    assert_eq!(it.decision.explicit, ["USER2@Example.com"]);

    let mut request = world.request(&rules, Facts::default(), turns);
    request.explicit = &named;
    request.obey_explicit = false;
    request.owner_before = owner;
    request.sticky = false;
    let it = decide(request).unwrap();
    assert_eq!(it.decision.outcome, assigned(0, AssignReason::Rule));
    assert_eq!(it.decision.explicit, ["USER2@Example.com"], "recorded all the same");
}

#[test]
fn an_assignee_is_found_by_email_then_phone_then_mls() {
    let mut world = World::new(4);
    world.put(user(5, OTHER));
    let assignee = |email: &str, phone: &str, mls: &str, mls_id: &str| {
        let some = |it: &str| (!it.is_empty()).then(|| it.to_owned());
        Assignee { email: some(email), phone: some(phone), mls: some(mls), mls_id: some(mls_id) }
    };
    for (expected, named) in [
        (Some(1), vec![assignee("user1@example.com", "201-555-0102", "NTREIS", "A3")]),
        (Some(2), vec![assignee("nobody@example.com", "+1 201 555 0102", "NTREIS", "A3")]),
        (Some(3), vec![assignee("", "12", "ntreis", " a3 ")]),
        (Some(2), vec![assignee("", "", "OTHER", "A3"), assignee("user2@example.com", "", "", "")]),
        // User 5 does not work in the contact's brand.
        (None, vec![assignee("user5@example.com", "", "", "")]),
        (None, vec![assignee("", "", "NTREIS", "")]),
        (None, vec![Assignee::default()]),
    ] {
        let rules = rules(vec![default_rule(always(0))]);
        let turns = &mut |_: GroupId| Ok(None);
        let mut request = world.request(&rules, Facts::default(), turns);
        request.explicit = &named;
        let outcome = decide(request).unwrap().decision.outcome;
        let found = matches!(outcome, Outcome::Assigned { reason: AssignReason::Explicit, .. });
        assert_eq!(found, expected.is_some(), "{named:?}");
        if let Some(n) = expected {
            assert_eq!(outcome, assigned(n, AssignReason::Explicit), "{named:?}");
        }
    }
}

#[test]
fn an_owner_who_left_or_works_elsewhere_does_not_keep_the_contact() {
    let mut world = World::new(1);
    world.put(user(1, OTHER));
    world.put(user(2, ROOT));
    for (owner, keeps) in [(0, true), (1, false), (2, true), (9, false)] {
        let it = decide_in(&world, vec![default_rule(always(0))], Facts::default(), |it| it.owner_before = Some(user_id(owner)));
        assert_eq!(it.decision.outcome == assigned(owner, AssignReason::Sticky), keeps, "{owner}");
    }
}

#[test]
fn the_first_true_rule_that_can_be_resolved_wins_and_the_others_say_why_not() {
    let mut world = World::new(2);
    world.put(user(7, OTHER));
    world.put(group(1, Distribution::RoundRobin, &[(8, 1)]));
    let list = vec![
        rule(1, Combine::And, vec![condition("price", Operator::Gte, number(100))]),
        to_user(9, always(2)),
        to_user(7, always(3)),
        to_group(1, always(4)),
        to_group(2, always(5)),
        Rule { brand: Some(BrandId(uuid_of_nobody())), ..always(6) },
        to_user(1, always(7)),
        to_user(0, always(8)),
    ];
    let it = decide_in(&world, list, facts(&[(Field::Price, "50")]), |_| {}).decision;
    let skipped: Vec<_> = it.skipped.iter().map(|it| (it.rule, it.reason)).collect();
    assert_eq!(
        skipped,
        [
            (rule_id(2), SkipReason::UserGone),
            (rule_id(3), SkipReason::UserNotInBrand),
            (rule_id(4), SkipReason::NobodyEligible),
            (rule_id(5), SkipReason::GroupGone),
            (rule_id(6), SkipReason::BrandGone),
        ]
    );
    assert_eq!((it.rule, it.outcome), (Some(rule_id(7)), assigned(1, AssignReason::Rule)));
}

fn uuid_of_nobody() -> crate::id::Uuid {
    super::super::world::uuid(77)
}

#[test]
fn a_rule_with_a_brand_wants_its_user_there() {
    let mut world = World::new(0);
    world.put(user(7, ROOT));
    world.put(user(8, OTHER));
    let to = |n| Rule { brand: Some(OTHER), ..to_user(n, always(0)) };
    let it = decide_in(&world, vec![to(7)], Facts::default(), |_| {}).decision;
    assert_eq!(it.outcome, assigned(7, AssignReason::Rule));
    // There, but not where the contact is: the lead would be out of the owner's sight.
    let it = decide_in(&world, vec![to(8)], Facts::default(), |_| {}).decision;
    assert!(matches!(it.outcome, Outcome::Inbox { .. }) && it.skipped.iter().any(|it| it.reason == SkipReason::UserNotInBrand), "{it:?}");
}

#[test]
fn when_not_even_the_default_rule_leads_anywhere_the_lead_is_in_the_inbox_of_the_sources_brand() {
    let mut world = World::new(0);
    let list = || vec![default_rule(to_user(3, always(0)))];
    let it = decide_in(&world, list(), Facts::default(), |_| {}).decision;
    assert_eq!(it.outcome, Outcome::Inbox { brand: OFFICE, reason: InboxReason::NothingResolvable });
    assert_eq!((it.rule, it.skipped.len()), (None, 1));
    world.remove::<crate::entity::Brand>(&OFFICE);
    let it = decide_in(&world, list(), Facts::default(), |_| {}).decision;
    assert_eq!(it.outcome, Outcome::Inbox { brand: ROOT, reason: InboxReason::NothingResolvable });
}

#[test]
fn first_to_claim_invites_whoever_is_eligible_and_takes_no_turn() {
    let mut world = World::new(4);
    world.remove::<User>(&user_id(2));
    world.put(group(1, Distribution::FirstToClaim, &[(3, 1), (2, 1), (0, 1), (1, 1)]));
    let excluded = [user_id(1)];
    let rules = rules(vec![to_group(1, always(0))]);
    let turns = &mut |_: GroupId| -> Result<_, Missing> { panic!("an offer reads no turns") };
    let mut request = world.request(&rules, Facts::default(), turns);
    request.excluded = &excluded;
    let (now, offer) = (request.now, request.offer_id);
    let it = decide(request).unwrap();
    assert_eq!(it.turns, None);
    assert_eq!(it.decision.outcome, Outcome::Offered { offer, invited: vec![user_id(3), user_id(0)], expires_at: now.plus_secs(300) });
    let seen: Vec<_> = it.decision.group.unwrap().members.iter().map(|it| (it.user, it.eligible)).collect();
    assert_eq!(seen, [(user_id(3), true), (user_id(2), false), (user_id(0), true), (user_id(1), false)]);
}

#[test]
fn turns_that_are_not_loaded_end_the_decision() {
    let mut world = World::new(1);
    world.put(group(1, Distribution::RoundRobin, &[(0, 1)]));
    let rules = rules(vec![to_group(1, always(0))]);
    let turns = &mut |_: GroupId| Err(Missing);
    assert_eq!(decide(world.request(&rules, Facts::default(), turns)), Err(Missing));
}

/// Rules with targets that exist and targets that do not, among users 0..4, groups 0..4 and three brands.
fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    let conditions = proptest::collection::vec(any_condition(), 0..4);
    let one = (conditions, any::<bool>(), 0usize..3, 0usize..6, 0u16..4);
    (proptest::collection::vec(one, 0..8), any::<bool>()).prop_map(|(list, with_default)| {
        let build = |(n, (conditions, and, target, at, order)): (usize, (Vec<_>, bool, usize, usize, u16))| {
            let built = rule(n, if and { Combine::And } else { Combine::Or }, conditions);
            let aimed = match target {
                0 => to_user(at, built),
                1 => to_group(at, built),
                _ => Rule { brand: Some([OFFICE, OTHER, BrandId(uuid_of_nobody())][at % 3]), ..built },
            };
            Rule { order, is_default: with_default && n == 0, ..aimed }
        };
        list.into_iter().enumerate().map(build).collect()
    })
}

/// Users 0..4 of whom 3 works elsewhere; group 0 and 2 in turns, 1 and 3 by claim, 2 and 3 with people who left.
fn peopled() -> World {
    let mut world = World::new(3);
    world.put(user(3, OTHER));
    world.put(group(0, Distribution::RoundRobin, &[(0, 1), (1, 3), (2, 1), (3, 1)]));
    world.put(group(1, Distribution::FirstToClaim, &[(2, 1), (1, 1)]));
    world.put(group(2, Distribution::RoundRobin, &[(8, 1), (9, 1)]));
    world.put(group(3, Distribution::FirstToClaim, &[(9, 1), (0, 1)]));
    world
}

proptest! {
    #[test]
    fn decisions_keep_first_match_replay_and_take_a_turn_only_when_they_say_so(
        list in any_rules(),
        all_facts in proptest::collection::vec(any_facts(), 1..12),
        owner in proptest::option::of(0usize..5),
        sticky: bool,
        excluded in proptest::collection::vec(0usize..4, 0..3),
    ) {
        let world = peopled();
        let rules = rules(list);
        let excluded: Vec<UserId> = excluded.into_iter().map(user_id).collect();
        let mut stored: HashMap<GroupId, Arc<Turns>> = HashMap::new();
        for facts in all_facts {
            let run = |stored: &HashMap<GroupId, Arc<Turns>>| {
                let turns = &mut |it: GroupId| Ok(stored.get(&it).cloned());
                let mut request = world.request(&rules, facts.clone(), turns);
                request.owner_before = owner.map(user_id);
                request.sticky = sticky;
                request.excluded = &excluded;
                decide(request).unwrap()
            };
            let before = stored.clone();
            let dry = run(&stored);
            let it = run(&stored);
            prop_assert_eq!(&dry, &it);
            prop_assert_eq!(&before, &stored);
            let decision = &it.decision;

            // The stored inputs give the stored outcome.
            prop_assert_eq!(replay(decision, &rules.set), Some(decision.outcome.clone()));

            // First match: every rule before the chosen one is not true or says why it was passed over; the default
            // rule is last of all.
            let truths: Vec<_> = rules.program.evaluate(&facts).map(|(place, it)| (Arc::clone(&rules.set.rules[place]), it.truth)).collect();
            let by_rules = !matches!(decision.outcome, Outcome::Assigned { reason: AssignReason::Explicit | AssignReason::Sticky, .. });
            if by_rules {
                let chosen = truths.iter().position(|(it, _)| Some(it.id) == decision.rule);
                prop_assert_eq!(chosen.is_some(), decision.rule.is_some());
                for (at, (rule, truth)) in truths.iter().enumerate() {
                    let skipped = decision.skipped.iter().any(|it| it.rule == rule.id);
                    match chosen {
                        Some(chosen) if at == chosen => prop_assert!(*truth == Truth::True && !skipped),
                        Some(chosen) if at > chosen => prop_assert!(!skipped),
                        _ => prop_assert_eq!(*truth == Truth::True, skipped),
                    }
                    if rule.is_default {
                        prop_assert_eq!(at, truths.len() - 1);
                    }
                }
            } else {
                prop_assert!(decision.rule.is_none() && decision.skipped.is_empty() && sticky);
            }

            // Whoever gets it is here and works here; nobody excluded is chosen by a group.
            match &decision.outcome {
                Outcome::Assigned { user, reason } => {
                    prop_assert!(world.config.works_in(*user, OFFICE));
                    prop_assert_eq!(it.turns.is_some(), *reason == AssignReason::RoundRobin);
                    prop_assert!(*reason != AssignReason::RoundRobin || !excluded.contains(user));
                }
                Outcome::Offered { invited, .. } => {
                    prop_assert!(!invited.is_empty() && it.turns.is_none());
                    prop_assert!(invited.iter().all(|it| world.config.works_in(*it, OFFICE) && !excluded.contains(it)));
                }
                Outcome::Inbox { brand, .. } => prop_assert!(world.config.brand(*brand).is_some() && it.turns.is_none()),
                Outcome::Closed => prop_assert!(false, "a decision never closes a lead"),
            }

            // A turn was given once, to the one who got the lead.
            if let Some(after) = it.turns {
                let count = before.get(&after.group).map_or(0, |it| it.count);
                prop_assert_eq!(after.count, count + 1);
                prop_assert_eq!(after.members.iter().map(|it| i128::from(it.lag)).sum::<i128>(), 0);
                prop_assert_eq!(decision.group.as_ref().map(|it| (it.group, it.turns)), Some((after.group, count)));
                stored.insert(after.group, Arc::new(after));
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_change_a_decision(list in any_rules(), facts in any_facts()) {
        let world = peopled();
        let mut reversed = list.clone();
        reversed.reverse();
        let one = decide_in(&world, list, facts.clone(), |_| {});
        let other = decide_in(&world, reversed, facts, |_| {});
        prop_assert_eq!(one, other);
    }
}

#[test]
fn a_group_in_turns_goes_round_over_decisions() {
    let mut world = World::new(3);
    world.put(group(1, Distribution::RoundRobin, &[(0, 1), (1, 1), (2, 1)]));
    let rules = rules(vec![to_group(1, rule(0, Combine::And, vec![condition("tag", Operator::Eq, text("hot"))]))]);
    let mut stored: Option<Arc<Turns>> = None;
    let mut picked = Vec::new();
    for _ in 0..6 {
        let before = stored.clone();
        let turns = &mut |it: GroupId| {
            assert_eq!(it, group_id(1));
            Ok(before.clone())
        };
        let it = decide(world.request(&rules, facts(&[(Field::Tag, "hot")]), turns)).unwrap();
        if let Outcome::Assigned { user, .. } = it.decision.outcome {
            picked.push(user);
        }
        stored = it.turns.map(Arc::new);
    }
    assert_eq!(picked, [0, 1, 2, 0, 1, 2].map(user_id));
}
