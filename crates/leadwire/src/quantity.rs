//! Quantities as people write them on a command line or in a file: `30d`, `10s`, `256k`, `1000/10s`.
//!
//! Each reads from text in one way, whether the text came from a flag, the environment or the file, and prints as it
//! is read.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// The text is none of the quantity asked for; says what would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAQuantity(&'static str);

impl fmt::Display for NotAQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotAQuantity {}

/// A length of time: a whole number and `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

const SPAN: NotAQuantity = NotAQuantity("expected a whole number and a unit, as in 500ms, 10s, 5m, 2h or 30d");

/// Units of a span, longest first, in milliseconds.
const SPAN_UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl FromStr for Span {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (number, unit) = split(text);
        let millis = SPAN_UNITS.iter().find(|(name, _)| *name == unit).ok_or(SPAN)?.1;
        let number: u64 = number.parse().map_err(|_| SPAN)?;
        number.checked_mul(millis).map(|it| Self(Duration::from_millis(it))).ok_or(SPAN)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let unit = SPAN_UNITS.iter().find(|(_, each)| millis.is_multiple_of(u128::from(*each)));
        let (name, each) = unit.copied().unwrap_or(("ms", 1));
        write!(f, "{}{name}", millis / u128::from(each))
    }
}

/// A number of bytes: a whole number and nothing, `k` or `m` (powers of 1024).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub usize);

const SIZE: NotAQuantity = NotAQuantity("expected a number of bytes, as in 65536, 64k or 1m");

const SIZE_UNITS: [(&str, usize); 3] = [("m", 1024 * 1024), ("k", 1024), ("", 1)];

impl FromStr for Size {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (number, unit) = split(text);
        let each = SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or(SIZE)?.1;
        let number: usize = number.parse().map_err(|_| SIZE)?;
        number.checked_mul(each).map(Self).ok_or(SIZE)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = SIZE_UNITS.iter().find(|(_, each)| self.0.is_multiple_of(*each));
        let (name, each) = unit.copied().unwrap_or(("", 1));
        write!(f, "{}{name}", self.0 / each)
    }
}

/// How many requests a key may make in a window of time; `off` lifts the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    Off,
    Per { requests: NonZeroU32, window_secs: NonZeroU32 },
}

const RATE: NotAQuantity = NotAQuantity("expected requests per window of whole seconds, as in 1000/10s, or off");

impl FromStr for RateLimit {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (requests, window) = text.split_once('/').ok_or(RATE)?;
        let requests = requests.parse().map_err(|_| RATE)?;
        let Span(window) = window.parse().map_err(|_| RATE)?;
        let secs = u32::try_from(window.as_secs()).ok().and_then(NonZeroU32::new).filter(|_| window.subsec_nanos() == 0);
        Ok(Self::Per { requests, window_secs: secs.ok_or(RATE)? })
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Per { requests, window_secs } => write!(f, "{requests}/{}", Span(Duration::from_secs(window_secs.get().into()))),
        }
    }
}

macro_rules! deserialize_from_text {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

deserialize_from_text!(Span Size RateLimit);

/// The leading digits, and the rest.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print_the_same() {
        for text in ["500ms", "10s", "5m", "2h", "30d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1w", "99999999999999999999d", "9999999999999999d"] {
            assert_eq!(text.parse::<Span>(), Err(SPAN), "{text}");
        }
    }

    #[test]
    fn sizes_read_and_print_the_same() {
        for (text, bytes) in [("100", 100), ("64k", 65_536), ("1m", 1_048_576)] {
            assert_eq!(text.parse::<Size>().unwrap(), Size(bytes));
            assert_eq!(Size(bytes).to_string(), text);
        }
        assert_eq!("1g".parse::<Size>(), Err(SIZE));
    }

    #[test]
    fn rate_limits_read_and_print_the_same() {
        for text in ["off", "1000/10s", "5/1m"] {
            assert_eq!(text.parse::<RateLimit>().unwrap().to_string(), text);
        }
        for text in ["0/10s", "10", "10/0s", "10/1500ms", "on", "a/10s"] {
            assert_eq!(text.parse::<RateLimit>(), Err(RATE), "{text}");
        }
    }
}
