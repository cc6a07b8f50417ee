//! The two agencies of the demo: who works there, where leads come in, who gets them, and which bots answer.

use std::sync::Arc;

use leadwire_core::command::config::{
    CaptureChange, ConditionInput, CreateBot, CreateBrand, CreateGroup, CreatePersona, CreateRule, CreateSource, CreateUser, FoundAgency, Founded,
    MemberInput, NewKey, RuleInput,
};
use leadwire_core::entity::{Attachment, Combine, ConditionValue, Distribution, Membership, Operator, Persona, Role, Source, TagGate, Target, User};
use leadwire_core::id::{AgencyId, BotId, BrandId, GroupId, PersonaId, SourceId, UserId};
use leadwire_core::port::{Command, Store};
use leadwire_core::secret;
use leadwire_core::who::Who;

use crate::os::Chance;

/// An agency as it stands before its first lead.
#[derive(Debug)]
pub(super) struct Agency {
    pub id: AgencyId,
    pub name: &'static str,
    /// Its admin key, to be shown once.
    pub key: String,
    pub brands: usize,
    pub users: Vec<Arc<User>>,
    /// The busiest first.
    pub sources: Vec<Arc<Source>>,
    /// The busiest first.
    pub bots: Vec<BotId>,
}

struct Plan {
    name: &'static str,
    timezone: &'static str,
    country: &'static str,
    /// Name, type, and the place of the parent in this list; the root has place 0.
    brands: &'static [(&'static str, &'static str, usize)],
    /// First and last name, time zone, and the place of the brand.
    users: &'static [(&'static str, &'static str, usize)],
    /// Name, category, and the place of the brand.
    sources: &'static [(&'static str, &'static str, usize)],
    /// Name and description.
    personas: &'static [(&'static str, &'static str)],
    bots: &'static [&'static str],
    /// Town and price of rules: who asks for these goes to the second group.
    town: &'static str,
    dear_from: &'static str,
}

const PLANS: [Plan; 2] = [
    Plan {
        name: "Harbor & Pine Realty",
        timezone: "America/Los_Angeles",
        country: "US",
        brands: &[
            ("Harbor & Pine Bay Area", "Region", 0),
            ("Harbor & Pine Wine Country", "Region", 0),
            ("Oakland Office", "Office", 1),
            ("Marin Office", "Office", 1),
            ("Napa Office", "Office", 2),
            ("Team Alder", "Team", 4),
        ],
        users: &[
            ("Rosa", "Delgado", 0),
            ("Peter", "Lindqvist", 1),
            ("Amina", "Yusuf", 3),
            ("George", "Tanaka", 3),
            ("Wei", "Zhang", 3),
            ("Claire", "Beaumont", 4),
            ("Tomasz", "Nowak", 4),
            ("Ines", "Carvalho", 4),
            ("Harriet", "Stone", 5),
            ("Diego", "Salas", 5),
            ("Noor", "Rahman", 6),
            ("Frank", "Osei", 6),
        ],
        sources: &[
            ("Website form", "WebHook", 0),
            ("Main line (SMS)", "GHL", 0),
            ("Zillow Rentals", "WebHook", 3),
            ("Open house sign-in", "WebHook", 4),
            ("Chat widget", "WebHook", 0),
            ("CRM import", "HubSpot", 2),
            ("Team Alder landing page", "WebHook", 6),
        ],
        personas: &[("Maya", "Warm, brief, asks one thing at a time."), ("Leo", "Precise, likes figures."), ("Concierge", "For returning clients.")],
        bots: &["Buyer bot", "Rental bot", "Reactivation bot"],
        town: "Napa",
        dear_from: "1200000",
    },
    Plan {
        name: "Stadtlicht Immobilien",
        timezone: "Europe/Berlin",
        country: "DE",
        brands: &[("Stadtlicht Berlin", "Office", 0), ("Stadtlicht Hamburg", "Office", 0)],
        users: &[("Greta", "Sommer", 0), ("Emre", "Yıldız", 1), ("Jonas", "Brandt", 1), ("Lea", "Petersen", 2), ("Milan", "Horvat", 2)],
        sources: &[("Portal", "WebHook", 0), ("Kontaktformular", "WebHook", 1), ("WhatsApp", "GHL", 0), ("Empfehlung", "WebHook", 2)],
        personas: &[("Klara", "Freundlich und genau.")],
        bots: &["Erstkontakt", "Nachfassen"],
        town: "Hamburg",
        dear_from: "700000",
    },
];

/// Channels a bot of the demo answers on.
const CHANNELS: [&str; 3] = ["SMS", "WhatsApp", "Live_Chat"];

/// Makes both agencies, one after the other.
pub(super) async fn build(store: &dyn Store, chance: &dyn Chance) -> anyhow::Result<Vec<Agency>> {
    let mut agencies = Vec::new();
    for plan in &PLANS {
        agencies.push(agency(store, chance, plan).await?);
    }
    Ok(agencies)
}

async fn write<C: Command>(store: &dyn Store, who: Who, command: C) -> anyhow::Result<C::Outcome> {
    store.write(who, command).await.map_err(crate::fault::explain)
}

async fn agency(store: &dyn Store, chance: &dyn Chance, plan: &Plan) -> anyhow::Result<Agency> {
    let id = AgencyId(uuid::Builder::from_random_bytes(*chance.bytes().first_chunk().unwrap_or(&[0; 16])).into_uuid());
    let who = Who::System { agency: id };
    let key = secret::format(chance.bytes());
    let founded: Founded = write(
        store,
        who,
        FoundAgency {
            name: plan.name.to_owned(),
            brand_type: Some("Brokerage".to_owned()),
            timezone: Some(plan.timezone.to_owned()),
            default_country: Some(plan.country.to_owned()),
            profile: None,
            admin_key: NewKey { name: "demo".to_owned(), hash: secret::hash(&key), hint: secret::hint(&key) },
            operator: false,
        },
    )
    .await?;
    let mut made =
        Made { brands: vec![founded.brand.id], users: Vec::new(), sources: Vec::new(), personas: Vec::new(), groups: Vec::new(), bots: Vec::new() };
    for (name, kind, parent) in plan.brands {
        let parent = made.brand(*parent)?;
        let brand = CreateBrand {
            parent,
            name: (*name).to_owned(),
            brand_type: Some((*kind).to_owned()),
            timezone: None,
            default_country: None,
            profile: None,
        };
        made.brands.push(write(store, who, brand).await?.id);
    }
    for (at, (first, last, brand)) in plan.users.iter().enumerate() {
        let role = if at == 0 { Role::Admin } else { Role::Agent };
        let user = CreateUser {
            memberships: vec![Membership { brand: made.brand(*brand)?, role, own_only: false }],
            first_name: (*first).to_owned(),
            last_name: (*last).to_owned(),
            email: format!("{}@{}.example", first.to_lowercase(), if plan.country == "US" { "harborpine" } else { "stadtlicht" }),
            phone_number: None,
            timezone: None,
            mls_ids: Vec::new(),
            profile: None,
        };
        made.users.push(write(store, who, user).await?);
    }
    for (name, category, brand) in plan.sources {
        let source = CreateSource {
            brand: made.brand(*brand)?,
            name: Some((*name).to_owned()),
            category: Some((*category).to_owned()),
            protocol: (*category == "WebHook").then(|| "JSON".to_owned()),
            mls: None,
            capture: CaptureChange::default(),
            profile: None,
        };
        made.sources.push(write(store, who, source).await?.source);
    }
    groups(store, who, plan, &mut made).await?;
    rules(store, who, plan, &made).await?;
    bots(store, who, plan, &mut made).await?;
    Ok(Agency { id, name: plan.name, key, brands: made.brands.len(), users: made.users, sources: made.sources, bots: made.bots })
}

/// What stands already.
struct Made {
    brands: Vec<BrandId>,
    users: Vec<Arc<User>>,
    sources: Vec<Arc<Source>>,
    personas: Vec<PersonaId>,
    groups: Vec<GroupId>,
    bots: Vec<BotId>,
}

impl Made {
    fn brand(&self, place: usize) -> anyhow::Result<BrandId> {
        self.brands.get(place).copied().ok_or_else(|| anyhow::anyhow!("the plan has no brand {place}"))
    }

    fn user(&self, place: usize) -> Option<UserId> {
        self.users.get(place).map(|it| it.id)
    }

    fn root(&self) -> anyhow::Result<BrandId> {
        self.brand(0)
    }
}

async fn groups(store: &dyn Store, who: Who, plan: &Plan, made: &mut Made) -> anyhow::Result<()> {
    let half = made.users.len() / 2;
    let member = |weight: i64| {
        move |it: &Arc<User>| MemberInput { user: it.id, order: None, brand: it.memberships.first().map(|it| it.brand), weight: Some(weight) }
    };
    let (first, second) = made.users.split_at_checked(half).unwrap_or_default();
    let plans = [
        ("Buyers in turn", Distribution::RoundRobin, first.iter().map(member(1)).collect::<Vec<_>>()),
        ("First come", Distribution::FirstToClaim, second.iter().map(member(1)).collect()),
        ("Seniors, two to one", Distribution::RoundRobin, first.iter().take(2).zip([2, 1]).map(|(it, weight)| member(weight)(it)).collect()),
    ];
    for (name, distribution, members) in plans {
        let group = CreateGroup {
            brand: made.root()?,
            name: format!("{name} ({})", plan.country),
            description: None,
            distribution,
            members,
            claim_timeout_secs: Some(900),
            created_by: made.user(0),
            profile: None,
        };
        made.groups.push(write(store, who, group).await?.id);
    }
    Ok(())
}

async fn rules(store: &dyn Store, who: Who, plan: &Plan, made: &Made) -> anyhow::Result<()> {
    let condition = |field: &str, operator, value| ConditionInput { field: field.to_owned(), operator, value, order: None, negated: false };
    let [turn, claim, senior] = made.groups.as_slice() else { anyhow::bail!("the plan has three groups") };
    let to_group = |group: GroupId, order, conditions| RuleInput {
        target: Target::Group,
        kind: Combine::And,
        order,
        user: None,
        group: Some(group),
        brand: None,
        flow: None,
        conditions,
    };
    for (at, source) in made.sources.iter().enumerate() {
        let mut rules = vec![
            to_group(*senior, 1, vec![condition("price", Operator::Gte, ConditionValue::Number(plan.dear_from.to_owned()))]),
            to_group(*claim, 2, vec![condition("tag", Operator::Any, ConditionValue::List(vec![ConditionValue::Text("hot".to_owned())]))]),
            RuleInput {
                target: Target::User,
                user: made.user(1),
                group: None,
                ..to_group(*turn, 3, vec![condition("city", Operator::Eq, ConditionValue::Text(plan.town.to_owned()))])
            },
        ];
        if at % 3 != 2 {
            rules.push(to_group(*turn, 4, vec![condition("has_phone", Operator::Eq, ConditionValue::Bool(true))]));
        }
        for rule in rules {
            write(store, who, CreateRule { source: source.id, within: None, rule }).await?;
        }
    }
    Ok(())
}

async fn bots(store: &dyn Store, who: Who, plan: &Plan, made: &mut Made) -> anyhow::Result<()> {
    for (name, description) in plan.personas {
        let persona = CreatePersona { brand: made.root()?, name: (*name).to_owned(), description: Some((*description).to_owned()), profile: None };
        let persona: Arc<Persona> = write(store, who, persona).await?;
        made.personas.push(persona.id);
    }
    for (at, name) in plan.bots.iter().enumerate() {
        let attachments = made.sources.iter().enumerate().filter(|(place, _)| at == 0 || place % plan.bots.len() == at);
        let attachment = |source: SourceId| Attachment {
            source,
            tags: vec![TagGate { id: None, name: "ai off".to_owned(), approve: false }],
            tag_filter: None,
            channels: CHANNELS.map(str::to_owned).to_vec(),
            persona_name: None,
            enabled: true,
        };
        let bot = CreateBot {
            brand: made.root()?,
            name: (*name).to_owned(),
            owner: made.user(0),
            personas: made.personas.get(at % made.personas.len().max(1)).copied().into_iter().collect(),
            attachments: attachments.map(|(_, it)| attachment(it.id)).collect(),
            profile: None,
        };
        made.bots.push(write(store, who, bot).await?.id);
    }
    Ok(())
}
