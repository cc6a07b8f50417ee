//! The server in process: a store in a directory of its own, the index, and the router called without a socket.
//!
//! Everything is made through the API, by helpers that say what they expect, so that a change of the API touches one
//! line here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use leadwire::config::Secret;
use leadwire::node::{Node, Tuning};
use leadwire::os::{Chance, Clock, OsChance, SystemClock};
use leadwire::serve;
use leadwire_core::Time;
use leadwire_core::secret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    fn new() -> Self {
        // 2026-07-02T12:00:00Z
        Self(AtomicI64::new(1_782_993_600_000))
    }

    pub(crate) fn advance_secs(&self, secs: i64) {
        self.0.fetch_add(secs * 1000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}

/// The server, its clock, and the operator's key.
pub(crate) struct TestApp {
    pub(crate) node: Node,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) operator: String,
    router: Router,
    dir: TempDir,
}

/// A small agency, ready to take leads.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    /// The root brand.
    pub(crate) id: String,
    /// Its admin key.
    pub(crate) key: String,
    pub(crate) user: String,
    /// A Rechat channel.
    pub(crate) source: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::tuned(Tuning::unlimited()).await
    }

    pub(crate) async fn tuned(tuning: Tuning) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::new());
        Self::open(dir, clock, tuning, secret::format(OsChance.bytes())).await
    }

    async fn open(dir: TempDir, clock: Arc<TestClock>, tuning: Tuning, operator: String) -> Self {
        let node = Node::open(dir.path(), tuning, Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(OsChance)).unwrap();
        let key: Secret = operator.parse().unwrap();
        serve::first_key(node.store.as_ref(), &OsChance, Some(&key), &mut std::io::sink()).await.unwrap();
        let router = leadwire_http::app(node.app.clone());
        Self { node, clock, operator, router, dir }
    }

    /// Closes everything and opens it again from the files.
    pub(crate) async fn restart(self) -> Self {
        let Self { node, clock, operator, router, dir } = self;
        drop(router);
        node.close().await;
        Self::open(dir, clock, Tuning::unlimited(), operator).await
    }

    pub(crate) async fn close(&self) {
        self.node.close().await;
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Any request with a key as bearer and a body of JSON.
    pub(crate) async fn ask(&self, method: Method, path: &str, key: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        self.ask(Method::GET, path, key, None).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, key, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, path, key, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.ask(Method::PUT, path, key, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, key: &str) -> Answer {
        self.ask(Method::DELETE, path, key, None).await
    }

    /// POST that must succeed; gives the id of what was made.
    #[track_caller]
    pub(crate) fn make<'a>(&'a self, path: &'a str, key: &'a str, body: Value) -> impl Future<Output = String> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.post(path, key, &body).await;
            assert!(answer.status.is_success(), "{caller}: POST {path}: {}: {}", answer.status, answer.text());
            answer.json()["id"].as_str().unwrap_or_else(|| panic!("{caller}: POST {path} gave no id: {}", answer.text())).to_owned()
        }
    }

    /// A new agency with a user and a channel.
    pub(crate) async fn agency(&self, name: &str) -> Agency {
        let made = self.post("/v1/brands", &self.operator, &json!({ "name": name, "default_country": "US" })).await.expect(201);
        let id = made["brand"]["id"].as_str().unwrap().to_owned();
        let key = made["admin_key"]["key"].as_str().unwrap().to_owned();
        let user = self.user(&id, &key, "admin", &format!("{name}@example.com").to_lowercase()).await;
        let source = self.source(&id, &key).await;
        Agency { id, key, user, source }
    }

    pub(crate) async fn brand(&self, key: &str, parent: &str, name: &str) -> String {
        let made = self.post("/v1/brands", key, &json!({ "name": name, "parent": parent })).await.expect(201);
        made["brand"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn user(&self, brand: &str, key: &str, role: &str, email: &str) -> String {
        let body = json!({ "brand": brand, "role": role, "first_name": "Rosa", "last_name": "Delgado", "email": email });
        self.make("/v1/users", key, body).await
    }

    pub(crate) async fn source(&self, brand: &str, key: &str) -> String {
        self.make("/v1/sources", key, json!({ "brand": brand, "name": "Website form", "category": "WebHook" })).await
    }

    /// A key of this brand; `more` may hold `user`, `scopes`, `expires_at`. Gives the key and its id.
    pub(crate) async fn key(&self, brand: &str, maker: &str, more: Value) -> (String, String) {
        let mut body = json!({ "name": "made for a test", "brand": brand });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.post("/v1/keys", maker, &body).await.expect(201);
        (made["key"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
    }

    /// A capture through Rechat; gives the lead as Rechat shows it.
    pub(crate) async fn capture(&self, agency: &Agency, lead: Value) -> Value {
        let body = json!({ "metadata": { "lead_channel": agency.source }, "lead": lead });
        let answer = self.post("/rechat/leads", &agency.key, &body).await.expect(200);
        answer["data"].clone()
    }

    /// A search through CloseBot.
    pub(crate) async fn search(&self, key: &str, body: Value) -> Value {
        let request = Request::post("/closebot/lead/search").header("x-cb-key", key).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await.expect(200)
    }
}

/// How often to repeat what the long run repeats in full: `LEADWIRE_TEST_LONG=1` asks for it.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
pub(crate) fn times(short: usize, long: usize) -> usize {
    if std::env::var_os("LEADWIRE_TEST_LONG").is_some() { long } else { short }
}
