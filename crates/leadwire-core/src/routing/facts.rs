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
