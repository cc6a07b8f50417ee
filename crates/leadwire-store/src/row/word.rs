//! Ids and enums of words that several mirrors use.

use leadwire_core::Email;
use leadwire_core::entity::{
    Action, AssignReason, CaptureMode, Cause, Combine, Direction, Distribution, InboxReason, KeyKind, MessageType, Operator, Role, ScopeName,
    SkipReason, Target,
};
use leadwire_core::feed::Change;
use leadwire_core::id::{
    AgencyId, BotId, BrandId, ConditionId, ContactId, ConversationId, DeadLetterId, FlowId, GroupId, KeyId, LeadId, MessageId, OfferId, PersonaId,
    ProfileId, RuleId, SourceId, UnitId, UserId, Uuid,
};
use leadwire_core::routing::Field;
use serde::{Deserializer, Serializer};

use super::{Mirror, text, words};

macro_rules! ids {
    ($($name:ident),* $(,)?) => {$(
        impl Mirror for $name {
            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.0.write(to)
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Uuid::read(from).map(Self)
            }
        }

        #[cfg(test)]
        impl super::arb::Arb for $name {
            fn arb(source: &mut super::arb::Source) -> Self {
                Self(super::arb::Arb::arb(source))
            }
        }
    )*};
}

ids!(
    AgencyId,
    BotId,
    BrandId,
    ConditionId,
    ContactId,
    ConversationId,
    DeadLetterId,
    FlowId,
    GroupId,
    KeyId,
    LeadId,
    MessageId,
    OfferId,
    PersonaId,
    ProfileId,
    RuleId,
    SourceId,
    UnitId,
    UserId,
);

words!(Action { Automated = "automated", Manual = "manual" });
words!(Direction { Inbound = "in", Outbound = "out" });
words!(CaptureMode { Public = "public", Key = "key", Closed = "closed" });
words!(Combine { And = "and", Or = "or" });
words!(Target { Group = "group", User = "user", Brand = "brand" });
words!(Operator { Eq = "eq", Any = "any", All = "all", Gte = "gte", Lte = "lte" });
words!(Distribution { RoundRobin = "round_robin", FirstToClaim = "first_to_claim" });
/// A capture's is not written: nearly all are.
impl Mirror for Cause {
    fn absent() -> Option<Self> {
        Some(Self::Capture)
    }

    fn is_absent(&self) -> bool {
        *self == Self::Capture
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match self {
            Self::Capture => "capture",
            Self::Claim => "claim",
            Self::Decline => "decline",
            Self::OfferExpired => "offer_expired",
            Self::Manual => "manual",
        })
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "a cause", |it| match it {
            "capture" => Some(Self::Capture),
            "claim" => Some(Self::Claim),
            "decline" => Some(Self::Decline),
            "offer_expired" => Some(Self::OfferExpired),
            "manual" => Some(Self::Manual),
            _ => None,
        })
    }
}

#[cfg(test)]
impl super::arb::Arb for Cause {
    fn arb(source: &mut super::arb::Source) -> Self {
        source.pick(&[Self::Capture, Self::Claim, Self::Decline, Self::OfferExpired, Self::Manual])
    }
}

words!(Change { Created = "created", Updated = "updated", Deleted = "deleted" });
words!(InboxReason { Rule = "rule", NothingResolvable = "nothing_resolvable", OfferExpired = "offer_expired", OfferDeclined = "offer_declined", Unassigned = "unassigned" });
words!(AssignReason {
    Explicit = "explicit",
    Sticky = "sticky",
    Rule = "rule",
    RoundRobin = "round_robin",
    Claimed = "claimed",
    Manual = "manual"
});
words!(SkipReason {
    UserGone = "user_gone",
    UserNotInBrand = "user_not_in_brand",
    BrandGone = "brand_gone",
    GroupGone = "group_gone",
    NobodyEligible = "nobody_eligible"
});

/// Words the core itself names.
macro_rules! named {
    ($($name:ident),*) => {$(
        impl Mirror for $name {
            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.name())
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                text(from, "a known name", Self::from_name)
            }
        }

        #[cfg(test)]
        impl super::arb::Arb for $name {
            fn arb(source: &mut super::arb::Source) -> Self {
                source.pick(&Self::ALL)
            }
        }
    )*};
}

named!(ScopeName, Role, Field);

/// What every name of a type begins with is not written.
const TYPE: &str = "TYPE_";

impl Mirror for MessageType {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let name = self.name();
        to.serialize_str(name.strip_prefix(TYPE).unwrap_or(name))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from, "a known type", |it| Self::from_name(&format!("{TYPE}{it}")))
    }
}

#[cfg(test)]
impl super::arb::Arb for MessageType {
    fn arb(source: &mut super::arb::Source) -> Self {
        source.pick(Self::ALL)
    }
}

/// As a small number: it is part of a key.
pub(super) fn key_kind(it: KeyKind) -> i64 {
    match it {
        KeyKind::Email => 0,
        KeyKind::Phone => 1,
    }
}

pub(super) fn key_kind_of(number: i64) -> Option<KeyKind> {
    match number {
        0 => Some(KeyKind::Email),
        1 => Some(KeyKind::Phone),
        _ => None,
    }
}

#[cfg(test)]
impl super::arb::Arb for KeyKind {
    fn arb(source: &mut super::arb::Source) -> Self {
        source.pick(&[Self::Email, Self::Phone])
    }
}

impl Mirror for Email {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::read(from).map(Self::from_normal)
    }
}

#[cfg(test)]
impl super::arb::Arb for Email {
    fn arb(source: &mut super::arb::Source) -> Self {
        Self::from_normal(super::arb::Arb::arb(source))
    }
}
