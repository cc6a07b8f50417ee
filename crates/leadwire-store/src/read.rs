//! Reads that are not by key, one function each. They run where they are called, and none may take longer than a
//! couple of milliseconds: every one is a walk along an index.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::entity::{DeadLetter, Decision, Lead, Message, Offer};
use leadwire_core::feed::FeedPage;
use leadwire_core::id::{ConversationId, DeadLetterId, LeadId, MessageId, OfferId, SourceId};
use leadwire_core::port::{Fault, LeadFilter, Table as Kind};

use crate::driver::Reader;
use crate::statement::unit;
use crate::table::{Cells, Stored, Value, decode_as, table};

/// Leads looked at before a list over many sources is put together source by source.
const WALK_MAX: usize = 2_000;
/// A list over no more sources than this is always put together source by source.
const SOURCES_FEW: usize = 32;

/// After every id there can be.
const LAST: [u8; 16] = [0xff; 16];

fn limit(it: usize) -> Value<'static> {
    Value::Int(i64::try_from(it).unwrap_or(i64::MAX))
}

async fn rows<E: Stored>(reader: &dyn Reader, sql: &str, params: &[Value<'_>]) -> Result<Vec<Arc<E>>, Fault> {
    let mut found = Vec::new();
    reader
        .select(sql, params, &mut |values| {
            found.push(decode_as::<E>(values)?);
            Ok(())
        })
        .await?;
    Ok(found)
}

/// Rows of each table, and of the feed. It walks them whole: for benchmarks and tests, never for a request.
pub(crate) async fn census(reader: &dyn Reader) -> Result<Vec<(&'static str, u64)>, Fault> {
    let mut counts = Vec::new();
    for name in Kind::ALL.iter().map(|it| table(*it).name).chain(["feed"]) {
        let sql = format!("SELECT count(*) FROM \"{name}\"");
        reader
            .select(&sql, &[], &mut |values| {
                let rows = Cells(values).u64(0).map_err(|_| Fault::Corrupt { table: name, column: "count", row: String::new() })?;
                counts.push((name, rows));
                Ok(())
            })
            .await?;
    }
    Ok(counts)
}

pub(crate) async fn messages(
    reader: &dyn Reader,
    local: i64,
    of: ConversationId,
    before: Option<(Time, MessageId)>,
    most: usize,
) -> Result<Vec<Arc<Message>>, Fault> {
    let (at, id) = before.map_or((i64::MAX, LAST), |(at, id)| (at.millis(), id.0.into_bytes()));
    let sql = "SELECT id, conversation, at, version, text, created_at, body FROM message \
        WHERE agency = $1 AND conversation = $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $5";
    rows(reader, sql, &[Value::Int(local), Value::id(of.0), Value::Int(at), Value::Id(id), limit(most)]).await
}

pub(crate) async fn decisions(reader: &dyn Reader, local: i64, of: LeadId) -> Result<Vec<Arc<Decision>>, Fault> {
    let sql = "SELECT lead, epoch, body FROM decision WHERE agency = $1 AND lead = $2 ORDER BY epoch";
    rows(reader, sql, &[Value::Int(local), Value::id(of.0)]).await
}

pub(crate) async fn offers(reader: &dyn Reader, local: i64, before: Option<OfferId>, most: usize) -> Result<Vec<Arc<Offer>>, Fault> {
    let before = before.map_or(LAST, |it| it.0.into_bytes());
    let sql = "SELECT id, version, body FROM offer WHERE agency = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    rows(reader, sql, &[Value::Int(local), Value::Id(before), limit(most)]).await
}

pub(crate) async fn dead_letters(reader: &dyn Reader, local: i64, before: Option<DeadLetterId>, most: usize) -> Result<Vec<Arc<DeadLetter>>, Fault> {
    let before = before.map_or(LAST, |it| it.0.into_bytes());
    let sql = "SELECT id, size, body, raw FROM dead_letter WHERE agency = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    rows(reader, sql, &[Value::Int(local), Value::Id(before), limit(most)]).await
}

/// Ids of leads, newest first; the rows are read by key.
pub(crate) async fn leads(reader: &dyn Reader, local: i64, filter: &LeadFilter, before: Option<LeadId>, most: usize) -> Result<Vec<LeadId>, Fault> {
    let LeadFilter { source, sources } = filter;
    let before = before.map_or(LAST, |it| it.0.into_bytes());
    let seen = |it: &SourceId| source.is_none_or(|source| *it == source) && sources.as_ref().is_none_or(|list| list.contains(it));
    if most == 0 {
        return Ok(Vec::new());
    }
    match (source, sources) {
        (Some(source), _) if seen(source) => of_source(reader, local, *source, before, most).await,
        (Some(_), _) => Ok(Vec::new()),
        (None, None) => {
            let sql = "SELECT id, source FROM lead WHERE agency = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
            let all = pairs(reader, sql, &[Value::Int(local), Value::Id(before), limit(most)]).await?;
            Ok(all.into_iter().map(|(id, _)| id).collect())
        }
        (None, Some(sources)) => {
            if sources.len() > SOURCES_FEW {
                let sql = "SELECT id, source FROM lead WHERE agency = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
                let walked = pairs(reader, sql, &[Value::Int(local), Value::Id(before), limit(WALK_MAX)]).await?;
                let found: Vec<LeadId> = walked.iter().filter(|(_, source)| seen(source)).map(|(id, _)| *id).take(most).collect();
                if found.len() == most || walked.len() < WALK_MAX {
                    return Ok(found);
                }
            }
            let mut merged = Vec::new();
            for source in sources.iter() {
                merged.extend(of_source(reader, local, *source, before, most).await?);
            }
            merged.sort_unstable_by(|a, b| b.cmp(a));
            merged.truncate(most);
            Ok(merged)
        }
    }
}

async fn of_source(reader: &dyn Reader, local: i64, source: SourceId, before: [u8; 16], most: usize) -> Result<Vec<LeadId>, Fault> {
    let sql = "SELECT id, source FROM lead WHERE agency = $1 AND source = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    let found = pairs(reader, sql, &[Value::Int(local), Value::id(source.0), Value::Id(before), limit(most)]).await?;
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

async fn pairs(reader: &dyn Reader, sql: &str, params: &[Value<'_>]) -> Result<Vec<(LeadId, SourceId)>, Fault> {
    let mut found = Vec::new();
    reader
        .select(sql, params, &mut |values| {
            let cells = Cells(values);
            let corrupt = |_| Fault::Corrupt { table: Lead::IN.name, column: "id", row: String::new() };
            found.push((LeadId(cells.uuid(0).map_err(corrupt)?), SourceId(cells.uuid(1).map_err(corrupt)?)));
            Ok(())
        })
        .await?;
    Ok(found)
}

/// `None`: units right after that position have been dropped.
pub(crate) async fn feed(reader: &dyn Reader, local: i64, after: u64, most: usize) -> Result<Option<FeedPage>, Fault> {
    let mut head = 0;
    let sql = "SELECT position FROM agency WHERE id = $1";
    reader.select(sql, &[Value::Int(local)], &mut |values| number(values, &mut head)).await?;
    let mut units = Vec::new();
    let sql = "SELECT position, id, at, body FROM feed WHERE agency = $1 AND position > $2 ORDER BY position LIMIT $3";
    reader
        .select(sql, &[Value::Int(local), Value::number(after), limit(most)], &mut |values| {
            units.push(Arc::new(unit(values)?));
            Ok(())
        })
        .await?;
    let next = match units.first() {
        Some(first) => first.position,
        // Nothing asked for: is the next one there?
        None if most == 0 => {
            let mut oldest = head + 1;
            let sql = "SELECT position FROM feed WHERE agency = $1 ORDER BY position LIMIT 1";
            reader.select(sql, &[Value::Int(local)], &mut |values| number(values, &mut oldest)).await?;
            oldest.max(after + 1)
        }
        None => head.max(after) + 1,
    };
    if next > after + 1 {
        return Ok(None);
    }
    let head = units.last().map_or(head, |it| head.max(it.position));
    Ok(Some(FeedPage { units, head }))
}

fn number(values: &[Value<'_>], to: &mut u64) -> Result<(), Fault> {
    *to = Cells(values).u64(0).map_err(|_| Fault::Corrupt { table: "agency", column: "position", row: String::new() })?;
    Ok(())
}
