//! The routing rules of a source, in the order they are evaluated. Their version is that of the whole set.

use axum::body::Body;
use axum::response::Response;
use leadwire_core::command::config::{ConditionInput, CreateRule, DeleteRule, ReplaceRule, RuleInput, SortRules};
use leadwire_core::entity;
use leadwire_core::entity::ConditionValue;
use leadwire_core::id::{RuleId, SourceId};
use leadwire_core::read::{Of, configured};
use leadwire_core::refusal::{Refusal, Thing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};

use super::ask::{Ask, Named, Second, changed, created, gone, tagged};
use super::problem::Error;
use super::wire::{Id, Page, When};
use super::words::{Combine, Operator, Target};

/// A routing rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: Id,
    pub created_at: When,
    pub updated_at: When,
    #[schema(required)]
    pub created_by: Option<Id>,
    /// Evaluated last, and always true.
    pub is_default: bool,
    pub order: u16,
    pub kind: Combine,
    pub target: Target,
    #[schema(required)]
    pub user: Option<Id>,
    #[schema(required)]
    pub group: Option<Id>,
    #[schema(required)]
    pub brand: Option<Id>,
    #[schema(required)]
    pub flow: Option<Id>,
    pub conditions: Vec<Condition>,
}

/// One criterion of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub id: Id,
    pub created_at: When,
    pub order: u16,
    /// As in `price`, `postal_code`, `lead_source`.
    pub field: String,
    pub operator: Operator,
    /// As it was written.
    pub value: Value,
    pub negated: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    pub kind: Combine,
    #[schema(minimum = 0, maximum = 32767)]
    pub order: i64,
    pub target: Target,
    pub user: Option<Id>,
    pub group: Option<Id>,
    pub brand: Option<Id>,
    pub flow: Option<Id>,
    #[serde(default)]
    pub conditions: Vec<NewCondition>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCondition {
    pub field: String,
    pub operator: Operator,
    /// A text, a number, a boolean, null, or a list of them.
    #[serde(default)]
    #[schema(schema_with = values)]
    pub value: Value,
    /// Its place in the list unless given.
    pub order: Option<i64>,
    #[serde(default)]
    pub negated: bool,
}

/// Where a rule is to stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleOrder {
    pub id: Id,
    #[schema(minimum = 0, maximum = 32767)]
    pub order: i64,
}

fn values() -> Schema {
    let scalars = || SchemaType::from_iter([Type::String, Type::Number, Type::Boolean, Type::Null]);
    let scalar = || ObjectBuilder::new().schema_type(scalars());
    let list = ArrayBuilder::new().items(scalar());
    Schema::AnyOf(AnyOfBuilder::new().item(scalar()).item(list).build())
}

pub fn view(it: &entity::Rule) -> Rule {
    Rule {
        id: it.id.into(),
        created_at: it.created_at.into(),
        updated_at: it.updated_at.into(),
        created_by: it.created_by.map(Into::into),
        is_default: it.is_default,
        order: it.order,
        kind: it.kind.into(),
        target: it.target.into(),
        user: it.user.map(Into::into),
        group: it.group.map(Into::into),
        brand: it.brand.map(Into::into),
        flow: it.flow.map(Into::into),
        conditions: it.conditions.iter().map(condition).collect(),
    }
}

fn condition(it: &entity::Condition) -> Condition {
    Condition {
        id: it.id.into(),
        created_at: it.created_at.into(),
        order: it.order,
        field: it.field.clone(),
        operator: it.operator.into(),
        value: json(&it.value),
        negated: it.negated,
    }
}

fn json(value: &ConditionValue) -> Value {
    match value {
        ConditionValue::Null => Value::Null,
        ConditionValue::Bool(it) => Value::Bool(*it),
        // The digits as they were written, where JSON has such a number.
        ConditionValue::Number(it) => serde_json::from_str(it).unwrap_or_else(|_| Value::String(it.clone())),
        ConditionValue::Text(it) => Value::String(it.clone()),
        ConditionValue::List(list) => Value::Array(list.iter().map(json).collect()),
    }
}

/// A value of a condition. Only scalars, and lists of scalars.
fn value(at: &str, it: Value) -> Result<ConditionValue, Refusal> {
    match it {
        Value::Array(list) => Ok(ConditionValue::List(list.into_iter().map(|it| scalar(at, it)).collect::<Result<_, _>>()?)),
        it => scalar(at, it),
    }
}

fn scalar(at: &str, it: Value) -> Result<ConditionValue, Refusal> {
    match it {
        Value::Null => Ok(ConditionValue::Null),
        Value::Bool(it) => Ok(ConditionValue::Bool(it)),
        Value::Number(it) => Ok(ConditionValue::Number(it.to_string())),
        Value::String(it) => Ok(ConditionValue::Text(it)),
        Value::Array(_) | Value::Object(_) => Err(Refusal::invalid(at, "must be a text, a number, a boolean, null, or a list of them")),
    }
}

fn input(it: NewRule) -> Result<RuleInput, Refusal> {
    let mut conditions = Vec::with_capacity(it.conditions.len());
    for (i, it) in it.conditions.into_iter().enumerate() {
        let value = value(&format!("/conditions/{i}/value"), it.value)?;
        conditions.push(ConditionInput { field: it.field, operator: it.operator.into(), value, order: it.order, negated: it.negated });
    }
    Ok(RuleInput {
        target: it.target.into(),
        kind: it.kind.into(),
        order: it.order,
        user: it.user.map(Id::to),
        group: it.group.map(Id::to),
        brand: it.brand.map(Id::to),
        flow: it.flow.map(Id::to),
        conditions,
    })
}

/// The rules of a source, in the order they are evaluated. Always one page.
#[utoipa::path(get, path = "/v1/sources/{source}/rules", tag = "rules", params(("source" = Uuid, Path)), responses(
    (status = 200, body = Page<Rule>), (status = 404, description = "No such source")))]
pub async fn list(ask: Ask, Named(source): Named<SourceId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let (_, set) = configured::rules(&asker.config, &asker.rights, Of::Seen, source)?;
    let page = Page { data: set.rules.iter().map(|it| view(it)).collect(), next: None };
    Ok(tagged(&page, u64::from(set.version)))
}

/// One rule.
#[utoipa::path(get, path = "/v1/sources/{source}/rules/{id}", tag = "rules", params(("source" = Uuid, Path), ("id" = Uuid, Path)), responses(
    (status = 200, body = Rule), (status = 404, description = "No such source or rule")))]
pub async fn one(ask: Ask, Named(source): Named<SourceId>, Second(id): Second<RuleId>) -> Result<Response, Error> {
    let asker = ask.asker()?;
    let (_, set) = configured::rules(&asker.config, &asker.rights, Of::Seen, source)?;
    let rule = set.rules.iter().find(|it| it.id == id).ok_or(Refusal::NotFound(Thing::Rule))?;
    Ok(tagged(&view(rule), u64::from(set.version)))
}

/// Makes a rule.
#[utoipa::path(post, path = "/v1/sources/{source}/rules", tag = "rules", params(("source" = Uuid, Path)), request_body = NewRule, responses(
    (status = 201, body = Rule), (status = 404, description = "No such source"), (status = 409, description = "The idempotency key was used for another request")))]
pub async fn create(ask: Ask, Named(source): Named<SourceId>, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewRule>(body).await?;
    let command = CreateRule { source, within: None, rule: input(new)? };
    ask.write(&bytes, command, |it, _| {
        created(&view(&it.rule), u64::from(it.set.version), format!("/v1/sources/{}/rules/{}", it.source.id, it.rule.id))
    })
    .await
}

/// Replaces a rule: what is absent is empty. Of the default rule only target, user, group, brand and flow change.
#[utoipa::path(put, path = "/v1/sources/{source}/rules/{id}", tag = "rules", params(("source" = Uuid, Path), ("id" = Uuid, Path)), request_body = NewRule, responses(
    (status = 200, body = Rule), (status = 404, description = "No such source or rule"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "The rules have changed since")))]
pub async fn replace(ask: Ask, Named(source): Named<SourceId>, Second(id): Second<RuleId>, body: Body) -> Result<Response, Error> {
    let (new, bytes) = ask.json::<NewRule>(body).await?;
    let command = ReplaceRule { source, within: None, id, if_match: ask.if_match(), rule: input(new)? };
    ask.write(&bytes, command, |it, _| changed(&view(&it.rule), u64::from(it.set.version))).await
}

/// Deletes a rule. The default rule stays.
#[utoipa::path(delete, path = "/v1/sources/{source}/rules/{id}", tag = "rules", params(("source" = Uuid, Path), ("id" = Uuid, Path)), responses(
    (status = 204, description = "Deleted"), (status = 404, description = "No such source or rule"), (status = 412, description = "The rules have changed since")))]
pub async fn delete(ask: Ask, Named(source): Named<SourceId>, Second(id): Second<RuleId>) -> Result<Response, Error> {
    let command = DeleteRule { source, within: None, id, if_match: ask.if_match() };
    ask.write(&[], command, |(), _| gone()).await
}

/// Puts rules in another order, all or none. Rules not named keep theirs.
#[utoipa::path(put, path = "/v1/sources/{source}/rules/sort", tag = "rules", params(("source" = Uuid, Path)), request_body = Vec<RuleOrder>, responses(
    (status = 200, body = Page<Rule>), (status = 404, description = "No such source or rule"), (status = 409, description = "The idempotency key was used for another request"),
    (status = 412, description = "The rules have changed since")))]
pub async fn sort(ask: Ask, Named(source): Named<SourceId>, body: Body) -> Result<Response, Error> {
    let (orders, bytes) = ask.json::<Vec<RuleOrder>>(body).await?;
    let orders = orders.into_iter().map(|it| (it.id.to(), it.order)).collect();
    let command = SortRules { source, within: None, if_match: ask.if_match(), orders };
    ask.write(&bytes, command, |set, _| changed(&Page { data: set.rules.iter().map(|it| view(it)).collect(), next: None }, u64::from(set.version)))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_reads_back_as_it_was_written() {
        for text in ["null", "true", "500000", "12.50", "\"a\"", "[\"90210\",90211,null]"] {
            let written: Value = serde_json::from_str(text).unwrap();
            let kept = value("", written.clone()).unwrap();
            assert_eq!(json(&kept), written, "{text}");
        }
        assert!(value("/x", serde_json::json!({"a": 1})).is_err());
        assert!(value("/x", serde_json::json!([[1]])).is_err());
    }
}
