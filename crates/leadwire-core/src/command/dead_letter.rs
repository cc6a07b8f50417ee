//! Keeps a body that could not be read, so that nothing a source sent is lost without a trace. It is not a lead.

use crate::entity::{DeadLetter, RawBody};
use crate::id::{DeadLetterId, SourceId};
use crate::port::{Command, Halt, Sweep, Tx};
use crate::refusal::{Refusal, Thing};
use crate::who::Who;

/// Dead letters kept per agency; the oldest go first.
pub const KEEP: u64 = 10_000;
/// Bytes of raw bodies kept per agency.
pub const KEEP_BYTES: u64 = 64 * 1024 * 1024;

pub struct RecordDeadLetter {
    pub source: SourceId,
    /// Why it could not be read, in words.
    pub error: String,
    pub raw: RawBody,
}

impl Command for RecordDeadLetter {
    type Outcome = DeadLetterId;

    fn run(&self, _who: &Who, tx: &mut Tx<'_>) -> Result<DeadLetterId, Halt> {
        if tx.config.source(self.source).is_none() {
            return Err(Refusal::NotFound(Thing::Source).into());
        }
        let id: DeadLetterId = tx.id();
        tx.put(DeadLetter { id, at: tx.now, source: self.source, error: self.error.clone(), raw: self.raw.clone() });
        tx.sweep(Sweep::DeadLetters { keep: KEEP, bytes: KEEP_BYTES });
        Ok(id)
    }
}
