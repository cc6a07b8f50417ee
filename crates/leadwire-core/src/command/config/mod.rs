//! The verbs that write configuration, one file per kind of thing.
//!
//! Each checks rights, then whether the thing is there and seen, then its version, then what is asked. Old rows are
//! read from the snapshot of the moment; deletes are soft. Nothing here touches leads, contacts or conversations.

mod check;

pub mod bot;
pub mod brand;
pub mod flow;
pub mod group;
pub mod key;
pub mod persona;
pub mod rule;
pub mod source;
pub mod user;

pub use bot::{CreateBot, DeleteBot, UpdateBot};
pub use brand::{CreateBrand, DeleteBrand, FoundAgency, Founded, UpdateBrand};
pub use flow::{CreateFlow, DeleteFlow, UpdateFlow};
pub use group::{CreateGroup, DeleteGroup, MemberInput, UpdateGroup};
pub use key::{CreateKey, DeleteKey, NewKey, UpdateKey};
pub use persona::{CreatePersona, DeletePersona, UpdatePersona};
pub use rule::{ConditionInput, CreateRule, DeleteRule, ReplaceRule, RuleInput, RuleWritten, SortRules};
pub use source::{CaptureChange, CreateSource, DeleteSource, RotateToken, SourceView, UpdateSource};
pub use user::{CreateUser, DeleteUser, UpdateUser};

#[cfg(test)]
mod tests;
