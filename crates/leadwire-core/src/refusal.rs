//! Why a use-case said no. One list for all, matched exhaustively by each surface into its own words.

use std::fmt;

use crate::id::UserId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No key, an unknown, a revoked or an expired one.
    Unauthorized,
    /// Known, but not allowed.
    Forbidden(Forbidden),
    /// Not there, or not to be seen: the two look the same.
    NotFound(Thing),
    /// The request says something that cannot be.
    Invalid(Vec<Violation>),
    /// Right in itself, but not now.
    Conflict(Conflict),
    /// The offer ended unclaimed.
    OfferGone,
    /// `If-Match` named another version.
    VersionMismatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// The key lacks this scope.
    Scope(crate::entity::ScopeName),
    /// The key's user is a reader, or no admin.
    Role(crate::entity::Role),
    /// The offer does not invite this user.
    NotInvited,
    /// The key acts as nobody, but this needs a user.
    NoUser,
    /// The source takes no leads in this way.
    CaptureClosed,
    /// The origin is not allowed to capture.
    Origin,
    /// One brand is named as the acting one, another is acted on.
    OtherBrand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    Brand,
    User,
    Key,
    Source,
    Rule,
    Group,
    Bot,
    Persona,
    Flow,
    Contact,
    Conversation,
    Message,
    Lead,
    Offer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The idempotency key was used with another payload.
    KeyReused,
    /// Somebody else has it; named when the asker may know.
    Claimed(Option<UserId>),
    /// The e-mail or phone belongs to another contact of the brand.
    ContactKeyTaken,
    /// The external id belongs to another contact of the source.
    ExternalIdTaken,
    /// The brand still has children.
    BrandInUse,
    /// Made already, and it can be made once only.
    Exists,
}

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer to the spot, in the core's own field names; empty for the whole.
    pub at: String,
    /// Lower case, no full stop.
    pub message: String,
}

impl Violation {
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }
}

impl Refusal {
    /// One thing wrong.
    pub fn invalid(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(at, message)])
    }
}

impl Thing {
    /// Lower case, as in "source not found".
    pub fn name(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::User => "user",
            Self::Key => "key",
            Self::Source => "source",
            Self::Rule => "rule",
            Self::Group => "group",
            Self::Bot => "bot",
            Self::Persona => "persona",
            Self::Flow => "flow",
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Lead => "lead",
            Self::Offer => "offer",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized => write!(f, "the key is missing, unknown, revoked or expired"),
            Self::Forbidden(it) => it.fmt(f),
            Self::NotFound(it) => write!(f, "{} not found", it.name()),
            Self::Invalid(list) => {
                for (i, it) in list.iter().enumerate() {
                    let comma = if i > 0 { "; " } else { "" };
                    let colon = if it.at.is_empty() { "" } else { ": " };
                    write!(f, "{comma}{}{colon}{}", it.at, it.message)?;
                }
                Ok(())
            }
            Self::Conflict(it) => it.fmt(f),
            Self::OfferGone => write!(f, "the offer has expired"),
            Self::VersionMismatch => write!(f, "it has changed since the version named"),
        }
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(it) => write!(f, "the key lacks the scope {}", it.name()),
            Self::Role(it) => write!(f, "this needs the role {}", it.name()),
            Self::NotInvited => write!(f, "the offer does not invite this user"),
            Self::NoUser => write!(f, "the key acts as no user, and the request names none"),
            Self::CaptureClosed => write!(f, "the source takes no leads in this way"),
            Self::Origin => write!(f, "this origin may not capture here"),
            Self::OtherBrand => write!(f, "the acting brand is another than the one acted on"),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyReused => write!(f, "the idempotency key was used with another payload"),
            Self::Claimed(_) => write!(f, "somebody else has claimed it"),
            Self::ContactKeyTaken => write!(f, "the e-mail or phone number belongs to another contact"),
            Self::ExternalIdTaken => write!(f, "the external id belongs to another contact of the source"),
            Self::BrandInUse => write!(f, "the brand still has brands below it"),
            Self::Exists => write!(f, "it exists already"),
        }
    }
}
