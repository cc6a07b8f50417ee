//! Messages. Their text has a column of its own: the index is rebuilt from it without reading anything else.

use leadwire_core::Time;
use leadwire_core::entity::{Direction, Message, MessageType, Profile};
use leadwire_core::id::{BotId, ConversationId, LeadId, MessageId, SourceId, UserId};

use super::{Body, body};
use crate::table::{Bad, Cells, Stored, Table, Value};

body!(Message, apart { id: MessageId, version: u64, created_at: Time, conversation: ConversationId, at: Time, body: std::sync::Arc<str> }, {
    kind "k": MessageType,
    direction "d": Direction,
    bot "b": Option<BotId>,
    user "u": Option<UserId>,
    source "s": Option<SourceId>,
    lead "l": Option<LeadId>,
    profile: Profile,
});

/// The rows lie in the order of (conversation, at, id), and are found by id through an index.
impl Stored for Message {
    const IN: Table = Table { name: "message", key: &["id"], cols: &["conversation", "at", "version", "text", "created_at", "body"] };

    fn key_values<'a>(key: &'a MessageId, to: &mut Vec<Value<'a>>) {
        to.push(Value::id(key.0));
    }

    fn col_values<'a>(&'a self, to: &mut Vec<Value<'a>>) -> Result<(), serde_json::Error> {
        to.extend([Value::id(self.conversation.0), Value::Int(self.at.millis()), Value::number(self.version), Value::text(&self.body)]);
        // Most are written down when they are said.
        to.push(if self.created_at == self.at { Value::Null } else { Value::Int(self.created_at.millis()) });
        to.push(Value::Text(self.to_json()?.into()));
        Ok(())
    }

    fn from_cells(cells: Cells<'_>) -> Result<Self, Bad> {
        let conversation = ConversationId(cells.uuid(1)?);
        let at = Time::from_millis(cells.int(2)?);
        let created_at = if cells.is_null(5) { at } else { Time::from_millis(cells.int(5)?) };
        let apart = (MessageId(cells.uuid(0)?), cells.u64(3)?, created_at, conversation, at, cells.text(4)?.into());
        Self::from_json(apart, cells.text(6)?).map_err(|_| Bad(6))
    }
}
