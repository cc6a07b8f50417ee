//! Reading query strings: repeated keys are lists, and errors name the parameter.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// What is wrong with a query string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The parameter; empty when it is the whole.
    pub parameter: String,
    /// Lower case, no full stop.
    pub message: String,
    /// It could be read, but says what cannot be.
    pub readable: bool,
}

impl QueryError {
    pub fn new(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Self { parameter: parameter.into(), message: message.into(), readable: false }
    }

    /// Something that could be read, but says what cannot be.
    pub fn invalid(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Self { parameter: parameter.into(), message: message.into(), readable: true }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parameter.is_empty() { write!(f, "{}", self.message) } else { write!(f, "{}: {}", self.parameter, self.message) }
    }
}

/// Reads the query of `uri`. Whether unknown parameters are refused is the shape's own choice.
pub fn parse<T: DeserializeOwned>(uri: &http::Uri) -> Result<T, QueryError> {
    parse_text(uri.query().unwrap_or_default())
}

/// As [`parse`], where a parameter is not given to say nothing: `min_score=` is no number, and not the same as none.
pub fn parse_given<T: DeserializeOwned>(uri: &http::Uri) -> Result<T, QueryError> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|it| !it.is_empty());
    for pair in pairs {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if value.is_empty() && name != FREE_TEXT {
            return Err(QueryError::invalid(name, "is empty"));
        }
    }
    parse(uri)
}

/// The one parameter that may be empty: a search for nothing in particular.
const FREE_TEXT: &str = "search";

/// The same for a urlencoded text, as in a form's body.
pub fn parse_text<T: DeserializeOwned>(text: &str) -> Result<T, QueryError> {
    if text.contains("%00") || text.contains('\0') {
        return Err(QueryError::invalid("", "a text holds U+0000"));
    }
    serde_path_to_error::deserialize(serde_html_form::Deserializer::from_bytes(text.as_bytes())).map_err(|error| {
        let parameter = error.path().iter().find_map(|it| match it {
            Segment::Map { key } => Some(key.clone()),
            _ => None,
        });
        QueryError::new(parameter.unwrap_or_default(), error.inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        limit: Option<u32>,
        #[serde(default)]
        source: Vec<String>,
    }

    #[test]
    fn a_parameter_given_without_a_value_is_told() {
        let ask = |text: &str| parse_given::<Shape>(&format!("/?{text}").parse().unwrap());
        assert_eq!(ask("limit="), Err(QueryError::invalid("limit", "is empty")));
        assert_eq!(ask("limit"), Err(QueryError::invalid("limit", "is empty")));
        assert_eq!(ask("limit=3").unwrap().limit, Some(3));
        assert!(ask("").is_ok());
    }

    #[test]
    fn repeated_keys_are_a_list_and_an_error_names_its_parameter() {
        let shape: Shape = parse_text("source=a&limit=3&source=b%20c").unwrap();
        assert_eq!(shape, Shape { limit: Some(3), source: vec!["a".to_owned(), "b c".to_owned()] });
        assert_eq!(parse_text::<Shape>("limit=x").unwrap_err().parameter, "limit");
        assert!(parse_text::<Shape>("colour=red").is_err());
        assert!(parse_text::<Shape>("source=%00").is_err());
    }
}
