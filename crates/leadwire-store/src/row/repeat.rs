//! Says a thing once: in a row's JSON text, an id or a moment that was written before is pointed at, not repeated.
//!
//! `"#0"` stands for the first id or long number of the text, `"#1"` for the second, and so on; a text that begins with
//! `#` is written with one more. The result is JSON all the same. A capture's rows repeat the ids of contact, thread
//! and lead so often that this saves a sixth of their bytes.

use std::borrow::Cow;

use super::base64;

/// Shorter numbers are not worth a pointer.
const DIGITS_MIN: usize = 10;

/// The text with repetitions pointed at. `json` is as this crate writes it: compact and valid.
pub(crate) fn fold(json: &str) -> String {
    let mut folded = String::with_capacity(json.len());
    let mut seen: Vec<&str> = Vec::new();
    for token in tokens(json) {
        match token {
            Token::Value(text) if is_worth(text) => match seen.iter().position(|it| *it == text) {
                Some(at) => {
                    folded.push_str("\"#");
                    folded.push_str(&at.to_string());
                    folded.push('"');
                }
                None => {
                    seen.push(text);
                    folded.push_str(text);
                }
            },
            Token::Value(text) => match text.strip_prefix("\"#") {
                Some(rest) => {
                    folded.push_str("\"##");
                    folded.push_str(rest);
                }
                None => folded.push_str(text),
            },
            Token::Other(text) => folded.push_str(text),
        }
    }
    folded
}

/// The text as it was before [`fold`]; nothing when a pointer leads nowhere.
pub(crate) fn unfold(json: &str) -> Option<Cow<'_, str>> {
    if !json.contains("\"#") {
        return Some(Cow::Borrowed(json));
    }
    let mut whole = String::with_capacity(json.len() + json.len() / 2);
    let mut seen: Vec<&str> = Vec::new();
    for token in tokens(json) {
        match token {
            Token::Value(text) => match text.strip_prefix("\"#") {
                Some(rest) if rest.starts_with('#') => {
                    whole.push('"');
                    whole.push_str(rest);
                }
                Some(rest) => {
                    let at: usize = rest.strip_suffix('"')?.parse().ok()?;
                    whole.push_str(seen.get(at)?);
                }
                None => {
                    if is_worth(text) {
                        seen.push(text);
                    }
                    whole.push_str(text);
                }
            },
            Token::Other(text) => whole.push_str(text),
        }
    }
    Some(Cow::Owned(whole))
}

/// An id or a long whole number.
fn is_worth(token: &str) -> bool {
    match token.strip_prefix('"') {
        Some(rest) => rest.len() == base64::len(16) + 1 && rest.strip_suffix('"').is_some_and(base64::is_spelled),
        None => token.len() >= DIGITS_MIN && token.bytes().all(|it| it.is_ascii_digit()),
    }
}

enum Token<'a> {
    /// A string with its quotes, or a number, that is no name of a field.
    Value(&'a str),
    /// Anything else.
    Other(&'a str),
}

fn tokens(json: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let first = *rest.as_bytes().first()?;
        let len = match first {
            b'"' => string_len(rest),
            b'-' | b'0'..=b'9' => rest.bytes().take_while(|it| matches!(it, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).count(),
            _ => rest.bytes().take_while(|it| !matches!(it, b'"' | b'-' | b'0'..=b'9')).count(),
        };
        let (token, after) = rest.split_at_checked(len.max(1))?;
        rest = after;
        let is_value = matches!(first, b'-' | b'0'..=b'9') || (first == b'"' && !after.starts_with(':'));
        Some(if is_value { Token::Value(token) } else { Token::Other(token) })
    })
}

/// Bytes of the string `text` begins with, quotes and all.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_id_and_a_moment_are_said_once() {
        let id = "AaH46BFHcAKswJgwgKanUQ";
        let json = format!(r#"{{"a":"{id}","b":[1795177320788,"{id}"],"c":1795177320788,"d":"{id}","e":12,"f":12}}"#);
        let folded = fold(&json);
        assert_eq!(folded, format!(r##"{{"a":"{id}","b":[1795177320788,"#0"],"c":"#1","d":"#0","e":12,"f":12}}"##));
        assert_eq!(unfold(&folded).unwrap(), json);
    }

    #[test]
    fn a_pointer_to_nowhere_is_told() {
        assert_eq!(unfold(r##"{"a":"#0"}"##), None);
        assert_eq!(unfold(r##"{"a":"#x"}"##), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let text =
            prop_oneof!["#{0,3}[0-9]{0,2}", "[A-Za-z0-9_-]{22}", Just("AaH46BFHcAKswJgwgKanUQ".to_owned()), ".{0,12}", Just("\\\"#0".to_owned())];
        let number = prop_oneof![Just(1_795_177_320_788_i64), any::<i64>(), -20..20_i64];
        let leaf = prop_oneof![
            text.prop_map(Value::from),
            number.prop_map(Value::from),
            any::<f32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[#a-z0-9]{1,22}", inner, 0..6).prop_map(|it| Value::from_iter(it))
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_folded_unfolds_to_the_same_bytes(value in value()) {
            let json = value.to_string();
            let folded = fold(&json);
            prop_assert!(serde_json::from_str::<Value>(&folded).is_ok());
            prop_assert_eq!(unfold(&folded).unwrap(), json);
        }
    }
}
