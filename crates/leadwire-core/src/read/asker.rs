//! Whoever asks, with what they may see, as of one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Time;
use crate::config::{Config, Directory};
use crate::entity::{Conversation, Role};
use crate::id::{AgencyId, SourceId};
use crate::port::Store;
use crate::refusal::{Forbidden, Refusal};
use crate::search::Scope;
use crate::who::{Rights, Who};

/// Made by [`asker`] only, so that every read is asked by somebody who may read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asker {
    pub agency: AgencyId,
    pub config: Arc<Config>,
    pub rights: Rights,
    pub now: Time,
}

/// Who asks, if they may read at all.
pub fn asker(store: &dyn Store, who: Who) -> Result<Asker, Refusal> {
    let agency = who.agency();
    let directory = store.directory();
    let config = directory.agency(agency).ok_or(Refusal::Unauthorized)?;
    let now = store.now();
    let rights = who.rights(config, now)?;
    rights.may_read()?;
    Ok(Asker { agency, config: Arc::clone(config), rights, now })
}

/// Whether the asker may make a new agency. The server itself may.
pub fn may_found_agency(directory: &Directory, who: Who, now: Time) -> Result<(), Refusal> {
    match who {
        Who::System { .. } => Ok(()),
        Who::Keyless { .. } => Err(Refusal::Unauthorized),
        Who::Key { agency, .. } => {
            let config = directory.agency(agency).ok_or(Refusal::Unauthorized)?;
            who.rights(config, now)?.may_operate()
        }
    }
}

impl Asker {
    /// What a search by this asker begins with.
    pub fn scope(&self) -> Scope {
        self.rights.search_scope()
    }

    pub fn sees(&self, conversation: &Conversation) -> bool {
        self.rights.sees(conversation)
    }

    /// Whether every brand of the agency is seen.
    pub fn sees_all_brands(&self) -> bool {
        self.rights.brands == self.config.subtree(self.agency.root())
    }

    /// Live sources of the brands seen; `None` when all brands are, deleted sources among them.
    pub(super) fn sources(&self) -> Option<BTreeSet<SourceId>> {
        if self.sees_all_brands() {
            return None;
        }
        Some(self.config.sources().filter(|it| self.rights.sees_brand(it.brand)).map(|it| it.id).collect())
    }

    /// An admin of the whole agency: what is not told apart by brand is for them.
    pub(super) fn administers_agency(&self) -> Result<(), Refusal> {
        if self.rights.role == Role::Admin && self.sees_all_brands() { Ok(()) } else { Err(Refusal::Forbidden(Forbidden::Role(Role::Admin))) }
    }
}
