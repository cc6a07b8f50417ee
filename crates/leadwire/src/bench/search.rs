//! `leadwire bench search`: CloseBot's `POST /lead/search` over many conversations with their whole history.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use leadwire_core::Time;
use leadwire_core::command::capture::{Capture, Inquiry, Sameness};
use leadwire_core::entity::{Direction, MessageType, RawBody};
use serde_json::{Value, json};

use super::corpus::Corpus;
use super::load::{self, Measured, Pace, Requests};
use super::report::{Bound, Report, millis, ratio};
use super::serving::Serving;
use super::town::{self, Plan, Town};
use super::{Ground, float, floor, resident};
use crate::demo::script::{Act, Say, Script, What};
use crate::node::{Node, Tuning};
use crate::os::{Clock, OsChance, SystemClock};
use crate::random::{Random, Zipf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Conversations to search in
    #[arg(long, default_value_t = 1_000_000)]
    conversations: usize,
    /// Messages of each
    #[arg(long, default_value_t = 10)]
    messages: usize,
    /// Words of each message
    #[arg(long, default_value_t = 12)]
    words: usize,
    /// Connections that search at a time
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Where the database is made; a temporary directory when absent
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON document per measurement instead of a table
    #[arg(long)]
    json: bool,
}

const SOURCES: usize = 50;
/// The last of them is met by one conversation in five thousand.
const BOTS: usize = 20;
const RARE_BOT_ONE_IN: usize = 5000;
const TAGS: usize = 200;
const TAGS_EACH: usize = 3;

/// Rows of a page.
const COUNT: usize = 20;

/// Stories under way at a time while the database is filled.
const FILL_IN_FLIGHT: usize = 1000;

/// The first conversation begins so long ago, in milliseconds; the last just now.
const HISTORY: i64 = 365 * 24 * 3600 * 1000;

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    ensure!(args.conversations > 0 && args.messages > 0 && args.words > 0 && args.connections > 0, "counts begin at 1");
    let ground = Ground::new(args.data_dir.as_deref())?;
    let runtime = crate::serve::runtime()?;
    let node = Node::open(&ground.path(), Tuning { bulk: true, ..Tuning::unlimited() }, Arc::new(SystemClock), Arc::new(OsChance))?;
    let before = resident()?;
    let corpus = Corpus::new();
    let (town, rare_word) = runtime.block_on(fill(args, &node, &corpus))?;
    // Searched as a server finds it at its start, not as it lies in memory after being filled.
    runtime.block_on(node.close());
    drop(node);
    let began = Instant::now();
    let node = Node::open(&ground.path(), Tuning::unlimited(), Arc::new(SystemClock), Arc::new(OsChance))?;
    let started = began.elapsed();
    let serving = Serving::start_on(runtime, leadwire_http::app(node.app.clone()))?;
    let pace = Pace { time: Duration::from_secs(args.seconds), rate: None };
    let shapes = shapes(args, &town, &corpus, &rare_word);
    let mut report = Report::new(format!(
        "search: {} conversations, {} messages of {} words, {} connections",
        args.conversations, args.messages, args.words, args.connections
    ));
    for (name, body) in &shapes {
        let total = total(&serving, &town, body)?;
        let (measured, echo) = measure(&serving, &town, std::slice::from_ref(body), args, pace)?;
        report.figure(format!("{name} ({total} found)"), measured.per_second(), "/s").floor(echo.per_second());
        report.figure("  p50", millis(measured.at(0.5)), "ms").floor(millis(echo.at(0.5)));
        report.figure("  p99", millis(measured.at(0.99)), "ms").floor(millis(echo.at(0.99)));
    }
    let bodies: Vec<Value> = shapes.into_iter().map(|(_, body)| body).collect();
    let (measured, echo) = measure(&serving, &town, &bodies, args, pace)?;
    report.figure("together", measured.per_second(), "/s").floor(echo.per_second());
    report.figure("together / echo", ratio(measured.per_second(), echo.per_second()), "x").bound(Bound::AtLeast(0.08));
    report.figure("together p50", millis(measured.at(0.5)), "ms").floor(millis(echo.at(0.5)));
    report.figure("together p99", millis(measured.at(0.99)), "ms").floor(millis(echo.at(0.99)));
    report.figure("start with all of it", started.as_secs_f64(), "s");
    report.figure("memory before", float(before) / 1e6, "MB");
    report.figure("memory", float(resident()?) / 1e6, "MB").bound(Bound::AtMost(700.0));
    report.figure("on disk", float(ground.bytes()?) / 1e6, "MB");
    report.print(out, args.json)?;
    serving.stop().block_on(node.close());
    Ok(())
}

/// The nine shapes of a search.
fn shapes(args: &Args, town: &Town, corpus: &Corpus, rare_word: &str) -> Vec<(&'static str, Value)> {
    let source = |at: usize| town.sources.get(at).map(ToString::to_string);
    let rare_bot = town.bots.last().map(ToString::to_string);
    let (common, second) = (corpus.word(0), corpus.word(9));
    let deep = args.conversations / 10;
    let with = |mut body: Value| {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("count".to_owned(), json!(COUNT));
        }
        body
    };
    vec![
        ("none", with(json!({}))),
        ("one source", with(json!({ "sourceIds": [source(1)] }))),
        ("source and direction", with(json!({ "sourceIds": [source(1)], "lastMessageDirection": "in" }))),
        ("rare bot", with(json!({ "botIds": [rare_bot] }))),
        ("common word", with(json!({ "search": common }))),
        ("rare word", with(json!({ "search": rare_word }))),
        ("words and filters", with(json!({ "search": format!("{common} {second}"), "sourceIds": [source(0), source(2)], "minimumResponses": 1 }))),
        ("deep offset", with(json!({ "offset": deep }))),
        (
            "total only",
            json!({ "totalOnly": true, "sourceIds": [source(0), source(1), source(2)], "lastMessageDirection": "in", "minimumResponses": 2, "followUpScheduled": false }),
        ),
    ]
}

fn head(town: &Town) -> String {
    load::post_head("/closebot/lead/search", &[("x-cb-key", &town.key)])
}

/// Asks the same few things over and over.
struct Asker {
    head: String,
    bodies: Vec<Vec<u8>>,
    at: usize,
    /// Asks so many times; none: until the time is up.
    left: Option<usize>,
    last: Vec<u8>,
}

impl Requests for Asker {
    fn next(&mut self, into: &mut Vec<u8>) -> bool {
        if self.left == Some(0) {
            return false;
        }
        self.left = self.left.map(|it| it - 1);
        let Some(body) = self.bodies.get(self.at % self.bodies.len().max(1)) else { return false };
        self.at += 1;
        load::post(into, &self.head, body);
        true
    }

    fn answered(&mut self, _: u16, body: &[u8]) {
        if self.left.is_some() {
            body.clone_into(&mut self.last);
        }
    }
}

/// How many rows a search finds.
fn total(serving: &Serving, town: &Town, body: &Value) -> anyhow::Result<u64> {
    let asker = Asker { head: head(town), bodies: vec![body.to_string().into_bytes()], at: 0, left: Some(1), last: Vec::new() };
    let (measured, askers) = load::run(serving.address(), vec![asker], Pace { time: Duration::from_mins(1), rate: None })?;
    let answer = askers.into_iter().next().map(|it| it.last).unwrap_or_default();
    ensure!(measured.refused == 0, "a search was refused: {}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer)?;
    answer.get("total").and_then(Value::as_u64).ok_or_else(|| anyhow::anyhow!("the answer has no total"))
}

/// The searches, and the echo with the same bodies and the same size of answers.
fn measure(serving: &Serving, town: &Town, bodies: &[Value], args: &Args, pace: Pace) -> anyhow::Result<(Measured, Measured)> {
    let bodies: Vec<Vec<u8>> = bodies.iter().map(|it| it.to_string().into_bytes()).collect();
    let askers = |count| (0..count).map(|at| Asker { head: head(town), bodies: bodies.clone(), at, left: None, last: Vec::new() }).collect();
    load::run(serving.address(), askers(args.connections), Pace { time: pace.time.min(Duration::from_millis(500)), rate: None })?;
    let (measured, _) = load::run(serving.address(), askers(args.connections), pace)?;
    ensure!(measured.refused == 0, "{} searches were refused", measured.refused);
    let echo = floor::echo_rate(&bodies, measured.sizes().1, args.connections, pace)?;
    Ok((measured, echo))
}

/// Fills the database; gives the agency and a word that occurs once.
async fn fill(args: &Args, node: &Node, corpus: &Corpus) -> anyhow::Result<(Town, String)> {
    let town = town::build(node.store.as_ref(), &OsChance, Plan { sources: SOURCES, bots: BOTS, rules: 0 }).await?;
    let mut writer = Writer {
        args,
        town: &town,
        corpus,
        random: Random::new(1),
        sources: Zipf::new(SOURCES),
        bots: Zipf::new(BOTS - 1),
        now: SystemClock.now(),
        step: (HISTORY / i64::try_from(args.conversations)?).max(1),
    };
    let work = (0..args.conversations).filter_map(|place| Some((town.who(), writer.story(place)?)));
    town::pump(&node.store, FILL_IN_FLIGHT, work).await?;
    node.finish_bulk().await?;
    Ok((town, rare_word()))
}

/// Put into the first conversation, and into no other.
fn rare_word() -> String {
    "zyzzogeton".to_owned()
}

struct Writer<'a> {
    args: &'a Args,
    town: &'a Town,
    corpus: &'a Corpus,
    random: Random,
    sources: Zipf,
    bots: Zipf,
    now: Time,
    step: i64,
}

impl Writer<'_> {
    fn story(&mut self, place: usize) -> Option<Script> {
        let random = &mut self.random;
        let source = *self.town.sources.get(self.sources.draw(random))?;
        let bot = if random.below(RARE_BOT_ONE_IN) == 0 { BOTS - 1 } else { self.bots.draw(random) };
        let bot = *self.town.bots.get(bot)?;
        let place_back = i64::try_from(self.args.conversations - place).ok()?;
        let begin = self.now.plus_millis(-self.step * place_back - 3_600_000);
        let mut note = self.corpus.text(self.args.words, random);
        if place == 0 {
            note.push(' ');
            note.push_str(&rare_word());
        }
        let capture = Capture {
            source,
            inquiry: Inquiry {
                first_name: Some(self.corpus.word(random.below(super::corpus::VOCABULARY)).to_owned()),
                last_name: Some(self.corpus.word(random.below(super::corpus::VOCABULARY)).to_owned()),
                emails: vec![format!("person{place}@bench.example")],
                tags: (0..TAGS_EACH).map(|_| format!("tag{}", random.below(TAGS))).collect(),
                note: Some(note),
                ..Inquiry::default()
            },
            raw: RawBody { content_type: Arc::from("application/json"), bytes: Arc::from(b"{}".as_slice()) },
            parsed: None,
            bot: Some(bot),
            sameness: Sameness::Header,
            origin: None,
        };
        let acts = (1..self.args.messages).map(|at| {
            let inbound = random.percent(50);
            let by_bot = !inbound && random.percent(70);
            Act {
                at: begin.plus_millis(i64::try_from(at).unwrap_or(0) * 60_000),
                what: What::Say(Say {
                    direction: if inbound { Direction::Inbound } else { Direction::Outbound },
                    kind: MessageType::Sms,
                    body: self.corpus.text(self.args.words, random),
                    bot: by_bot.then_some(bot),
                    user: (!inbound && !by_bot).then(|| self.town.users.first().copied()).flatten(),
                    source,
                }),
            }
        });
        let acts = acts.collect();
        Some(Script { at: begin, capture, acts })
    }
}
