//! Whether the server lives, is ready, and how it fares. Without a key.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Error;
use crate::App;
use crate::kit::No;

/// Whether the server is ready, and why not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    pub ready: bool,
    /// What stands in the way; empty when ready.
    pub reasons: Vec<String>,
}

/// The process answers. It says nothing of the store.
#[utoipa::path(get, path = "/livez", tag = "health", security(()), responses((status = 200, body = Health)))]
pub async fn live() -> Response {
    report(StatusCode::OK, Vec::new())
}

/// The server takes requests: its store reads and writes, and it is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses(
    (status = 200, body = Health), (status = 503, body = Health, description = "Not ready; `reasons` say why")))]
pub async fn ready(State(app): State<App>) -> Response {
    let mut reasons = Vec::new();
    if app.is_stopping() {
        reasons.push("the server is stopping".to_owned());
    }
    if let Err(fault) = app.store.check().await {
        reasons.push(No::Fault(fault).text());
    }
    report(if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, reasons)
}

fn report(status: StatusCode, reasons: Vec<String>) -> Response {
    (status, axum::Json(Health { ready: status == StatusCode::OK, reasons })).into_response()
}

/// Counters, in the `OpenMetrics` text format.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()), responses(
    (status = 200, body = String, content_type = "application/openmetrics-text")))]
pub async fn metrics(State(app): State<App>) -> Result<Response, Error> {
    let page = app.metrics.page().map_err(|_| No::Panicked)?;
    let mut response = page.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    Ok(response)
}
