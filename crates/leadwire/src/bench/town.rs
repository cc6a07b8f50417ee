//! Agencies to measure with: each with a key, people in turn, sources with rules, and bots.

use std::sync::Arc;

use leadwire_core::command::config::{
    CaptureChange, ConditionInput, CreateBot, CreateGroup, CreateRule, CreateSource, CreateUser, FoundAgency, MemberInput, NewKey, RuleInput,
};
use leadwire_core::entity::{Attachment, Combine, ConditionValue, Distribution, Membership, Operator, Role, Target};
use leadwire_core::id::{AgencyId, BotId, SourceId, UserId};
use leadwire_core::port::{Command, Store};
use leadwire_core::secret;
use leadwire_core::who::Who;

use crate::os::Chance;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub sources: usize,
    pub bots: usize,
    /// Rules of each source beside its default rule.
    pub rules: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Town {
    pub agency: AgencyId,
    pub key: String,
    pub users: Vec<UserId>,
    pub sources: Vec<SourceId>,
    pub bots: Vec<BotId>,
}

impl Town {
    pub(super) fn who(&self) -> Who {
        Who::System { agency: self.agency }
    }
}

/// People who take leads in turn.
const USERS: usize = 5;

async fn write<C: Command>(store: &dyn Store, who: Who, command: C) -> anyhow::Result<C::Outcome> {
    store.write(who, command).await.map_err(crate::fault::explain)
}

/// The town a rule asks for; leads come from twice as many.
pub(super) fn city(at: usize) -> String {
    format!("Town {at}")
}

pub(super) async fn build(store: &dyn Store, chance: &dyn Chance, plan: Plan) -> anyhow::Result<Town> {
    let agency = AgencyId(uuid::Builder::from_random_bytes(*chance.bytes().first_chunk().unwrap_or(&[0; 16])).into_uuid());
    let who = Who::System { agency };
    let key = secret::format(chance.bytes());
    let found = FoundAgency {
        name: "Bench".to_owned(),
        brand_type: None,
        timezone: None,
        default_country: Some("US".to_owned()),
        profile: None,
        admin_key: NewKey { name: "bench".to_owned(), hash: secret::hash(&key), hint: secret::hint(&key) },
        operator: false,
    };
    let root = write(store, who, found).await?.brand.id;
    let mut users = Vec::new();
    for at in 0..USERS {
        let user = CreateUser {
            memberships: vec![Membership { brand: root, role: Role::Agent, own_only: false }],
            first_name: format!("Agent {at}"),
            last_name: "Bench".to_owned(),
            email: format!("agent{at}@bench.example"),
            phone_number: None,
            timezone: None,
            mls_ids: Vec::new(),
            profile: None,
        };
        users.push(write(store, who, user).await?.id);
    }
    let member = |user: &UserId| MemberInput { user: *user, order: None, brand: None, weight: None };
    let group = CreateGroup {
        brand: root,
        name: "In turn".to_owned(),
        description: None,
        distribution: Distribution::RoundRobin,
        members: users.iter().map(member).collect(),
        claim_timeout_secs: None,
        created_by: None,
        profile: None,
    };
    let group = write(store, who, group).await?.id;
    let mut sources = Vec::new();
    for at in 0..plan.sources {
        let source = CreateSource {
            brand: root,
            name: Some(format!("Source {at}")),
            category: None,
            protocol: Some("JSON".to_owned()),
            mls: None,
            capture: CaptureChange::default(),
            profile: None,
        };
        let source = write(store, who, source).await?.source.id;
        for order in 0..plan.rules {
            let condition = ConditionInput {
                field: "city".to_owned(),
                operator: Operator::Eq,
                value: ConditionValue::Text(city(order)),
                order: None,
                negated: false,
            };
            let rule = RuleInput {
                target: Target::Group,
                kind: Combine::And,
                order: i64::try_from(order)?,
                user: None,
                group: Some(group),
                brand: None,
                flow: None,
                conditions: vec![condition],
            };
            write(store, who, CreateRule { source, within: None, rule }).await?;
        }
        sources.push(source);
    }
    let mut bots = Vec::new();
    for at in 0..plan.bots {
        let attachment = |source: &SourceId| Attachment {
            source: *source,
            tags: Vec::new(),
            tag_filter: None,
            channels: vec!["SMS".to_owned()],
            persona_name: None,
            enabled: true,
        };
        let bot = CreateBot {
            brand: root,
            name: format!("Bot {at}"),
            owner: users.first().copied(),
            personas: Vec::new(),
            // One bot answers everywhere; the others only where they are sent.
            attachments: if at == 0 { sources.iter().map(attachment).collect() } else { Vec::new() },
            profile: None,
        };
        bots.push(write(store, who, bot).await?.id);
    }
    Ok(Town { agency, key, users, sources, bots })
}

/// Writes commands, so many under way at a time, so that they share commits.
pub(super) async fn pump<C: Command>(store: &Arc<dyn Store>, in_flight: usize, work: impl Iterator<Item = (Who, C)>) -> anyhow::Result<()> {
    let mut under_way = tokio::task::JoinSet::new();
    for (who, command) in work {
        if under_way.len() >= in_flight
            && let Some(done) = under_way.join_next().await
        {
            done??;
        }
        let store = Arc::clone(store);
        under_way.spawn(async move { store.write(who, command).await.map_err(crate::fault::explain) });
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    Ok(())
}
