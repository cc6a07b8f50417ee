//! Errors in CloseBot's words: problem details (RFC 7807) as ASP.NET writes them.
//!
//! `errors` names the members that are wrong; it is there for a validation and absent otherwise, as is customary there.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use leadwire_core::port::Fault;
use leadwire_core::refusal::Refusal;

use super::wire::ProblemDetails;
use crate::kit::body::BodyError;
use crate::kit::{Envelope, No};

/// This surface's words.
pub(crate) struct Words;

/// What a handler fails with.
pub(super) type Error = crate::kit::Error<Words>;

impl Envelope for Words {
    fn render(no: &No) -> Response {
        let status = status(no);
        let problem = ProblemDetails {
            r#type: format!("https://www.rfc-editor.org/rfc/rfc9110#section-{}", section(status)),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: Some(no.text()),
            instance: None,
            errors: errors(no),
        };
        let bytes = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, bytes).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json; charset=utf-8"));
        response
    }
}

fn status(no: &No) -> StatusCode {
    match no {
        No::Refused(refusal) => match refusal {
            Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
            Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
            Refusal::NotFound(_) => StatusCode::NOT_FOUND,
            Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
            // No operation here takes a version, so the second is only for the match's sake.
            Refusal::Conflict(_) | Refusal::VersionMismatch => StatusCode::CONFLICT,
            Refusal::OfferGone => StatusCode::GONE,
        },
        No::Fault(fault) => match fault {
            Fault::Busy | Fault::Full | Fault::Stopping | Fault::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Fault::Poison(_) | Fault::Corrupt { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        },
        No::Body(error) => match error {
            BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::MediaType { .. } | BodyError::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BodyError::Slow => StatusCode::REQUEST_TIMEOUT,
            BodyError::Cut | BodyError::Utf8 | BodyError::Nul | BodyError::Syntax { .. } | BodyError::Shape { .. } => StatusCode::BAD_REQUEST,
        },
        No::Query(_) | No::Header { .. } => StatusCode::BAD_REQUEST,
        No::NoRoute => StatusCode::NOT_FOUND,
        No::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
        No::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        No::Gone => StatusCode::GONE,
        No::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Where RFC 9110 (RFC 6585 has no such list) speaks of the status.
fn section(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "15.5.1",
        StatusCode::UNAUTHORIZED => "15.5.2",
        StatusCode::FORBIDDEN => "15.5.4",
        StatusCode::NOT_FOUND => "15.5.5",
        StatusCode::METHOD_NOT_ALLOWED => "15.5.6",
        StatusCode::REQUEST_TIMEOUT => "15.5.9",
        StatusCode::CONFLICT => "15.5.10",
        StatusCode::GONE => "15.5.11",
        StatusCode::PAYLOAD_TOO_LARGE => "15.5.14",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "15.5.16",
        StatusCode::SERVICE_UNAVAILABLE => "15.6.4",
        it if it.is_server_error() => "15.6.1",
        _ => "15.5",
    }
}

/// What is wrong, by member; `$` is the whole body.
fn errors(no: &No) -> Option<BTreeMap<String, Vec<String>>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |at: &str, message: &str| {
        let at = at.trim_start_matches('/').replace('/', ".");
        out.entry(if at.is_empty() { "$".to_owned() } else { at }).or_default().push(message.to_owned());
    };
    match no {
        No::Refused(Refusal::Invalid(list)) => list.iter().for_each(|it| add(&it.at, &it.message)),
        No::Body(BodyError::Shape { pointer, message }) => add(pointer, message),
        No::Body(error @ (BodyError::Nul | BodyError::Utf8 | BodyError::Syntax { .. })) => add("", &error.to_string()),
        _ => return None,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shown(no: No) -> (StatusCode, serde_json::Value) {
        let response = crate::kit::fault::answer(&no, Words::render);
        assert!(response.headers()[CONTENT_TYPE].to_str().unwrap().starts_with("application/problem+json"));
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_problem_has_the_five_members_and_no_errors() {
        let (status, body) = shown(No::Refused(Refusal::Unauthorized)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["detail", "instance", "status", "title", "type"]);
        assert_eq!(body["status"], 401);
        assert_eq!(body["title"], "Unauthorized");
    }

    #[tokio::test]
    async fn a_wrong_member_is_named() {
        let (status, body) = shown(No::Refused(Refusal::invalid("/count", "must be at least 1"))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["errors"], serde_json::json!({"count": ["must be at least 1"]}));
        let (_, body) = shown(No::Body(BodyError::Shape { pointer: "/sourceIds/0".to_owned(), message: "expected a string".to_owned() })).await;
        assert_eq!(body["errors"], serde_json::json!({"sourceIds.0": ["expected a string"]}));
    }

    #[tokio::test]
    async fn what_the_store_says_stays_with_us() {
        let (status, body) = shown(No::Fault(Fault::Poison("UNIQUE constraint failed: leads.id".to_owned()))).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.to_string().contains("UNIQUE"));
    }
}
