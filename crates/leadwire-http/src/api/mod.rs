//! The native API, `/v1`: everything the dialects cannot say.
//!
//! `snake_case` JSON, RFC 9457 problems, keyset pages, `ETag` and `If-Match`, `Idempotency-Key` on every write. Requests
//! with unknown members are refused. Handlers do three moves: map in, call the core, map out.

pub mod ask;
pub mod bots;
pub mod brands;
pub mod capture;
pub mod contacts;
pub mod conversations;
pub mod dead_letters;
pub mod feed;
pub mod flows;
pub mod groups;
pub mod health;
pub mod keys;
pub mod leads;
pub mod messages;
pub mod offers;
pub mod personas;
pub mod problem;
pub mod routing;
pub mod rules;
pub mod sources;
pub mod users;
pub mod wire;
pub mod words;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr, Required, Response};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::kit::document::{self, Failures};
use crate::kit::{Envelope, idempotency};
use crate::surface::Surface;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Leadwire",
        description = "The native API. Times are RFC 3339 UTC with milliseconds, ids UUIDs. Failures are problems (RFC 9457) whose types are explained at `/docs/problems`: 400 is what cannot be read, 422 what was read and cannot be.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    security(("key" = [])),
    modifiers(&Secured),
    components(schemas(problem::Problem, wire::Id, wire::When, capture::Lead)),
    tags(
        (name = "leads"), (name = "conversations"), (name = "messages"), (name = "contacts"), (name = "offers"), (name = "dead-letters"), (name = "sources"), (name = "rules"),
        (name = "groups"), (name = "brands"), (name = "users"), (name = "keys"), (name = "bots"), (name = "personas"), (name = "flows"), (name = "feed"),
        (name = "health")
    )
)]
struct Api;

struct Secured;

impl Modify for Secured {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key, as in `lw_…`")).build();
        document.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The surface.
pub fn surface() -> Surface {
    let mut router = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(brands::list, brands::create))
        .routes(routes!(brands::one, brands::change, brands::delete))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::one, users::change, users::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::one, keys::change, keys::delete))
        .routes(routes!(sources::list, sources::create))
        .routes(routes!(sources::one, sources::change, sources::delete))
        .routes(routes!(sources::rotate))
        .routes(routes!(rules::list, rules::create))
        .routes(routes!(rules::sort))
        .routes(routes!(rules::one, rules::replace, rules::delete))
        .routes(routes!(groups::list, groups::create))
        .routes(routes!(groups::one, groups::change, groups::delete))
        .routes(routes!(bots::list, bots::create))
        .routes(routes!(bots::one, bots::change, bots::delete))
        .routes(routes!(personas::list, personas::create))
        .routes(routes!(personas::one, personas::change, personas::delete))
        .routes(routes!(flows::list, flows::create))
        .routes(routes!(flows::one, flows::change, flows::delete))
        .routes(routes!(contacts::list, contacts::create))
        .routes(routes!(contacts::one, contacts::change, contacts::delete))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::one, conversations::change, conversations::delete))
        .routes(routes!(messages::list))
        .routes(routes!(messages::create))
        .routes(routes!(messages::one))
        .routes(routes!(leads::list, capture::create))
        .routes(routes!(leads::one))
        .routes(routes!(leads::routing))
        .routes(routes!(offers::list))
        .routes(routes!(offers::one))
        .routes(routes!(offers::claim))
        .routes(routes!(offers::decline))
        .routes(routes!(dead_letters::list))
        .routes(routes!(feed::list))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics));
    describe(router.get_openapi_mut());
    Surface { name: "api", title: "Leadwire", prefix: "", router, render: problem::Words::render, not_served: &[], keyless: &[] }
}

/// Adds what holds of every operation.
fn describe(document: &mut Document) {
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    for item in document.paths.paths.values_mut() {
        for (method, operation) in document::operations_mut(item) {
            if let (Some(tag), Some(verb)) = (operation.tags.as_ref().and_then(|it| it.first()), &operation.operation_id) {
                operation.operation_id = Some(format!("{}_{verb}", tag.replace('-', "_")));
            }
            if method != "GET" {
                add_header(
                    operation,
                    "Idempotency-Key",
                    Some("^[!-~]{1,255}$"),
                    "The same key with the same request is answered once more, and done once.",
                );
            }
            if method != "GET" {
                let reused = Response::new("The idempotency key was used for another request");
                operation.responses.responses.entry("409".to_owned()).or_insert(RefOr::T(reused));
            }
            if operation.responses.responses.contains_key("412") {
                add_header(operation, "If-Match", None, "The version as in `ETag`: 412 when it is another by now.");
            }
            if operation.request_body.is_some() || operation.parameters.as_ref().is_some_and(|it| !it.is_empty()) {
                let invalid = Response::new("The request says what cannot be");
                operation.responses.responses.entry("422".to_owned()).or_insert(RefOr::T(invalid));
            }
        }
    }
    document::add_failures(document, Failures { schema: "Problem", content_type: problem::CONTENT, full: 507 });
    document::close(document, &[]);
}

fn add_header(operation: &mut Operation, name: &str, pattern: Option<&str>, description: &str) {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).pattern(pattern).build();
    let parameter: Parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(RefOr::T(Schema::Object(schema))))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

/// Longest key a client may send, as documented.
const _: () = assert!(idempotency::KEY_LEN_MAX == 255);
