//! What the machine itself can do, measured in the same run as what is compared with it: JSON echoed through the same
//! accept loop, and one durable append.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use hdrhistogram::Histogram;

use super::load::{self, Measured, Pace, Requests};
use super::serving::Serving;

/// Reads any JSON, answers JSON of a fixed size: serde both ways, and nothing else.
fn echo_app(answer_bytes: usize) -> Router {
    Router::new().route("/echo", post(echo)).with_state(answer_bytes)
}

async fn echo(State(answer_bytes): State<usize>, Json(body): Json<serde_json::Value>) -> impl IntoResponse {
    // What was sent comes back, filled up or cut to the size of the answer it stands for.
    let text = body.to_string();
    let room = answer_bytes.saturating_sub(r#"{"echo":""}"#.len());
    let cut = text.char_indices().map(|(at, _)| at).take_while(|it| *it <= room).last().unwrap_or(0);
    let mut echo: String = text.get(..cut).unwrap_or_default().replace(['"', '\\'], " ");
    echo.extend(std::iter::repeat_n('.', room.saturating_sub(echo.len())));
    let answer = serde_json::to_string(&Echo { echo }).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], answer)
}

#[derive(serde::Serialize)]
struct Echo {
    echo: String,
}

/// Sends the same bodies as what is measured, elsewhere.
struct Repeat {
    bodies: Vec<Vec<u8>>,
    at: usize,
    head: String,
}

impl Requests for Repeat {
    fn next(&mut self, into: &mut Vec<u8>) -> bool {
        let Some(body) = self.bodies.get(self.at % self.bodies.len().max(1)) else { return false };
        self.at += 1;
        load::post(into, &self.head, body);
        true
    }
}

/// The echo's rate and latency with these bodies and answers of this size.
pub(super) fn echo_rate(bodies: &[Vec<u8>], answer_bytes: usize, connections: usize, pace: Pace) -> anyhow::Result<Measured> {
    let serving = Serving::start(echo_app(answer_bytes))?;
    let measured = echo_at(serving.address(), bodies, connections, pace);
    serving.stop();
    measured
}

fn echo_at(address: SocketAddr, bodies: &[Vec<u8>], connections: usize, pace: Pace) -> anyhow::Result<Measured> {
    let head = load::post_head("/echo", &[]);
    let clients = |count| (0..count).map(|at| Repeat { bodies: bodies.to_vec(), at, head: head.clone() }).collect();
    // A short run first, so that neither side is measured cold.
    load::run(address, clients(connections), Pace { time: pace.time.min(Duration::from_millis(500)), rate: pace.rate })?;
    let (measured, _) = load::run(address, clients(connections), pace)?;
    anyhow::ensure!(measured.refused == 0, "the echo refused a body");
    Ok(measured)
}

/// Bytes appended before each sync: a page, as the least any store writes.
const APPEND_BYTES: usize = 4096;

/// Latency in nanoseconds of appending a page to a file and waiting until it is durable.
pub(super) fn sync_latency(dir: &Path, times: usize) -> anyhow::Result<Histogram<u64>> {
    let path = dir.join("bench.sync");
    let mut file = std::fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let page = [0x5au8; APPEND_BYTES];
    let mut latency = Histogram::new(3)?;
    for _ in 0..times {
        let begun = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        latency.record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX))?;
    }
    drop(file);
    std::fs::remove_file(&path)?;
    Ok(latency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_answers_with_the_size_asked_for() {
        let bodies = vec![br#"{"a":"b"}"#.to_vec()];
        let pace = Pace { time: Duration::from_millis(50), rate: None };
        let measured = echo_rate(&bodies, 300, 2, pace).unwrap();
        assert!(measured.answers > 0);
        assert_eq!(measured.sizes(), (9, 300));
    }

    #[test]
    fn a_sync_takes_some_time_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let latency = sync_latency(dir.path(), 3).unwrap();
        assert_eq!(latency.len(), 3);
        assert!(latency.min() > 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
