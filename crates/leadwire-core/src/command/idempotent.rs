//! A command that happens once: a repetition with the same key answers what the first answered and does nothing.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::entity::{Receipt, ReceiptKey, Stored, StoredAnswer};
use crate::port::{Command, Halt, Tx};
use crate::refusal::{Conflict, Refusal};
use crate::who::Who;

/// For how long a repetition is recognised: the longest retry schedule known among senders is 3 days.
pub const KEEP_SECS: i64 = 7 * 24 * 3600;

/// The surface's way from an outcome to the bytes it answers.
pub type Render<O> = Arc<dyn Fn(&O, &Config) -> StoredAnswer + Send + Sync>;

/// `command`, under the key its caller chose.
pub struct Idempotent<C: Command> {
    pub key: ReceiptKey,
    /// Hash of the payload: the same key with another one is refused.
    pub payload: [u8; 16],
    pub command: C,
    pub render: Render<C::Outcome>,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Once {
    Fresh(StoredAnswer),
    Replayed(StoredAnswer),
}

impl<C: Command> Command for Idempotent<C> {
    type Outcome = Once;

    fn run(&self, who: &Who, tx: &mut Tx<'_>) -> Result<Once, Halt> {
        if let Who::Key { .. } = who {
            // A revoked key gets no replay either.
            who.rights(&tx.config, tx.now)?;
        }
        let receipt = tx.get::<Receipt>(&self.key)?.filter(|it| tx.now < it.expires_at);
        if let Some(receipt) = receipt {
            if receipt.payload != self.payload {
                return Err(Refusal::Conflict(Conflict::KeyReused).into());
            }
            if let Stored::Answer(answer) = &receipt.stored {
                return Ok(Once::Replayed(answer.clone()));
            }
        }
        let outcome = self.command.run(who, tx)?;
        let answer = (self.render)(&outcome, &tx.config);
        let (at, expires_at) = (tx.now, tx.now.plus_secs(KEEP_SECS));
        tx.put(Receipt { key: self.key, payload: self.payload, at, expires_at, stored: Stored::Answer(answer.clone()) });
        Ok(Once::Fresh(answer))
    }
}

impl ReceiptKey {
    /// The key of these parts, in this order: surface, owner, kind, text.
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest(parts))
    }
}

/// 16 bytes that stand for `parts`: each is hashed with its length, so that no two lists collide by concatenation.
pub fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let full: [u8; 32] = hash.finalize().into();
    *full.first_chunk::<16>().unwrap_or(&[0; 16])
}
