//! Errors in Rechat's words: five keys, the HTTP status repeated in the body.
//!
//! The vendor documents one code, `ResourceNotFound`; the others here are named after it. `trace` and `slack` are
//! always false: no answer tells how we are built.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leadwire_core::port::Fault;
use leadwire_core::refusal::Refusal;

use super::wire::{self, ErrorCode};
use crate::kit::body::BodyError;
use crate::kit::{Envelope, No};

/// This surface's words.
pub(crate) struct Words;

/// What a handler fails with.
pub(super) type Error = crate::kit::Error<Words>;

impl Envelope for Words {
    fn render(no: &No) -> Response {
        let (status, code) = told(no);
        let body = wire::Error { trace: false, http: status.as_u16(), message: no.text(), code, slack: false };
        (status, Json(body)).into_response()
    }
}

/// Status and code, one match for every way to fail.
fn told(no: &No) -> (StatusCode, ErrorCode) {
    match no {
        No::Refused(refusal) => match refusal {
            Refusal::Unauthorized => (StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized),
            Refusal::Forbidden(_) => (StatusCode::FORBIDDEN, ErrorCode::Forbidden),
            Refusal::NotFound(_) => (StatusCode::NOT_FOUND, ErrorCode::ResourceNotFound),
            Refusal::Invalid(_) => (StatusCode::BAD_REQUEST, ErrorCode::Validation),
            // No operation here takes a version, so the second is only for the match's sake.
            Refusal::Conflict(_) | Refusal::VersionMismatch => (StatusCode::CONFLICT, ErrorCode::Conflict),
            Refusal::OfferGone => (StatusCode::GONE, ErrorCode::Gone),
        },
        No::Fault(fault) => match fault {
            Fault::Busy | Fault::Full | Fault::Stopping | Fault::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ServiceUnavailable),
            Fault::Poison(_) | Fault::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal),
        },
        No::Body(error) => match error {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge),
            BodyError::MediaType { .. } | BodyError::ContentEncoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType),
            BodyError::Slow => (StatusCode::REQUEST_TIMEOUT, ErrorCode::RequestTimeout),
            BodyError::Cut | BodyError::Utf8 | BodyError::Nul | BodyError::Syntax { .. } | BodyError::Shape { .. } => {
                (StatusCode::BAD_REQUEST, ErrorCode::Validation)
            }
        },
        No::Query(_) | No::Header { .. } => (StatusCode::BAD_REQUEST, ErrorCode::Validation),
        No::NoRoute => (StatusCode::NOT_FOUND, ErrorCode::ResourceNotFound),
        No::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed),
        No::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests),
        No::Gone => (StatusCode::GONE, ErrorCode::Gone),
        No::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal),
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use leadwire_core::refusal::{Conflict, Forbidden, Thing};

    use super::*;

    async fn shown(no: No) -> (StatusCode, serde_json::Value) {
        let response = crate::kit::fault::answer(&no, Words::render);
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn an_error_has_the_vendors_five_keys() {
        let (status, body) = shown(Refusal::NotFound(Thing::Group).into()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(body, serde_json::json!({"trace": false, "http": 404, "message": "group not found", "code": "ResourceNotFound", "slack": false}));
    }

    #[tokio::test]
    async fn the_status_in_the_body_is_the_status_of_the_answer() {
        let all = [
            No::Refused(Refusal::Unauthorized),
            No::Refused(Refusal::Forbidden(Forbidden::NoUser)),
            No::Refused(Refusal::invalid("/order", "is too large")),
            No::Refused(Refusal::Conflict(Conflict::KeyReused)),
            No::Body(BodyError::TooLarge { limit: 1 }),
            No::Body(BodyError::MediaType { found: None }),
            No::NoRoute,
            No::TooMany { retry_after_secs: 3 },
            No::Fault(Fault::Busy),
            No::Panicked,
        ];
        for no in all {
            let (status, body) = shown(no).await;
            assert_eq!(body["http"], status.as_u16());
        }
    }

    #[test]
    fn a_full_queue_says_when_to_come_back() {
        let response = crate::kit::fault::answer(&No::Fault(Fault::Busy), Words::render);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }

    #[tokio::test]
    async fn what_the_store_says_stays_with_us() {
        let (status, body) = shown(No::Fault(Fault::Poison("UNIQUE constraint failed: leads.id".to_owned()))).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.to_string().contains("leads"));
    }
}
