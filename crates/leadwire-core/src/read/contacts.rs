//! One contact, with its conversation. Lists of contacts are searches; see [`super::conversations`].

use std::sync::Arc;

use crate::entity::{Contact, Conversation, ExternalId, ExternalIdKey};
use crate::id::ContactId;
use crate::port::{Failure, Store};
use crate::refusal::{Refusal, Thing};

use super::Asker;

#[derive(Clone, Debug)]
pub struct ContactRow {
    pub contact: Arc<Contact>,
    /// None after it was deleted, until the next message.
    pub conversation: Option<Arc<Conversation>>,
}

const NOT_FOUND: Failure = Failure::Refused(Refusal::NotFound(Thing::Contact));

/// A contact is seen with its brand; by an agent who sees only his own, with its conversation.
pub async fn contact(store: &dyn Store, asker: &Asker, id: ContactId) -> Result<ContactRow, Failure> {
    let contact = store.row::<Contact>(asker.agency, &id).await?.ok_or(NOT_FOUND)?;
    if contact.deleted_at.is_some() || !asker.rights.sees_brand(contact.brand) {
        return Err(NOT_FOUND);
    }
    let conversation = match contact.conversation {
        Some(id) => store.row::<Conversation>(asker.agency, &id).await?,
        None => None,
    };
    if asker.rights.own_only.is_some() && !conversation.as_ref().is_some_and(|it| asker.sees(it)) {
        return Err(NOT_FOUND);
    }
    Ok(ContactRow { contact, conversation })
}

/// The contact a source knows by this id.
pub async fn contact_by_external_id(store: &dyn Store, asker: &Asker, key: &ExternalIdKey) -> Result<ContactRow, Failure> {
    let found = store.row::<ExternalId>(asker.agency, key).await?.ok_or(NOT_FOUND)?;
    contact(store, asker, found.contact).await
}
