//! How each kind of row is spelled in its table and in the feed.
//!
//! Every struct of the core that is stored has a mirror here: the list of its fields, each with the name it has in
//! the JSON text. A mirror takes its struct apart without `..`, so a field that is forgotten does not compile. What
//! stands in a column of its own is not repeated in the text, and what is empty is not written: rows stay slim, and
//! a new field that may be absent needs no migration. Nothing here decides anything.

mod agency;
#[cfg(test)]
pub(crate) mod arb;
mod base64;
mod bot;
mod contact;
mod conversation;
mod decision;
mod feed;
mod lead;
mod message;
mod offer;
mod receipt;
mod source;
mod thrift;
mod word;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::id::Uuid;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use feed::UnitBody;

/// A value of the core as it is written in JSON text, and read back.
pub(crate) trait Mirror: Sized {
    /// What a field holds that is not there, if it may be absent.
    fn absent() -> Option<Self> {
        None
    }
    /// Whether the field need not be written.
    fn is_absent(&self) -> bool {
        false
    }
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

/// A row's JSON text: everything but what stands in columns of its own.
pub(crate) trait Body: Sized {
    /// What stands apart, in the order of the mirror.
    type Apart;
    fn to_json(&self) -> Result<String, serde_json::Error>;
    fn from_json(apart: Self::Apart, json: &str) -> Result<Self, serde_json::Error>;
}

/// Writes a value by its mirror.
pub(crate) struct Shown<'a, T>(pub(crate) &'a T);

impl<T: Mirror> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.write(to)
    }
}

/// Reads a value by its mirror.
pub(crate) struct Own<T>(pub(crate) T);

impl<'de, T: Mirror> Deserialize<'de> for Own<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from).map(Self)
    }
}

/// A field of a mirror: what was read, or nothing yet.
#[derive(Clone)]
pub(crate) struct Slot<T>(pub(crate) Option<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Mirror> Slot<T> {
    pub(crate) fn of(it: &T) -> Self
    where
        T: Clone,
    {
        Self(Some(it.clone()))
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.0.as_ref().is_none_or(Mirror::is_absent)
    }

    pub(crate) fn take<E: serde::de::Error>(self, name: &'static str) -> Result<T, E> {
        self.0.or_else(T::absent).ok_or_else(|| E::missing_field(name))
    }
}

impl<T: Mirror> Serialize for Slot<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(it) => it.write(to),
            None => to.serialize_none(),
        }
    }
}

impl<'de, T: Mirror> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from).map(|it| Self(Some(it)))
    }
}

/// The JSON name of a field: as given, else its own.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $short:literal) => {
        $short
    };
}

/// A struct written whole: `mirror! { Name { field: Type, other "o": Type } }`.
macro_rules! mirror {
    ($name:ident { $($field:ident $($short:literal)? : $ty:ty),* $(,)? }) => {
        impl $crate::row::Mirror for $name {
            fn write<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let Self { $($field),* } = self;
                let mut map = to.serialize_map(None)?;
                $(if !$crate::row::Mirror::is_absent($field) {
                    map.serialize_entry($crate::row::name!($field $($short)?), &$crate::row::Shown($field))?;
                })*
                map.end()
            }

            fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                struct MirrorFields { $(#[serde(default $(, rename = $short)?)] $field: $crate::row::Slot<$ty>),* }
                let fields = <MirrorFields as serde::Deserialize>::deserialize(from)?;
                Ok(Self { $($field: fields.$field.take(stringify!($field))?),* })
            }
        }

        #[cfg(test)]
        impl $crate::row::arb::Arb for $name {
            fn arb(source: &mut $crate::row::arb::Source) -> Self {
                Self { $($field: $crate::row::arb::Arb::arb(source)),* }
            }
        }
    };
}

/// A row: some fields in columns of their own (`apart`), the rest in the body.
macro_rules! body {
    ($name:ident, apart { $($apart:ident : $aty:ty),* $(,)? }, { $($field:ident $($short:literal)? : $ty:ty),* $(,)? }) => {
        impl $crate::row::Body for $name {
            type Apart = ($($aty,)*);

            fn to_json(&self) -> Result<String, serde_json::Error> {
                struct Part<'a>(&'a $name);
                impl serde::Serialize for Part<'_> {
                    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                        use serde::ser::SerializeMap as _;
                        let $name { $($apart: _,)* $($field),* } = self.0;
                        let mut map = to.serialize_map(None)?;
                        $(if !$crate::row::Mirror::is_absent($field) {
                            map.serialize_entry($crate::row::name!($field $($short)?), &$crate::row::Shown($field))?;
                        })*
                        map.end()
                    }
                }
                $crate::row::thrift::begin();
                serde_json::to_string(&Part(self))
            }

            fn from_json(($($apart,)*): Self::Apart, json: &str) -> Result<Self, serde_json::Error> {
                #[derive(serde::Deserialize)]
                struct MirrorFields { $(#[serde(default $(, rename = $short)?)] $field: $crate::row::Slot<$ty>),* }
                $crate::row::thrift::begin();
                let fields: MirrorFields = serde_json::from_str(json)?;
                Ok(Self { $($apart,)* $($field: fields.$field.take::<serde_json::Error>(stringify!($field))?),* })
            }
        }

        #[cfg(test)]
        impl $crate::row::arb::Arb for $name {
            fn arb(source: &mut $crate::row::arb::Source) -> Self {
                Self { $($apart: $crate::row::arb::Arb::arb(source),)* $($field: $crate::row::arb::Arb::arb(source)),* }
            }
        }
    };
}

/// An enum of words: `words! { Role { Admin = "admin" } }`.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $crate::row::Mirror for $name {
            fn write<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(match self { $(Self::$variant => $word),* })
            }

            fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::row::text(from, "a known word", |it| match it { $($word => Some(Self::$variant),)* _ => None })
            }
        }

        #[cfg(test)]
        impl $crate::row::arb::Arb for $name {
            fn arb(source: &mut $crate::row::arb::Source) -> Self {
                source.pick(&[$(Self::$variant),*])
            }
        }
    };
}

/// An enum whose variants have fields, written as an object with one entry: the variant's word and its fields.
macro_rules! variants {
    ($name:ident { $($variant:ident = $word:literal { $($field:ident $($short:literal)? : $ty:ty),* $(,)? }),* $(,)? }) => {
        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            enum Form {
                $(#[serde(rename = $word)]
                $variant { $(
                    #[serde(default, skip_serializing_if = "crate::row::Slot::is_absent" $(, rename = $short)?)]
                    $field: $crate::row::Slot<$ty>
                ),* }),*
            }

            impl $crate::row::Mirror for $name {
                fn write<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    let form = match self { $(Self::$variant { $($field),* } => Form::$variant { $($field: $crate::row::Slot::of($field)),* }),* };
                    serde::Serialize::serialize(&form, to)
                }

                fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    Ok(match <Form as serde::Deserialize>::deserialize(from)? {
                        $(Form::$variant { $($field),* } => Self::$variant { $($field: $field.take(stringify!($field))?),* }),*
                    })
                }
            }

            #[cfg(test)]
            impl $crate::row::arb::Arb for $name {
                fn arb(source: &mut $crate::row::arb::Source) -> Self {
                    let all: &[fn(&mut $crate::row::arb::Source) -> Self] =
                        &[$(|source| { let _ = &source; Self::$variant { $($field: $crate::row::arb::Arb::arb(source)),* } }),*];
                    source.pick(all)(source)
                }
            }
        };
    };
}

/// An enum whose variants each hold one value, written as an object with one entry: the variant's word and the value.
macro_rules! choice {
    ($name:ident { $($variant:ident = $word:literal ( $ty:ty )),* $(,)? }) => {
        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            enum Form { $(#[serde(rename = $word)] $variant($crate::row::Slot<$ty>)),* }

            impl $crate::row::Mirror for $name {
                fn write<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    let form = match self { $(Self::$variant(it) => Form::$variant($crate::row::Slot::of(it))),* };
                    serde::Serialize::serialize(&form, to)
                }

                fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    Ok(match <Form as serde::Deserialize>::deserialize(from)? {
                        $(Form::$variant(it) => Self::$variant(it.take($word)?)),*
                    })
                }
            }

            #[cfg(test)]
            impl $crate::row::arb::Arb for $name {
                fn arb(source: &mut $crate::row::arb::Source) -> Self {
                    let all: &[fn(&mut $crate::row::arb::Source) -> Self] = &[$(|source| Self::$variant($crate::row::arb::Arb::arb(source))),*];
                    source.pick(all)(source)
                }
            }
        };
    };
}

pub(crate) use {body, choice, mirror, name, variants, words};

/// Reads a text in place and turns it into what it stands for.
pub(crate) fn text<'de, D: Deserializer<'de>, T>(from: D, expected: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, D::Error> {
    struct Reads<T, F>(&'static str, F, PhantomData<T>);
    impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for Reads<T, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, it: &str) -> Result<T, E> {
            let Self(expected, parse, _) = self;
            parse(it).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(it), &expected))
        }
    }
    from.deserialize_str(Reads(expected, parse, PhantomData))
}

/// Written as it is; when it is zero, false or empty, not at all.
macro_rules! plain {
    ($($ty:ty),*) => {$(
        impl Mirror for $ty {
            fn absent() -> Option<Self> {
                Some(Self::default())
            }

            fn is_absent(&self) -> bool {
                *self == Self::default()
            }

            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.serialize(to)
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::deserialize(from)
            }
        }
    )*};
}

plain!(bool, u16, u32, u64, i64, String);

impl Mirror for f64 {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !self.is_finite() {
            return Err(serde::ser::Error::custom("a number that is not finite"));
        }
        to.serialize_f64(*self)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(from)
    }
}

impl Mirror for Arc<str> {
    fn absent() -> Option<Self> {
        Some(Self::from(""))
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "a text", |it| Some(Self::from(it)))
    }
}

impl Mirror for Time {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(thrift::distance(self.millis()))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(|it| Self::from_millis(thrift::time(it)))
    }
}

impl Mirror for Uuid {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if let Some(number) = thrift::mention(*self) {
            return to.serialize_u64(number);
        }
        let mut room = [0u8; base64::len(16)];
        to.serialize_str(base64::encode(self.as_bytes(), &mut room))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Uuid;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_str<E: serde::de::Error>(self, it: &str) -> Result<Uuid, E> {
                let id = base64::decode::<16>(it).map(Uuid::from_bytes);
                let id = id.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(it), &self))?;
                thrift::mention(id);
                Ok(id)
            }

            fn visit_u64<E: serde::de::Error>(self, it: u64) -> Result<Uuid, E> {
                thrift::mentioned(it).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(it), &self))
            }
        }
        from.deserialize_any(Reads)
    }
}

macro_rules! digests {
    ($($len:literal),*) => {$(
        impl Mirror for [u8; $len] {
            fn absent() -> Option<Self> {
                Some([0; $len])
            }

            fn is_absent(&self) -> bool {
                *self == [0; $len]
            }

            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let mut room = [0u8; base64::len($len)];
                to.serialize_str(base64::encode(self, &mut room))
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                text(from, "a digest", base64::decode::<$len>)
            }
        }
    )*};
}

digests!(16, 32);

impl<T: Mirror> Mirror for Option<T> {
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(it) => it.write(to),
            None => to.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::<Own<T>>::deserialize(from)?.map(|it| it.0))
    }
}

impl<T: Mirror> Mirror for Vec<T> {
    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(Shown))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::<Own<T>>::deserialize(from)?.into_iter().map(|it| it.0).collect())
    }
}

impl<T: Mirror + Ord> Mirror for BTreeSet<T> {
    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(Shown))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<T>::read(from).map(|it| it.into_iter().collect())
    }
}

/// As a list of pairs.
impl<K: Mirror + Ord, V: Mirror> Mirror for BTreeMap<K, V> {
    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(|(key, value)| (Shown(key), Shown(value))))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<(K, V)>::read(from).map(|it| it.into_iter().collect())
    }
}

impl<A: Mirror, B: Mirror> Mirror for (A, B) {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (Shown(&self.0), Shown(&self.1)).serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <(Own<A>, Own<B>)>::deserialize(from).map(|(a, b)| (a.0, b.0))
    }
}

macro_rules! shared {
    ($($holder:ident),*) => {$(
        impl<T: Mirror> Mirror for $holder<T> {
            fn absent() -> Option<Self> {
                T::absent().map(Self::new)
            }

            fn is_absent(&self) -> bool {
                self.as_ref().is_absent()
            }

            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.as_ref().write(to)
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                T::read(from).map(Self::new)
            }
        }
    )*};
}

shared!(Arc, Box);
