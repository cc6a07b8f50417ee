//! The body of a unit in the feed: what happened, and the change of each touched document. Names are short: every
//! unit that ever was stands here for as long as the feed is kept.

use leadwire_core::Time;
use leadwire_core::entity::{Action, AssignReason, Direction, InboxReason, MessageType};
use leadwire_core::feed::{Change, ConfigThing, Event, Unit};
use leadwire_core::id::{
    BotId, BrandId, ContactId, ConversationId, FlowId, GroupId, KeyId, LeadId, MessageId, OfferId, PersonaId, ProfileId, SourceId, UnitId, UserId,
};
use leadwire_core::search::{Columns, DocumentChange, Fields, FieldsChange};
use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Mirror, Own, Shown, Slot, choice, mirror, thrift, variants};

/// A unit but for what stands in the columns of its row.
pub(crate) struct UnitBody;

impl UnitBody {
    pub(crate) fn to_json(unit: &Unit) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            #[serde(skip_serializing_if = "Shown::is_empty")]
            e: Shown<'a, Vec<Event>>,
            #[serde(skip_serializing_if = "Shown::is_empty")]
            d: Shown<'a, Vec<DocumentChange>>,
        }
        let Unit { position: _, id: _, at, events, documents } = unit;
        thrift::begin();
        thrift::distance(at.millis());
        serde_json::to_string(&Form { e: Shown(events), d: Shown(documents) })
    }

    pub(crate) fn from_json(position: u64, id: UnitId, at: Time, json: &str) -> Result<Unit, serde_json::Error> {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            e: Slot<Vec<Event>>,
            #[serde(default)]
            d: Slot<Vec<DocumentChange>>,
        }
        thrift::begin();
        thrift::time(at.millis());
        let Form { e, d } = serde_json::from_str(json)?;
        Ok(Unit { position, id, at, events: e.take::<serde_json::Error>("e")?, documents: d.take::<serde_json::Error>("d")? })
    }
}

impl<T> Shown<'_, Vec<T>> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

variants!(Event {
    LeadCaptured = "lc" { lead "l": LeadId, source "s": SourceId, contact "c": ContactId, conversation "v": ConversationId, duplicate "d": bool },
    LeadAssigned = "la" { lead "l": LeadId, user "u": UserId, reason "r": AssignReason },
    LeadOffered = "lo" { lead "l": LeadId, offer "o": OfferId, group "g": GroupId },
    LeadInbox = "li" { lead "l": LeadId, brand "b": BrandId, reason "r": InboxReason },
    LeadEnrolled = "le" { lead "l": LeadId, flow "f": FlowId },
    OfferClaimed = "oc" { offer "o": OfferId, lead "l": LeadId, user "u": UserId },
    OfferDeclined = "od" { offer "o": OfferId, lead "l": LeadId, user "u": UserId },
    OfferExpired = "ox" { offer "o": OfferId, lead "l": LeadId },
    ContactCreated = "cc" { contact "c": ContactId },
    ContactUpdated = "cu" { contact "c": ContactId },
    ContactDeleted = "cd" { contact "c": ContactId },
    ConversationUpdated = "vu" { conversation "v": ConversationId },
    ConversationDeleted = "vd" { conversation "v": ConversationId },
    MessageAdded = "ma" { message "m": MessageId, conversation "v": ConversationId },
    ConfigChanged = "x" { what "w": ConfigThing, change "c": Change },
});

choice!(ConfigThing {
    Brand = "brand"(BrandId),
    User = "user"(UserId),
    Key = "key"(KeyId),
    Source = "source"(SourceId),
    Rules = "rules"(SourceId),
    Group = "group"(GroupId),
    Bot = "bot"(BotId),
    Persona = "persona"(PersonaId),
    Flow = "flow"(FlowId),
});

impl Mirror for DocumentChange {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match self {
            Self::Removed(id) => map.serialize_entry("x", &Shown(id))?,
            Self::Put { columns, fields, messages } => {
                map.serialize_entry("c", &Shown(columns))?;
                if let Some(fields) = fields {
                    map.serialize_entry("f", &Shown(fields))?;
                }
                if !messages.is_empty() {
                    map.serialize_entry("m", &Shown(messages))?;
                }
            }
        }
        map.end()
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            #[serde(default)]
            x: Slot<ConversationId>,
            #[serde(default)]
            c: Slot<Box<Columns>>,
            #[serde(default)]
            f: Slot<Option<Box<FieldsChange>>>,
            #[serde(default)]
            m: Slot<Vec<std::sync::Arc<str>>>,
        }
        let Form { x, c, f, m } = Form::deserialize(from)?;
        match (x.0, c.0) {
            (Some(id), None) => Ok(Self::Removed(id)),
            (None, Some(columns)) => Ok(Self::Put { columns, fields: f.take("f")?, messages: m.take("m")? }),
            _ => Err(D::Error::custom("neither put nor removed")),
        }
    }
}

#[cfg(test)]
impl super::arb::Arb for DocumentChange {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        if source.below(4) == 0 {
            return Self::Removed(Arb::arb(source));
        }
        Self::Put { columns: Arb::arb(source), fields: Arb::arb(source), messages: Arb::arb(source) }
    }
}

mirror!(Columns {
    conversation "v": ConversationId,
    contact "c": ContactId,
    brand "b": BrandId,
    conversation_version "vv": u64,
    contact_version "cv": u64,
    created_at "t": Time,
    last_message_at "lt": Option<Time>,
    last_manual_at "lm": Option<Time>,
    last_type "ly": Option<MessageType>,
    last_direction "ld": Option<Direction>,
    outbound_action "oa": Option<Action>,
    owner "o": Option<UserId>,
    offered_to "ot": Vec<UserId>,
    followers "fo": Vec<UserId>,
    mentions "me": Vec<UserId>,
    sources "s": Vec<SourceId>,
    bots "bo": Vec<BotId>,
    bot_replies "br": u32,
    starred "st": bool,
    unread "un": bool,
    follow_ups "fu": Vec<Time>,
    due "du": Vec<Time>,
    scores "sc": Vec<(ProfileId, f64)>,
});

mirror!(FieldsChange { before "b": Fields, after "a": Fields });
/// The two lists, in their order.
impl Mirror for Fields {
    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_absent(&self) -> bool {
        self.infix.is_empty() && self.words.is_empty()
    }

    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { infix, words } = self;
        (Shown(infix), Shown(words)).serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (infix, words) = <(Own<Vec<String>>, Own<Vec<String>>)>::deserialize(from)?;
        Ok(Self { infix: infix.0, words: words.0 })
    }
}

#[cfg(test)]
impl super::arb::Arb for Fields {
    fn arb(source: &mut super::arb::Source) -> Self {
        use super::arb::Arb;
        Self { infix: Arb::arb(source), words: Arb::arb(source) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::arb::{Arb, Source};

    proptest! {
        #[test]
        fn a_unit_of_the_feed_comes_back_as_it_was(seed: u64) {
            let source = &mut Source::new(seed);
            let unit = Unit { position: Arb::arb(source), id: Arb::arb(source), at: Arb::arb(source), events: Arb::arb(source), documents: Arb::arb(source) };
            let json = UnitBody::to_json(&unit).unwrap();
            prop_assert_eq!(UnitBody::from_json(unit.position, unit.id, unit.at, &json).unwrap(), unit);
        }
    }
}
