//! More than the server can take: it says so, at once, and is well again as soon as it is over.

use std::sync::{Arc, Mutex, mpsc};

use leadwire_core::port::{Command, Halt, Tx};
use leadwire_core::who::Who;
use serde_json::json;

use crate::harness::TestApp;

/// Holds the committer until it is let go.
struct Hold {
    began: mpsc::Sender<()>,
    let_go: Mutex<mpsc::Receiver<()>>,
}

impl Command for Hold {
    type Outcome = ();

    fn run(&self, _: &Who, _: &mut Tx<'_>) -> Result<(), Halt> {
        // A rerun finds nobody to tell and nothing to wait for.
        let _ = self.began.send(());
        let _ = self.let_go.lock().unwrap().recv();
        Ok(())
    }
}

/// More than any queue here holds.
const CROWD: usize = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_503_with_a_time_to_come_back_and_harms_nobody_in_it() {
    let app = Arc::new(TestApp::start().await);
    let agency = app.agency("Pine").await;
    let (began, beginning) = mpsc::channel();
    let (let_go, holding) = mpsc::channel();
    let held = {
        let app = Arc::clone(&app);
        let agency = agency.id.parse().unwrap();
        tokio::spawn(async move { app.node.store.write(Who::System { agency }, Hold { began, let_go: Mutex::new(holding) }).await })
    };
    tokio::task::block_in_place(|| beginning.recv()).unwrap();

    let mut under_way = tokio::task::JoinSet::new();
    for at in 0..CROWD {
        let (app, agency) = (Arc::clone(&app), agency.clone());
        under_way.spawn(async move {
            let body = json!({ "metadata": { "lead_channel": agency.source }, "lead": { "email": format!("p{at}@example.com") } });
            (at, app.post("/rechat/leads", &agency.key, &body).await)
        });
    }
    // While the committer is held nothing but a refusal can be answered.
    let mut refused = 0;
    let (_, first) = under_way.join_next().await.unwrap().unwrap();
    assert_eq!(first.status, 503, "{}", first.text());
    assert!(first.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    refused += 1;
    // Reads go on.
    assert_eq!(app.search(&agency.key, json!({ "totalOnly": true })).await["total"], 0);
    drop(let_go);
    held.await.unwrap().unwrap();
    let mut stored = Vec::new();
    while let Some(done) = under_way.join_next().await {
        let (at, answer) = done.unwrap();
        match answer.status.as_u16() {
            200 => stored.push(at),
            503 => refused += 1,
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert_eq!(stored.len() + refused, CROWD);
    assert!(!stored.is_empty());
    let found = app.search(&agency.key, json!({ "totalOnly": true })).await;
    assert_eq!(found["total"], stored.len(), "what was answered is there, what was refused is not");
    app.capture(&agency, json!({ "email": "after@example.com" })).await;
}
