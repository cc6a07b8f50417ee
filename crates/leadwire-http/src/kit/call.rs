//! One request, as the kit knows it: its id, when it came, from where, and what is learned of it on the way. Made by the
//! shell before anything else; read by handlers through its extractor.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::limit::Standing;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id taken from outside.
const ID_LEN_MAX: usize = 128;

/// The address a connection comes from. Whoever accepts connections puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

#[derive(Clone, Debug)]
pub struct Call(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    came: Instant,
    peer: Option<IpAddr>,
    standing: OnceLock<Standing>,
}

impl Call {
    pub fn new(id: String, came: Instant, peer: Option<IpAddr>) -> Self {
        Self(Arc::new(Inner { id, came, peer, standing: OnceLock::new() }))
    }

    pub fn id(&self) -> &str {
        &self.0.id
    }

    pub fn came(&self) -> Instant {
        self.0.came
    }

    pub fn peer(&self) -> Option<IpAddr> {
        self.0.peer
    }

    /// Runs a request's work as this call's, so that [`current_id`] knows it.
    pub(super) async fn around<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Where the caller stands with its limit, once that is known.
    pub fn standing(&self) -> Option<Standing> {
        self.0.standing.get().copied()
    }

    pub(super) fn stands(&self, standing: Standing) {
        // The first limit met is the one told.
        let _ = self.0.standing.set(standing);
    }
}

tokio::task_local! {
    static CURRENT: Call;
}

/// The id of the request being answered, where it is to be told in a body.
pub fn current_id() -> Option<String> {
    CURRENT.try_with(|it| it.id().to_owned()).ok()
}

/// The id the caller gave: `x-request-id`, or the trace id of `traceparent`.
pub fn id_given(headers: &HeaderMap) -> Option<String> {
    if let Some(id) = headers.get(REQUEST_ID).and_then(|it| it.to_str().ok())
        && (1..=ID_LEN_MAX).contains(&id.len())
        && id.bytes().all(|it| it.is_ascii_graphic())
    {
        return Some(id.to_owned());
    }
    let trace = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = trace.split('-');
    let (version, id) = (parts.next()?, parts.next()?);
    let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    (hex(version, 2) && version != "ff" && hex(id, 32) && id.bytes().any(|it| it != b'0')).then(|| id.to_owned())
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::new(String::new(), Instant::now(), None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &'static str, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        id_given(&headers)
    }

    #[test]
    fn an_id_is_taken_from_either_header_when_it_is_sound() {
        assert_eq!(given("x-request-id", "abc-1").as_deref(), Some("abc-1"));
        assert_eq!(given("x-request-id", "a b"), None);
        assert_eq!(given("x-request-id", &"x".repeat(129)), None);
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(given("traceparent", trace).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(given("traceparent", &trace.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32))), None);
        assert_eq!(given("traceparent", "nonsense"), None);
    }
}
