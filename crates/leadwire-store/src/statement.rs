//! SQL that every engine runs, built once from the tables: rows in bulk and sorted by key, agency first in every key
//! and WHERE. Parameters are `$1`, `$2` … and appear in this order, since SQLite counts them as they appear. Nothing
//! here knows an engine.

use std::fmt::Write as _;
use std::sync::LazyLock;

use leadwire_core::Time;
use leadwire_core::feed::Unit;
use leadwire_core::id::{AgencyId, UnitId, Uuid};
use leadwire_core::port::{Fault, Key, Row, Sweep, Table as Kind};

use crate::driver::{DeadLetters, Each, Head, Part, Session, Trouble, Want};
use crate::row::UnitBody;
use crate::table::{Bad, Cells, Table, Value, col_values, decode, key_values, table};

/// Rows of one statement. A run of rows is cut into these, so that each table has few statements to prepare.
const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// Receipts and units of the feed dropped at once.
const TIDY_ROWS: i64 = 2_000;

/// Dead letters looked at in one go when the oldest are dropped.
const SWEEP_ROWS: i64 = 256;

/// The statements of one table.
#[derive(Debug)]
struct Sql {
    /// By size.
    load: [String; SIZES.len()],
    upsert: [String; SIZES.len()],
    delete: String,
}

/// In the order of [`Kind::ALL`].
static SQL: LazyLock<Vec<Sql>> = LazyLock::new(|| Kind::ALL.iter().map(|kind| Sql::new(table(*kind))).collect());
static FEED: LazyLock<[String; SIZES.len()]> =
    LazyLock::new(|| SIZES.map(|n| format!("INSERT INTO feed (agency, position, id, at, body) VALUES {}", values(5, n))));

fn sql(kind: Kind) -> Result<&'static Sql, Trouble> {
    SQL.get(kind as usize).ok_or_else(|| Trouble::Unavailable("a table without statements".to_owned()))
}

/// `($1,$2),($3,$4)`: so many rows of so many values.
fn values(width: usize, rows: usize) -> String {
    let mut text = String::with_capacity(rows * width * 5);
    for n in 1..=width * rows {
        let before = if n % width != 1 && width > 1 {
            ","
        } else if n == 1 {
            "("
        } else {
            "),("
        };
        let _ = write!(text, "{before}${n}");
    }
    text.push(')');
    text
}

impl Sql {
    fn new(table: &Table) -> Self {
        let Table { name, key, cols } = table;
        let all = key.iter().chain(*cols).copied();
        let listed = all.clone().fold("agency".to_owned(), |list, it| list + ", " + it);
        let shown = all.fold("t.agency".to_owned(), |list, it| list + ", t." + it);
        let keyed = key.iter().fold("agency".to_owned(), |list, it| list + ", " + it);
        let joined = key.iter().fold("t.agency = k.agency".to_owned(), |list, it| format!("{list} AND t.{it} = k.{it}"));
        let set = cols.iter().map(|it| format!("{it} = excluded.{it}")).collect::<Vec<_>>().join(", ");
        let matched = key.iter().zip(2..).fold("agency = $1".to_owned(), |list, (it, n)| format!("{list} AND {it} = ${n}"));
        Self {
            load: SIZES
                .map(|n| format!("WITH k ({keyed}) AS (VALUES {}) SELECT {shown} FROM k JOIN \"{name}\" t ON {joined}", values(1 + key.len(), n))),
            upsert: SIZES.map(|n| {
                let rows = values(1 + key.len() + cols.len(), n);
                format!("INSERT INTO \"{name}\" ({listed}) VALUES {rows} ON CONFLICT ({keyed}) DO UPDATE SET {set}")
            }),
            delete: format!("DELETE FROM \"{name}\" WHERE {matched}"),
        }
    }
}

/// Cuts `total` rows of `width` values into runs of the sizes there are statements for.
fn cut<'v, 'a>(all: &'v [Value<'a>], width: usize) -> impl Iterator<Item = (usize, &'v [Value<'a>])> {
    let mut rest = all;
    std::iter::from_fn(move || {
        let rows = rest.len() / width;
        let (at, size) = SIZES.iter().copied().enumerate().find(|(_, size)| *size <= rows)?;
        let (run, after) = rest.split_at_checked(size * width)?;
        rest = after;
        Some((at, run))
    })
}

/// The rows that exist among those wanted.
pub(crate) async fn load<S: Session>(session: &mut S, wants: &[Want<'_>]) -> Result<Vec<(i64, Row)>, Trouble> {
    let mut sorted = wants.to_vec();
    sorted.sort_unstable_by(|(a, one), (b, other)| (one.table(), a, one).cmp(&(other.table(), b, other)));
    sorted.dedup();
    let mut found = Vec::with_capacity(sorted.len());
    let mut params = Vec::new();
    for run in sorted.chunk_by(|(_, one), (_, other)| one.table() == other.table()) {
        let Some(kind) = run.first().map(|(_, key)| key.table()) else { continue };
        params.clear();
        for (local, key) in run {
            params.push(Value::Int(*local));
            key_values(key, &mut params);
        }
        let statements = &sql(kind)?.load;
        for (size, run) in cut(&params, 1 + table(kind).key.len()) {
            let statement = statements.get(size).map_or("", String::as_str);
            session
                .select(statement, run, &mut |values| {
                    let (local, row) = values.split_first().ok_or(NO_COLUMNS)?;
                    found.push((number(local)?, decode(kind, row)?));
                    Ok(())
                })
                .await?;
        }
    }
    Ok(found)
}

const NO_COLUMNS: Fault = Fault::Corrupt { table: "?", column: "?", row: String::new() };

fn number(it: &Value<'_>) -> Result<i64, Fault> {
    match it {
        Value::Int(it) => Ok(*it),
        _ => Err(NO_COLUMNS),
    }
}

/// Writes a group: sweeps, rows in order of table and key, the feed, and the heads last.
pub(crate) async fn flush<S: Session>(session: &mut S, parts: &mut [Part<'_>]) -> Result<(), Trouble> {
    for part in parts.iter_mut().filter(|it| it.head.local == 0) {
        part.head.local = new_agency(session, part.head.agency).await?;
    }
    for part in &*parts {
        for sweep in part.sweeps {
            match sweep {
                Sweep::Messages(conversation) => {
                    let params = [Value::Int(part.head.local), Value::id(conversation.0)];
                    session.execute("DELETE FROM message WHERE agency = $1 AND conversation = $2", &params).await?;
                }
                Sweep::Receipts(before) => {
                    let params = [Value::Int(part.head.local), Value::Int(before.millis())];
                    session.execute("DELETE FROM receipt WHERE agency = $1 AND expires_at < $2", &params).await?;
                }
                Sweep::DeadLetters { .. } => {}
            }
        }
    }
    let mut changes: Vec<(i64, &Key, Option<&Row>)> =
        parts.iter().flat_map(|part| part.changes.iter().map(|(key, row)| (part.head.local, key, row.as_ref()))).collect();
    changes.sort_unstable_by(|(a, one, _), (b, other, _)| (one.table(), a, one).cmp(&(other.table(), b, other)));
    for run in changes.chunk_by(|(_, one, _), (_, other, _)| one.table() == other.table()) {
        rows(session, run).await?;
    }
    feed(session, parts).await?;
    for part in &mut *parts {
        for sweep in part.sweeps {
            if let Sweep::DeadLetters { keep, bytes } = sweep {
                drop_dead_letters(session, part.head, *keep, *bytes).await?;
            }
        }
    }
    for part in parts {
        let Head { agency: _, local, position, numbered, last, config, dead } = &*part.head;
        let params = [
            Value::number(*position),
            Value::number(*numbered),
            Value::Int(last.millis()),
            Value::number(*config),
            Value::number(dead.count),
            Value::number(dead.bytes),
            Value::Int(*local),
        ];
        let sql = "UPDATE agency SET position = $1, numbered = $2, last_at = $3, config = $4, dead_count = $5, dead_bytes = $6 WHERE id = $7";
        session.execute(sql, &params).await?;
    }
    Ok(())
}

/// Changes of one table, sorted by key.
async fn rows<S: Session>(session: &mut S, changes: &[(i64, &Key, Option<&Row>)]) -> Result<(), Trouble> {
    let Some(kind) = changes.first().map(|(_, key, _)| key.table()) else { return Ok(()) };
    let statements = sql(kind)?;
    let Table { name: _, key, cols } = table(kind);
    let mut params = Vec::with_capacity(changes.len() * (1 + key.len() + cols.len()));
    for (local, key, row) in changes {
        if let Some(row) = row {
            params.push(Value::Int(*local));
            key_values(key, &mut params);
            col_values(row, &mut params).map_err(|error| Trouble::Unit(Fault::Poison(error.to_string())))?;
        }
    }
    for (size, run) in cut(&params, 1 + key.len() + cols.len()) {
        session.execute(statements.upsert.get(size).map_or("", String::as_str), run).await?;
    }
    for (local, key, _) in changes.iter().filter(|(_, _, row)| row.is_none()) {
        let mut params = vec![Value::Int(*local)];
        key_values(key, &mut params);
        session.execute(&statements.delete, &params).await?;
    }
    Ok(())
}

async fn feed<S: Session>(session: &mut S, parts: &[Part<'_>]) -> Result<(), Trouble> {
    let mut params = Vec::new();
    for part in parts {
        for unit in part.units {
            let body = UnitBody::to_json(unit).map_err(|error| Trouble::Unit(Fault::Poison(error.to_string())))?;
            params.extend([Value::Int(part.head.local), Value::number(unit.position), Value::id(unit.id.0), Value::Int(unit.at.millis())]);
            params.push(Value::Text(body.into()));
        }
    }
    for (size, run) in cut(&params, 5) {
        session.execute(FEED.get(size).map_or("", String::as_str), run).await?;
    }
    Ok(())
}

async fn new_agency<S: Session>(session: &mut S, agency: AgencyId) -> Result<i64, Trouble> {
    let sql = "INSERT INTO agency (uuid, position, numbered, last_at, config, dead_count, dead_bytes) VALUES ($1, 0, 0, 0, 0, 0, 0) RETURNING id";
    let mut local = 0;
    session
        .select(sql, &[Value::id(agency.0)], &mut |values| {
            local = Cells(values).int(0).map_err(|bad| in_agency(bad, agency))?;
            Ok(())
        })
        .await?;
    Ok(local)
}

/// Drops the oldest until no more than `keep` and no more than `bytes` are left.
async fn drop_dead_letters<S: Session>(session: &mut S, head: &mut Head, keep: u64, bytes: u64) -> Result<(), Trouble> {
    while head.dead.count > keep || head.dead.bytes > bytes {
        let mut left = head.dead;
        let mut last = None;
        let sql = "SELECT id, size FROM dead_letter WHERE agency = $1 ORDER BY id LIMIT $2";
        session
            .select(sql, &[Value::Int(head.local), Value::Int(SWEEP_ROWS)], &mut |values| {
                let cells = Cells(values);
                let bad = |_| Fault::Corrupt { table: "dead_letter", column: "size", row: String::new() };
                if left.count > keep || left.bytes > bytes {
                    left.count = left.count.saturating_sub(1);
                    left.bytes = left.bytes.saturating_sub(cells.u64(1).map_err(bad)?);
                    last = Some(cells.uuid(0).map_err(bad)?);
                }
                Ok(())
            })
            .await?;
        let Some(last) = last else {
            // Nothing is there: the counts were wrong, and are right now.
            head.dead = DeadLetters::default();
            break;
        };
        session.execute("DELETE FROM dead_letter WHERE agency = $1 AND id <= $2", &[Value::Int(head.local), Value::id(last)]).await?;
        head.dead = left;
    }
    Ok(())
}

const HEAD: &str = "SELECT id, position, numbered, last_at, config, dead_count, dead_bytes, uuid FROM agency";

fn head(values: &[Value<'_>]) -> Result<Head, Bad> {
    let cells = Cells(values);
    Ok(Head {
        local: cells.int(0)?,
        position: cells.u64(1)?,
        numbered: cells.u64(2)?,
        last: Time::from_millis(cells.int(3)?),
        config: cells.u64(4)?,
        dead: DeadLetters { count: cells.u64(5)?, bytes: cells.u64(6)? },
        agency: AgencyId(cells.uuid(7)?),
    })
}

fn in_agency(Bad(at): Bad, agency: AgencyId) -> Fault {
    let columns = ["id", "position", "numbered", "last_at", "config", "dead_count", "dead_bytes", "uuid"];
    Fault::Corrupt { table: "agency", column: columns.get(at).copied().unwrap_or("?"), row: agency.to_string() }
}

/// The heads of these agencies, locked where the engine locks rows; those of unknown agencies are new.
pub(crate) async fn lock_heads<S: Session>(session: &mut S, agencies: &[AgencyId]) -> Result<Vec<Head>, Trouble> {
    let sql = format!("{HEAD} WHERE uuid = $1{}", S::FOR_UPDATE);
    let mut heads = Vec::with_capacity(agencies.len());
    for agency in agencies {
        let mut found = None;
        session
            .select(&sql, &[Value::id(agency.0)], &mut |values| {
                found = Some(head(values).map_err(|bad| in_agency(bad, *agency))?);
                Ok(())
            })
            .await?;
        heads.push(found.unwrap_or_else(|| Head::new(*agency)));
    }
    Ok(heads)
}

pub(crate) async fn all_heads<S: Session>(session: &mut S) -> Result<Vec<Head>, Trouble> {
    let mut heads = Vec::new();
    session
        .select(HEAD, &[], &mut |values| {
            heads.push(head(values).map_err(|bad| in_agency(bad, AgencyId(Uuid::nil())))?);
            Ok(())
        })
        .await?;
    Ok(heads)
}

pub(crate) async fn units_after<S: Session>(session: &mut S, local: i64, position: u64) -> Result<Vec<UnitId>, Trouble> {
    let mut ids = Vec::new();
    let sql = "SELECT id FROM feed WHERE agency = $1 AND position > $2 ORDER BY position";
    session
        .select(sql, &[Value::Int(local), Value::number(position)], &mut |values| {
            let id = Cells(values).uuid(0).map_err(|_| Fault::Corrupt { table: "feed", column: "id", row: String::new() })?;
            ids.push(UnitId(id));
            Ok(())
        })
        .await?;
    Ok(ids)
}

/// Every row of the configuration in the order of its tables, of the rules only the newest set of each source.
pub(crate) async fn config<S: Session>(session: &mut S, local: i64) -> Result<Vec<Row>, Trouble> {
    let mut rows = Vec::new();
    for kind in Kind::ALL.iter().copied().filter(|it| it.is_config()) {
        let Table { name, key, cols } = table(kind);
        let list = key.iter().chain(*cols).map(|it| format!("t.{it}")).collect::<Vec<_>>().join(", ");
        let newest = if kind == Kind::RuleSet {
            " AND t.version = (SELECT max(o.version) FROM rule_set o WHERE o.agency = t.agency AND o.source = t.source)"
        } else {
            ""
        };
        let sql = format!("SELECT {list} FROM \"{name}\" t WHERE t.agency = $1{newest}");
        session
            .select(&sql, &[Value::Int(local)], &mut |values| {
                rows.push(decode(kind, values)?);
                Ok(())
            })
            .await?;
    }
    Ok(rows)
}

/// Drops some of what has had its time; gives how many rows went.
pub(crate) async fn tidy<S: Session>(session: &mut S, local: i64, now: Time, feed_before: Time) -> Result<u64, Trouble> {
    let receipts = "DELETE FROM receipt WHERE agency = $1 AND key IN \
        (SELECT key FROM receipt WHERE agency = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)";
    let gone = session.execute(receipts, &[Value::Int(local), Value::Int(now.millis()), Value::Int(TIDY_ROWS)]).await?;
    // Times rise with positions: what is old is at the beginning.
    let feed = "DELETE FROM feed WHERE agency = $1 AND at < $2 AND position < $3 + (SELECT min(position) FROM feed WHERE agency = $1)";
    let units = session.execute(feed, &[Value::Int(local), Value::Int(feed_before.millis()), Value::Int(TIDY_ROWS)]).await?;
    Ok(gone + units)
}

/// A unit of the feed from its columns: position, id, at, body.
pub(crate) fn unit(values: &[Value<'_>]) -> Result<Unit, Fault> {
    let cells = Cells(values);
    let corrupt = |column, position: u64| Fault::Corrupt { table: "feed", column, row: position.to_string() };
    let position = cells.u64(0).map_err(|_| corrupt("position", 0))?;
    let id = cells.uuid(1).map_err(|_| corrupt("id", position))?;
    let at = cells.int(2).map_err(|_| corrupt("at", position))?;
    let body = cells.text(3).map_err(|_| corrupt("body", position))?;
    UnitBody::from_json(position, UnitId(id), Time::from_millis(at), body).map_err(|_| corrupt("body", position))
}

/// Runs one query; for readers.
pub(crate) async fn select<S: Session>(session: &mut S, sql: &str, params: &[Value<'_>], each: Each<'_>) -> Result<(), Trouble> {
    session.select(sql, params, each).await
}

/// Every statement by key, in one size.
#[cfg(test)]
pub(crate) fn every_statement() -> impl Iterator<Item = String> {
    SQL.iter().flat_map(|it| [it.load.get(2), it.upsert.get(2), Some(&it.delete)]).flatten().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_values_are_numbered_through() {
        assert_eq!(values(2, 2), "($1,$2),($3,$4)");
        assert_eq!(values(1, 3), "($1),($2),($3)");
        assert_eq!(values(3, 1), "($1,$2,$3)");
    }

    #[test]
    fn any_number_of_rows_is_cut_without_a_rest() {
        for rows in 0..200 {
            let all = vec![Value::Null; rows * 3];
            let sizes: Vec<usize> = cut(&all, 3)
                .map(|(at, run)| {
                    assert_eq!(run.len(), SIZES[at] * 3);
                    SIZES[at]
                })
                .collect();
            assert_eq!(sizes.iter().sum::<usize>(), rows);
        }
    }

    #[test]
    fn the_sql_of_a_table_is_built_from_its_columns() {
        let sql = sql(Kind::ContactKey).unwrap();
        let one = "WITH k (agency, brand, kind, value) AS (VALUES ($1,$2,$3,$4)) \
            SELECT t.agency, t.brand, t.kind, t.value, t.contact FROM k \
            JOIN \"contact_key\" t ON t.agency = k.agency AND t.brand = k.brand AND t.kind = k.kind AND t.value = k.value";
        assert_eq!(sql.load[6], one);
        assert_eq!(
            sql.upsert[6],
            "INSERT INTO \"contact_key\" (agency, brand, kind, value, contact) VALUES ($1,$2,$3,$4,$5) \
             ON CONFLICT (agency, brand, kind, value) DO UPDATE SET contact = excluded.contact"
        );
        assert_eq!(sql.delete, "DELETE FROM \"contact_key\" WHERE agency = $1 AND brand = $2 AND kind = $3 AND value = $4");
    }
}
