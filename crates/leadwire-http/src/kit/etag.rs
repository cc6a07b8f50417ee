//! Entity tags: strong, and nothing but a row's version.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderValue};

use super::No;

/// The tag of a version, as in `"7"`.
pub fn of(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// The version a change insists on. None: any (`*`, or no header).
///
/// A tag of another server's making matches no version, as a weak one does: that is version 0, which no row has.
pub fn if_match(headers: &HeaderMap) -> Result<Option<u64>, No> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let wrong = |message: &str| No::Header { name: "if-match", message: message.to_owned() };
    let text = value.to_str().map_err(|_| wrong("not an entity tag"))?.trim();
    if values.next().is_some() || text.matches('"').count() > 2 {
        return Err(wrong("one entity tag at most"));
    }
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let inner = tag.strip_prefix('"').and_then(|it| it.strip_suffix('"')).ok_or_else(|| wrong("not an entity tag, as in \"7\""))?;
    if text.starts_with("W/") {
        return Ok(Some(0));
    }
    Ok(Some(inner.parse().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<u64>, No> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, text.parse().unwrap());
        if_match(&headers)
    }

    #[test]
    fn a_tag_reads_back_and_a_foreign_or_weak_one_matches_nothing() {
        assert_eq!(read(of(7).to_str().unwrap()), Ok(Some(7)));
        assert_eq!(read("*"), Ok(None));
        assert_eq!(if_match(&HeaderMap::new()), Ok(None));
        assert_eq!(read("\"abc\""), Ok(Some(0)));
        assert_eq!(read("W/\"7\""), Ok(Some(0)));
        assert!(read("7").is_err());
        assert!(read("\"7\", \"8\"").is_err());
    }
}
