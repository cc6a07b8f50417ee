//! Keyset pages: `limit`, an opaque cursor, and `Link: <…>; rel="next"`.
//!
//! A cursor says where a page ended and nothing about what may be seen: rights are applied anew on every page.

use http::{HeaderName, HeaderValue};

use super::query::QueryError;

/// Rows of a page unless asked otherwise, and at most.
pub const LIMIT: usize = 50;
pub const LIMIT_MAX: usize = 200;

/// The `Link` header to the next page of the list at `uri`.
pub fn link_next(uri: &http::Uri, cursor: &str) -> Option<(HeaderName, HeaderValue)> {
    let others: Vec<&str> = uri.query().unwrap_or_default().split('&').filter(|it| !it.is_empty() && !it.starts_with("after=")).collect();
    let query = if others.is_empty() { String::new() } else { format!("{}&", others.join("&")) };
    let link = format!("<{}?{query}after={cursor}>; rel=\"next\"", uri.path());
    Some((http::header::LINK, HeaderValue::from_str(&link).ok()?))
}

/// The page size asked for.
pub fn limit(asked: Option<u64>) -> Result<usize, QueryError> {
    match asked {
        None => Ok(LIMIT),
        Some(it) if (1..=LIMIT_MAX as u64).contains(&it) => Ok(usize::try_from(it).unwrap_or(LIMIT)),
        Some(_) => Err(QueryError::new("limit", format!("must be from 1 to {LIMIT_MAX}"))),
    }
}

/// Bytes as an opaque text fit for a URL.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        out
    })
}

/// The bytes of a cursor.
pub fn decode(text: &str) -> Result<Vec<u8>, QueryError> {
    let wrong = || QueryError::new("after", "not a cursor given by this list");
    if !text.len().is_multiple_of(2) || text.len() > 256 {
        return Err(wrong());
    }
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(wrong()),
    };
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Ok(nibble(*high)? << 4 | nibble(*low)?),
            _ => Err(wrong()),
        })
        .collect()
}

/// A cursor that is one id.
pub fn decode_id(text: &str) -> Result<leadwire_core::id::Uuid, QueryError> {
    leadwire_core::id::Uuid::from_slice(&decode(text)?).map_err(|_| QueryError::new("after", "not a cursor given by this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let bytes: Vec<u8> = (0..=127).collect();
        assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        assert!(decode("0").is_err());
        assert!(decode("0G").is_err());
        assert!(decode("é").is_err());
        assert!(decode_id("00").is_err());
    }

    #[test]
    fn the_link_keeps_the_other_parameters() {
        let uri: http::Uri = "/v1/leads?after=00&limit=5".parse().unwrap();
        assert_eq!(link_next(&uri, "ff").unwrap().1, "</v1/leads?limit=5&after=ff>; rel=\"next\"");
        let uri: http::Uri = "/v1/leads".parse().unwrap();
        assert_eq!(link_next(&uri, "ff").unwrap().1, "</v1/leads?after=ff>; rel=\"next\"");
    }

    #[test]
    fn a_limit_outside_its_range_is_refused() {
        assert_eq!(limit(None), Ok(LIMIT));
        assert_eq!(limit(Some(200)), Ok(200));
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(201)).is_err());
    }
}
