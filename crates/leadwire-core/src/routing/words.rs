//! A trace in plain English, for somebody who manages sales and reads no JSON.
//!
//! Says what is in the trace and no more: names of people come from the caller, rules go by their place in the order.

use crate::entity::{AssignReason, Condition, ConditionValue, InboxReason, Operator, Outcome, SkipReason};
use crate::id::UserId;

use super::condition::Truth;
use super::{Atom, Facts, Field, FieldType, GroupTrace, MemberTrace, RuleResult, RuleTrace, Step, StepResult, TURN, Trace};

/// Lists are cut after so many, long texts after so many characters: a paragraph is to be read.
const LISTED_MAX: usize = 5;
const TEXT_CHARS_MAX: usize = 60;

/// Why a condition is what it is. Lower case, no full stop.
pub(super) fn reason(condition: &Condition, field: Field, truth: Truth, facts: &Facts) -> String {
    let name = field.name();
    let Some(known) = facts.get(field) else {
        let unread = if facts.unparseable.contains(&field) { " (what was given could not be read)" } else { "" };
        return format!("{name} is missing{unread}");
    };
    let known = listed(known.iter().map(|it| atom(field.field_type(), it)));
    if condition.value == ConditionValue::Null {
        return format!("{name} is given: {known}");
    }
    let asked = asked(condition.operator, &condition.value);
    let holds = (truth == Truth::True) != condition.negated;
    match (holds, truth) {
        (true, Truth::False) => format!("{name} is {known}, which is {asked}, and that is excluded"),
        (true, _) => format!("{name} is {known}, which is {asked}"),
        (false, _) => format!("{name} is {known}, which is not {asked}"),
    }
}

fn asked(operator: Operator, value: &ConditionValue) -> String {
    let all: &[ConditionValue] = match value {
        ConditionValue::List(list) => list,
        one => std::slice::from_ref(one),
    };
    let values = listed(all.iter().map(written));
    match (operator, all.len()) {
        (Operator::Eq | Operator::Any, 1) => values,
        (Operator::Eq, _) => format!("exactly {values}"),
        (Operator::Any, _) => format!("one of {values}"),
        (Operator::All, _) => format!("all of {values}"),
        (Operator::Gte, _) => format!("at least {values}"),
        (Operator::Lte, _) => format!("at most {values}"),
    }
}

fn written(value: &ConditionValue) -> String {
    match value {
        ConditionValue::Null => "nothing".to_owned(),
        ConditionValue::Bool(it) => yes_or_no(*it),
        ConditionValue::Number(it) | ConditionValue::Text(it) => clipped(it),
        ConditionValue::List(_) => "a list".to_owned(),
    }
}

fn atom(kind: FieldType, atom: &Atom) -> String {
    match atom {
        Atom::Number(it) => it.to_string(),
        Atom::Text(it) => clipped(it),
        Atom::Bool(it) => yes_or_no(*it),
        Atom::Time(it) if kind == FieldType::TimeOfDay => {
            let minutes = it.seconds() / 60;
            format!("{:02}:{:02}", minutes / 60, minutes % 60)
        }
        Atom::Time(it) => it.to_string(),
    }
}

fn yes_or_no(it: bool) -> String {
    if it { "yes".to_owned() } else { "no".to_owned() }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `a, b and c`; of many the first ones and how many more.
fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(LISTED_MAX);
    let mut shown: Vec<String> = all.take(LISTED_MAX).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nobody".to_owned(),
    }
}

/// The trace in a paragraph of plain English; `names` gives a user's name where it is known.
pub fn summary(trace: &Trace, names: &dyn Fn(UserId) -> Option<String>) -> String {
    let name = |user: UserId| names(user).unwrap_or_else(|| "somebody who is no longer here".to_owned());
    let mut sentences = vec![outcome(trace, &name)];
    sentences.extend(trace.precedence.iter().filter(|it| it.result == StepResult::Passed && it.step != super::Precedence::Rules).map(passed));
    sentences.extend(rules(&trace.rules));
    sentences.extend(trace.group.iter().filter_map(|it| group(it, &trace.outcome, &name)));
    sentences.join(" ")
}

fn outcome(trace: &Trace, name: &dyn Fn(UserId) -> String) -> String {
    match &trace.outcome {
        Outcome::Assigned { user, reason } => {
            let who = name(*user);
            match reason {
                AssignReason::Explicit => format!("The lead went to {who}, whom the inquiry itself names."),
                AssignReason::Sticky => format!("The lead went to {who}, who already owned this contact."),
                AssignReason::Rule => format!("The lead went to {who}, whom {} names.", chosen(&trace.rules)),
                AssignReason::RoundRobin => format!("The lead went to {who}, whose turn it was in the group that {} names.", chosen(&trace.rules)),
                AssignReason::Claimed => format!("The lead went to {who}, who claimed it first."),
                AssignReason::Manual => format!("The lead went to {who}, assigned by hand."),
            }
        }
        Outcome::Offered { invited, expires_at, .. } => {
            let whom = listed(invited.iter().map(|it| name(*it)));
            format!("The lead was offered to {whom}; whoever claims it first before {expires_at} gets it.")
        }
        Outcome::Inbox { reason, .. } => match reason {
            InboxReason::Rule => format!("The lead went to the brand's inbox, as {} says; anyone there may take it.", chosen(&trace.rules)),
            InboxReason::NothingResolvable => {
                "The lead went to the brand's inbox, because no rule led to anybody; anyone there may take it.".to_owned()
            }
            InboxReason::OfferExpired => "The lead went to the brand's inbox, because nobody claimed it in time.".to_owned(),
            InboxReason::OfferDeclined => "The lead went to the brand's inbox, because everybody it was offered to declined.".to_owned(),
            InboxReason::Unassigned => "The lead went to the brand's inbox, because it was taken from its owner by hand.".to_owned(),
        },
        Outcome::Closed => "The lead repeats an earlier one and was not routed.".to_owned(),
    }
}

fn chosen(rules: &[RuleTrace]) -> String {
    rules.iter().enumerate().find(|(_, it)| it.chosen).map_or_else(|| "a rule".to_owned(), |(at, it)| rule(at, it))
}

/// `rule 3` by place in the order of evaluation, as a list of rules shows it.
fn rule(at: usize, it: &RuleTrace) -> String {
    if it.is_default { "the default rule".to_owned() } else { format!("rule {}", at + 1) }
}

fn passed(step: &Step) -> String {
    format!("{}.", capitalised(&step.reason))
}

fn rules(rules: &[RuleTrace]) -> Vec<String> {
    let mut said = Vec::new();
    let mut unsaid = 0;
    for (at, it) in rules.iter().enumerate() {
        let subject = capitalised(&rule(at, it));
        let because = it.because.as_ref().map(|it| it.reason.as_str());
        let sentence = match (it.result, it.skipped, because) {
            (RuleResult::True, Some(reason), _) => format!("{subject} matched, but {}.", skipped(reason)),
            (RuleResult::True, None, Some(because)) if it.chosen => format!("{subject} matched because {because}."),
            (RuleResult::False, _, Some(because)) => format!("{subject} did not match because {because}."),
            (RuleResult::False, _, None) => format!("{subject} did not match because it has no condition to meet."),
            (RuleResult::Unknown, _, Some(because)) => format!("{subject} could not be decided because {because}."),
            _ => continue,
        };
        if said.len() < LISTED_MAX || it.chosen {
            said.push(sentence);
        } else {
            unsaid += 1;
        }
    }
    if unsaid > 0 {
        said.push(format!("{unsaid} more rules led nowhere either."));
    }
    said
}

fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::UserGone => "the person it names is no longer here",
        SkipReason::UserNotInBrand => "the person it names does not work in its brand",
        SkipReason::BrandGone => "the brand it names is no longer there",
        SkipReason::GroupGone => "the group it names is no longer there",
        SkipReason::NobodyEligible => "nobody in its group could take the lead",
    }
}

fn group(group: &GroupTrace, outcome: &Outcome, name: &dyn Fn(UserId) -> String) -> Option<String> {
    if !matches!(outcome, Outcome::Assigned { reason: AssignReason::RoundRobin, .. }) {
        return None;
    }
    let picked = group.members.iter().find(|it| it.picked)?;
    let others: Vec<&MemberTrace> = group.members.iter().filter(|it| it.eligible && !it.picked).collect();
    let away: Vec<&MemberTrace> = group.members.iter().filter(|it| !it.eligible).collect();
    let owed = |it: &MemberTrace| format!("{} {}", name(it.user), turns(it.lag_before));
    let balance = if others.is_empty() {
        format!("{} was the only member who could take it.", name(picked.user))
    } else {
        let rest = listed(others.iter().map(|it| owed(it)));
        format!("Before this turn the balance was {}, against {rest}.", owed(picked))
    };
    if away.is_empty() {
        return Some(balance);
    }
    let be = if away.len() == 1 { "was" } else { "were" };
    Some(format!("{balance} {} {be} not available.", listed(away.iter().map(|it| name(it.user)))))
}

/// `+0.67`: turns owed; `-0.33`: turns ahead.
fn turns(lag: i64) -> String {
    let hundredths = (i128::from(lag) * 100 + i128::from(lag.signum()) * i128::from(TURN / 2)) / i128::from(TURN);
    let sign = if hundredths < 0 { '-' } else { '+' };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|it| it.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
