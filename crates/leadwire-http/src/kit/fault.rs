//! Every way a request can fail before, in or after its use-case, and the way from there to a surface's own envelope.
//!
//! A surface matches [`No`] exhaustively once, in its [`Envelope`]; what holds on all of them (`Allow`, `Retry-After`,
//! `WWW-Authenticate`) is added here, so that no surface can forget it.

use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use leadwire_core::port::{Failure, Fault};
use leadwire_core::refusal::{Conflict, Refusal};

use super::body::BodyError;
use super::query::QueryError;

/// Why a request gets no answer of the kind it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum No {
    /// The use-case said no.
    Refused(Refusal),
    /// The engine could not do it.
    Fault(Fault),
    Body(BodyError),
    Query(QueryError),
    /// A header that cannot be read.
    Header {
        name: &'static str,
        message: String,
    },
    /// Nothing is served at this path.
    NoRoute,
    /// Something is served here, but not by this method. The value of `Allow`; empty when the router adds it itself.
    Method {
        allow: String,
    },
    /// Asked too often.
    TooMany {
        retry_after_secs: u32,
    },
    /// What was asked for has been dropped already.
    Gone,
    /// A bug of ours.
    Panicked,
}

impl No {
    /// The status most surfaces answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(it) => refusal_status(it),
            Self::Fault(Fault::Busy | Fault::Stopping | Fault::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(Fault::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Fault(Fault::Poison(_) | Fault::Corrupt { .. }) | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Body(it) => it.status(),
            Self::Query(_) | Self::Header { .. } => StatusCode::BAD_REQUEST,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Gone => StatusCode::GONE,
        }
    }

    /// What the caller may read, in one lower-case line. Never tells what only we should know.
    pub fn text(&self) -> String {
        match self {
            Self::Refused(it) => it.to_string(),
            Self::Fault(Fault::Busy) => "too much is waiting to be written; try again shortly".to_owned(),
            Self::Fault(Fault::Full) => "there is no space left to write".to_owned(),
            Self::Fault(Fault::Stopping) => "the server is stopping; try again shortly".to_owned(),
            Self::Fault(Fault::Unavailable(_)) => "the store does not answer; try again shortly".to_owned(),
            Self::Fault(Fault::Poison(_) | Fault::Corrupt { .. }) | Self::Panicked => "something went wrong on our side".to_owned(),
            Self::Body(it) => it.to_string(),
            Self::Query(it) => it.to_string(),
            Self::Header { name, message } => format!("{name}: {message}"),
            Self::NoRoute => "nothing is served at this path".to_owned(),
            Self::Method { .. } => "this path does not take this method".to_owned(),
            Self::TooMany { .. } => "too many requests".to_owned(),
            Self::Gone => "it has been dropped already; start over".to_owned(),
        }
    }

    /// When to come back, in seconds.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooMany { retry_after_secs } => Some(*retry_after_secs),
            Self::Fault(Fault::Busy) => Some(1),
            Self::Fault(Fault::Stopping | Fault::Unavailable(_)) => Some(5),
            Self::Fault(Fault::Full) => Some(30),
            _ => None,
        }
    }

    /// Adds the headers that hold on every surface.
    pub fn dress(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Some(secs) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        if let Self::Method { allow } = self
            && !allow.is_empty()
            && let Ok(value) = HeaderValue::from_str(allow)
        {
            headers.insert(ALLOW, value);
        }
        if matches!(self, Self::Refused(Refusal::Unauthorized)) && !headers.contains_key(WWW_AUTHENTICATE) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }

    /// Logs what only we should know, where it is handled: here, once.
    fn log(&self) {
        match self {
            Self::Fault(fault @ (Fault::Poison(_) | Fault::Corrupt { .. })) => tracing::error!(fault = %fault, "a request failed on our side"),
            Self::Fault(fault) => tracing::warn!(fault = %fault, "a request could not be served now"),
            _ => {}
        }
    }
}

fn refusal_status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
        Refusal::NotFound(_) => StatusCode::NOT_FOUND,
        Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
        Refusal::Conflict(
            Conflict::KeyReused
            | Conflict::Claimed(_)
            | Conflict::ContactKeyTaken
            | Conflict::ExternalIdTaken
            | Conflict::BrandInUse
            | Conflict::Exists,
        ) => StatusCode::CONFLICT,
        Refusal::OfferGone => StatusCode::GONE,
        Refusal::VersionMismatch => StatusCode::PRECONDITION_FAILED,
    }
}

impl From<Failure> for No {
    fn from(it: Failure) -> Self {
        match it {
            Failure::Refused(it) => Self::Refused(it),
            Failure::Fault(it) => Self::Fault(it),
        }
    }
}

impl From<Refusal> for No {
    fn from(it: Refusal) -> Self {
        Self::Refused(it)
    }
}

impl From<Fault> for No {
    fn from(it: Fault) -> Self {
        Self::Fault(it)
    }
}

impl From<BodyError> for No {
    fn from(it: BodyError) -> Self {
        Self::Body(it)
    }
}

impl From<QueryError> for No {
    fn from(it: QueryError) -> Self {
        Self::Query(it)
    }
}

/// A surface's own words for a [`No`].
pub trait Envelope: Send + Sync + 'static {
    fn render(no: &No) -> Response;
}

/// What a handler of surface `V` fails with: anything that is a [`No`], told in `V`'s words.
pub struct Error<V>(pub No, PhantomData<V>);

impl<V> Error<V> {
    pub fn new(no: No) -> Self {
        Self(no, PhantomData)
    }
}

impl<V> std::fmt::Debug for Error<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! from {
    ($($kind:ty),*) => {$(
        impl<V> From<$kind> for Error<V> {
            fn from(it: $kind) -> Self {
                Self::new(it.into())
            }
        }
    )*};
}

from!(No, Failure, Refusal, Fault, BodyError, QueryError);

impl<V: Envelope> IntoResponse for Error<V> {
    fn into_response(self) -> Response {
        answer(&self.0, V::render)
    }
}

/// The whole answer for a failure, in the words of `render`.
pub fn answer(no: &No, render: fn(&No) -> Response) -> Response {
    no.log();
    let mut response = render(no);
    no.dress(&mut response);
    response
}
