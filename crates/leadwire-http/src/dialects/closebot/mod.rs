//! CloseBot: searching leads.
//!
//! After the vendor's API reference (developers.closebot.com, as of 2026) and what its clients are seen to do.
//!
//! A lead of CloseBot's is a conversation with its contact: its `id` is the conversation's, its `contactId` the shown
//! source's own id for the contact where it has one.
//!
//! Where the reference is silent:
//! - Every filter may be left out, null or empty: then it filters nothing. The live service wants four of them to be
//!   there; `X-Leadwire-CloseBot-Strict: 1` brings that back. Ids of nothing that is there match nothing.
//! - Newest activity first; `count` is 20 unless given and 100 at most, `total` counts every match, `totalOnly` leaves
//!   `leads` empty, `sourceOnlyFast` changes nothing.
//! - `lastMessageDirection` is `in` or `out` in an answer; a question may also say `inbound` and `outbound`.
//! - The answer is `{leads, total}`; with `X-Leadwire-CloseBot-Legacy: 1` the bare list of leads of old.
//! - Times are UTC with `Z`. Members of a body that we do not know are passed over. Errors are problem details.

mod auth;
mod error;
mod map;
mod not_served;
mod search_leads;
#[cfg(test)]
mod tests;
mod wire;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::kit::Envelope;
use crate::kit::document::{Failures, add_failures};
use crate::surface::Surface;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Leadwire: CloseBot's leads",
        description = "Lead search as CloseBot's clients speak it.",
        version = env!("CARGO_PKG_VERSION"),
        license(name = "Apache-2.0 OR MIT"),
    ),
    components(schemas(wire::ProblemDetails)),
    modifiers(&Keys),
)]
struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let key = ApiKeyValue::with_description("X-CB-KEY", "A Leadwire key");
        components.add_security_scheme("X-CB-KEY", SecurityScheme::ApiKey(ApiKey::Header(key)));
        let key = ApiKeyValue::with_description("Authorization", "`Key` or `Bearer`, a space, a Leadwire key");
        components.add_security_scheme("Authorization", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

const FAILURES: Failures = Failures { schema: "ProblemDetails", content_type: "application/problem+json", full: 503 };

pub fn surface() -> Surface {
    let mut router: OpenApiRouter<App> = OpenApiRouter::with_openapi(Document::openapi()).routes(routes!(search_leads::search_leads));
    add_failures(router.get_openapi_mut(), FAILURES);
    Surface {
        name: "closebot",
        title: "CloseBot",
        prefix: "/closebot",
        router,
        render: error::Words::render,
        not_served: not_served::NOT_SERVED,
        keyless: &[],
    }
}
