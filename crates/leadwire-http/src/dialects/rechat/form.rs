//! `application/x-www-form-urlencoded` as a JSON object, so that a form is read by the same reader as JSON.
//!
//! A key that is repeated, or ends in `[]`, is a list; keys keep the order in which they first came. Decoding is that of
//! browsers: a percent sign that begins no escape stands for itself.

use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::kit::body::BodyError;

/// As the content type names it.
pub(super) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The decoded fields of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    fields: Vec<(String, Value)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Value {
    One(String),
    Many(Vec<String>),
}

impl Form {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        let mut form = Self::default();
        let mut places: HashMap<String, usize> = HashMap::new();
        for pair in bytes.split(|it| *it == b'&').filter(|it| !it.is_empty()) {
            let mut halves = pair.splitn(2, |it| *it == b'=');
            let key = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            let (key, listed) = match key.strip_suffix("[]") {
                Some(bare) => (bare.to_owned(), true),
                None => (key, false),
            };
            if let Some((_, known)) = places.get(&key).and_then(|at| form.fields.get_mut(*at)) {
                known.push(value);
            } else {
                places.insert(key.clone(), form.fields.len());
                form.fields.push((key, if listed { Value::Many(vec![value]) } else { Value::One(value) }));
            }
        }
        Ok(form)
    }

    /// As JSON text.
    pub(super) fn to_json(&self) -> String {
        // Maps of texts always have a JSON form.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

impl Value {
    fn push(&mut self, further: String) {
        match self {
            Self::Many(list) => list.push(further),
            Self::One(first) => *self = Self::Many(vec![std::mem::take(first), further]),
        }
    }
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.fields.len()))?;
        for (key, value) in &self.fields {
            match value {
                Value::One(it) => map.serialize_entry(key, it)?,
                Value::Many(it) => map.serialize_entry(key, it)?,
            }
        }
        map.end()
    }
}

fn decode(text: &[u8]) -> Result<String, BodyError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => out.push(b' '),
            b'%' => match escape(after) {
                Some((byte, after)) => {
                    out.push(byte);
                    rest = after;
                }
                None => out.push(b'%'),
            },
            it => out.push(*it),
        }
    }
    if out.contains(&0) {
        return Err(BodyError::Nul);
    }
    String::from_utf8(out).map_err(|_| BodyError::Utf8)
}

/// The byte two hexadecimal digits stand for, and what follows them.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], rest) = text.split_first_chunk::<2>()?;
    let digit = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    Some((digit(*high)? * 16 + digit(*low)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        Form::parse(text.as_bytes()).unwrap().to_json()
    }

    #[test]
    fn a_form_is_an_object_in_the_order_it_came() {
        assert_eq!(
            json("first_name=Ana+Maria&email=ana%40example.com&note=50%25+off"),
            r#"{"first_name":"Ana Maria","email":"ana@example.com","note":"50% off"}"#
        );
        assert_eq!(json(""), "{}");
        assert_eq!(json("a&b=&&=c"), r#"{"a":"","b":"","":"c"}"#);
    }

    #[test]
    fn a_repeated_key_is_a_list_and_so_is_one_with_brackets() {
        assert_eq!(json("tag=a&email=x&tag=b&tag=c"), r#"{"tag":["a","b","c"],"email":"x"}"#);
        assert_eq!(json("tag[]=a"), r#"{"tag":["a"]}"#);
        assert_eq!(json("tag%5B%5D=a&tag%5B%5D=b"), r#"{"tag":["a","b"]}"#);
        assert_eq!(json("tag=a,b"), r#"{"tag":"a,b"}"#);
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_stands_for_itself() {
        assert_eq!(json("note=100%&b=%zz%4"), r#"{"note":"100%","b":"%zz%4"}"#);
    }

    #[test]
    fn bad_utf8_and_nul_are_refused() {
        assert_eq!(Form::parse(b"a=%ff"), Err(BodyError::Utf8));
        assert_eq!(Form::parse(b"a=\xff"), Err(BodyError::Utf8));
        assert_eq!(Form::parse(b"a=%00"), Err(BodyError::Nul));
    }

    #[test]
    fn many_keys_are_read_in_time() {
        let text: Vec<String> = (0..50_000).map(|it| format!("k{it}")).collect();
        let text = text.join("&");
        assert!(json(&text).len() > 50_000);
    }
}
