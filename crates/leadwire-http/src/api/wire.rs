//! Spellings shared by all things of the native API: ids, times, pages, lists that may be absent, null or there.

#![expect(unused_qualifications, reason = "what the derives write is theirs")]

use std::fmt;

use leadwire_core::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

pub use crate::kit::id::Id;

/// A moment: RFC 3339, UTC, with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When(pub Time);

impl From<Time> for When {
    fn from(it: Time) -> Self {
        Self(it)
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "a time, as in 2026-07-02T12:54:00Z", |it| Time::parse(it).map(Self).ok())
    }
}

impl PartialSchema for When {
    fn schema() -> RefOr<Schema> {
        formatted(KnownFormat::DateTime)
    }
}

impl ToSchema for When {}

fn formatted(format: KnownFormat) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format))).into()
}

/// Reads a text with `parse`, or says what was expected.
fn text<'de, D: Deserializer<'de>, T>(from: D, expected: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, D::Error> {
    struct Visitor<F>(&'static str, F);

    impl<T, F: Fn(&str) -> Option<T>> de::Visitor<'_> for Visitor<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, it: &str) -> Result<T, E> {
            (self.1)(it).ok_or_else(|| E::invalid_value(de::Unexpected::Str(it), &self.0))
        }
    }

    from.deserialize_str(Visitor(expected, parse))
}

/// Tells `null` (inner `None`) from a member that is not there: with `default`, on an `Option<Option<T>>`.
pub fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// A member that may be absent but not null: with `default`, on an `Option<T>`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Give this as `after` for the next page; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// `limit` and `after` of every list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows of a page, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    pub after: Option<String>,
}

/// The same, for lists of what belongs to a brand.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BrandPaging {
    /// This brand and all below it; all brands the key sees unless given.
    #[param(value_type = Option<Uuid>)]
    pub brand: Option<Id>,
    /// Rows of a page, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9a-f]{48}$")]
    pub after: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_shows_milliseconds() {
        let when: When = serde_json::from_str("\"2026-07-02T12:54:00+02:00\"").unwrap();
        assert_eq!(serde_json::to_string(&when).unwrap(), "\"2026-07-02T10:54:00.000Z\"");
        let error = serde_json::from_str::<When>("\"yesterday\"").unwrap_err().to_string();
        assert!(error.contains("expected a time"), "{error}");
    }

    #[test]
    fn null_and_absence_are_told_apart() {
        type Nullable = Option<Option<u8>>;
        #[derive(Deserialize)]
        struct Shape {
            #[serde(default, deserialize_with = "named")]
            clearable: Nullable,
            #[serde(default, deserialize_with = "given")]
            firm: Option<u8>,
        }
        let read = |it: &str| serde_json::from_str::<Shape>(it).map(|it| (it.clearable, it.firm));
        assert_eq!(read("{}").unwrap(), (None, None));
        assert_eq!(read(r#"{"clearable":null}"#).unwrap(), (Some(None), None));
        assert_eq!(read(r#"{"clearable":1,"firm":2}"#).unwrap(), (Some(Some(1)), Some(2)));
        assert!(read(r#"{"firm":null}"#).is_err());
    }
}
