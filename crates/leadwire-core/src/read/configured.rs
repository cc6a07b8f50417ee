//! What is configured, read from the snapshot: lists by creation and id, single things by id.

use std::sync::Arc;

use crate::command::config::SourceView;
use crate::config::Config;
use crate::entity::{ApiKey, Bot, Brand, Flow, Group, Persona, RuleSet, Source, SourceCount, User};
use crate::id::{BotId, BrandId, FlowId, GroupId, KeyId, PersonaId, SourceId, UserId};
use crate::port::{Failure, Store};
use crate::refusal::{Refusal, Thing};
use crate::who::Rights;

use super::Asker;

/// Of which brands. A brand that may not be seen is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Whatever the asker sees.
    Seen,
    /// Exactly this brand, as Rechat's and Leadway's paths mean it.
    Brand(BrandId),
    /// This brand and all below it.
    Subtree(BrandId),
}

impl Of {
    fn check(self, rights: &Rights) -> Result<(), Refusal> {
        match self {
            Self::Seen => Ok(()),
            Self::Brand(brand) | Self::Subtree(brand) => rights.brand_seen(brand).map(drop),
        }
    }

    fn holds(self, config: &Config, rights: &Rights, brand: BrandId) -> bool {
        rights.sees_brand(brand)
            && match self {
                Self::Seen => true,
                Self::Brand(asked) => asked == brand,
                Self::Subtree(asked) => config.subtree(asked).contains(&brand),
            }
    }
}

macro_rules! things {
    ($($(#[$doc:meta])* $list:ident, $one:ident: $entity:ident($id:ident) by |$it:ident| $order:expr;)*) => {$(
        $(#[$doc])*
        pub fn $list(config: &Config, rights: &Rights, of: Of) -> Result<Vec<Arc<$entity>>, Refusal> {
            of.check(rights)?;
            let mut rows: Vec<Arc<$entity>> = config.$list().filter(|it| of.holds(config, rights, it.brand)).map(Arc::clone).collect();
            rows.sort_unstable_by_key(|$it| $order);
            Ok(rows)
        }

        pub fn $one(config: &Config, rights: &Rights, of: Of, id: $id) -> Result<Arc<$entity>, Refusal> {
            of.check(rights)?;
            let row = config.$one(id).filter(|it| of.holds(config, rights, it.brand));
            row.map(Arc::clone).ok_or(Refusal::NotFound(Thing::$entity))
        }
    )*};
}

things! {
    /// A brand's default channel is its first, and comes before others of the same millisecond.
    sources, source: Source(SourceId) by |it| (it.created_at, !it.is_default, it.id);
    groups, group: Group(GroupId) by |it| (it.created_at, it.id);
    bots, bot: Bot(BotId) by |it| (it.created_at, it.id);
    personas, persona: Persona(PersonaId) by |it| (it.created_at, it.id);
    flows, flow: Flow(FlowId) by |it| (it.created_at, it.id);
}

pub fn brands(config: &Config, rights: &Rights, of: Of) -> Result<Vec<Arc<Brand>>, Refusal> {
    of.check(rights)?;
    let mut rows: Vec<Arc<Brand>> = config.brands().filter(|it| of.holds(config, rights, it.id)).map(Arc::clone).collect();
    rows.sort_unstable_by_key(|it| (it.created_at, it.id));
    Ok(rows)
}

pub fn brand(config: &Config, rights: &Rights, id: BrandId) -> Result<Arc<Brand>, Refusal> {
    let row = config.brand(id).filter(|it| rights.sees_brand(it.id));
    row.map(Arc::clone).ok_or(Refusal::NotFound(Thing::Brand))
}

/// Users who work in the brands asked for, wherever their membership begins.
pub fn users(config: &Config, rights: &Rights, of: Of) -> Result<Vec<Arc<User>>, Refusal> {
    of.check(rights)?;
    let mut rows: Vec<Arc<User>> = config.users().filter(|it| works(config, rights, of, it)).map(Arc::clone).collect();
    rows.sort_unstable_by_key(|it| (it.created_at, it.id));
    Ok(rows)
}

pub fn user(config: &Config, rights: &Rights, of: Of, id: UserId) -> Result<Arc<User>, Refusal> {
    of.check(rights)?;
    let row = config.user(id).filter(|it| works(config, rights, of, it));
    row.map(Arc::clone).ok_or(Refusal::NotFound(Thing::User))
}

fn works(config: &Config, rights: &Rights, of: Of, user: &User) -> bool {
    user.memberships.iter().any(|it| config.subtree(it.brand).iter().any(|brand| of.holds(config, rights, *brand)))
}

/// Keys are for those who may write them.
pub fn keys(config: &Config, rights: &Rights, of: Of) -> Result<Vec<Arc<ApiKey>>, Refusal> {
    rights.may_configure()?;
    of.check(rights)?;
    let mut rows: Vec<Arc<ApiKey>> = config.keys().filter(|it| of.holds(config, rights, it.brand)).map(Arc::clone).collect();
    rows.sort_unstable_by_key(|it| (it.created_at, it.id));
    Ok(rows)
}

pub fn key(config: &Config, rights: &Rights, id: KeyId) -> Result<Arc<ApiKey>, Refusal> {
    rights.may_configure()?;
    let row = config.key(id).filter(|it| rights.sees_brand(it.brand));
    row.map(Arc::clone).ok_or(Refusal::NotFound(Thing::Key))
}

/// A source's rules in the order they are evaluated.
pub fn rules(config: &Config, rights: &Rights, of: Of, id: SourceId) -> Result<(Arc<Source>, Arc<RuleSet>), Refusal> {
    let source = source(config, rights, of, id)?;
    let rules = config.rules(id).ok_or(Refusal::NotFound(Thing::Source))?;
    Ok((source, Arc::clone(&rules.set)))
}

/// Sources with what is shown beside them.
pub async fn source_views(store: &dyn Store, asker: &Asker, of: Of) -> Result<Vec<SourceView>, Failure> {
    let rows = sources(&asker.config, &asker.rights, of)?;
    views(store, asker, rows).await
}

pub async fn source_view(store: &dyn Store, asker: &Asker, of: Of, id: SourceId) -> Result<SourceView, Failure> {
    let row = source(&asker.config, &asker.rights, of, id)?;
    let view = views(store, asker, vec![row]).await?.pop();
    view.ok_or(Failure::Refused(Refusal::NotFound(Thing::Source)))
}

/// The same for sources picked already, in their order.
pub async fn views(store: &dyn Store, asker: &Asker, sources: Vec<Arc<Source>>) -> Result<Vec<SourceView>, Failure> {
    let ids: Vec<SourceId> = sources.iter().map(|it| it.id).collect();
    let counts = store.rows::<SourceCount>(asker.agency, &ids).await?;
    let mut views = Vec::with_capacity(sources.len());
    for (source, count) in sources.into_iter().zip(counts) {
        let Some(rules) = asker.config.rules(source.id) else { continue };
        let rules = Arc::clone(&rules.set);
        let count = count.unwrap_or_else(|| Arc::new(SourceCount { source: source.id, capture_number: 0, last_capture_at: None }));
        views.push(SourceView { source, rules, count });
    }
    Ok(views)
}
