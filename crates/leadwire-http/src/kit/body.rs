//! Reading bodies: bounded in size and time, UTF-8 without NUL, and errors that name the spot.
//!
//! Nesting is bounded by `serde_json` itself (128). Nothing is ever parsed beyond the limit.

use std::fmt;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::strict::Strict;

/// A body takes at most so long to arrive; a sender slower than that holds a connection for nothing.
const ARRIVAL: Duration = Duration::from_secs(30);

/// What is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    TooLarge {
        limit: usize,
    },
    /// The content type is not one this operation takes, or missing.
    MediaType {
        found: Option<String>,
    },
    /// The content is compressed, which no operation takes.
    ContentEncoding,
    /// It did not arrive in time.
    Slow,
    /// The connection broke off.
    Cut,
    Utf8,
    /// A text holds U+0000, which no text of ours does.
    Nul,
    /// Not of the syntax its type promises.
    Syntax {
        message: String,
    },
    /// Well-formed, but not of the shape asked for.
    Shape {
        pointer: String,
        message: String,
    },
}

impl BodyError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType { .. } | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Cut | Self::Utf8 | Self::Nul | Self::Syntax { .. } | Self::Shape { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// JSON pointer to the spot, empty for the whole.
    pub fn pointer(&self) -> &str {
        match self {
            Self::Shape { pointer, .. } => pointer,
            _ => "",
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::MediaType { found: Some(found) } => write!(f, "the content type {found:?} is not taken here"),
            Self::MediaType { found: None } => write!(f, "the content type is missing"),
            Self::ContentEncoding => write!(f, "compressed bodies are not taken"),
            Self::Slow => write!(f, "the body did not arrive in time"),
            Self::Cut => write!(f, "the body broke off"),
            Self::Utf8 => write!(f, "the body is not UTF-8"),
            Self::Nul => write!(f, "a text holds U+0000"),
            Self::Syntax { message } => write!(f, "the body cannot be read: {message}"),
            Self::Shape { pointer, message } if pointer.is_empty() => write!(f, "{message}"),
            Self::Shape { pointer, message } => write!(f, "{pointer}: {message}"),
        }
    }
}

/// The kinds of body an operation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `application/json`, `text/json`, `application/*+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// The media type without parameters, lower-cased; none when there is no such header.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Which kind of body is announced.
pub fn kind(headers: &HeaderMap) -> Result<Kind, BodyError> {
    let Some(found) = media_type(headers) else {
        return Err(BodyError::MediaType { found: None });
    };
    match found.as_str() {
        "application/json" | "text/json" => Ok(Kind::Json),
        "application/x-www-form-urlencoded" => Ok(Kind::Form),
        it if it.starts_with("application/") && it.ends_with("+json") => Ok(Kind::Json),
        _ => Err(BodyError::MediaType { found: Some(found) }),
    }
}

/// Reads the whole body, whatever its type.
pub async fn bytes(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    if headers.get(CONTENT_ENCODING).is_some_and(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(BodyError::ContentEncoding);
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()).and_then(|it| it.parse::<u64>().ok());
    if announced.is_some_and(|it| it > limit as u64) {
        return Err(BodyError::TooLarge { limit });
    }
    match tokio::time::timeout(ARRIVAL, Limited::new(body, limit).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge { limit }),
        Ok(Err(_)) => Err(BodyError::Cut),
        Err(_) => Err(BodyError::Slow),
    }
}

/// Reads a JSON body of a given shape. Whether unknown members are refused is the shape's own choice.
pub async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body, limit: usize) -> Result<T, BodyError> {
    Ok(json_with_bytes(headers, body, limit).await?.0)
}

/// The same, with the bytes as they came.
pub async fn json_with_bytes<T: DeserializeOwned>(headers: &HeaderMap, body: Body, limit: usize) -> Result<(T, Bytes), BodyError> {
    match kind(headers)? {
        Kind::Json => {}
        Kind::Form => return Err(BodyError::MediaType { found: media_type(headers) }),
    }
    let bytes = bytes(headers, body, limit).await?;
    Ok((parse(&bytes)?, bytes))
}

/// Parses JSON: UTF-8, no NUL in any text, of the shape asked for.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let text = std::str::from_utf8(bytes).map_err(|_| BodyError::Utf8)?;
    if escapes_nul(text) {
        return Err(BodyError::Nul);
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Strict(&mut parser)).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        match error.classify() {
            serde_json::error::Category::Data => BodyError::Shape { pointer, message: without_place(&error) },
            _ => BodyError::Syntax { message: error.to_string() },
        }
    })?;
    parser.end().map_err(|error| BodyError::Syntax { message: error.to_string() })?;
    Ok(value)
}

/// Whether the JSON text holds the escape of U+0000: a `\u0000` whose backslash is not itself escaped.
fn escapes_nul(text: &str) -> bool {
    text.match_indices("\\u0000").any(|(at, _)| text.as_bytes().iter().take(at).rev().take_while(|it| **it == b'\\').count() % 2 == 0)
}

/// serde_json's message without its ` at line 1 column 2`: the pointer says where.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                out.push('/');
                out.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        name: String,
        list: Vec<u8>,
    }

    fn json_headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        headers
    }

    #[test]
    fn an_error_of_shape_names_the_spot() {
        let error = parse::<Shape>(br#"{"name":"a","list":[1,"x"]}"#).unwrap_err();
        assert_eq!(error.pointer(), "/list/1");
        assert_eq!(error.status(), 400);
        let error = parse::<Shape>(br#"{"name":"a","list":[],"more":1}"#).unwrap_err();
        assert!(error.to_string().contains("more"), "{error}");
    }

    #[test]
    fn nul_is_refused_however_it_is_written_and_an_escaped_backslash_is_none() {
        assert_eq!(parse::<Shape>(br#"{"name":"a\u0000","list":[]}"#), Err(BodyError::Nul));
        assert_eq!(parse::<Shape>(br#"{"name":"a\\\u0000","list":[]}"#), Err(BodyError::Nul));
        assert_eq!(parse::<Shape>(br#"{"name":"a\\u0000","list":[]}"#).unwrap().name, "a\\u0000");
        assert!(matches!(parse::<Shape>(b"{\"name\":\"a\0\",\"list\":[]}"), Err(BodyError::Syntax { .. })));
    }

    #[test]
    fn broken_utf8_trailing_text_lone_surrogates_and_depth_are_refused() {
        assert_eq!(parse::<Shape>(b"{\"name\":\"\xff\",\"list\":[]}"), Err(BodyError::Utf8));
        assert!(matches!(parse::<Shape>(br#"{"name":"","list":[]} 1"#), Err(BodyError::Syntax { .. })));
        assert!(parse::<Shape>(br#"{"name":"\ud800","list":[]}"#).is_err());
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(matches!(parse::<serde_json::Value>(deep.as_bytes()), Err(BodyError::Syntax { .. })));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_with_and_without_its_length() {
        let body = || Body::from(vec![b' '; 11]);
        assert_eq!(bytes(&HeaderMap::new(), body(), 10).await, Err(BodyError::TooLarge { limit: 10 }));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, "11".parse().unwrap());
        assert_eq!(bytes(&headers, body(), 10).await, Err(BodyError::TooLarge { limit: 10 }));
        assert_eq!(bytes(&HeaderMap::new(), body(), 11).await.unwrap().len(), 11);
    }

    #[tokio::test]
    async fn another_or_no_media_type_is_refused() {
        let mut headers = json_headers();
        let body = || Body::from(r#"{"name":"a","list":[]}"#);
        assert!(json::<Shape>(&headers, body(), 100).await.is_ok());
        headers.insert(CONTENT_TYPE, "text/plain".parse().unwrap());
        assert_eq!(json::<Shape>(&headers, body(), 100).await.unwrap_err().status(), 415);
        headers.remove(CONTENT_TYPE);
        assert_eq!(json::<Shape>(&headers, body(), 100).await, Err(BodyError::MediaType { found: None }));
    }
}
