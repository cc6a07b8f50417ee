//! Moments, as milliseconds since 1970 UTC. Every surface speaks of the same millisecond.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

/// The text is neither RFC 3339 nor a naive date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time: expected RFC 3339, as in 2026-07-02T12:54:00Z")]
pub struct NotATime;

impl Time {
    /// The first and last moments that can be written as RFC 3339 with a four-digit year.
    pub const MIN: Self = Self(-62_135_596_800_000);
    pub const MAX: Self = Self(253_402_300_799_999);

    /// A moment from milliseconds, held between [`Time::MIN`] and [`Time::MAX`].
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `millis` more (or fewer, when negative).
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    pub fn plus_secs(self, secs: i64) -> Self {
        self.plus_millis(secs.saturating_mul(1000))
    }

    /// RFC 3339 in UTC. A time without an offset is read as UTC.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Self::checked(moment);
        }
        let naive: jiff::civil::DateTime = text.parse().map_err(|_| NotATime)?;
        let moment = naive.to_zoned(TimeZone::UTC).map_err(|_| NotATime)?.timestamp();
        Self::checked(moment)
    }

    fn checked(moment: Timestamp) -> Result<Self, NotATime> {
        let time = Self(moment.as_millisecond());
        if time < Self::MIN || time > Self::MAX {
            return Err(NotATime);
        }
        Ok(time)
    }

    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or_default()
    }

    /// Where this moment falls on the clock and calendar of `zone`, an IANA name; UTC when it is unknown.
    pub fn in_zone(self, zone: &str) -> jiff::Zoned {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        self.timestamp().to_zoned(zone)
    }
}

/// RFC 3339, UTC, always with milliseconds: `2026-07-02T17:54:00.000Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

/// Whether `name` is an IANA time zone this build knows.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}
