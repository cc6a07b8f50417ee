//! Entity tags: strong, and nothing but a row's version.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderValue};

/// The tag of a version, as in `"7"`.
pub fn of(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// The version a change insists on. None: any (`*`, or no header).
///
/// What is no tag of ours matches no version, and so do a weak tag and several at once: that is version 0, which no row
/// has. The caller reads the thing again, and decides again.
pub fn if_match(headers: &HeaderMap) -> Option<u64> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let value = values.next()?;
    let text = value.to_str().unwrap_or_default().trim();
    if values.next().is_some() {
        return Some(0);
    }
    if text == "*" {
        return None;
    }
    let tag = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(text);
    Some(tag.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, text.parse().unwrap());
        if_match(&headers)
    }

    #[test]
    fn a_tag_reads_back_and_a_foreign_or_weak_one_matches_nothing() {
        assert_eq!(read(of(7).to_str().unwrap()), Some(7));
        assert_eq!(read("*"), None);
        assert_eq!(if_match(&HeaderMap::new()), None);
        assert_eq!(read("7"), Some(7));
        for other in ["\"abc\"", "W/\"7\"", "\"7\", \"8\"", ""] {
            assert_eq!(read(other), Some(0), "{other}");
        }
    }
}
