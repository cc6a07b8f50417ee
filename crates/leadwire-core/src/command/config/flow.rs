//! Flows: names a rule enrols into.

use std::sync::Arc;

use crate::entity::{Flow, Profile};
use crate::id::{BrandId, FlowId};

#[derive(Clone, Debug)]
pub struct CreateFlow {
    pub brand: BrandId,
    pub name: String,
    pub profile: Profile,
}

/// `None` leaves a part as it is.
#[derive(Clone, Debug)]
pub struct UpdateFlow {
    pub id: FlowId,
    pub if_match: Option<u64>,
    pub name: Option<String>,
    pub profile: Option<Profile>,
}

#[derive(Clone, Debug)]
pub struct DeleteFlow {
    pub id: FlowId,
    pub if_match: Option<u64>,
}

super::unwritten! { CreateFlow => Arc<Flow>; UpdateFlow => Arc<Flow>; DeleteFlow => (); }
