//! An id on the wire: a UUID in its hyphenated spelling and no other, so that an id has one spelling everywhere.

use leadwire_core::id::{self, Uuid, parse};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub Uuid);

impl Id {
    /// As the id of the thing it is meant for.
    pub fn to<I: From<Uuid>>(self) -> I {
        I::from(self.0)
    }
}

macro_rules! ids {
    ($($name:ident),*) => {$(
        impl From<id::$name> for Id {
            fn from(it: id::$name) -> Self {
                Self(it.0)
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
    UserId
);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        parse(&text).map(Self).map_err(|_| de::Error::custom("expected an id, as in 01890a5d-ac96-774b-bcce-b302099a8057"))
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let uuid = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).format(Some(uuid)).build()))
    }
}

/// Always inline: it is a text with a format, not a shape of its own.
impl ToSchema for Id {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let read: Id = serde_json::from_str(&format!("\"{id}\"")).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), format!("\"{id}\""));
        for other in ["01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}", "", "x"] {
            assert!(serde_json::from_str::<Id>(&format!("\"{other}\"")).is_err(), "{other}");
        }
        assert!(serde_json::from_str::<Id>("1").is_err());
    }
}
