//! The words of the native API for the core's choices.

use leadwire_core::entity;
use leadwire_core::routing;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($name:ident = $core:ty { $($variant:ident = $text:literal),* $(,)? })*) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $(#[serde(rename = $text)] $variant),* }

        // By hand: the derive does not see a spelling that a macro passes on.
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($text),*])).into()
            }
        }

        impl ToSchema for $name {}

        impl From<$core> for $name {
            fn from(it: $core) -> Self {
                match it { $(<$core>::$variant => Self::$variant),* }
            }
        }

        impl From<$name> for $core {
            fn from(it: $name) -> Self {
                match it { $($name::$variant => Self::$variant),* }
            }
        }
    )*};
}

words! {
    Role = entity::Role { Admin = "admin", Agent = "agent", Reader = "reader" }
    Scope = entity::ScopeName { Read = "read", Write = "write", Admin = "admin", Secrets = "secrets", Operator = "operator" }
    CaptureMode = entity::CaptureMode { Public = "public", Key = "key", Closed = "closed" }
    Distribution = entity::Distribution { RoundRobin = "round_robin", FirstToClaim = "first_to_claim" }
    Combine = entity::Combine { And = "and", Or = "or" }
    Target = entity::Target { Group = "group", User = "user", Brand = "brand" }
    Operator = entity::Operator { Eq = "eq", Any = "any", All = "all", Gte = "gte", Lte = "lte" }
    Direction = entity::Direction { Inbound = "inbound", Outbound = "outbound" }
    Action = entity::Action { Automated = "automated", Manual = "manual" }
    Cause = entity::Cause {
        Capture = "capture", Claim = "claim", Decline = "decline", OfferExpired = "offer_expired", Manual = "manual",
    }
    AssignReason = entity::AssignReason {
        Explicit = "explicit", Sticky = "sticky", Rule = "rule", RoundRobin = "round_robin", Claimed = "claimed", Manual = "manual",
    }
    InboxReason = entity::InboxReason {
        Rule = "rule", NothingResolvable = "nothing_resolvable", OfferExpired = "offer_expired", OfferDeclined = "offer_declined",
        Unassigned = "unassigned",
    }
    SkipReason = entity::SkipReason {
        UserGone = "user_gone", UserNotInBrand = "user_not_in_brand", BrandGone = "brand_gone", GroupGone = "group_gone",
        NobodyEligible = "nobody_eligible",
    }
    Precedence = routing::Precedence { Explicit = "explicit", Sticky = "sticky", Rules = "rules" }
    StepResult = routing::StepResult { Decided = "decided", Passed = "passed", NotApplicable = "not_applicable" }
    RuleResult = routing::RuleResult { True = "true", False = "false", Unknown = "unknown", NotEvaluated = "not_evaluated" }
}

/// What kind of message, as in `TYPE_SMS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageType(pub entity::MessageType);

impl Serialize for MessageType {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for MessageType {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let found = entity::MessageType::from_name(&name).map(Self);
        found.ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&name), &"a type of message, as in TYPE_SMS"))
    }
}

impl PartialSchema for MessageType {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(entity::MessageType::ALL.iter().map(|it| it.name()))).into()
    }
}

impl ToSchema for MessageType {}
