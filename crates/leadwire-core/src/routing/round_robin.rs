//! Whose turn it is in a group: a weighted round robin that owes everybody exactly their share.
//!
//! A member's lag is what they are owed: their share of every turn given while they were eligible, less the turns they
//! got. At each pick every eligible member accrues weight / (sum of eligible weights) of a turn, and whoever must be
//! served soonest to stay within one turn of their share is picked (the earliest pseudo-deadline). Lags are integers in
//! units of [`TURN`] and always sum to 0: shares are rounded down and the remainder goes to the picked.
//!
//! Whoever is not eligible is frozen, neither owed nor charged. A new member starts at 0. What is or was owed to a
//! member who has left is spread evenly over those who stay, so that the sum stays 0.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::entity::{MemberSeen, Turn, Turns};
use crate::id::{GroupId, UserId};

use super::TURN;

/// A turn as the wide integers of the arithmetic.
const WIDE_TURN: i128 = TURN as i128;

/// Who is owed less is level: it is what rounding leaves where weights sum to more than 40. Without it a member who is
/// exactly level could be served a whole turn early. Real debts of a fixed set are a fortieth of a thousandth at least.
const OWED_MIN: i128 = WIDE_TURN / 1_000_000;

/// Today's members with what they are owed: new ones with nothing, the lag of those who left spread. Sorted by
/// (order, user). `seats` is (user, order, weight, eligible).
pub(super) fn seat(turns: Option<&Turns>, seats: impl IntoIterator<Item = (UserId, u16, u32, bool)>) -> Vec<MemberSeen> {
    let before: HashMap<UserId, i64> = turns.iter().flat_map(|it| &it.members).map(|it| (it.user, it.lag)).collect();
    let mut members: Vec<MemberSeen> = seats
        .into_iter()
        .map(|(user, order, weight, eligible)| MemberSeen { user, order, weight, eligible, lag: before.get(&user).copied().unwrap_or(0) })
        .collect();
    members.sort_by_key(|it| (it.order, it.user));
    spread(&mut members);
    members
}

/// Adds the same to each lag, and 1 more to the first ones, so that they sum to 0 again.
fn spread(members: &mut [MemberSeen]) {
    let sum: i128 = members.iter().map(|it| i128::from(it.lag)).sum();
    let Ok(count) = i128::try_from(members.len()) else { return };
    if sum == 0 || count == 0 {
        return;
    }
    let (each, mut rest) = ((-sum).div_euclid(count), (-sum).rem_euclid(count));
    for it in members {
        let one = i128::from(rest > 0);
        rest -= one;
        it.lag = narrow(i128::from(it.lag) + each + one);
    }
}

/// The lags after the next turn and its place among `members` (as [`seat`] gives them). None when nobody is eligible.
pub(super) fn pick(members: &[MemberSeen]) -> Option<(usize, Vec<i64>)> {
    let weight = |it: &MemberSeen| i128::from(it.weight.max(1));
    let total: i128 = members.iter().filter(|it| it.eligible).map(weight).sum();
    let mut lags: Vec<i128> = members.iter().map(|it| i128::from(it.lag)).collect();
    let mut remainder = WIDE_TURN;
    for (it, lag) in members.iter().zip(&mut lags).filter(|(it, _)| it.eligible) {
        let share = weight(it) * WIDE_TURN / total;
        *lag += share;
        remainder -= share;
    }
    let sooner = |a: &(usize, &MemberSeen, i128), b: &(usize, &MemberSeen, i128)| -> Ordering {
        let (lag_a, lag_b) = (a.2, b.2);
        match (lag_a > OWED_MIN, lag_b > OWED_MIN) {
            // (TURN - lag) / weight: how far the deadline is. Compared crosswise, so exactly.
            (true, true) => ((WIDE_TURN - lag_a) * weight(b.1)).cmp(&((WIDE_TURN - lag_b) * weight(a.1))),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Nobody is owed a turn: who is owed most, or is least ahead.
            (false, false) => lag_b.cmp(&lag_a),
        }
        .then_with(|| (a.1.order, a.1.user).cmp(&(b.1.order, b.1.user)))
    };
    let eligible = members.iter().zip(&lags).enumerate().filter(|(_, (it, _))| it.eligible).map(|(at, (it, lag))| (at, it, *lag));
    let (picked, ..) = eligible.min_by(sooner)?;
    if let Some(lag) = lags.get_mut(picked) {
        *lag += remainder - WIDE_TURN;
    }
    Some((picked, lags.into_iter().map(narrow).collect()))
}

/// The turns to store after a pick.
pub(super) fn turns_after(group: GroupId, before: Option<&Turns>, members: &[MemberSeen], picked: usize, lags: &[i64]) -> Turns {
    let given: HashMap<UserId, u64> = before.iter().flat_map(|it| &it.members).map(|it| (it.user, it.turns)).collect();
    let turn = |(at, (it, lag)): (usize, (&MemberSeen, &i64))| Turn {
        user: it.user,
        lag: *lag,
        turns: given.get(&it.user).copied().unwrap_or(0) + u64::from(at == picked),
    };
    Turns { group, count: before.map_or(0, |it| it.count) + 1, members: members.iter().zip(lags).enumerate().map(turn).collect() }
}

/// A lag stays within as many turns as the group has members, a thousand at most; 64 bits hold seventeen hundred.
fn narrow(lag: i128) -> i64 {
    i64::try_from(lag).unwrap_or(if lag < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests;
