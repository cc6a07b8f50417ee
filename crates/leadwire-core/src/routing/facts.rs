//! The registry of routable fields, and the facts of one lead.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::Time;

/// What is known of a lead when it is routed. A field that is absent is missing.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Facts {
    /// Never an empty list.
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
    PostalCode,
    /// An e-mail address.
    Email,
    Weekday,
    /// `HH:MM` or `HH:MM:SS`.
    TimeOfDay,
}

/// A value of a fact as it came.
#[derive(Clone, Debug, PartialEq)]
pub enum RawFact {
    Text(String),
    /// The digits as written.
    Number(String),
    Bool(bool),
}

/// What was captured, by field, before it is normalised. A field given several times is a list.
#[derive(Clone, Debug, PartialEq, Default)]
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
    pub fn received(&mut self, _now: Time, _zone: &str) {}
}

impl Facts {
    /// Normalises what was captured.
    pub fn gather(_input: &FactsInput) -> Self {
        Self::default()
    }
}

macro_rules! fields {
    ($($variant:ident = $name:literal),* $(,)?) => {
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
        }
    };
}

fields! {
    Price = "price",
    PriceMin = "price_min",
    PriceMax = "price_max",
    PostalCode = "postal_code",
    City = "city",
    State = "state",
    Country = "country",
    Mls = "mls",
    MlsNumber = "mls_number",
    ListingId = "listing_id",
    Beds = "beds",
    Baths = "baths",
    PropertyType = "property_type",
    Intent = "intent",
    SourceType = "source_type",
    LeadSource = "lead_source",
    Tag = "tag",
    RefererHost = "referer_host",
    UtmSource = "utm_source",
    UtmMedium = "utm_medium",
    UtmCampaign = "utm_campaign",
    UtmTerm = "utm_term",
    UtmContent = "utm_content",
    EmailDomain = "email_domain",
    HasEmail = "has_email",
    HasPhone = "has_phone",
    PhoneCountry = "phone_country",
    PhoneArea = "phone_area",
    Language = "language",
    IsReturning = "is_returning",
    ContactTags = "contact_tags",
    AssigneeEmail = "assignee_email",
    Channel = "channel",
    ReceivedWeekday = "received_weekday",
    ReceivedTime = "received_time",
}
