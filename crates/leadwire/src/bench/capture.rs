//! `leadwire bench capture`: durable captures through Rechat's `POST /leads`, on a database that is full already.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use leadwire_core::command::capture::{Capture, Inquiry, Sameness};
use leadwire_core::entity::RawBody;
use leadwire_core::id::SourceId;
use leadwire_core::routing::{FactsInput, Field};
use leadwire_store::Stats;

use super::load::{self, Measured, Pace, Requests};
use super::report::{Bound, Report, millis, ratio};
use super::serving::Serving;
use super::town::{self, Plan, Town};
use super::{Ground, float, floor};
use crate::node::{Node, Tuning};
use crate::os::{OsChance, SystemClock};
use crate::random::Random;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Connections, each count measured by itself
    #[arg(long, value_delimiter = ',', default_value = "64,1")]
    connections: Vec<usize>,
    /// Leads in the database before the first request
    #[arg(long, default_value_t = 1_000_000)]
    leads: usize,
    /// Rules of each channel
    #[arg(long, default_value_t = 50)]
    rules: usize,
    /// How many captures in a hundred are from people known already
    #[arg(long, default_value = "20", value_parser = percent)]
    known: usize,
    /// Agencies the leads are spread over, each count on a database of its own
    #[arg(long, value_delimiter = ',', default_value = "1,100")]
    agencies: Vec<usize>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the databases are made; a temporary directory when absent
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON document per measurement instead of a table
    #[arg(long)]
    json: bool,
}

fn percent(text: &str) -> Result<usize, String> {
    match text.trim_end_matches('%').parse() {
        Ok(it) if it <= 100 => Ok(it),
        _ => Err("expected a share of a hundred, as in 20%".to_owned()),
    }
}

/// Captures under way at a time while the database is filled.
const FILL_IN_FLIGHT: usize = 4000;

/// Syncs measured for the floor of one connection.
const SYNCS: usize = 500;

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    ensure!(args.agencies.iter().chain(&args.connections).all(|it| *it > 0), "counts begin at 1");
    for agencies in &args.agencies {
        one(args, *agencies, out)?;
    }
    Ok(())
}

fn one(args: &Args, agencies: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    let ground = Ground::new(args.data_dir.as_deref())?;
    let runtime = crate::serve::runtime()?;
    let node = Node::open(&ground.path(), Tuning { bulk: true, ..Tuning::unlimited() }, Arc::new(SystemClock), Arc::new(OsChance))?;
    let towns = runtime.block_on(fill(args, agencies, &node))?;
    let towns = Arc::new(towns);
    let serving = Serving::start_on(runtime, leadwire_http::app(node.app.clone()))?;
    let mut captured = args.leads;
    let pace = Pace { time: Duration::from_secs(args.seconds), rate: None };
    for (turn, connections) in args.connections.iter().enumerate() {
        let clients = |turn| (0..*connections).map(|at| Visitor::new(&towns, args, turn, at)).collect();
        // A short run first, so that neither side is measured cold.
        let warm = Pace { time: pace.time.min(Duration::from_millis(500)), rate: None };
        let (warm, _) = load::run(serving.address(), clients(2 * turn), warm)?;
        let before = Spent::of(node.stats());
        let (measured, visitors) = load::run(serving.address(), clients(2 * turn + 1), pace)?;
        ensure!(measured.refused == 0, "{} captures were refused", measured.refused);
        captured += usize::try_from(warm.answers + measured.answers)?;
        let bodies: Vec<Vec<u8>> = visitors.into_iter().take(1).flat_map(|mut it| (0..64).map(|_| it.body()).collect::<Vec<_>>()).collect();
        let echo = floor::echo_rate(&bodies, measured.sizes().1, *connections, pace)?;
        let mut report =
            Report::new(format!("capture: {connections} connections, {} leads before, {} rules, {agencies} agencies", args.leads, args.rules));
        rates(&mut report, &measured, &echo);
        Spent::of(node.stats()).since(&before).tell(&mut report);
        if *connections == 1 {
            let sync = floor::sync_latency(&ground.path(), SYNCS)?;
            let sync = millis(Duration::from_nanos(sync.value_at_quantile(0.5)));
            report.figure("p50 / one fdatasync", ratio(millis(measured.at(0.5)), sync), "x").floor(sync).bound(Bound::AtMost(3.0));
        }
        report.print(out, args.json)?;
    }
    let runtime = serving.stop();
    let mut report = Report::new(format!("written: {agencies} agencies"));
    let rows = runtime.block_on(node.census())?;
    let leads = rows.iter().find(|(table, _)| *table == "lead").map_or(0, |(_, rows)| *rows);
    runtime.block_on(node.close());
    for (table, rows) in rows {
        report.figure(format!("rows of {table}"), float(rows), "");
    }
    report.figure("leads / captures answered", ratio(float(leads), float(u64::try_from(captured)?)), "").bound(Bound::AtLeast(1.0));
    report.figure("bytes per lead", ratio(float(ground.bytes()?), float(leads)), "B").bound(Bound::AtMost(3000.0));
    report.print(out, args.json)?;
    ensure!(leads == u64::try_from(captured)?, "{captured} captures were answered, {leads} leads stand in the database");
    Ok(())
}

/// Where the committer's time went, as the store counts it.
#[derive(Clone, Copy)]
struct Spent {
    commits: u64,
    units: u64,
    passes: u64,
    group_nanos: u64,
    commit_nanos: u64,
    index_nanos: u64,
    hits: u64,
    misses: u64,
}

impl Spent {
    fn of(stats: &Stats) -> Self {
        Self {
            commits: stats.commits.get(),
            units: stats.units.get(),
            passes: stats.passes.get(),
            group_nanos: stats.group_nanos.get(),
            commit_nanos: stats.commit_nanos.get(),
            index_nanos: stats.index_nanos.get(),
            hits: stats.cache_hits.get(),
            misses: stats.cache_misses.get(),
        }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            commits: self.commits - before.commits,
            units: self.units - before.units,
            passes: self.passes - before.passes,
            group_nanos: self.group_nanos - before.group_nanos,
            commit_nanos: self.commit_nanos - before.commit_nanos,
            index_nanos: self.index_nanos - before.index_nanos,
            hits: self.hits - before.hits,
            misses: self.misses - before.misses,
        }
    }

    fn tell(&self, report: &mut Report) {
        let each = |it: u64| ratio(float(it), float(self.units)) / 1000.0;
        report.figure("units per commit", ratio(float(self.units), float(self.commits)), "");
        report.figure("passes per commit", ratio(float(self.passes), float(self.commits)), "");
        report.figure("committer per unit", each(self.group_nanos), "us");
        report.figure("  of it in COMMIT", each(self.commit_nanos), "us");
        report.figure("index per unit", each(self.index_nanos), "us");
        report.figure("rows found in the cache", ratio(float(self.hits), float(self.hits + self.misses)), "");
    }
}

fn rates(report: &mut Report, measured: &Measured, echo: &Measured) {
    report.figure("captures", measured.per_second(), "/s").floor(echo.per_second());
    report.figure("rate / echo", ratio(measured.per_second(), echo.per_second()), "x").bound(Bound::AtLeast(0.07));
    report.figure("p50", millis(measured.at(0.5)), "ms").floor(millis(echo.at(0.5)));
    report.figure("p99", millis(measured.at(0.99)), "ms").floor(millis(echo.at(0.99)));
    report.figure("p99 / echo", ratio(millis(measured.at(0.99)), millis(echo.at(0.99))), "x").bound(Bound::AtMost(20.0));
    let (sent, received) = measured.sizes();
    report.figure("body sent", float(u64::try_from(sent).unwrap_or(0)), "B");
    report.figure("body received", float(u64::try_from(received).unwrap_or(0)), "B");
}

/// Makes the agencies and gives each its share of the leads, by the server's own capture.
async fn fill(args: &Args, agencies: usize, node: &Node) -> anyhow::Result<Vec<Town>> {
    let mut towns = Vec::with_capacity(agencies);
    for _ in 0..agencies {
        towns.push(town::build(node.store.as_ref(), &OsChance, Plan { sources: 1, bots: 1, rules: args.rules }).await?);
    }
    let mut random = Random::new(1);
    let work = (0..args.leads).filter_map(|place| {
        let town = towns.get(place % towns.len())?;
        let source = town.sources.first()?;
        let person = Person { place, new: None };
        Some((town.who(), capture(*source, &person, &city(args.rules, &mut random), place)))
    });
    town::pump(&node.store, FILL_IN_FLIGHT, work).await?;
    node.finish_bulk().await?;
    Ok(towns)
}

/// Half of the leads come from a town some rule asks for.
fn city(rules: usize, random: &mut Random) -> String {
    town::city(random.below(rules.max(1) * 2))
}

/// Somebody who was there at the beginning, or came while measuring.
struct Person {
    place: usize,
    /// Which run and connection made them.
    new: Option<(usize, usize)>,
}

impl Person {
    fn email(&self) -> String {
        match self.new {
            None => format!("person{}@bench.example", self.place),
            Some((turn, at)) => format!("new{turn}-{at}-{}@bench.example", self.place),
        }
    }
}

/// What is asked. Numbered, or the same person's second question about the same town would count as the first one
/// repeated, and be no lead of its own.
fn note(number: usize) -> String {
    format!("Is the home on Alder Way still available? We would like to see it. No. {number}")
}

/// The lead as Rechat's clients send it.
fn lead_json(person: &Person, city: &str, number: usize) -> String {
    format!(
        r#"{{"first_name":"Person","last_name":"Number {}","email":"{}","note":"{}","source_type":"Website","lead_source":"Bench","tag":["buyer"],"listing":{{"price":850000,"property":{{"address":{{"city":"{city}","full_address":"77 Alder Way, {city}"}}}}}}}}"#,
        person.place,
        person.email(),
        note(number)
    )
}

fn capture(source: SourceId, person: &Person, city: &str, number: usize) -> Capture {
    let mut facts = FactsInput::default();
    facts.text(Field::City, Some(city));
    Capture {
        source,
        inquiry: Inquiry {
            first_name: Some("Person".to_owned()),
            last_name: Some(format!("Number {}", person.place)),
            emails: vec![person.email()],
            tags: vec!["buyer".to_owned()],
            note: Some(note(number)),
            source_type: Some("Website".to_owned()),
            lead_source: Some("Bench".to_owned()),
            facts,
            ..Inquiry::default()
        },
        raw: RawBody { content_type: Arc::from("application/json"), bytes: Arc::from(lead_json(person, city, number).into_bytes()) },
        parsed: None,
        bot: None,
        sameness: Sameness::Fingerprint,
        origin: None,
    }
}

/// More than one connection asks in one measurement.
const QUESTIONS_MAX: usize = 100_000_000;

/// One connection's leads.
struct Visitor {
    towns: Arc<Vec<Town>>,
    heads: Vec<String>,
    random: Random,
    known: usize,
    people: usize,
    rules: usize,
    made: (usize, usize),
    next: usize,
    asked: usize,
}

impl Visitor {
    fn new(towns: &Arc<Vec<Town>>, args: &Args, turn: usize, at: usize) -> Self {
        let head = |it: &Town| load::post_head("/rechat/leads", &[("authorization", &format!("Bearer {}", it.key))]);
        Self {
            heads: towns.iter().map(head).collect(),
            towns: Arc::clone(towns),
            random: Random::new(u64::try_from(turn * 1_000_000 + at).unwrap_or(0)),
            known: args.known,
            people: args.leads,
            rules: args.rules,
            made: (turn, at),
            next: 0,
            // Beyond those of the beginning and of every other connection.
            asked: args.leads + ((turn << 16) + at) * QUESTIONS_MAX,
        }
    }

    /// A number nobody's question had before.
    fn number(&mut self) -> usize {
        self.asked += 1;
        self.asked
    }

    fn person(&mut self) -> Person {
        if self.people > 0 && self.random.percent(self.known) {
            return Person { place: self.random.below(self.people), new: None };
        }
        self.next += 1;
        Person { place: self.next, new: Some(self.made) }
    }

    /// A body for the first town, as any other but for its channel.
    fn body(&mut self) -> Vec<u8> {
        let person = self.person();
        let source = self.towns.first().and_then(|it| it.sources.first()).map(ToString::to_string).unwrap_or_default();
        body(&source, &person, &city(self.rules, &mut self.random), self.number())
    }
}

fn body(source: &str, person: &Person, city: &str, number: usize) -> Vec<u8> {
    format!(r#"{{"metadata":{{"lead_channel":"{source}"}},"lead":{}}}"#, lead_json(person, city, number)).into_bytes()
}

impl Requests for Visitor {
    fn next(&mut self, into: &mut Vec<u8>) -> bool {
        let person = self.person();
        // Who was there at the beginning comes back to the agency that knows them.
        let town = match person.new {
            None => person.place % self.towns.len(),
            Some(_) => self.random.below(self.towns.len()),
        };
        let city = city(self.rules, &mut self.random);
        let number = self.number();
        let (Some(source), Some(head)) = (self.towns.get(town).and_then(|it| it.sources.first()), self.heads.get(town)) else { return false };
        load::post(into, head, &body(&source.to_string(), &person, &city, number));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_json() {
        let person = Person { place: 1, new: Some((1, 2)) };
        let value: serde_json::Value = serde_json::from_slice(&body("x", &person, "Town 3", 7)).unwrap();
        assert_eq!(value["lead"]["email"], "new1-2-1@bench.example");
    }

    #[test]
    fn a_share_may_be_written_with_its_sign() {
        assert_eq!(percent("20%"), Ok(20));
        assert_eq!(percent("20"), Ok(20));
        assert!(percent("120").is_err());
    }
}
