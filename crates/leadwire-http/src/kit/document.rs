//! What every surface's OpenAPI document has in common, added to it rather than repeated at each operation: the failures
//! of the shell and the kit, and closed schemas.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

/// The operations of a path, by method in upper case.
pub fn operations(item: &PathItem) -> Vec<(&'static str, &Operation)> {
    let all = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete), ("PATCH", &item.patch)];
    all.into_iter().filter_map(|(method, it)| it.as_ref().map(|it| (method, it))).collect()
}

pub fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)]
        .into_iter()
        .filter_map(|(method, it)| it.as_mut().map(|it| (method, it)))
}

/// How a surface's failures look.
#[derive(Clone, Copy, Debug)]
pub struct Failures {
    /// Name of the schema of a failure's body, which must be among the document's components.
    pub schema: &'static str,
    pub content_type: &'static str,
    /// Status of a full disk: 507, or 503 where the vendor knows no such thing.
    pub full: u16,
}

/// Adds to every operation the failures it can answer without its handler's doing, and to those documented already
/// their body.
///
/// With a key (the operation names no empty security): 401, 403, 429. With a body: 408, 413, 415. With parameters or a
/// body: 400. When it writes: the full disk. Always: 500 and 503.
pub fn add_failures(document: &mut OpenApi, failures: Failures) {
    let secured_by_default = document.security.as_ref().is_some_and(|it| !it.is_empty());
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations_mut(item) {
            let secured = operation.security.as_ref().map_or(secured_by_default, |it| !it.is_empty());
            let body = operation.request_body.is_some();
            let mut statuses: BTreeMap<u16, &str> = BTreeMap::from([(500, "Something went wrong on our side"), (503, "Come back later")]);
            if secured {
                statuses.extend([
                    (401, "The key is missing, unknown, revoked or expired"),
                    (403, "The key may not do this"),
                    (429, "Too many requests; `Retry-After` says when to come back"),
                ]);
            }
            if body {
                statuses.extend([
                    (408, "The body did not arrive in time"),
                    (413, "The body is too large"),
                    (415, "The body is of no type taken here"),
                ]);
            }
            if body || operation.parameters.as_ref().is_some_and(|it| !it.is_empty()) {
                statuses.insert(400, "The request cannot be read, or says what cannot be");
            }
            if method != "GET" {
                statuses.insert(failures.full, "There is no space left to write");
            }
            let responses = &mut operation.responses.responses;
            for (status, description) in statuses {
                responses.entry(status.to_string()).or_insert_with(|| RefOr::T(failure(failures, description)));
            }
            for (status, response) in responses {
                if let RefOr::T(response) = response
                    && status.starts_with(['4', '5'])
                    && response.content.is_empty()
                {
                    response.content = failure(failures, "").content;
                }
            }
        }
    }
}

/// The documented answer of a failure.
pub fn failure(failures: Failures, description: &str) -> Response {
    let mut response = Response::new(description);
    let content = Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(failures.schema))));
    response.content.insert(failures.content_type.to_owned(), RefOr::T(content));
    response
}

/// Closes every object schema with named properties: no answer holds what its schema does not name. Schemas named in
/// `open` (of requests whose unknown members are passed over) stay as they are.
pub fn close(document: &mut OpenApi, open: &[&str]) {
    let Some(components) = document.components.as_mut() else {
        return;
    };
    for (name, schema) in &mut components.schemas {
        if !open.contains(&name.as_str())
            && let RefOr::T(schema) = schema
        {
            close_schema(schema);
        }
    }
}

fn close_schema(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            if object.additional_properties.is_none() && !object.properties.is_empty() {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
            for property in object.properties.values_mut() {
                close_inner(property);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                close_inner(items);
            }
        }
        Schema::OneOf(it) => it.items.iter_mut().for_each(close_inner),
        Schema::AnyOf(it) => it.items.iter_mut().for_each(close_inner),
        // The parts of an all-of must stay open for one another.
        _ => {}
    }
}

fn close_inner(schema: &mut RefOr<Schema>) {
    if let RefOr::T(schema) = schema {
        close_schema(schema);
    }
}
