use proptest::prelude::*;

use super::super::world::{group_id, user_id};
use super::*;

/// A group under test: members by number, with weights, who is there, and what is stored.
struct Wheel {
    weights: Vec<u32>,
    turns: Option<Turns>,
}

impl Wheel {
    fn new(weights: &[u32]) -> Self {
        Self { weights: weights.to_vec(), turns: None }
    }

    /// Gives a turn among the members present; the number of the picked.
    fn give(&mut self, present: impl Fn(usize) -> bool) -> Option<usize> {
        let seats = self.weights.iter().enumerate().filter(|(_, it)| **it > 0);
        let members = seat(self.turns.as_ref(), seats.map(|(n, it)| (user_id(n), u16::try_from(n).unwrap(), *it, present(n))));
        let (picked, lags) = pick(&members)?;
        let user = members[picked].user;
        self.turns = Some(turns_after(group_id(0), self.turns.as_ref(), &members, picked, &lags));
        (0..self.weights.len()).find(|n| user_id(*n) == user)
    }

    fn lag(&self, n: usize) -> i64 {
        self.turns.iter().flat_map(|it| &it.members).find(|it| it.user == user_id(n)).map_or(0, |it| it.lag)
    }

    fn sum(&self) -> i128 {
        self.turns.iter().flat_map(|it| &it.members).map(|it| i128::from(it.lag)).sum()
    }
}

#[test]
fn a_turn_divides_by_every_number_up_to_forty() {
    assert!((1..=40).all(|it| TURN % it == 0));
}

#[test]
fn equal_weights_go_round_in_the_order_of_members() {
    let mut wheel = Wheel::new(&[1, 1, 1]);
    let picks: Vec<_> = (0..7).filter_map(|_| wheel.give(|_| true)).collect();
    assert_eq!(picks, [0, 1, 2, 0, 1, 2, 0]);
}

#[test]
fn weights_give_shares_spread_over_the_round() {
    let mut wheel = Wheel::new(&[3, 1]);
    let picks: Vec<_> = (0..8).filter_map(|_| wheel.give(|_| true)).collect();
    assert_eq!(picks.iter().filter(|it| **it == 0).count(), 6);
    assert_eq!(picks[..4].iter().filter(|it| **it == 1).count(), 1);
}

#[test]
fn nobody_present_is_nobody_picked() {
    assert_eq!(Wheel::new(&[1, 2]).give(|_| false), None);
    assert_eq!(Wheel::new(&[]).give(|_| true), None);
}

#[test]
fn where_nobody_is_owed_a_turn_who_is_least_ahead_gets_it() {
    let member = |n: usize, lag: i64| MemberSeen { user: user_id(n), order: 0, weight: 1, eligible: true, lag };
    let ahead = [member(0, -3 * TURN), member(1, -2 * TURN), member(2, -2 * TURN)];
    assert_eq!(pick(&ahead).unwrap().0, 1);
}

#[test]
fn ties_go_by_order_then_by_id() {
    let seats = [(user_id(3), 1, 1, true), (user_id(2), 1, 1, true), (user_id(9), 0, 1, true)];
    let members = seat(None, seats);
    assert_eq!(members[pick(&members).unwrap().0].user, user_id(9));
    let members = seat(None, seats[..2].iter().copied());
    assert_eq!(members[pick(&members).unwrap().0].user, user_id(2));
}

#[test]
fn a_new_member_gets_no_flood_of_leads() {
    let mut wheel = Wheel::new(&[1, 1, 0]);
    for _ in 0..1000 {
        wheel.give(|_| true);
    }
    wheel.weights[2] = 1;
    let picks: Vec<_> = (0..9).filter_map(|_| wheel.give(|_| true)).collect();
    assert_eq!(picks.iter().filter(|it| **it == 2).count(), 3);
}

#[test]
fn a_member_who_leaves_and_returns_is_new() {
    let mut wheel = Wheel::new(&[1, 1, 1]);
    // 2 was away and came back, so the others owe.
    wheel.give(|_| true);
    assert_ne!(wheel.lag(2), 0);
    wheel.weights[2] = 0;
    wheel.give(|_| true);
    wheel.weights[2] = 1;
    let members = seat(wheel.turns.as_ref(), (0..3).map(|n| (user_id(n), 0, 1, true)));
    assert_eq!(members[2].lag, 0);
}

#[test]
fn the_share_of_who_left_is_spread_so_that_lags_sum_to_nothing() {
    let turns = Turns {
        group: group_id(0),
        count: 5,
        members: [(0, -7), (1, -6), (2, 2), (3, 11)].map(|(n, lag)| Turn { user: user_id(n), lag, turns: 1 }).to_vec(),
    };
    let lags = |left: &[usize]| -> Vec<i64> { seat(Some(&turns), left.iter().map(|n| (user_id(*n), 0, 1, true))).iter().map(|it| it.lag).collect() };
    assert_eq!(lags(&[0, 1, 2, 3]), [-7, -6, 2, 11]);
    assert_eq!(lags(&[0, 1, 2]), [-3, -2, 5]);
    assert_eq!(lags(&[1, 2, 3]), [-8, 0, 8]);
    assert_eq!(lags(&[3]), [0]);
    assert_eq!(lags(&[0, 2]), [-4, 4]);
}

/// Weights that sum to at most 40: lags are then exact.
fn light() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(1u32..=10, 1..8).prop_filter("sum up to 40", |it| it.iter().sum::<u32>() <= 40)
}

proptest! {
    #[test]
    fn with_fixed_members_nobody_is_ever_a_whole_turn_off_their_share(weights in light()) {
        let mut wheel = Wheel::new(&weights);
        let total: u32 = weights.iter().sum();
        let mut counts = vec![0u32; weights.len()];
        for n in 1..=3 * total {
            counts[wheel.give(|_| true).unwrap()] += 1;
            for (count, weight) in counts.iter().zip(&weights) {
                // |count - n * weight / total| < 1
                let off = i64::from(count * total) - i64::from(n * weight);
                prop_assert!(off.abs() < i64::from(total), "{counts:?} after {n}");
            }
            if n % total == 0 {
                prop_assert!(counts.iter().zip(&weights).all(|(count, weight)| *count == n / total * weight));
                prop_assert!((0..weights.len()).all(|it| wheel.lag(it) == 0));
            }
        }
    }

    #[test]
    fn with_heavy_weights_nobody_is_a_whole_turn_off_either(weights in proptest::collection::vec(1u32..=40, 2..20)) {
        let mut wheel = Wheel::new(&weights);
        let total: u32 = weights.iter().sum();
        let mut counts = vec![0u32; weights.len()];
        for n in 1..=2 * total {
            counts[wheel.give(|_| true).unwrap()] += 1;
            for (count, weight) in counts.iter().zip(&weights) {
                let off = i64::from(count * total) - i64::from(n * weight);
                prop_assert!(off.abs() < i64::from(total), "{counts:?} after {n}");
            }
            prop_assert_eq!(wheel.sum(), 0);
        }
    }

    #[test]
    fn whoever_is_away_is_frozen_and_lags_sum_to_nothing(
        weights in proptest::collection::vec(1u32..=40, 1..10),
        presence in proptest::collection::vec(any::<u16>(), 1..80),
    ) {
        let mut wheel = Wheel::new(&weights);
        let mut given = 0;
        for bits in presence {
            let present = |n: usize| bits & (1 << n) != 0;
            let before: Vec<i64> = (0..weights.len()).map(|it| wheel.lag(it)).collect();
            let picked = wheel.give(present);
            prop_assert_eq!(picked.is_some(), (0..weights.len()).any(present));
            given += u64::from(picked.is_some());
            prop_assert!(picked.is_none_or(present));
            prop_assert_eq!(wheel.sum(), 0);
            for (n, before) in before.iter().enumerate().filter(|(n, _)| !present(*n)) {
                prop_assert_eq!(wheel.lag(n), *before);
            }
        }
        let turns = wheel.turns.unwrap_or(Turns { group: group_id(0), count: 0, members: Vec::new() });
        prop_assert_eq!(turns.count, given);
        prop_assert_eq!(turns.members.iter().map(|it| it.turns).sum::<u64>(), given);
    }

    #[test]
    fn members_may_come_go_and_change_weight_and_lags_still_sum_to_nothing(
        steps in proptest::collection::vec((0usize..6, 0u32..=40, any::<u8>()), 1..100),
    ) {
        let mut wheel = Wheel::new(&[1; 6]);
        for (member, weight, bits) in steps {
            wheel.weights[member] = weight;
            let picked = wheel.give(|n| bits & (1 << n) != 0);
            prop_assert!(picked.is_none_or(|n| wheel.weights[n] > 0));
            prop_assert_eq!(wheel.sum(), 0);
            prop_assert!((0..6).all(|n| wheel.lag(n).abs() < 6 * TURN), "a lag ran away");
        }
    }
}
