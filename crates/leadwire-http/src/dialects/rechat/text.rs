//! Texts of bounded length.

use leadwire_core::limits::NAME_BYTES_MAX;
use serde::{Deserialize, Deserializer, de};

/// A text of at most so many bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<const BYTES_MAX: usize>(pub(crate) String);

/// One line.
pub(crate) type Name = Text<NAME_BYTES_MAX>;

impl<'de, const BYTES_MAX: usize> Deserialize<'de> for Text<BYTES_MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.len() > BYTES_MAX {
            return Err(de::Error::custom(format_args!("is longer than {BYTES_MAX} bytes")));
        }
        Ok(Self(text))
    }
}
