//! The configuration of the moment: persistent maps of rows, folded from the same changes that are stored, so that a
//! snapshot costs a pointer and a change costs its path.
//!
//! Holds live rows only: a deleted thing is absent. Rights, rules and lists of configured things are read from here.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::{HashMap, OrdMap};

use crate::entity::{ApiKey, Bot, Brand, Flow, Group, KeyHash, Persona, RuleSet, Source, User};
use crate::id::{AgencyId, BotId, BrandId, FlowId, GroupId, KeyId, PersonaId, SourceId, UserId};
use crate::port::{Key, Row};
use crate::routing::Program;

/// One agency's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    agency: AgencyId,
    brands: OrdMap<BrandId, Arc<Brand>>,
    subtrees: HashMap<BrandId, Arc<BTreeSet<BrandId>>>,
    users: OrdMap<UserId, Arc<User>>,
    keys: OrdMap<KeyId, Arc<ApiKey>>,
    sources: OrdMap<SourceId, Arc<Source>>,
    rules: HashMap<SourceId, Rules>,
    groups: OrdMap<GroupId, Arc<Group>>,
    bots: OrdMap<BotId, Arc<Bot>>,
    attached: HashMap<SourceId, Arc<Vec<BotId>>>,
    personas: OrdMap<PersonaId, Arc<Persona>>,
    flows: OrdMap<FlowId, Arc<Flow>>,
}

/// A source's rules, as written and as they are evaluated.
#[derive(Clone, Debug)]
pub struct Rules {
    pub set: Arc<RuleSet>,
    pub program: Arc<Program>,
}

impl Config {
    pub fn new(agency: AgencyId) -> Self {
        Self {
            agency,
            brands: OrdMap::new(),
            subtrees: HashMap::new(),
            users: OrdMap::new(),
            keys: OrdMap::new(),
            sources: OrdMap::new(),
            rules: HashMap::new(),
            groups: OrdMap::new(),
            bots: OrdMap::new(),
            attached: HashMap::new(),
            personas: OrdMap::new(),
            flows: OrdMap::new(),
        }
    }

    pub fn agency(&self) -> AgencyId {
        self.agency
    }

    pub fn brand(&self, id: BrandId) -> Option<&Arc<Brand>> {
        self.brands.get(&id)
    }

    pub fn user(&self, id: UserId) -> Option<&Arc<User>> {
        self.users.get(&id)
    }

    pub fn key(&self, id: KeyId) -> Option<&Arc<ApiKey>> {
        self.keys.get(&id)
    }

    pub fn source(&self, id: SourceId) -> Option<&Arc<Source>> {
        self.sources.get(&id)
    }

    /// The rules in force. A live source always has some: its default rule.
    pub fn rules(&self, id: SourceId) -> Option<&Rules> {
        self.rules.get(&id)
    }

    pub fn group(&self, id: GroupId) -> Option<&Arc<Group>> {
        self.groups.get(&id)
    }

    pub fn bot(&self, id: BotId) -> Option<&Arc<Bot>> {
        self.bots.get(&id)
    }

    pub fn persona(&self, id: PersonaId) -> Option<&Arc<Persona>> {
        self.personas.get(&id)
    }

    pub fn flow(&self, id: FlowId) -> Option<&Arc<Flow>> {
        self.flows.get(&id)
    }

    /// All of a kind, by id, which is by age.
    pub fn brands(&self) -> impl Iterator<Item = &Arc<Brand>> {
        self.brands.values()
    }

    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }

    pub fn keys(&self) -> impl Iterator<Item = &Arc<ApiKey>> {
        self.keys.values()
    }

    pub fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.values()
    }

    pub fn groups(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.groups.values()
    }

    pub fn bots(&self) -> impl Iterator<Item = &Arc<Bot>> {
        self.bots.values()
    }

    pub fn personas(&self) -> impl Iterator<Item = &Arc<Persona>> {
        self.personas.values()
    }

    pub fn flows(&self) -> impl Iterator<Item = &Arc<Flow>> {
        self.flows.values()
    }

    /// The brand and all below it; empty when there is no such brand.
    pub fn subtree(&self, brand: BrandId) -> Arc<BTreeSet<BrandId>> {
        self.subtrees.get(&brand).cloned().unwrap_or_default()
    }

    /// The brand, its parent, and so on up to the root.
    pub fn ancestry(&self, brand: BrandId) -> Vec<BrandId> {
        let mut line = Vec::new();
        let mut at = Some(brand);
        while let Some(row) = at.and_then(|it| self.brands.get(&it)) {
            if line.contains(&row.id) {
                break;
            }
            line.push(row.id);
            at = row.parent;
        }
        line
    }

    /// Whether the user is active and works in `brand`: some membership's subtree holds it.
    pub fn works_in(&self, user: UserId, brand: BrandId) -> bool {
        self.user(user).is_some_and(|it| it.memberships.iter().any(|m| self.subtree(m.brand).contains(&brand)))
    }

    /// Bots with an enabled attachment to this source.
    pub fn bots_attached(&self, source: SourceId) -> &[BotId] {
        self.attached.get(&source).map_or(&[], |it| it.as_slice())
    }

    /// Takes a change in; a source before its rules, as the order of keys has it. Rows that are no configuration are passed over; `None` and a deleted row both remove.
    pub fn fold(&mut self, key: &Key, row: Option<&Row>) {
        match (key, row) {
            (Key::Brand(id), Some(Row::Brand(it))) if it.deleted_at.is_none() => {
                self.brands.insert(*id, Arc::clone(it));
                self.grow_subtrees();
            }
            (Key::Brand(id), _) => {
                self.brands.remove(id);
                self.grow_subtrees();
            }
            (Key::User(id), Some(Row::User(it))) if it.deleted_at.is_none() => drop(self.users.insert(*id, Arc::clone(it))),
            (Key::User(id), _) => drop(self.users.remove(id)),
            (Key::ApiKey(id), Some(Row::ApiKey(it))) if it.deleted_at.is_none() => drop(self.keys.insert(*id, Arc::clone(it))),
            (Key::ApiKey(id), _) => drop(self.keys.remove(id)),
            (Key::Source(id), Some(Row::Source(it))) if it.deleted_at.is_none() => drop(self.sources.insert(*id, Arc::clone(it))),
            (Key::Source(id), _) => {
                self.sources.remove(id);
                self.rules.remove(id);
            }
            // Only the version in force is compiled; older ones are kept for replay alone.
            (Key::RuleSet((source, version)), Some(Row::RuleSet(it))) if self.in_force(*source) == Some(*version) => {
                let program = Arc::new(Program::new(it));
                self.rules.insert(*source, Rules { set: Arc::clone(it), program });
            }
            (Key::Group(id), Some(Row::Group(it))) if it.deleted_at.is_none() => drop(self.groups.insert(*id, Arc::clone(it))),
            (Key::Group(id), _) => drop(self.groups.remove(id)),
            (Key::Bot(id), row) => {
                if let Some(old) = self.bots.remove(id) {
                    self.attach(&old, false);
                }
                if let Some(Row::Bot(it)) = row
                    && it.deleted_at.is_none()
                {
                    self.attach(it, true);
                    self.bots.insert(*id, Arc::clone(it));
                }
            }
            (Key::Persona(id), Some(Row::Persona(it))) if it.deleted_at.is_none() => drop(self.personas.insert(*id, Arc::clone(it))),
            (Key::Persona(id), _) => drop(self.personas.remove(id)),
            (Key::Flow(id), Some(Row::Flow(it))) if it.deleted_at.is_none() => drop(self.flows.insert(*id, Arc::clone(it))),
            (Key::Flow(id), _) => drop(self.flows.remove(id)),
            _ => {}
        }
    }

    fn in_force(&self, source: SourceId) -> Option<u32> {
        self.source(source).map(|it| it.rules_version)
    }

    fn attach(&mut self, bot: &Bot, on: bool) {
        for it in bot.attachments.iter().filter(|it| it.enabled) {
            let list = Arc::make_mut(self.attached.entry(it.source).or_default());
            list.retain(|have| *have != bot.id);
            if on {
                list.push(bot.id);
                list.sort_unstable();
            }
        }
    }

    fn grow_subtrees(&mut self) {
        let mut subtrees: std::collections::HashMap<BrandId, BTreeSet<BrandId>> = std::collections::HashMap::new();
        for brand in self.brands.keys() {
            for above in self.ancestry(*brand) {
                subtrees.entry(above).or_default().insert(*brand);
            }
        }
        self.subtrees = subtrees.into_iter().map(|(brand, below)| (brand, Arc::new(below))).collect();
    }
}

/// Every agency's configuration, and the ways in that do not name an agency.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    agencies: OrdMap<AgencyId, Arc<Config>>,
    keys: HashMap<KeyHash, (AgencyId, KeyId)>,
    brands: HashMap<BrandId, AgencyId>,
    sources: HashMap<SourceId, AgencyId>,
    tokens: HashMap<String, (AgencyId, SourceId)>,
}

impl Directory {
    pub fn agency(&self, id: AgencyId) -> Option<&Arc<Config>> {
        self.agencies.get(&id)
    }

    pub fn agencies(&self) -> impl Iterator<Item = &Arc<Config>> {
        self.agencies.values()
    }

    pub fn is_empty(&self) -> bool {
        self.agencies.is_empty()
    }

    /// The key with this hash, expired or not.
    pub fn key(&self, hash: &KeyHash) -> Option<(AgencyId, KeyId)> {
        self.keys.get(hash).copied()
    }

    pub fn agency_of_brand(&self, brand: BrandId) -> Option<AgencyId> {
        self.brands.get(&brand).copied()
    }

    pub fn agency_of_source(&self, source: SourceId) -> Option<AgencyId> {
        self.sources.get(&source).copied()
    }

    /// The live source with this capture token, now or until its rotation's grace has passed.
    pub fn source_by_token(&self, token: &str, now: crate::Time) -> Option<(AgencyId, SourceId)> {
        let (agency, id) = self.tokens.get(token).copied()?;
        let source = self.agency(agency)?.source(id)?;
        let capture = &source.capture;
        let good = capture.token == token || capture.token_before.as_ref().is_some_and(|(it, until)| it == token && now < *until);
        good.then_some((agency, id))
    }

    /// Takes in an agency's configuration after the changes named.
    pub fn publish<'a>(&mut self, config: &Arc<Config>, changed: impl IntoIterator<Item = &'a Key>) {
        let agency = config.agency;
        let before = self.agencies.insert(agency, Arc::clone(config));
        for key in changed {
            match key {
                Key::ApiKey(id) => {
                    if let Some(old) = before.as_ref().and_then(|it| it.key(*id)) {
                        self.keys.remove(&old.hash);
                    }
                    if let Some(new) = config.key(*id) {
                        self.keys.insert(new.hash, (agency, *id));
                    }
                }
                Key::Brand(id) => {
                    if config.brand(*id).is_some() {
                        self.brands.insert(*id, agency);
                    } else {
                        self.brands.remove(id);
                    }
                }
                Key::Source(id) => {
                    if let Some(old) = before.as_ref().and_then(|it| it.source(*id)) {
                        for token in tokens(old) {
                            self.tokens.remove(token);
                        }
                    }
                    if let Some(new) = config.source(*id) {
                        self.sources.insert(*id, agency);
                        for token in tokens(new) {
                            self.tokens.insert(token.to_owned(), (agency, *id));
                        }
                    } else {
                        self.sources.remove(id);
                    }
                }
                _ => {}
            }
        }
    }
}

fn tokens(source: &Source) -> impl Iterator<Item = &str> {
    let before = source.capture.token_before.as_ref().map(|(it, _)| it.as_str());
    std::iter::once(source.capture.token.as_str()).chain(before).filter(|it| !it.is_empty())
}
