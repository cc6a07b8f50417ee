//! Conversations: searching them, and reading one with its messages.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::Time;
use crate::entity::{Contact, Conversation, Message};
use crate::id::{ContactId, ConversationId, MessageId};
use crate::port::{Entity, Failure, Key, Row, Store};
use crate::refusal::{Refusal, Thing};
use crate::search::{Hit, Hits, Index, Query, Scope, SortKey};

use super::Asker;
use super::contacts::contact;

/// A conversation with its contact: what every surface shows a row of.
#[derive(Clone, Debug)]
pub struct ConversationRow {
    pub conversation: Arc<Conversation>,
    pub contact: Arc<Contact>,
}

/// A row of an answer, with the value it was sorted by.
#[derive(Clone, Debug)]
pub struct FoundRow {
    pub key: SortKey,
    pub row: ConversationRow,
}

#[derive(Clone, Debug)]
pub struct Found {
    pub rows: Vec<FoundRow>,
    /// Every match, before paging.
    pub total: u64,
}

/// How often a query runs again because a row changed between the index and the read. The writer brings the index up
/// right after its commit, so one or two runs are the rule.
const RUNS_MAX: u32 = 64;

/// Runs a query in what the asker sees, whatever scope it came with.
///
/// Rows are read by id after the index has answered. A row of another version than the index saw may no longer match,
/// so the query runs again; a row that changes faster than it can be read is left out in the end.
pub async fn search(store: &dyn Store, index: &dyn Index, asker: &Asker, mut query: Query) -> Result<Found, Failure> {
    confine(&mut query.scope, asker);
    // One id everywhere: asked for as text, it finds what it is the id of.
    if let Some(id) = query.text.as_deref().and_then(|it| crate::id::parse(it.trim()).ok())
        && query.conversations.is_none()
        && query.contacts.is_none()
    {
        let by_id = Query { text: None, conversations: Some(vec![ConversationId(id)]), ..query.clone() };
        let by_contact = Query { text: None, contacts: Some(vec![ContactId(id)]), ..query.clone() };
        let found = [by_id, by_contact].into_iter().find(|it| index.search(asker.agency, it).total > 0);
        query = found.unwrap_or(query);
    }
    let mut run = 0;
    loop {
        run += 1;
        let hits = index.search(asker.agency, &query);
        let keys: Vec<Key> = hits.rows.iter().flat_map(|it| [Key::Conversation(it.conversation), Key::Contact(it.contact)]).collect();
        let rows = if keys.is_empty() { Vec::new() } else { store.load(asker.agency, &keys).await? };
        let Hits { rows: hits, total } = hits;
        let mut found = Vec::with_capacity(hits.len());
        let mut stale = false;
        for (hit, pair) in hits.iter().zip(rows.chunks(2)) {
            match as_seen(hit, pair) {
                Some(row) => found.push(FoundRow { key: hit.key, row }),
                None => stale = true,
            }
        }
        if !stale || run >= RUNS_MAX {
            return Ok(Found { rows: found, total });
        }
        // Each time a little longer: the writer has the processor meanwhile.
        for _ in 0..run {
            Yield(false).await;
        }
    }
}

/// The two rows, if they are what the index saw.
fn as_seen(hit: &Hit, pair: &[Option<Row>]) -> Option<ConversationRow> {
    let [Some(conversation), Some(contact)] = pair else { return None };
    let conversation = Conversation::reveal(conversation)?;
    let contact = Contact::reveal(contact)?;
    let same = conversation.version == hit.conversation_version && contact.version == hit.contact_version;
    same.then(|| ConversationRow { conversation: Arc::clone(conversation), contact: Arc::clone(contact) })
}

/// A surface may narrow what is searched, never widen it.
fn confine(scope: &mut Scope, asker: &Asker) {
    let rights = &asker.rights;
    if !Arc::ptr_eq(&scope.brands, &rights.brands) && !scope.brands.is_subset(&rights.brands) {
        let both: BTreeSet<_> = scope.brands.intersection(&rights.brands).copied().collect();
        scope.brands = Arc::new(both);
    }
    scope.own_only = rights.own_only;
}

const NOT_FOUND: Failure = Failure::Refused(Refusal::NotFound(Thing::Conversation));

pub async fn conversation(store: &dyn Store, asker: &Asker, id: ConversationId) -> Result<ConversationRow, Failure> {
    let conversation = store.row::<Conversation>(asker.agency, &id).await?.filter(|it| asker.sees(it)).ok_or(NOT_FOUND)?;
    let contact = store.row::<Contact>(asker.agency, &conversation.contact).await?.ok_or(NOT_FOUND)?;
    Ok(ConversationRow { conversation, contact })
}

/// The conversation with this contact.
pub async fn conversation_of(store: &dyn Store, asker: &Asker, id: ContactId) -> Result<ConversationRow, Failure> {
    let row = contact(store, asker, id).await?;
    let conversation = row.conversation.ok_or(NOT_FOUND)?;
    Ok(ConversationRow { conversation, contact: row.contact })
}

/// Messages newest first by (at, id), before the one named.
pub async fn messages(
    store: &dyn Store,
    asker: &Asker,
    of: ConversationId,
    before: Option<(Time, MessageId)>,
    limit: usize,
) -> Result<Vec<Arc<Message>>, Failure> {
    store.row::<Conversation>(asker.agency, &of).await?.filter(|it| asker.sees(it)).ok_or(NOT_FOUND)?;
    Ok(store.messages(asker.agency, of, before, limit).await?)
}

pub async fn message(store: &dyn Store, asker: &Asker, id: MessageId) -> Result<Arc<Message>, Failure> {
    let not_found = Failure::Refused(Refusal::NotFound(Thing::Message));
    let Some(message) = store.row::<Message>(asker.agency, &id).await? else { return Err(not_found) };
    let conversation = store.row::<Conversation>(asker.agency, &message.conversation).await?;
    if conversation.is_some_and(|it| asker.sees(&it)) { Ok(message) } else { Err(not_found) }
}

/// Lets others run once.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
