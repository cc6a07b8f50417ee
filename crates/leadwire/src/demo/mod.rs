//! `leadwire demo`: a server full of made-up leads, ready in a moment, gone when it stops.

mod life;
mod people;
pub mod script;
mod talk;
mod town;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use axum::body::Body;
use http::{Request, header};
use http_body_util::BodyExt;
use leadwire_core::port::Store;
use leadwire_core::who::Who;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt;

use self::life::Life;
use self::script::Script;
use self::town::Agency;
use crate::accept::Limits;
use crate::config::LogFormat;
use crate::fault::explain;
use crate::node::{Node, Tuning};
use crate::os::{Clock, OsChance, StoryClock, SystemClock};
use crate::patience::Patience;
use crate::serve;

#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Directory of the data, empty or not there yet; a temporary one when absent
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Leads to make up
    #[arg(long, default_value_t = 5000)]
    leads: usize,
    /// The same seed makes up the same leads; keys are random always
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Allow an address others can reach, although the demo's limits are made for one user
    #[arg(long)]
    allow_remote: bool,
}

/// The first agency gets so many leads of each ten.
const FIRST_SHARE: usize = 7;

/// Stories under way at a time, so that they share commits.
const IN_FLIGHT: usize = 256;

const LIMITS: Limits =
    Limits { connections: 1000, patience: Patience { head: std::time::Duration::from_secs(10), idle: std::time::Duration::from_secs(75) } };

pub fn run(demo: &Demo, out: &mut dyn Write) -> anyhow::Result<()> {
    ensure!(
        demo.listen.ip().is_loopback() || demo.allow_remote,
        "{} can be reached by others, and the demo shows its keys; say --allow-remote if that is meant",
        demo.listen
    );
    crate::log::begin(LogFormat::Text, "warn")?;
    let (dir, temporary) = match &demo.data_dir {
        Some(dir) => (dir.clone(), None),
        None => {
            let made = tempfile::Builder::new().prefix("leadwire-demo-").tempdir()?;
            (made.path().to_owned(), Some(made))
        }
    };
    let runtime = serve::runtime()?;
    let served = runtime.block_on(async {
        let clock = Arc::new(StoryClock::default());
        // Nothing of it is worth a sync before all of it is there.
        let tuning = Tuning { bulk: true, ..Tuning::default() };
        let node = Node::open(&dir, tuning, Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(OsChance))?;
        let ready = async {
            ensure!(node.store.directory().is_empty(), "{} holds data already; run leadwire serve on it", dir.display());
            let agencies = fill(demo, &node.store, &clock).await?;
            node.finish_bulk().await?;
            let listener = serve::listen(demo.listen).await?;
            let shown = Shown::capture(&node, &agencies).await?;
            let control = serve::control(&dir);
            introduce(out, &format!("http://{}", listener.local_addr()?), &agencies, &shown)?;
            Ok((control, listener, serve::on_signal(&node)?))
        };
        match ready.await {
            Ok((control, listener, stop)) => serve::attend(control, node, listener, LIMITS, stop).await,
            Err(error) => {
                node.close().await;
                Err(error)
            }
        }
    });
    drop(temporary);
    served
}

/// An agency, and how many leads it was given.
struct Filled {
    agency: Agency,
    leads: usize,
}

/// Makes the agencies and writes their history.
async fn fill(demo: &Demo, store: &Arc<dyn Store>, clock: &Arc<StoryClock>) -> anyhow::Result<Vec<Filled>> {
    let now = SystemClock.now();
    clock.set(life::begin(now));
    let agencies = town::build(store.as_ref(), &OsChance).await?;
    let first = demo.leads * FIRST_SHARE / 10;
    let mut filled = Vec::new();
    for (agency, (leads, seed)) in agencies.into_iter().zip([(first, demo.seed), (demo.leads - first, demo.seed.wrapping_add(1))]) {
        let who = Who::System { agency: agency.id };
        let mut under_way = JoinSet::new();
        for story in Life::new(&agency, seed, leads, now) {
            if under_way.len() >= IN_FLIGHT
                && let Some(done) = under_way.join_next().await
            {
                done??;
            }
            clock.set(story.at);
            under_way.spawn(tell(Arc::clone(store), who, story));
        }
        while let Some(done) = under_way.join_next().await {
            done??;
        }
        filled.push(Filled { agency, leads });
    }
    clock.release();
    Ok(filled)
}

async fn tell(store: Arc<dyn Store>, who: Who, story: Script) -> anyhow::Result<()> {
    store.write(who, story).await.map(drop).map_err(explain)
}

/// One more lead, captured through Rechat's API, to be looked at from every side.
struct Shown {
    body: String,
    email: &'static str,
    lead: String,
    conversation: String,
}

/// Sent again, the same lead is answered and nothing is done.
const SHOWN_KEY: &str = "demo-1";

impl Shown {
    async fn capture(node: &Node, agencies: &[Filled]) -> anyhow::Result<Self> {
        let agency = &agencies.first().context("the demo has an agency")?.agency;
        let source = agency.sources.first().context("the agency has a source")?.id;
        let email = "zoe.demo@example.com";
        let body = json!({
            "metadata": { "lead_channel": source.to_string() },
            "lead": {
                "first_name": "Zoë", "last_name": "Demo", "email": email, "phone_number": "(415) 555-0100",
                "note": "Could I see 14 Harbor Lane on Saturday?", "source_type": "Website", "tag": ["buyer"],
                "listing": { "price": 1_285_000, "property": { "address": { "city": "Sausalito" } } }
            }
        })
        .to_string();
        let app = leadwire_http::app(node.app.clone());
        let request = Request::post("/rechat/leads")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", agency.key))
            .header("idempotency-key", SHOWN_KEY)
            .body(Body::from(body.clone()))?;
        let answer = app.oneshot(request).await?;
        let status = answer.status();
        let answer = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "the demo's own capture was refused: {}", String::from_utf8_lossy(&answer));
        let answer: Value = serde_json::from_slice(&answer)?;
        let lead = answer.pointer("/data/id").and_then(Value::as_str).context("the answer has no id")?.to_owned();
        let id = lead.parse().context("the answer's id")?;
        let row = node.store.row::<leadwire_core::entity::Lead>(agency.id, &id).await?.context("the lead is not there")?;
        Ok(Self { body, email, lead, conversation: row.conversation.to_string() })
    }
}

fn introduce(out: &mut dyn Write, url: &str, agencies: &[Filled], shown: &Shown) -> anyhow::Result<()> {
    writeln!(out, "Leadwire's demo listens on {url} (API: {url}/docs). Everything in it is made up.\n")?;
    writeln!(out, "  {:<24} {:>6} {:>6} {:>8} {:>5} {:>7}", "agency", "brands", "users", "sources", "bots", "leads")?;
    for Filled { agency, leads } in agencies {
        let (users, sources, bots) = (agency.users.len(), agency.sources.len(), agency.bots.len());
        writeln!(out, "  {:<24} {:>6} {users:>6} {sources:>8} {bots:>5} {leads:>7}", agency.name, agency.brands)?;
        writeln!(out, "    key {}", agency.key)?;
        for it in agency.sources.iter().take(3) {
            writeln!(out, "    source {} {}", it.id, it.name.as_deref().unwrap_or_default())?;
        }
    }
    let key = agencies.first().map(|it| it.agency.key.as_str()).unwrap_or_default();
    let Shown { body, email, lead, conversation } = shown;
    writeln!(out, "\nOne lead, seen from every side:")?;
    writeln!(out, "\n  # captured through Rechat (sent again with this key, it is the same lead)")?;
    writeln!(
        out,
        "  curl -s {url}/rechat/leads -H 'Authorization: Bearer {key}' -H 'Idempotency-Key: {SHOWN_KEY}' -H 'Content-Type: application/json' -d '{body}'"
    )?;
    writeln!(out, "\n  # found through CloseBot")?;
    writeln!(out, "  curl -s {url}/closebot/lead/search -H 'X-CB-KEY: {key}' -H 'Content-Type: application/json' -d '{{\"search\":\"{email}\"}}'")?;
    writeln!(out, "\n  # its conversation, and why it went where it went")?;
    writeln!(out, "  curl -s {url}/v1/conversations/{conversation} -H 'Authorization: Bearer {key}'")?;
    writeln!(out, "  curl -s {url}/v1/leads/{lead}/routing -H 'Authorization: Bearer {key}'")?;
    writeln!(out, "\nStop it with Ctrl-C.")?;
    out.flush()?;
    Ok(())
}
