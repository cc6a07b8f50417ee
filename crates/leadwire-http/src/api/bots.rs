//! Bots, and the sources they answer on.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{CreateBot, DeleteBot, UpdateBot};
use leadwire_core::entity;
use leadwire_core::id::BotId;
use leadwire_core::read::{Of, configured};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Named, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{BrandPaging, Id, Page, When, given};

#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    pub brand: Id,
    pub name: String,
    /// The user it belongs to.
    pub owner: Id,
    pub personas: Vec<Id>,
    pub attachments: Vec<Attachment>,
}

/// A bot on a source.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    pub source: Id,
    /// All that approve must be there, none that do not.
    #[serde(default)]
    pub tags: Vec<TagGate>,
    #[serde(default)]
    pub tag_filter: Option<TagFilter>,
    /// The channels it may answer on.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Shown in place of the persona's own name.
    #[serde(default)]
    pub persona_name: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagGate {
    #[serde(default)]
    pub id: Option<String>,
    pub name: String,
    pub approve: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagFilter {
    pub operator: String,
    pub groups: Vec<TagFilterGroup>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagFilterGroup {
    pub operator: String,
    pub rules: Vec<TagFilterRule>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagFilterRule {
    pub tag_name: String,
    #[serde(default)]
    pub tag_id: Option<String>,
    pub condition: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBot {
    pub brand: Id,
    #[schema(min_length = 1)]
    pub name: String,
    /// The key's user unless given.
    pub owner: Option<Id>,
    #[serde(default)]
    pub personas: Vec<Id>,
    #[serde(default)]
    pub attachments: Vec<Attachment>,
}

/// What is absent stays as it is; lists are replaced whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub owner: Option<Id>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub personas: Option<Vec<Id>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub attachments: Option<Vec<Attachment>>,
}

fn yes() -> bool {
    true
}

pub fn view(it: &entity::Bot) -> Bot {
    Bot {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        brand: it.brand.into(),
        name: it.name.clone(),
        owner: it.owner.into(),
        personas: it.personas.iter().map(|it| (*it).into()).collect(),
        attachments: it.attachments.iter().map(out).collect(),
    }
}

fn out(it: &entity::Attachment) -> Attachment {
    let entity::Attachment { source, tags, tag_filter, channels, persona_name, enabled } = it;
    Attachment {
        source: (*source).into(),
        tags: tags.iter().map(|it| TagGate { id: it.id.clone(), name: it.name.clone(), approve: it.approve }).collect(),
        tag_filter: tag_filter.as_ref().map(|it| TagFilter { operator: it.operator.clone(), groups: it.groups.iter().map(out_group).collect() }),
        channels: channels.clone(),
        persona_name: persona_name.clone(),
        enabled: *enabled,
    }
}

fn out_group(it: &entity::TagFilterGroup) -> TagFilterGroup {
    let rule =
        |it: &entity::TagFilterRule| TagFilterRule { tag_name: it.tag_name.clone(), tag_id: it.tag_id.clone(), condition: it.condition.clone() };
    TagFilterGroup { operator: it.operator.clone(), rules: it.rules.iter().map(rule).collect() }
}

fn into(it: Attachment) -> entity::Attachment {
    let Attachment { source, tags, tag_filter, channels, persona_name, enabled } = it;
    entity::Attachment {
        source: source.to(),
        tags: tags.into_iter().map(|it| entity::TagGate { id: it.id, name: it.name, approve: it.approve }).collect(),
        tag_filter: tag_filter.map(|it| entity::TagFilter { operator: it.operator, groups: it.groups.into_iter().map(into_group).collect() }),
        channels,
        persona_name,
        enabled,
    }
}

fn into_group(it: TagFilterGroup) -> entity::TagFilterGroup {
    let rule = |it: TagFilterRule| entity::TagFilterRule { tag_name: it.tag_name, tag_id: it.tag_id, condition: it.condition };
    entity::TagFilterGroup { operator: it.operator, rules: it.rules.into_iter().map(rule).collect() }
}

/// The bots of the brands the key sees, oldest first.
#[utoipa::path(get, path = "/v1/bots", tag = "bots", params(BrandPaging), responses(
    (status = 200, body = Page<Bot>), (status = 404, description = "No such brand")))]
pub async fn list(ask: Ask) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let query: BrandPaging = ask.query()?;
    let of = query.brand.map_or(Of::Seen, |it| Of::Subtree(it.to()));
    let rows = configured::bots(&asker.config, &asker.rights, of)?;
    ask.page_of(rows, query.limit, query.after.as_deref(), |it| (it.created_at, it.id.0), |it| view(&it))
}

/// One bot.
#[utoipa::path(get, path = "/v1/bots/{id}", tag = "bots", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Bot), (status = 404, description = "No such bot")))]
pub async fn one(ask: Ask, Named(id): Named<BotId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let row = configured::bot(&asker.config, &asker.rights, Of::Seen, id)?;
    Ok(tagged(&view(&row), row.version))
}

/// Makes a bot.
#[utoipa::path(post, path = "/v1/bots", tag = "bots", request_body = NewBot, responses(
    (status = 201, body = Bot), (status = 404, description = "No such brand"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewBot>(body).await?;
    let command = CreateBot {
        brand: new.brand.to(),
        name: new.name,
        owner: new.owner.map(Id::to),
        personas: new.personas.into_iter().map(Id::to).collect(),
        attachments: new.attachments.into_iter().map(into).collect(),
        profile: None,
    };
    ask.write(&bytes, command, |it, _| created(&view(it), it.version, format!("/v1/bots/{}", it.id))).await
}

/// Changes a bot.
#[utoipa::path(patch, path = "/v1/bots/{id}", tag = "bots", params(("id" = Uuid, Path)), request_body = BotChange, responses(
    (status = 200, body = Bot), (status = 404, description = "No such bot"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "It has changed since")))]
pub async fn change(ask: Ask, Named(id): Named<BotId>, body: Body) -> Result<Response, Error> {
    let (it, bytes) = ask.json::<BotChange>(body).await?;
    let command = UpdateBot {
        id,
        if_match: ask.if_match(),
        name: it.name,
        owner: it.owner.map(Id::to),
        personas: it.personas.map(|it| it.into_iter().map(Id::to).collect()),
        attachments: it.attachments.map(|it| it.into_iter().map(into).collect()),
        profile: None,
    };
    ask.write(&bytes, command, |it, _| changed(&view(it), it.version)).await
}

/// Deletes a bot. What it wrote stays.
#[utoipa::path(delete, path = "/v1/bots/{id}", tag = "bots", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such bot"), (status = 412, description = "It has changed since")))]
pub async fn delete(ask: Ask, Named(id): Named<BotId>) -> Result<Response, Error> {
    let command = DeleteBot { id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}
