//! One request to the native API: who asks, what of, and the three ways to answer it: a thing, a page, a write.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use leadwire_core::Time;
use leadwire_core::command::idempotent::{Idempotent, Once};
use leadwire_core::config::Config;
use leadwire_core::entity::{ReceiptKey, StoredAnswer};
use leadwire_core::id::{self, Uuid};
use leadwire_core::port::Command;
use leadwire_core::read::{Asker, asker};
use leadwire_core::refusal::{Refusal, Thing};
use leadwire_core::who::Who;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Error;
use super::wire::Page;
use crate::App;
use crate::kit::idempotency::REPLAYED;
use crate::kit::{Call, No, auth, body, etag, idempotency, page, query};

/// A request with a good key. Its extraction answers 401 and 429.
#[derive(Debug)]
pub struct Ask {
    pub app: App,
    pub who: Who,
    pub uri: Uri,
    method: Method,
    headers: HeaderMap,
}

impl FromRequestParts<App> for Ask {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Ok(call) = Call::from_request_parts(parts, app).await;
        let who = auth::caller(app, &call, auth::authorization(&parts.headers, "Bearer"))?;
        // The uri as it came, before any prefix was taken off.
        let uri = parts.extensions.get::<axum::extract::OriginalUri>().map_or_else(|| parts.uri.clone(), |it| it.0.clone());
        Ok(Self { app: app.clone(), who, uri, method: parts.method.clone(), headers: parts.headers.clone() })
    }
}

/// What a write answers: kept as it is for repetitions under the same key.
pub type Render<O> = fn(&O, &Config) -> StoredAnswer;

impl Ask {
    /// The asker, for reads.
    pub fn asker(&self) -> Result<Asker, Error> {
        Ok(asker(self.app.store.as_ref(), self.who)?)
    }

    /// The body as JSON of a shape, with its bytes.
    pub async fn json<T: DeserializeOwned>(&self, from: Body) -> Result<(T, Bytes), Error> {
        Ok(body::json_with_bytes(&self.headers, from, self.app.limits.body_bytes).await?)
    }

    /// The same where the body may be left out, or null.
    pub async fn json_or_default<T: DeserializeOwned + Default>(&self, from: Body) -> Result<(T, Bytes), Error> {
        if self.headers.contains_key(CONTENT_TYPE) {
            let (thing, bytes) = self.json::<Option<T>>(from).await?;
            return Ok((thing.unwrap_or_default(), bytes));
        }
        let bytes = body::bytes(&self.headers, from, self.app.limits.body_bytes).await?;
        if bytes.is_empty() { Ok((T::default(), bytes)) } else { Err(body::BodyError::MediaType { found: None }.into()) }
    }

    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(query::parse_given(&self.uri)?)
    }

    pub fn if_match(&self) -> Option<u64> {
        etag::if_match(&self.headers)
    }

    /// The key under which this request happens once: its caller's text, and which key it belongs to.
    pub fn once(&self) -> Result<Option<String>, Error> {
        Ok(idempotency::key(&self.headers)?)
    }

    /// Runs a command and answers with what `render` makes of its outcome; once only, with an `Idempotency-Key`.
    pub async fn write<C: Command>(&self, bytes: &[u8], command: C, render: Render<C::Outcome>) -> Result<Response, Error> {
        self.write_as(self.who, bytes, command, render).await.map(|it| it.1)
    }

    /// The same as another asker; says also whether the answer is a repetition.
    pub async fn write_as<C: Command>(&self, who: Who, bytes: &[u8], command: C, render: Render<C::Outcome>) -> Result<(bool, Response), Error> {
        let store = self.app.store.as_ref();
        let Some(key) = self.once()? else {
            let outcome = store.write(who, command).await?;
            let config = auth::config(&self.app, &who)?;
            return Ok((false, answer(render(&outcome, &config))));
        };
        let key = ReceiptKey::of(&[b"api", &owner(self.who), key.as_bytes()]);
        let payload = idempotency::payload(&self.method, &self.uri, bytes);
        match store.write(who, Idempotent { key, payload, command, render: Arc::new(render) }).await? {
            Once::Fresh(stored) => Ok((false, answer(stored))),
            Once::Replayed(stored) => {
                let mut response = answer(stored);
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                Ok((true, response))
            }
        }
    }

    /// A page of rows that are all at hand, in order of (creation, id).
    pub fn page_of<R, T: Serialize>(
        &self,
        rows: Vec<R>,
        limit: Option<u64>,
        after: Option<&str>,
        place: impl Fn(&R) -> (Time, Uuid),
        view: impl FnMut(R) -> T,
    ) -> Result<Response, Error> {
        let (rows, next) = part_of(rows, limit, after, place)?;
        Ok(self.page(rows.into_iter().map(view).collect(), next))
    }

    /// A page, with `Link` to the next.
    pub fn page<T: Serialize>(&self, data: Vec<T>, next: Option<String>) -> Response {
        let link = next.as_deref().and_then(|it| page::link_next(&self.uri, it));
        let mut response = ok(&Page { data, next });
        if let Some((name, value)) = link {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// The rows of a page, out of all in order of (creation, id), and where the next begins.
pub fn part_of<R>(
    rows: Vec<R>,
    limit: Option<u64>,
    after: Option<&str>,
    place: impl Fn(&R) -> (Time, Uuid),
) -> Result<(Vec<R>, Option<String>), query::QueryError> {
    let limit = page::limit(limit)?;
    let from = match after {
        Some(it) => {
            let after = decode_place(it)?;
            rows.partition_point(|row| place(row) <= after)
        }
        None => 0,
    };
    let mut rest: Vec<R> = rows.into_iter().skip(from).take(limit + 1).collect();
    let more = rest.len() > limit;
    rest.truncate(limit);
    let next = rest.last().filter(|_| more).map(|it| encode_place(place(it)));
    Ok((rest, next))
}

/// Whose idempotency keys these are.
pub fn owner(who: Who) -> [u8; 16] {
    match who {
        Who::Key { key, .. } => key.0.into_bytes(),
        Who::Keyless { source, .. } => source.0.into_bytes(),
        Who::System { agency } => agency.0.into_bytes(),
    }
}

/// A cursor into an order of (time, id).
pub fn encode_place((at, id): (Time, Uuid)) -> String {
    let mut bytes = at.millis().to_be_bytes().to_vec();
    bytes.extend_from_slice(id.as_bytes());
    page::encode(&bytes)
}

pub fn decode_place(text: &str) -> Result<(Time, Uuid), query::QueryError> {
    let wrong = || query::QueryError::new("after", "not a cursor given by this list");
    let bytes = page::decode(text)?;
    let (at, id) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
    Ok((Time::from_millis(i64::from_be_bytes(*at)), Uuid::from_slice(id).map_err(|_| wrong())?))
}

/// 200 with a thing.
pub fn ok<T: Serialize>(thing: &T) -> Response {
    answer(stored(StatusCode::OK, thing, &[]))
}

/// 200 with a thing and its version.
pub fn tagged<T: Serialize>(thing: &T, version: u64) -> Response {
    let mut response = ok(thing);
    response.headers_mut().insert(ETAG, etag::of(version));
    response
}

/// An answer to keep: 200 with the thing as it is now.
pub fn changed<T: Serialize>(thing: &T, version: u64) -> StoredAnswer {
    stored(StatusCode::OK, thing, &[(ETAG, quoted(version))])
}

/// An answer to keep: 201 with the new thing and where it is.
pub fn created<T: Serialize>(thing: &T, version: u64, path: String) -> StoredAnswer {
    stored(StatusCode::CREATED, thing, &[(ETAG, quoted(version)), (LOCATION, path)])
}

/// An answer to keep: 201 with a new thing that its maker does not see.
pub fn created_elsewhere<T: Serialize>(thing: &T) -> StoredAnswer {
    stored(StatusCode::CREATED, thing, &[])
}

/// An answer to keep: 201 with a new thing that has no version, and where it is.
pub fn created_unversioned<T: Serialize>(thing: &T, path: String) -> StoredAnswer {
    stored(StatusCode::CREATED, thing, &[(LOCATION, path)])
}

/// An answer to keep: 204.
pub fn gone() -> StoredAnswer {
    StoredAnswer { status: StatusCode::NO_CONTENT.as_u16(), content_type: Arc::from(""), body: Arc::from([]), headers: Vec::new() }
}

/// An answer to keep: the failure of a use-case whose refusal is itself an outcome.
pub fn refused(refusal: &Refusal) -> StoredAnswer {
    let (status, body) = super::problem::body(&No::Refused(refusal.clone()));
    StoredAnswer { status, content_type: Arc::from(super::problem::CONTENT), body: Arc::from(body), headers: Vec::new() }
}

fn quoted(version: u64) -> String {
    format!("\"{version}\"")
}

fn stored<T: Serialize>(status: StatusCode, thing: &T, headers: &[(HeaderName, String)]) -> StoredAnswer {
    StoredAnswer {
        status: status.as_u16(),
        content_type: Arc::from("application/json"),
        // Our own shapes have text keys and finite numbers only: they always serialise.
        body: Arc::from(serde_json::to_vec(thing).unwrap_or_default()),
        headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect(),
    }
}

fn answer(stored: StoredAnswer) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Bytes::from_owner(stored.body)).into_response();
    let headers = response.headers_mut();
    match HeaderValue::from_str(&stored.content_type) {
        Ok(it) if !it.is_empty() => drop(headers.insert(CONTENT_TYPE, it)),
        _ => drop(headers.remove(CONTENT_TYPE)),
    }
    for (name, value) in &stored.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

/// What an id in a path is the id of.
pub trait Identity: From<Uuid> + Send {
    const THING: Thing;
}

macro_rules! identities {
    ($($id:ident: $thing:ident),*) => {$(
        impl Identity for id::$id {
            const THING: Thing = Thing::$thing;
        }
    )*};
}

identities!(
    BrandId: Brand, UserId: User, KeyId: Key, SourceId: Source, RuleId: Rule, GroupId: Group, BotId: Bot, PersonaId: Persona, FlowId: Flow,
    ContactId: Contact, ConversationId: Conversation, MessageId: Message, LeadId: Lead, OfferId: Offer
);

/// The id in a path. One that cannot be read is the id of nothing.
#[derive(Clone, Copy, Debug)]
pub struct Named<I>(pub I);

impl<I: Identity> FromRequestParts<App> for Named<I> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        Ok(Self(nth(parts, app, 0).await?))
    }
}

/// The second id in a path.
#[derive(Clone, Copy, Debug)]
pub struct Second<I>(pub I);

impl<I: Identity> FromRequestParts<App> for Second<I> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        Ok(Self(nth(parts, app, 1).await?))
    }
}

async fn nth<I: Identity>(parts: &mut Parts, app: &App, n: usize) -> Result<I, Error> {
    let nothing = || Refusal::NotFound(I::THING);
    let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| nothing())?;
    let (_, text) = params.iter().nth(n).ok_or_else(nothing)?;
    Ok(I::from(id::parse(text).map_err(|_| nothing())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let place = (Time::from_millis(-5), Uuid::from_u128(7));
        assert_eq!(decode_place(&encode_place(place)).unwrap(), place);
        assert!(decode_place("00").is_err());
    }
}
