//! Who may do what: every route of every document, with every kind of key that must not open it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::documents::{Fill, Operation, operations};
use crate::harness::{Agency, TestApp};

/// One of everything an agency can have, by name.
#[derive(Debug)]
struct Things(BTreeMap<&'static str, String>);

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

impl Things {
    async fn make(app: &TestApp, agency: &Agency) -> Self {
        let Agency { id, key, user, source } = agency;
        let mut things = BTreeMap::from([("brand", id.clone()), ("user", user.clone()), ("source", source.clone())]);
        things.insert("key", app.key(id, key, json!({})).await.1);
        let group = json!({ "brand": id, "name": "First come", "distribution": "first_to_claim", "members": [{ "user": user }] });
        let group = app.make("/v1/groups", key, group).await;
        things.insert("persona", app.make("/v1/personas", key, json!({ "brand": id, "name": "Maya" })).await);
        things.insert("bot", app.make("/v1/bots", key, json!({ "brand": id, "name": "Bot", "owner": user })).await);
        things.insert("flow", app.make("/v1/flows", key, json!({ "brand": id, "name": "Welcome" })).await);
        let rule = json!({ "target": "Group", "kind": "AND", "order": 1, "group": group, "conditions": [{ "field": "tag", "operator": "any", "value": ["hot"] }] });
        let rule = app.post(&format!("/rechat/brands/{id}/leads/channels/{source}/rules"), key, &rule).await.ok();
        things.insert("rule", rule["data"]["id"].as_str().unwrap().to_owned());
        things.insert("group", group);
        let lead = app.capture(agency, json!({ "first_name": "Ada", "email": "ada@example.com", "tag": ["hot"], "note": "hello" })).await;
        let lead_id = lead["id"].as_str().unwrap().to_owned();
        things.insert("contact", lead["contact"].as_str().unwrap().to_owned());
        let conversation = app.get(&format!("/v1/leads/{lead_id}"), key).await.ok()["lead"]["conversation"].as_str().unwrap().to_owned();
        things.insert("lead", lead_id);
        let offers = app.get("/v1/offers", key).await.ok();
        things.insert("offer", offers["data"][0]["id"].as_str().expect("an offer stands").to_owned());
        let messages = app.get(&format!("/v1/conversations/{conversation}/messages"), key).await.ok();
        things.insert("message", messages["data"][0]["id"].as_str().unwrap().to_owned());
        things.insert("conversation", conversation);
        Self(things)
    }

    /// The id meant by a parameter or member of this name.
    fn id(&self, name: &str, before: &str) -> String {
        let kind = match (name, before) {
            ("id", "channels") | ("channel" | "lead_channel" | "leadChannelId" | "mimic_source" | "sourceIds", _) => "source",
            ("id", collection) => collection.strip_suffix('s').unwrap_or(collection),
            ("parent" | "brandId" | "from_brand", _) => "brand",
            ("owner" | "created_by" | "followers" | "mentions", _) => "user",
            ("personas", _) => "persona",
            (name, _) => name,
        };
        self.0.get(kind).cloned().unwrap_or_else(|| MISSING.to_owned())
    }

    /// Every parameter of a path must mean something, or the matrix would try nothing.
    fn knows(&self, operation: &Operation) -> bool {
        let all_known = std::cell::Cell::new(true);
        let id = |name: &str, before: &str| {
            let id = self.id(name, before);
            all_known.set(all_known.get() && id != MISSING);
            id
        };
        operation.filled(&Fill { id: &id, whole: false });
        all_known.get()
    }
}

/// What may be asked for without a key. A new line here is a decision.
const OPEN: &[&str] = &["POST /rechat/leads", "POST /rechat/leads/channels/{lead_channel}/webhook", "GET /livez", "GET /readyz", "GET /metrics"];

/// What only reads, although it is a POST.
const READS: &[&str] = &["POST /closebot/lead/search"];

#[tokio::test]
async fn no_route_opens_without_a_good_key() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let things = Things::make(&app, &agency).await;
    let (revoked, id) = app.key(&agency.id, &agency.key, json!({})).await;
    app.delete(&format!("/v1/keys/{id}"), &agency.key).await.expect(204);
    let (expired, _) = app.key(&agency.id, &agency.key, json!({ "expires_at": "2026-07-02T12:10:00Z" })).await;
    assert!(app.get("/v1/brands", &expired).await.status.is_success(), "the key is good before its time");
    app.clock.advance_secs(600);
    let unknown = leadwire_core::secret::format([9; 32]);
    let keys = [None, Some(""), Some("nonsense"), Some(unknown.as_str()), Some(expired.as_str()), Some(revoked.as_str())];
    let id = |name: &str, before: &str| things.id(name, before);
    let fill = Fill { id: &id, whole: false };
    let mut open = Vec::new();
    for operation in operations(&app).await {
        if operation.open {
            open.push(operation.name());
        }
        assert!(things.knows(&operation), "{}: a parameter means nothing to this test", operation.name());
        for key in keys {
            if operation.open && (key.is_none() || !operation.takes_body()) {
                continue;
            }
            let answer = operation.ask(&app, key, &fill).await;
            assert_eq!(answer.status, 401, "{} with {key:?}: {}", operation.name(), answer.text());
            assert!(operation.is_error(&answer), "{}: {}", operation.name(), answer.text());
        }
    }
    open.sort();
    let mut expected = OPEN.to_vec();
    expected.sort_unstable();
    assert_eq!(open, expected);
    app.close().await;
}

#[tokio::test]
async fn a_key_that_reads_writes_nowhere() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let things = Things::make(&app, &agency).await;
    let (reader, _) = app.key(&agency.id, &agency.key, json!({ "scopes": ["read"] })).await;
    let id = |name: &str, before: &str| things.id(name, before);
    let fill = Fill { id: &id, whole: true };
    let mut operations = operations(&app).await;
    // What deletes comes last, so that the admin's turn finds everything in its place.
    operations.sort_by_key(|it| it.method == http::Method::DELETE);
    let mut refused = 0;
    for operation in operations {
        let answer = operation.ask(&app, Some(&reader), &fill).await;
        let reads = operation.method == http::Method::GET || READS.contains(&operation.name().as_str());
        if reads {
            assert_ne!(answer.status, 401, "{}: {}", operation.name(), answer.text());
            continue;
        }
        assert_eq!(answer.status, 403, "{}: {}", operation.name(), answer.text());
        assert!(operation.is_error(&answer), "{}: {}", operation.name(), answer.text());
        refused += 1;
    }
    assert!(refused > 30, "{refused}");
    app.close().await;
}

#[tokio::test]
async fn what_the_reader_is_refused_the_admin_is_not() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let things = Things::make(&app, &agency).await;
    let id = |name: &str, before: &str| things.id(name, before);
    let fill = Fill { id: &id, whole: true };
    let mut operations = operations(&app).await;
    operations.sort_by_key(|it| (it.method == http::Method::DELETE, it.path.contains("/keys/"), it.path.contains("/brands/")));
    for operation in operations {
        let answer = operation.ask(&app, Some(&agency.key), &fill).await;
        assert!(!matches!(answer.status.as_u16(), 401 | 403), "{}: {}: {}", operation.name(), answer.status, answer.text());
        assert!(answer.status.as_u16() < 500, "{}: {}: {}", operation.name(), answer.status, answer.text());
    }
    app.close().await;
}

#[tokio::test]
async fn what_is_anothers_looks_exactly_as_what_is_not_there() {
    let app = TestApp::start().await;
    let (mine, theirs) = (app.agency("Pine").await, app.agency("Elm").await);
    let my_things = Things::make(&app, &mine).await;
    let their_things = Things::make(&app, &theirs).await;
    let foreign = |name: &str, before: &str| their_things.id(name, before);
    let missing = |_: &str, _: &str| MISSING.to_owned();
    let mut tried = 0;
    for operation in operations(&app).await {
        let path_and_body = operation.has_parameters() || operation.takes_body();
        if !path_and_body || OPEN.contains(&operation.name().as_str()) && !operation.takes_body() {
            continue;
        }
        // Everything at once: the path's ids and the body's.
        let a = operation.ask(&app, Some(&mine.key), &Fill { id: &foreign, whole: true }).await;
        let b = operation.ask(&app, Some(&mine.key), &Fill { id: &missing, whole: true }).await;
        same(&operation, &their_things, &a, &b);
        if operation.has_parameters() {
            assert_eq!(a.status, 404, "{}: {}", operation.name(), a.text());
        }
        // Mine by path, theirs in the body.
        if operation.takes_body() {
            let path = operation.filled(&Fill { id: &|name, before| my_things.id(name, before), whole: false });
            let mut answers = Vec::new();
            for id in [&foreign as &dyn Fn(&str, &str) -> String, &missing] {
                let body = operation.example(&Fill { id, whole: true }).unwrap().to_string().into_bytes();
                answers.push(app.send(operation.request(&path, Some(&mine.key), Some(body))).await);
            }
            same(&operation, &their_things, &answers[0], &answers[1]);
        }
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
    for (name, id) in &their_things.0 {
        let whole = app.get(&format!("/v1/{name}s?limit=200"), &mine.key).await;
        assert!(!whole.text().contains(id), "a list shows another's {name}");
    }
    app.close().await;
}

/// The same status and the same bytes, but for the ids that were asked with.
fn same(operation: &Operation, theirs: &Things, a: &crate::harness::Answer, b: &crate::harness::Answer) {
    let plain = |answer: &crate::harness::Answer| {
        let mut text = answer.text();
        for id in theirs.0.values() {
            text = text.replace(id, MISSING);
        }
        text
    };
    assert_eq!(a.status, b.status, "{}: foreign {}, missing {}", operation.name(), a.text(), b.text());
    let creates_or_finds = a.status.is_success();
    if creates_or_finds {
        // Made or found nothing of theirs: only what was made anew may differ.
        for id in theirs.0.values() {
            assert!(!a.text().contains(id.as_str()), "{}: {}", operation.name(), a.text());
        }
    } else {
        assert_eq!(plain(a), plain(b), "{}", operation.name());
    }
}

#[tokio::test]
async fn a_key_sees_its_brand_and_what_is_below_and_nothing_beside_it() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let left = app.brand(&agency.key, &agency.id, "Left").await;
    let below = app.brand(&agency.key, &left, "Below").await;
    let right = app.brand(&agency.key, &agency.id, "Right").await;
    let (key, _) = app.key(&left, &agency.key, json!({})).await;
    let seen = app.get("/v1/brands", &key).await.ok();
    let mut seen: Vec<&str> = seen["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    seen.sort_unstable();
    let mut expected = vec![left.as_str(), below.as_str()];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    for (brand, lead) in [(&below, "below@example.com"), (&right, "right@example.com")] {
        let source = app.source(brand, &agency.key).await;
        app.capture(&Agency { source, ..agency.clone() }, json!({ "email": lead })).await;
    }
    let found = app.search(&key, json!({})).await;
    assert_eq!(found["total"], 1);
    assert!(found.to_string().contains("below@example.com") || found["leads"][0]["name"] == "below@example.com", "{found}");
    assert_eq!(app.search(&agency.key, json!({ "totalOnly": true })).await["total"], 2);
    app.close().await;
}

#[tokio::test]
async fn a_revoked_key_loses_at_once() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let (key, id) = app.key(&agency.id, &agency.key, json!({})).await;
    assert_eq!(app.search(&key, json!({})).await["total"], 0);
    app.delete(&format!("/v1/keys/{id}"), &agency.key).await.expect(204);
    let body: Value = json!({ "metadata": { "lead_channel": agency.source }, "lead": {} });
    app.post("/rechat/leads", &key, &body).await.expect(401);
    app.get("/v1/brands", &key).await.expect(401);
    app.close().await;
}
