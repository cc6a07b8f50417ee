//! Who gets a lead, and why: precedence, rules, target, distribution.
//!
//! The first of these that names somebody: the payload, the owner of a returning contact, the first rule that is true
//! and can be resolved, the default rule, the inbox of the source's brand. There is no outcome "nobody and nowhere".
//! Pure: rows it cannot know are asked of the caller, ids are drawn by the caller.

use std::fmt;
use std::sync::Arc;

use crate::config::{Config, Rules};
use crate::entity::{
    AssignReason, Cause, Decision, Distribution, Group, GroupPick, InboxReason, Outcome, Rule, SkipReason, Skipped, Source, Target, Turns, User,
};
use crate::id::{BrandId, ConversationId, GroupId, LeadId, OfferId, UserId};
use crate::port::Missing;
use crate::{Email, Phone, Time};

use super::{Facts, round_robin};

/// Version of the evaluator. A change that alters a replay raises it and keeps the old evaluator.
pub const ENGINE: u16 = 1;

/// A person the payload names to get the lead, as it was written. Found by e-mail, then phone, then MLS and its id.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Assignee {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub mls: Option<String>,
    pub mls_id: Option<String>,
}

/// All a decision is made of.
pub struct Request<'a> {
    pub config: &'a Config,
    pub source: &'a Source,
    pub rules: &'a Rules,
    pub facts: Arc<Facts>,
    pub lead: LeadId,
    pub epoch: u32,
    pub conversation: ConversationId,
    /// The contact's brand: who is named, or owned the contact before, must work in it.
    pub brand: BrandId,
    pub cause: Cause,
    pub now: Time,
    pub explicit: &'a [Assignee],
    /// False: `explicit` is recorded only.
    pub obey_explicit: bool,
    /// The conversation's owner until now.
    pub owner_before: Option<UserId>,
    /// Whether that owner keeps a returning contact.
    pub sticky: bool,
    /// Users a group may not choose: those already tried.
    pub excluded: &'a [UserId],
    /// Reads the turns of a group; `None` when it never gave one.
    pub turns: &'a mut dyn FnMut(GroupId) -> Result<Option<Arc<Turns>>, Missing>,
    /// Drawn up front, used only if the outcome is an offer.
    pub offer_id: OfferId,
}

/// What was decided, and the turns to put if a turn was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    pub decision: Decision,
    pub turns: Option<Turns>,
}

/// Decides. The same request gives the same decision.
pub fn decide(mut request: Request<'_>) -> Result<Decided, Missing> {
    let mut skipped = Vec::new();
    let (rule, resolved) = match precede(&request) {
        Some(outcome) => (None, Resolved::plain(outcome)),
        None => run_rules(&mut request, &mut skipped)?,
    };
    let decision = Decision {
        lead: request.lead,
        epoch: request.epoch,
        at: request.now,
        conversation: request.conversation,
        cause: request.cause,
        engine: ENGINE,
        source: request.source.id,
        rules_version: request.rules.set.version,
        facts: request.facts,
        explicit: request.explicit.iter().map(ToString::to_string).filter(|it| !it.is_empty()).collect(),
        owner_before: request.owner_before,
        skipped,
        rule: rule.map(|it| it.id),
        flow: rule.and_then(|it| it.flow),
        group: resolved.group,
        outcome: resolved.outcome,
    };
    Ok(Decided { decision, turns: resolved.turns })
}

/// An outcome with what led to it.
struct Resolved {
    outcome: Outcome,
    group: Option<GroupPick>,
    turns: Option<Turns>,
}

impl Resolved {
    fn plain(outcome: Outcome) -> Self {
        Self { outcome, group: None, turns: None }
    }
}

/// What comes before the rules.
fn precede(request: &Request<'_>) -> Option<Outcome> {
    let works_here = |user: UserId| request.config.works_in(user, request.brand);
    let named = request.explicit.iter().filter(|_| request.obey_explicit).find_map(|it| it.find(request.config, request.brand));
    if let Some(user) = named {
        return Some(Outcome::Assigned { user, reason: AssignReason::Explicit });
    }
    let owner = request.owner_before.filter(|it| request.sticky && works_here(*it))?;
    Some(Outcome::Assigned { user: owner, reason: AssignReason::Sticky })
}

fn run_rules<'a>(request: &mut Request<'a>, skipped: &mut Vec<Skipped>) -> Result<(Option<&'a Rule>, Resolved), Missing> {
    let rules = request.rules;
    let facts = Arc::clone(&request.facts);
    for place in rules.program.matching(&facts) {
        let Some(rule) = rules.set.rules.get(place) else { continue };
        match resolve(request, rule)? {
            Ok(resolved) => return Ok((Some(rule), resolved)),
            Err(reason) => skipped.push(Skipped { rule: rule.id, reason }),
        }
    }
    // A brand that is gone has no inbox anybody looks into: then the root's.
    let brand = if request.config.brand(request.source.brand).is_some() { request.source.brand } else { request.config.agency().root() };
    Ok((None, Resolved::plain(Outcome::Inbox { brand, reason: InboxReason::NothingResolvable })))
}

/// The rule's target, or why there is none. The outer error: a row is not loaded.
fn resolve(request: &mut Request<'_>, rule: &Rule) -> Result<Result<Resolved, SkipReason>, Missing> {
    Ok(match rule.target {
        Target::User => resolve_user(request, rule),
        Target::Brand => match rule.brand.filter(|it| request.config.brand(*it).is_some()) {
            Some(brand) => Ok(Resolved::plain(Outcome::Inbox { brand, reason: InboxReason::Rule })),
            None => Err(SkipReason::BrandGone),
        },
        Target::Group => match rule.group.and_then(|it| request.config.group(it)).map(Arc::clone) {
            Some(group) => resolve_group(request, &group)?,
            None => Err(SkipReason::GroupGone),
        },
    })
}

/// A user named by a rule gets the lead whatever hours they keep.
fn resolve_user(request: &Request<'_>, rule: &Rule) -> Result<Resolved, SkipReason> {
    let user = rule.user.filter(|it| request.config.user(*it).is_some()).ok_or(SkipReason::UserGone)?;
    let brand = rule.brand.unwrap_or(request.source.brand);
    if !request.config.works_in(user, brand) || !request.config.works_in(user, request.brand) {
        return Err(SkipReason::UserNotInBrand);
    }
    Ok(Resolved::plain(Outcome::Assigned { user, reason: AssignReason::Rule }))
}

fn resolve_group(request: &mut Request<'_>, group: &Group) -> Result<Result<Resolved, SkipReason>, Missing> {
    let config = request.config;
    let excluded = request.excluded;
    // Whoever cannot see the contact could do nothing with the lead.
    let contact_brand = request.brand;
    let seats = || {
        group.members.iter().map(|it| {
            let eligible = config.works_in(it.user, it.brand) && config.works_in(it.user, contact_brand) && !excluded.contains(&it.user);
            (it.user, it.order, it.weight, eligible)
        })
    };
    if !seats().any(|(.., eligible)| eligible) {
        return Ok(Err(SkipReason::NobodyEligible));
    }
    let turns = match group.distribution {
        Distribution::RoundRobin => (request.turns)(group.id)?,
        Distribution::FirstToClaim => None,
    };
    let members = round_robin::seat(turns.as_deref(), seats());
    let seen = GroupPick { group: group.id, turns: turns.as_ref().map_or(0, |it| it.count), members };
    Ok(match group.distribution {
        Distribution::RoundRobin => match round_robin::pick(&seen.members) {
            Some((picked, lags)) => {
                let after = round_robin::turns_after(group.id, turns.as_deref(), &seen.members, picked, &lags);
                seen.members.get(picked).map(|it| it.user).ok_or(SkipReason::NobodyEligible).map(|user| {
                    let outcome = Outcome::Assigned { user, reason: AssignReason::RoundRobin };
                    Resolved { outcome, group: Some(seen), turns: Some(after) }
                })
            }
            None => Err(SkipReason::NobodyEligible),
        },
        Distribution::FirstToClaim => {
            let invited = seen.members.iter().filter(|it| it.eligible).map(|it| it.user).collect();
            let expires_at = request.now.plus_secs(i64::from(group.claim_timeout_secs));
            let outcome = Outcome::Offered { offer: request.offer_id, invited, expires_at };
            Ok(Resolved { outcome, group: Some(seen), turns: None })
        }
    })
}

impl Assignee {
    /// The user meant, among those who work in `brand`: by e-mail, then phone, then MLS and its id. Of several, the
    /// eldest.
    fn find(&self, config: &Config, brand: BrandId) -> Option<UserId> {
        let first = |is_meant: &dyn Fn(&User) -> bool| config.users().find(|it| is_meant(it) && config.works_in(it.id, brand)).map(|it| it.id);
        let by_email = || {
            let email = Email::parse(self.email.as_deref()?)?;
            first(&|it| Email::parse(&it.email).as_ref() == Some(&email))
        };
        let by_phone = || {
            let country = config.brand(brand).map_or("", |it| it.default_country.as_str());
            let phone = Phone::parse(self.phone.as_deref()?, country).filter(|it| it.e164().is_some())?;
            first(&|it| it.phone_number.as_deref().and_then(|it| Phone::parse(it, country)).as_ref() == Some(&phone))
        };
        let by_mls = || {
            let (mls, id) = (self.mls.as_deref()?.trim(), self.mls_id.as_deref()?.trim());
            let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b);
            first(&|it| !id.is_empty() && it.mls_ids.iter().any(|(its_mls, its_id)| same(its_mls, mls) && same(its_id, id)))
        };
        by_email().or_else(by_phone).or_else(by_mls)
    }
}

/// As it is recorded and shown: what was written, the telling part first.
impl fmt::Display for Assignee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mls_id = self.mls_id.as_deref().map(|id| format!("{} {id}", self.mls.as_deref().unwrap_or("MLS")));
        let parts: Vec<&str> = [self.email.as_deref(), self.phone.as_deref(), mls_id.as_deref()]
            .into_iter()
            .flatten()
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
