//! The `Idempotency-Key` header: its spelling, and the hash that tells whether two requests under one key are the same.

use http::{HeaderMap, Method};
use sha2::{Digest, Sha256};

use super::No;

/// Set on an answer that is the stored one of an earlier request.
pub const REPLAYED: http::HeaderName = http::HeaderName::from_static("idempotent-replayed");

/// Longest key taken, in characters.
pub const KEY_LEN_MAX: usize = 255;

/// The key of this request, if it has one: 1 to 255 visible ASCII characters. Quotes around it are dropped, as the
/// header is a string in structured-field spelling.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, No> {
    let wrong = || No::Header { name: "idempotency-key", message: format!("must be 1 to {KEY_LEN_MAX} visible ASCII characters, once") };
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(wrong());
    }
    let text = value.to_str().map_err(|_| wrong())?.trim();
    let text = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(text);
    if text.is_empty() || text.len() > KEY_LEN_MAX || !text.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(wrong());
    }
    Ok(Some(text.to_owned()))
}

/// What the request asks, in 16 bytes: its method, its path and query, its body.
pub fn payload(method: &Method, uri: &http::Uri, body: &[u8]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or_default().as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    *whole.first_chunk::<16>().unwrap_or(&[0; 16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Option<String>, No> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", http::HeaderValue::from_bytes(text).unwrap());
        key(&headers)
    }

    #[test]
    fn a_key_is_visible_ascii_of_1_to_255() {
        assert_eq!(read(b"a-1"), Ok(Some("a-1".to_owned())));
        assert_eq!(read(b"\"a-1\""), Ok(Some("a-1".to_owned())));
        assert_eq!(key(&HeaderMap::new()), Ok(None));
        assert!(read(b"").is_err());
        assert!(read(b"a b").is_err());
        assert!(read(b"\xc3\xa9").is_err());
        assert!(read("x".repeat(256).as_bytes()).is_err());
        assert!(read("x".repeat(255).as_bytes()).is_ok());
    }

    #[test]
    fn parts_of_a_request_do_not_run_into_each_other() {
        let uri = |it: &str| it.parse::<http::Uri>().unwrap();
        assert_ne!(payload(&Method::POST, &uri("/a"), b"b"), payload(&Method::POST, &uri("/ab"), b""));
        assert_ne!(payload(&Method::POST, &uri("/a?x"), b""), payload(&Method::POST, &uri("/a"), b"x"));
        assert_eq!(payload(&Method::POST, &uri("/a"), b"b"), payload(&Method::POST, &uri("/a"), b"b"));
    }
}
