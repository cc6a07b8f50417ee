//! What makes a repeated request do nothing and answer the same.

use std::sync::Arc;

use crate::Time;
use crate::id::LeadId;

/// Hash of surface, owner, kind of key and key: what makes two requests the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptKey(pub [u8; 16]);

/// What a request left behind, so that its repetition does nothing and answers the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub key: ReceiptKey,
    /// Hash of the payload.
    pub payload: [u8; 16],
    pub at: Time,
    pub expires_at: Time,
    pub stored: Stored,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// The lead it made; its answer is rendered again from the lead, which never changes.
    Lead(LeadId),
    /// The answer itself.
    Answer(StoredAnswer),
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnswer {
    pub status: u16,
    pub content_type: Arc<str>,
    pub body: Arc<[u8]>,
    /// Further headers, such as `ETag` and `Location`.
    pub headers: Vec<(String, String)>,
}
