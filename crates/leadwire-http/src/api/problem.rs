//! Failures of the native API: RFC 9457 problems, each of a stable type that `/docs/problems` explains.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use leadwire_core::port::Fault;
use leadwire_core::refusal::{Conflict, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::kit::body::BodyError;
use crate::kit::{Envelope, No};

/// The native API's words.
#[derive(Clone, Copy, Debug)]
pub struct Words;

/// What a handler of the native API fails with.
pub type Error = crate::kit::Error<Words>;

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Relative to the server, as in `/docs/problems#not-found`.
    #[schema(format = "uri-reference")]
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The spots that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Spot>,
    /// The same as in the header `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// One thing wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// JSON pointer into the body; absent for a parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Name of the query parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    pub detail: String,
}

/// A type of problem.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub slug: &'static str,
    pub status: u16,
    pub title: &'static str,
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $slug:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        $(const $name: Kind = Kind { slug: $slug, status: $status, title: $title, meaning: $meaning };)*

        /// Every type there is.
        pub const KINDS: &[Kind] = &[$($name),*];
    };
}

kinds! {
    UNREADABLE = "unreadable", 400, "The request cannot be read",
        "The body is no JSON in UTF-8, a parameter or a header is misspelt, or the shape differs from the document. <code>errors</code> names the spot where it can.";
    INVALID = "invalid", 422, "The request says what cannot be",
        "It was read and has the documented shape, but a value is out of range, too long, holds U+0000, or names a thing that is not there. <code>errors</code> lists every spot found wrong.";
    UNAUTHORIZED = "unauthorized", 401, "A good key is missing",
        "Send <code>Authorization: Bearer lw_…</code> with a key that is known, not revoked and not expired.";
    FORBIDDEN = "forbidden", 403, "The key may not do this",
        "The key lacks a scope, its user a role, or the source takes no leads in this way. <code>detail</code> says which.";
    NOT_FOUND = "not-found", 404, "There is no such thing",
        "It does not exist, or this key may not see it: the two look the same.";
    METHOD = "method-not-allowed", 405, "This path does not take this method", "<code>Allow</code> lists those it takes.";
    TIMEOUT = "body-timeout", 408, "The body did not arrive in time", "Send it again, faster.";
    CONFLICT = "conflict", 409, "It cannot be as things stand",
        "Somebody else has claimed the offer, an e-mail, phone number or external id belongs to another contact, or a brand still has brands below it.";
    KEY_REUSED = "idempotency-key-reused", 409, "The idempotency key was used for another request",
        "Repeat a request with the same key only byte for byte; draw a new key for a new request.";
    GONE = "gone", 410, "It is gone",
        "The offer has ended, or the part of the feed asked for has been dropped: read the present state and start over at the feed's head.";
    STALE = "version-mismatch", 412, "It has changed since",
        "<code>If-Match</code> named another version. Read it again, and decide again.";
    TOO_LARGE = "too-large", 413, "The body is too large", "<code>detail</code> says how large it may be.";
    MEDIA_TYPE = "unsupported-media-type", 415, "The body is of no type taken here", "Send <code>Content-Type: application/json</code>, not compressed.";
    TOO_MANY = "too-many-requests", 429, "Too many requests", "<code>Retry-After</code> says when to come back, <code>RateLimit</code> how much is left.";
    OURS = "internal", 500, "Something went wrong on our side", "Nothing was changed. Quote the request id when you report it.";
    UNAVAILABLE = "unavailable", 503, "Come back later", "Too much waits to be written, the server is stopping, or the store does not answer. Nothing was changed.";
    FULL = "insufficient-storage", 507, "There is no space left to write", "Nothing was changed. Reading still works.";
}

pub const CONTENT: &str = "application/problem+json";

impl Envelope for Words {
    fn render(no: &No) -> Response {
        let (status, bytes) = body(no);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, bytes).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
        response
    }
}

/// Status and body of a failure.
pub fn body(no: &No) -> (u16, Vec<u8>) {
    let kind = kind(no);
    let problem = Problem {
        r#type: format!("/docs/problems#{}", kind.slug),
        title: kind.title.to_owned(),
        status: kind.status,
        detail: no.text(),
        errors: spots(no),
        request_id: crate::kit::call::current_id(),
    };
    (kind.status, serde_json::to_vec(&problem).unwrap_or_default())
}

fn kind(no: &No) -> Kind {
    match no {
        No::Refused(refusal) => match refusal {
            Refusal::Unauthorized => UNAUTHORIZED,
            Refusal::Forbidden(_) => FORBIDDEN,
            Refusal::NotFound(_) => NOT_FOUND,
            Refusal::Invalid(_) => INVALID,
            Refusal::Conflict(Conflict::KeyReused) => KEY_REUSED,
            Refusal::Conflict(_) => CONFLICT,
            Refusal::OfferGone => GONE,
            Refusal::VersionMismatch => STALE,
        },
        No::Fault(fault) => match fault {
            Fault::Busy | Fault::Stopping | Fault::Unavailable(_) => UNAVAILABLE,
            Fault::Full => FULL,
            Fault::Poison(_) | Fault::Corrupt { .. } => OURS,
        },
        No::Body(error) => match error {
            BodyError::TooLarge { .. } => TOO_LARGE,
            BodyError::MediaType { .. } | BodyError::ContentEncoding => MEDIA_TYPE,
            BodyError::Slow => TIMEOUT,
            BodyError::Nul => INVALID,
            BodyError::Cut | BodyError::Utf8 | BodyError::Syntax { .. } | BodyError::Shape { .. } => UNREADABLE,
        },
        No::Query(it) if it.readable => INVALID,
        No::Query(_) | No::Header { .. } => UNREADABLE,
        No::NoRoute => NOT_FOUND,
        No::Method { .. } => METHOD,
        No::TooMany { .. } => TOO_MANY,
        No::Gone => GONE,
        No::Panicked => OURS,
    }
}

fn spots(no: &No) -> Vec<Spot> {
    match no {
        No::Refused(Refusal::Invalid(list)) => {
            list.iter().map(|it| Spot { pointer: Some(it.at.clone()), parameter: None, detail: it.message.clone() }).collect()
        }
        No::Body(BodyError::Shape { pointer, message }) => {
            vec![Spot { pointer: Some(pointer.clone()), parameter: None, detail: message.clone() }]
        }
        No::Query(it) if !it.parameter.is_empty() => {
            vec![Spot { pointer: None, parameter: Some(it.parameter.clone()), detail: it.message.clone() }]
        }
        No::Header { name, message } => vec![Spot { pointer: None, parameter: Some((*name).to_owned()), detail: message.clone() }],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_has_its_own_slug_and_stands_in_the_list_that_is_explained() {
        let slugs: BTreeSet<&str> = KINDS.iter().map(|it| it.slug).collect();
        assert_eq!(slugs.len(), KINDS.len());
    }

    #[test]
    fn the_status_of_a_problem_is_the_kits_but_for_what_is_read_and_invalid() {
        let all = [
            No::Refused(Refusal::Unauthorized),
            No::Refused(Refusal::VersionMismatch),
            No::Fault(Fault::Busy),
            No::Fault(Fault::Full),
            No::Fault(Fault::Poison(String::new())),
            No::Body(BodyError::Slow),
            No::Body(BodyError::TooLarge { limit: 1 }),
            No::NoRoute,
            No::Gone,
            No::Panicked,
        ];
        for no in all {
            assert_eq!(Words::render(&no).status(), no.status(), "{no:?}");
        }
        assert_eq!(Words::render(&No::Refused(Refusal::invalid("/a", "b"))).status(), 422);
        assert_eq!(Words::render(&No::Body(BodyError::Nul)).status(), 422);
    }
}
