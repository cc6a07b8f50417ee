//! Ids: one UUID per thing, the same on every surface, so that what is seen through one is found through another.

use std::fmt;
use std::str::FromStr;

pub use uuid::Uuid;

/// The text is not an id in its usual spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a uuid")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A root brand, the tenant. Equal to the id of its root [`Brand`](crate::entity::Brand).
    AgencyId;
    /// A node of an agency's tree of brands.
    BrandId;
    /// A person who works leads.
    UserId;
    /// An API key.
    KeyId;
    /// A way in for leads. Rechat's lead channel is a source.
    SourceId;
    /// A routing rule of a source.
    RuleId;
    /// A condition of a rule.
    ConditionId;
    /// A routing group.
    GroupId;
    /// A bot.
    BotId;
    /// A persona a bot speaks as.
    PersonaId;
    /// A flow a rule enrols into.
    FlowId;
    /// A person who inquires. Random (v4): it must not tell when the person first came.
    ContactId;
    /// The one thread with a contact. CloseBot calls it a lead.
    ConversationId;
    /// A message of a conversation.
    MessageId;
    /// One captured inquiry.
    LeadId;
    /// An offer of a lead to the members of a group.
    OfferId;
    /// A score profile.
    ProfileId;
    /// A unit of work, as it stands in the feed.
    UnitId;
    /// A captured body that could not be read.
    DeadLetterId;
}

impl AgencyId {
    /// The agency's root brand.
    pub fn root(self) -> BrandId {
        BrandId(self.0)
    }
}

/// A UUID in its hyphenated spelling, in either case. Braces, URNs and the bare form are refused, so that an id
/// has one spelling.
pub fn parse(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() != 36 {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}
