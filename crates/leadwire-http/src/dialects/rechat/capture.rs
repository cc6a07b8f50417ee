//! Takes a lead in, from a key's owner or from anybody's browser: `POST /leads` names its channel in the body, the
//! webhook in its path.
//!
//! Checks come in this order: the channel, the right to capture on it, the limits, the lead. A body that cannot be read
//! but came to a channel that may be captured on is kept as a dead letter before it is refused.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use leadwire_core::command::capture::{Capture, Captured, Sameness};
use leadwire_core::command::dead_letter::RecordDeadLetter;
use leadwire_core::command::idempotent::{Idempotent, Once};
use leadwire_core::config::Config;
use leadwire_core::entity::{RawBody, ReceiptKey, StoredAnswer};
use leadwire_core::refusal::{Refusal, Thing};

use super::auth::{self, Admitted};
use super::error::Error;
use super::form::{self, Form};
use super::payload::{self, Manner, Read};
use super::{document, map, wire};
use crate::App;
use crate::kit::body::{self, BodyError, Kind};
use crate::kit::{Call, No, idempotency};

const JSON: &str = "application/json";

/// Capture a lead on a channel
///
/// Without a key it is an open form's way in: the channel says whether it takes such leads, and how many.
#[utoipa::path(
    post,
    path = "/leads",
    tag = "Lead capture",
    security((), ("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "A repetition under the same key answers the same and captures nothing; with another body it is refused"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "With a key: the acting brand, which must hold the channel's"),
    ),
    request_body = wire::Capture,
    responses(
        (status = 200, description = "The lead, stored", body = wire::Envelope<wire::Lead>),
        (status = 404, description = "No such channel or campaign e-mail", body = wire::Error),
        (status = 409, description = "The idempotency key was used with another body", body = wire::Error),
    ),
)]
pub(super) async fn capture_lead(State(app): State<App>, call: Call, headers: HeaderMap, body: Body) -> Result<Response, Error> {
    let (input, bytes): (wire::Capture, Bytes) = body::json_with_bytes(&headers, body, app.limits.body_bytes).await?;
    let channel = channel_of(input.metadata)?;
    let admitted = auth::capturer(&app, &call, &headers, &channel)?;
    let raw = RawBody { content_type: Arc::from(JSON), bytes: Arc::from(input.lead.get().as_bytes()) };
    let read = payload::read(input.lead.get(), Manner::Json);
    take(&app, &headers, admitted, raw, read, &bytes).await
}

/// Capture a lead through a channel's webhook
///
/// The channel's id or capture token is the key. The body is the lead itself, as JSON or as a form.
#[utoipa::path(
    post,
    path = "/leads/channels/{lead_channel}/webhook",
    tag = "Lead capture",
    security((), ("bearer" = [])),
    params(
        ("lead_channel" = String, Path, description = "Id or capture token of the channel"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "A repetition under the same key answers the same and captures nothing; with another body it is refused"),
        ("X-RECHAT-BRAND" = Option<String>, Header, description = "With a key: the acting brand, which must hold the channel's"),
    ),
    request_body(content((payload::LeadPayload = "application/json"), (document::LeadForm = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The lead, stored", body = wire::Envelope<wire::Lead>),
        (status = 404, description = "No such channel", body = wire::Error),
        (status = 409, description = "The idempotency key was used with another body", body = wire::Error),
    ),
)]
pub(super) async fn capture_by_webhook(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Path(channel): Path<String>,
    body: Body,
) -> Result<Response, Error> {
    let admitted = auth::capturer(&app, &call, &headers, &channel)?;
    let kind = body::kind(&headers)?;
    let bytes = body::bytes(&headers, body, app.limits.body_bytes).await?;
    let raw = |content_type: &str| RawBody { content_type: Arc::from(content_type), bytes: Arc::from(bytes.as_ref()) };
    let (raw, read) = match kind {
        Kind::Json => (raw(JSON), read_json(&bytes)),
        Kind::Form => (raw(form::MEDIA_TYPE), Form::parse(&bytes).and_then(|it| payload::read(&it.to_json(), Manner::Form))),
    };
    take(&app, &headers, admitted, raw, read, &bytes).await
}

/// Where the lead goes. No campaign e-mail is ever found, for there are no campaigns.
fn channel_of(metadata: wire::Metadata) -> Result<String, No> {
    let wire::Metadata { lead_channel, email_campaign_email } = metadata;
    match (lead_channel, email_campaign_email) {
        (Some(channel), _) => Ok(channel),
        (None, Some(_)) => Err(Refusal::NotFound(Thing::Source).into()),
        (None, None) => Err(Refusal::invalid("/metadata/lead_channel", "must be given").into()),
    }
}

fn read_json(bytes: &[u8]) -> Result<Read, BodyError> {
    payload::read(std::str::from_utf8(bytes).map_err(|_| BodyError::Utf8)?, Manner::Json)
}

/// The three moves both ways in share.
async fn take(
    app: &App,
    headers: &HeaderMap,
    admitted: Admitted,
    raw: RawBody,
    read: Result<Read, BodyError>,
    body: &Bytes,
) -> Result<Response, Error> {
    let Admitted { who, source, origin } = admitted;
    let Read { inquiry, parsed } = match read {
        Ok(read) => read,
        Err(error) => {
            app.store.write(who, RecordDeadLetter { source, error: error.to_string(), raw }).await?;
            return Err(error.into());
        }
    };
    let key = idempotency::key(headers)?;
    let sameness = if key.is_some() { Sameness::Header } else { Sameness::Fingerprint };
    let command = Capture { source, inquiry, raw, parsed: parsed.map(Arc::from), bot: None, sameness, origin };
    let Some(key) = key else {
        let captured = app.store.write(who, command).await?;
        return Ok(Json(map::one(map::lead(&captured.lead))).into_response());
    };
    let key = ReceiptKey::of(&[b"rechat", source.0.as_bytes(), key.as_bytes()]);
    let payload = idempotency::payload(&Method::POST, &Uri::from_static("/leads"), body);
    match app.store.write(who, Idempotent { key, payload, command, render: Arc::new(render) }).await? {
        Once::Fresh(answer) => Ok(stored(&answer)),
        Once::Replayed(answer) => {
            let mut response = stored(&answer);
            response.headers_mut().insert(idempotency::REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

/// The answer as it is kept for a repetition.
fn render(captured: &Captured, _: &Config) -> StoredAnswer {
    let body = serde_json::to_vec(&map::one(map::lead(&captured.lead))).unwrap_or_default();
    StoredAnswer { status: StatusCode::OK.as_u16(), content_type: Arc::from(JSON), body: Arc::from(body), headers: Vec::new() }
}

fn stored(answer: &StoredAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body.to_vec()).into_response();
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.chain([(CONTENT_TYPE.as_str(), answer.content_type.as_ref())]) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
