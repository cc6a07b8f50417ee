//! A surface: one wire format, with its routes, its words for failure and its document. [`all`] is the list of them.

use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::kit::No;

/// One wire format the server speaks.
pub struct Surface {
    /// In logs and metrics.
    pub name: &'static str,
    /// Shown where documents are chosen.
    pub title: &'static str,
    /// Where it is always found, as in `/rechat`; empty for the native API.
    pub prefix: &'static str,
    /// Its routes with their document. Paths are the vendor's own, without the prefix.
    pub router: OpenApiRouter<App>,
    /// Its words for every failure ([`crate::kit::Envelope::render`]).
    pub render: fn(&No) -> Response,
    /// Operations of the contract that are not served, and why.
    pub not_served: &'static [NotServed],
    /// Path templates that browsers post to without a key: they answer CORS.
    pub keyless: &'static [&'static str],
}

/// An operation of the contract that is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotServed {
    pub method: &'static str,
    pub path: &'static str,
    pub why: &'static str,
}

/// Every surface, the native API first. To add a dialect, add its line here.
pub fn all() -> Vec<Surface> {
    vec![crate::api::surface(), crate::dialects::rechat::surface(), crate::dialects::closebot::surface()]
}
