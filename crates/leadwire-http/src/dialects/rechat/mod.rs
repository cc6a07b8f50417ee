//! Rechat: lead channels, their routing rules and groups, and lead capture.
//!
//! After the vendor's page "Lead Channel" (docs.api.rechat.com, as of July 2026) and its public pages and clients for
//! capture from web sites.
//!
//! What a reader of those pages should know:
//! - Creating answers 200, never 201. Groups change by PATCH, channels and rules by PUT; a channel's PUT changes only
//!   what it names, a rule's replaces all.
//! - Times are unix seconds with a fraction; `rules_count` is a number as text; a rule without conditions shows `null`.
//! - `info.total` is the true total, where the vendor answers 0 in some lists.
//! - The default rule is evaluated last whatever its `order` says.
//! - Our own: capture tokens in place of channel ids, `Idempotency-Key`, the associations `lead_routing_group.members`
//!   and `lead_routing_group_member.user`, and routable fields understood in a lead under their own names.
//! - A webhook takes JSON and forms. XML is not taken yet: 415.

mod associations;
mod auth;
mod capture;
mod create_channel;
mod create_group;
mod create_rule;
mod delete_channel;
mod delete_group;
mod delete_rule;
mod document;
mod error;
mod form;
mod list_channels;
mod list_groups;
mod list_rules;
mod map;
mod payload;
mod replace_rule;
mod sort_rules;
#[cfg(test)]
mod tests;
mod text;
mod update_channel;
mod update_group;
mod wire;

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::kit::Envelope;
use crate::kit::document::{Failures, add_failures};
use crate::surface::{NotServed, Surface};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Leadwire: Rechat's lead channels",
        description = "Lead capture, channels, rules and groups as Rechat's clients speak them.",
        version = env!("CARGO_PKG_VERSION"),
        license(name = "Apache-2.0 OR MIT"),
    ),
    components(schemas(wire::Error)),
    modifiers(&Keys),
)]
struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A Leadwire key")).build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

const FAILURES: Failures = Failures { schema: "Error", content_type: "application/json", full: 503 };

/// What browsers post to without a key.
const KEYLESS: &[&str] = &["/leads", "/leads/channels/{lead_channel}/webhook"];

const NOT_SERVED: &[NotServed] = &[
    NotServed { method: "POST", path: "/contacts/filter", why: "contacts are not shown in Rechat's words yet" },
    NotServed { method: "POST", path: "/leads/{lead_id}/timeline", why: "a visitor's steps on a site are not kept yet" },
    NotServed { method: "PUT", path: "/leads/{lead_id}/assignees", why: "assigning by hand is done through /v1" },
    NotServed { method: "POST", path: "/oauth2/token", why: "keys are made through /v1" },
];

pub fn surface() -> Surface {
    let mut router: OpenApiRouter<App> = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(capture::capture_lead))
        .routes(routes!(capture::capture_by_webhook))
        .routes(routes!(list_channels::list_channels, create_channel::create_channel))
        .routes(routes!(update_channel::update_channel, delete_channel::delete_channel))
        .routes(routes!(list_rules::list_rules, create_rule::create_rule))
        // A literal segment wins over a parameter: `sort` is no rule's id.
        .routes(routes!(sort_rules::sort_rules))
        .routes(routes!(replace_rule::replace_rule, delete_rule::delete_rule))
        .routes(routes!(list_groups::list_groups, create_group::create_group))
        .routes(routes!(update_group::update_group, delete_group::delete_group));
    add_failures(router.get_openapi_mut(), FAILURES);
    Surface { name: "rechat", title: "Rechat", prefix: "/rechat", router, render: error::Words::render, not_served: NOT_SERVED, keyless: KEYLESS }
}
