//! The registry of routable fields, and the facts of one lead.
//!
//! A fact is missing, or a list of normalised values (one value is a list of one). Null, blank and unreadable values
//! are missing. Both sides of a comparison are normalised once, by [`super::normal`], and never again.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::Time;

use super::normal::{Normal, normalise};

/// What is known of a lead when it is routed. A field that is absent is missing.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Facts {
    /// Never an empty list; sorted, each value once.
    pub known: BTreeMap<Field, Vec<Atom>>,
    /// Fields that were given but could not be read as their type: missing, and the trace says why.
    pub unparseable: BTreeSet<Field>,
}

/// One value of a fact, normalised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    Number(Decimal),
    Text(String),
    Bool(bool),
    /// A time of day is the time since midnight.
    Time(Time),
}

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldType {
    /// An exact decimal, from a number or a text like `$750,000`.
    Number,
    /// Text as written, but for Unicode form and outer spaces.
    Text,
    /// Text without regard to case.
    Enum,
    /// A UUID.
    Uuid,
    Bool,
    /// Upper case without spaces; a ZIP+4 equals its ZIP.
    PostalCode,
    /// An e-mail address.
    Email,
    /// A host name, in ASCII.
    Host,
    /// An English name of a day, whole or its first three letters.
    Weekday,
    /// `HH:MM` or `HH:MM:SS`.
    TimeOfDay,
}

macro_rules! fields {
    ($($variant:ident = $name:literal : $kind:ident),* $(,)?) => {
        /// A routable field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($variant),* }

        impl Field {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            pub fn field_type(self) -> FieldType {
                match self { $(Self::$variant => FieldType::$kind),* }
            }
        }
    };
}

fields! {
    Price = "price": Number,
    PriceMin = "price_min": Number,
    PriceMax = "price_max": Number,
    PostalCode = "postal_code": PostalCode,
    City = "city": Enum,
    State = "state": Enum,
    Country = "country": Enum,
    Mls = "mls": Enum,
    MlsNumber = "mls_number": Text,
    ListingId = "listing_id": Text,
    Beds = "beds": Number,
    Baths = "baths": Number,
    PropertyType = "property_type": Enum,
    Intent = "intent": Enum,
    SourceType = "source_type": Enum,
    LeadSource = "lead_source": Enum,
    Tag = "tag": Enum,
    RefererHost = "referer_host": Host,
    UtmSource = "utm_source": Enum,
    UtmMedium = "utm_medium": Enum,
    UtmCampaign = "utm_campaign": Enum,
    UtmTerm = "utm_term": Enum,
    UtmContent = "utm_content": Enum,
    EmailDomain = "email_domain": Host,
    HasEmail = "has_email": Bool,
    HasPhone = "has_phone": Bool,
    PhoneCountry = "phone_country": Enum,
    PhoneArea = "phone_area": Text,
    Language = "language": Enum,
    IsReturning = "is_returning": Bool,
    ContactTags = "contact_tags": Enum,
    AssigneeEmail = "assignee_email": Email,
    Channel = "channel": Uuid,
    ReceivedWeekday = "received_weekday": Weekday,
    ReceivedTime = "received_time": TimeOfDay,
}

impl FieldType {
    /// Whether `gte` and `lte` mean something.
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::TimeOfDay)
    }

    /// What a value has to be, for somebody who wrote another.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Number => "a number, as in 750000 or \"$750,000\"",
            Self::Text | Self::Enum => "a text",
            Self::Uuid => "a uuid",
            Self::Bool => "true or false",
            Self::PostalCode => "a postal code",
            Self::Email => "an e-mail address",
            Self::Host => "a host name",
            Self::Weekday => "a day of the week, as in \"monday\"",
            Self::TimeOfDay => "a time of day, as in \"09:30\"",
        }
    }
}

/// A value of a fact as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawFact {
    Text(String),
    /// The digits as written.
    Number(String),
    Bool(bool),
}

/// What was captured, by field, before it is normalised. A field given several times is a list.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FactsInput {
    values: Vec<(Field, RawFact)>,
}

impl FactsInput {
    pub fn add(&mut self, field: Field, value: RawFact) {
        self.values.push((field, value));
    }

    /// Nothing when the text is absent.
    pub fn text(&mut self, field: Field, value: Option<&str>) {
        if let Some(it) = value {
            self.add(field, RawFact::Text(it.to_owned()));
        }
    }

    pub fn texts<'a>(&mut self, field: Field, values: impl IntoIterator<Item = &'a str>) {
        for it in values {
            self.text(field, Some(it));
        }
    }

    pub fn flag(&mut self, field: Field, value: bool) {
        self.add(field, RawFact::Bool(value));
    }

    /// Weekday and time of day at `now` on the clock of `zone`, the brand's.
    pub fn received(&mut self, now: Time, zone: &str) {
        use jiff::civil::Weekday;
        let local = now.in_zone(zone);
        let day = match local.weekday() {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        };
        self.text(Field::ReceivedWeekday, Some(day));
        self.text(Field::ReceivedTime, Some(&format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())));
    }
}

impl Facts {
    /// Normalises what was captured. The order and repetition of values do not count.
    pub fn gather(input: &FactsInput) -> Self {
        let mut facts = Self::default();
        for (field, raw) in &input.values {
            match normalise(field.field_type(), raw) {
                Normal::Value(atom) => facts.known.entry(*field).or_default().push(atom),
                Normal::Blank => {}
                Normal::Unreadable => drop(facts.unparseable.insert(*field)),
            }
        }
        for list in facts.known.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        // One readable value makes the field known.
        facts.unparseable.retain(|it| !facts.known.contains_key(it));
        facts
    }

    /// The values of a field; none when it is missing.
    pub fn get(&self, field: Field) -> Option<&[Atom]> {
        self.known.get(&field).map(Vec::as_slice).filter(|it| !it.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(values: &[(Field, &str)]) -> Facts {
        let mut input = FactsInput::default();
        for (field, text) in values {
            input.text(*field, Some(text));
        }
        Facts::gather(&input)
    }

    #[test]
    fn names_and_fields_are_one_to_one() {
        for (at, it) in Field::ALL.iter().enumerate() {
            assert_eq!(Field::from_name(it.name()), Some(*it));
            assert_eq!(*it as usize, at, "evaluation uses the place as an index");
        }
        assert_eq!(Field::from_name("Price"), None);
    }

    #[test]
    fn blank_values_are_missing_and_unreadable_ones_say_so() {
        let facts = gather(&[(Field::City, "  "), (Field::Price, "a lot"), (Field::Beds, "3"), (Field::Beds, "many"), (Field::Tag, "")]);
        assert_eq!(facts.get(Field::City), None);
        assert_eq!(facts.get(Field::Price), None);
        assert_eq!(facts.get(Field::Beds), Some(&[Atom::Number(Decimal::from(3))][..]));
        assert_eq!(facts.unparseable, BTreeSet::from([Field::Price]));
    }

    #[test]
    fn order_and_repetition_do_not_count() {
        let one = gather(&[(Field::Tag, "Buyer"), (Field::Tag, "hot")]);
        let other = gather(&[(Field::Tag, "HOT "), (Field::Tag, "buyer"), (Field::Tag, "ｂｕｙｅｒ")]);
        assert_eq!(one, other);
    }

    #[test]
    fn the_moment_is_seen_on_the_brands_clock() {
        let mut input = FactsInput::default();
        let now = Time::parse("2026-07-02T02:04:05Z").unwrap();
        input.received(now, "America/New_York");
        let facts = Facts::gather(&input);
        assert_eq!(facts.get(Field::ReceivedWeekday), Some(&[Atom::Text("wednesday".to_owned())][..]));
        let since_midnight = ((22 * 60 + 4) * 60 + 5) * 1000;
        assert_eq!(facts.get(Field::ReceivedTime), Some(&[Atom::Time(Time::from_millis(since_midnight))][..]));
    }
}
