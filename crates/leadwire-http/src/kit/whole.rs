//! Whole numbers on the wire. JSON knows no integers: `1` and `1.0` are the same number, and some clients write the
//! second for the first.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, Visitor};

/// For `#[serde(deserialize_with)]`: a whole number, however it is written.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(Whole(PhantomData))
}

/// The same, or null; with `#[serde(default)]` also nothing.
pub fn whole_or_null<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<Option<T>, D::Error> {
    from.deserialize_option(OrNull(PhantomData))
}

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number within its bounds")
    }

    fn visit_i64<E: de::Error>(self, it: i64) -> Result<T, E> {
        T::try_from(it).map_err(|_| E::invalid_value(de::Unexpected::Signed(it), &self))
    }

    fn visit_u64<E: de::Error>(self, it: u64) -> Result<T, E> {
        i64::try_from(it).ok().and_then(|it| T::try_from(it).ok()).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(it), &self))
    }

    #[expect(clippy::cast_possible_truncation, reason = "bounded by 2^53 just before")]
    fn visit_f64<E: de::Error>(self, it: f64) -> Result<T, E> {
        // Beyond 2^53 a float does not tell whole numbers apart.
        if it.fract() == 0.0 && it.abs() <= 9_007_199_254_740_992.0 {
            return self.visit_i64(it as i64);
        }
        Err(E::invalid_value(de::Unexpected::Float(it), &self))
    }
}

struct OrNull<T>(PhantomData<T>);

impl<'de, T: TryFrom<i64>> Visitor<'de> for OrNull<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number within its bounds, or null")
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        whole(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Shape {
        #[serde(deserialize_with = "whole")]
        must: i64,
        #[serde(default, deserialize_with = "whole_or_null")]
        may: Option<i32>,
    }

    fn read(text: &str) -> Result<Shape, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_nothing() {
        assert_eq!(read(r#"{"must":1.0,"may":-401.0}"#).unwrap(), Shape { must: 1, may: Some(-401) });
        assert_eq!(read(r#"{"must":1e3,"may":null}"#).unwrap(), Shape { must: 1000, may: None });
        assert_eq!(read(r#"{"must":-9223372036854775808}"#).unwrap(), Shape { must: i64::MIN, may: None });
    }

    #[test]
    fn what_is_not_whole_or_out_of_bounds_is_refused() {
        for wrong in [r#"{"must":1.5}"#, r#"{"must":"1"}"#, r#"{"must":null}"#, "{}", r#"{"must":1e300}"#, r#"{"must":18446744073709551615}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        for wrong in [r#"{"must":1,"may":3000000000}"#, r#"{"must":1,"may":3e9}"#, r#"{"must":1,"may":true}"#, r#"{"must":1,"may":0.1}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
