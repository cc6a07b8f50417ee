//! Reads JSON as a schema means it, where serde by itself is either laxer or stricter: an object is never read from a list
//! of its values, and `38.0` is the integer it is.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};

/// Wraps whatever takes part in deserialising.
pub struct Strict<T>(pub T);

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anything,
    Integer,
    Object,
}

struct Seen<V> {
    visitor: V,
    wanted: Wanted,
}

fn seen<V>(visitor: V, wanted: Wanted) -> Seen<V> {
    Seen { visitor, wanted }
}

macro_rules! forward {
    ($($method:ident: $wanted:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(seen(visitor, Wanted::$wanted))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    forward! {
        deserialize_any: Anything;
        deserialize_bool: Anything;
        deserialize_i8: Integer;
        deserialize_i16: Integer;
        deserialize_i32: Integer;
        deserialize_i64: Integer;
        deserialize_i128: Integer;
        deserialize_u8: Integer;
        deserialize_u16: Integer;
        deserialize_u32: Integer;
        deserialize_u64: Integer;
        deserialize_u128: Integer;
        deserialize_f32: Anything;
        deserialize_f64: Anything;
        deserialize_char: Anything;
        deserialize_str: Anything;
        deserialize_string: Anything;
        deserialize_bytes: Anything;
        deserialize_byte_buf: Anything;
        deserialize_option: Anything;
        deserialize_unit: Anything;
        deserialize_seq: Anything;
        deserialize_map: Anything;
        deserialize_identifier: Anything;
        deserialize_ignored_any: Anything;
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, seen(visitor, Wanted::Anything))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, seen(visitor, Wanted::Anything))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, seen(visitor, Wanted::Anything))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, name: &'static str, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, seen(visitor, Wanted::Anything))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, name: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, seen(visitor, Wanted::Object))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, name: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, seen(visitor, Wanted::Anything))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($method:ident($kind:ty);)*) => {$(
        fn $method<E: Error>(self, it: $kind) -> Result<V::Value, E> {
            self.visitor.$method(it)
        }
    )*};
}

/// The integer a number is, if it is one that a double holds exactly.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within what a double counts exactly")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Seen<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wanted {
            Wanted::Object => f.write_str("an object"),
            Wanted::Anything | Wanted::Integer => self.visitor.expecting(f),
        }
    }

    visit! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<V::Value, E> {
        match whole(it) {
            Some(it) if self.wanted == Wanted::Integer => self.visitor.visit_i64(it),
            _ => self.visitor.visit_f64(it),
        }
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, it: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict(it))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, it: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict(it))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, it: A) -> Result<V::Value, A::Error> {
        if self.wanted == Wanted::Object {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.visitor.visit_seq(Strict(it))
    }

    fn visit_map<A: MapAccess<'de>>(self, it: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Strict(it))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, it: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Strict(it))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(from))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(Strict(seed))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(Strict(seed))?;
        Ok((value, Strict(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, seen(visitor, Wanted::Anything))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, seen(visitor, Wanted::Object))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner {
        count: i64,
        ratio: f64,
    }

    #[derive(Debug, Deserialize)]
    struct Outer {
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
        raw: Option<Box<RawValue>>,
    }

    fn read(text: &str) -> Result<Outer, serde_json::Error> {
        let mut parser = serde_json::Deserializer::from_str(text);
        Outer::deserialize(Strict(&mut parser))
    }

    #[test]
    fn an_object_is_never_read_from_a_list() {
        assert!(read(r#"{"inner":{"count":1}}"#).is_ok());
        for text in [r"[null,[]]", r#"{"inner":[1,2]}"#, r#"{"list":[[1,2]]}"#] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("expected an object"), "{text}: {error}");
        }
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        let read = |it: &str| read(&format!(r#"{{"inner":{{"count":{it}}}}}"#)).map(|it| it.inner.unwrap().count);
        assert_eq!((read("38").unwrap(), read("38.0").unwrap(), read("-3.8e1").unwrap()), (38, 38, -38));
        assert!(read("38.5").is_err());
        assert!(read("1e300").is_err());
        assert!(read("\"38\"").is_err());
    }

    #[test]
    fn raw_values_and_floats_pass_as_they_are() {
        let outer = read(r#"{"inner":{"ratio":2.0},"raw":{"a": [1.0]}}"#).unwrap();
        assert_eq!(outer.inner.unwrap().ratio.to_bits(), 2.0f64.to_bits());
        assert_eq!(outer.raw.unwrap().get(), r#"{"a": [1.0]}"#);
        assert_eq!(outer.list, []);
    }
}
