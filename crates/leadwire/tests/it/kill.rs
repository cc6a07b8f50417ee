//! `kill -9` under load, against a ledger of what was acknowledged: nothing of it is lost, nothing is there twice, and
//! the feed has no holes.
//!
//! The page cache survives a kill, so this shows that the process keeps its own promises; that no answer precedes its
//! sync is shown elsewhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use leadwire::random::Random;
use serde_json::{Value, json};

use crate::harness::times;
use crate::wire::{Connection, Server};

/// Clients that capture at the same time.
const CLIENTS: usize = 8;

/// What was sent under each idempotency key, and the lead it was answered with.
type Ledger = BTreeMap<String, Option<String>>;

fn body(source: &str, key: &str) -> Value {
    json!({ "metadata": { "lead_channel": source }, "lead": { "first_name": "Ada", "email": format!("{key}@example.com"), "note": "is it free?" } })
}

/// Captures under a key; none when the connection broke before the answer.
fn capture(connection: &mut Connection, api_key: &str, source: &str, key: &str) -> Option<String> {
    let headers = [("authorization", format!("Bearer {api_key}")), ("idempotency-key", key.to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = connection.ask("POST", "/rechat/leads", &headers, Some(&body(source, key))).ok()?;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    Some(answer.ok()["data"]["id"].as_str().unwrap().to_owned())
}

/// Captures from all sides until `stop_at` are acknowledged, then kills the server at once.
fn round(server: Server, api_key: &str, source: &str, round: usize, stop_at: usize) -> Ledger {
    let acknowledged = AtomicUsize::new(0);
    let ledger = Mutex::new(Ledger::new());
    let (enough, kill) = mpsc::channel();
    let address = server.address;
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (acknowledged, ledger, enough) = (&acknowledged, &ledger, enough.clone());
            scope.spawn(move || {
                let Ok(mut connection) = Connection::to(address) else { return };
                for at in 0.. {
                    let key = format!("r{round}-c{client}-{at}");
                    // Written down before it is sent: sent, but not known to be stored.
                    ledger.lock().unwrap().insert(key.clone(), None);
                    let Some(lead) = capture(&mut connection, api_key, source, &key) else { return };
                    ledger.lock().unwrap().insert(key, Some(lead));
                    if acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == stop_at {
                        let _ = enough.send(());
                    }
                }
            });
        }
        kill.recv().unwrap();
        server.kill();
    });
    ledger.into_inner().unwrap()
}

/// What the feed says was captured, after checking that no position is missing or out of order.
fn feed(server: &Server, api_key: &str) -> usize {
    let (mut after, mut captured) = (0u64, 0);
    loop {
        let page = server.ask("GET", &format!("/v1/feed?after={after}&limit=200"), api_key, None).ok();
        let units = page["data"].as_array().unwrap_or_else(|| panic!("a page of the feed without data: {page}"));
        if units.is_empty() {
            return captured;
        }
        for unit in units {
            assert_eq!(unit["position"], after + 1, "the feed has a hole");
            after += 1;
            captured += unit["events"].as_array().unwrap().iter().filter(|it| it["type"] == "lead.captured").count();
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let api_key = server.first_key();
    let source = server.ask("GET", "/v1/sources", &api_key, None).ok()["data"][0]["id"].as_str().unwrap().to_owned();
    server.stop();
    let mut random = Random::new(1);
    let mut known = 0;
    for turn in 0..times(20, 1000) {
        let server = start(dir.path());
        let ledger = round(server, &api_key, &source, turn, 50 + random.below(200));
        let server = start(dir.path());
        let mut connection = server.connect();
        for (key, lead) in &ledger {
            let again = capture(&mut connection, &api_key, &source, key).unwrap();
            if let Some(lead) = lead {
                assert_eq!(&again, lead, "turn {turn}: {key} was acknowledged and is lost");
            }
        }
        known += ledger.len();
        let found = server.ask("POST", "/closebot/lead/search", &api_key, Some(&json!({ "totalOnly": true }))).ok();
        assert_eq!(found["total"], known, "turn {turn}: each key has its lead, once");
        server.kill();
    }
    let server = start(dir.path());
    assert_eq!(feed(&server, &api_key), known);
    server.stop();
}

fn start(dir: &Path) -> Server {
    Server::start(dir, &["--log", "warn"])
}
