//! Capture through Rechat's surface, in every way it can come.

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use crate::harness::{Agency, TestApp};
use crate::rechat::{assert_error, channels, groups, id_of, keyless, rules};

fn webhook(channel: &str) -> String {
    format!("/rechat/leads/channels/{channel}/webhook")
}

async fn total(app: &TestApp, agency: &Agency) -> Value {
    app.search(&agency.key, json!({ "totalOnly": true })).await["total"].clone()
}

async fn owner_of(app: &TestApp, agency: &Agency, lead: &Value) -> Value {
    let found = app.get(&format!("/v1/leads/{}", lead["id"].as_str().unwrap()), &agency.key).await.ok();
    let thread = app.get(&format!("/v1/conversations/{}", found["lead"]["conversation"].as_str().unwrap()), &agency.key).await.ok();
    thread["owner"].clone()
}

#[tokio::test]
async fn a_lead_is_shown_as_it_was_sent() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let lead = json!({ "first_name": "Test", "last_name": "User", "email": "test@example.com", "source_type": "Website" });
    let answer = app.post("/rechat/leads", &agency.key, &json!({ "metadata": { "lead_channel": agency.source }, "lead": lead })).await.expect(200);
    assert_eq!(answer["code"], "OK");
    let shown = &answer["data"];
    let mut keys: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["contact", "created_at", "id", "lead_channel", "parsed_payload", "raw_payload", "source_type"]);
    assert_eq!((&shown["raw_payload"], &shown["parsed_payload"]), (&lead, &lead));
    assert_eq!((&shown["lead_channel"], &shown["source_type"]), (&json!(agency.source), &json!("Website")));

    let channel = app.get(&channels(&agency), &agency.key).await.ok()["data"][1].clone();
    assert_eq!(channel["capture_number"], 1);
    assert_eq!(channel["last_capture_date"], shown["created_at"]);

    // At the root as well, and what is not understood is kept all the same.
    let odd = json!({ "email": "odd@example.com", "shoe_size": { "eu": [42] } });
    let answer = app.post("/leads", &agency.key, &json!({ "metadata": { "lead_channel": agency.source }, "lead": odd })).await.expect(200);
    assert_eq!(answer["data"]["raw_payload"], odd);
    assert_eq!(answer["data"]["parsed_payload"], json!({ "email": "odd@example.com" }));
    assert_eq!(answer["data"]["source_type"], Value::Null);
    app.close().await;
}

#[tokio::test]
async fn a_browser_captures_without_a_key() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let body = json!({ "metadata": { "lead_channel": agency.source }, "lead": { "email": "ann@example.com" } }).to_string();
    let answer = keyless(&app, "/rechat/leads", "application/json", body.clone(), &[("origin", "https://shop.example")]).await;
    answer.expect(200);
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));

    for path in ["/rechat/leads".to_owned(), "/leads".to_owned(), webhook(&agency.source)] {
        let preflight = Request::options(&path)
            .header(header::ORIGIN, "https://shop.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
            .body(Body::empty());
        let answer = app.send(preflight.unwrap()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{path}");
        assert!(answer.headers[header::ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("POST"), "{path}");
    }
    // An error can be read by the page too; a path with a key answers no other origin.
    let wrong = keyless(&app, "/rechat/leads", "application/json", "{", &[("origin", "https://shop.example")]).await;
    assert_error(&wrong, 400, "Validation");
    assert_eq!(wrong.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let list = app.get(&channels(&agency), &agency.key).await;
    assert!(!list.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    app.close().await;
}

#[tokio::test]
async fn a_channel_that_is_not_there_takes_nothing() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let stranger = app.agency("Oak").await;
    let to = |metadata: Value| json!({ "metadata": metadata, "lead": { "email": "ann@example.com" } });
    let none = "018f0000-0000-7000-8000-000000000000";
    for metadata in [json!({ "lead_channel": none }), json!({ "lead_channel": "" }), json!({ "email_campaign_email": none })] {
        assert_error(&app.post("/rechat/leads", &agency.key, &to(metadata.clone())).await, 404, "ResourceNotFound");
        assert_error(&app.post("/rechat/leads", "", &to(metadata)).await, 404, "ResourceNotFound");
    }
    for metadata in [json!({}), json!(5), json!({ "lead_channel": 5 }), json!({ "lead_channel": null })] {
        assert_error(&app.post("/rechat/leads", &agency.key, &to(metadata)).await, 400, "Validation");
    }
    // A key captures on its own agency's channels; a wrong key never falls back to none.
    let foreign = app.post("/rechat/leads", &agency.key, &to(json!({ "lead_channel": stranger.source }))).await;
    let missing = app.post("/rechat/leads", &agency.key, &to(json!({ "lead_channel": none }))).await;
    assert_eq!(foreign.body, missing.body);
    assert_error(&app.post("/rechat/leads", "lw_wrong", &to(json!({ "lead_channel": agency.source }))).await, 401, "Unauthorized");

    // Deleted: nothing is taken any more.
    assert_eq!(app.delete(&format!("{}/{}", channels(&agency), agency.source), &agency.key).await.status, 204);
    assert_error(&app.post("/rechat/leads", "", &to(json!({ "lead_channel": agency.source }))).await, 404, "ResourceNotFound");
    assert_error(&keyless(&app, &webhook(&agency.source), "application/json", "{}", &[]).await, 404, "ResourceNotFound");
    assert_eq!(total(&app, &agency).await, 0);
    app.close().await;
}

#[tokio::test]
async fn a_channel_says_who_may_capture() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let source = format!("/v1/sources/{}", agency.source);
    let set = |capture: Value| {
        let (app, source, key) = (&app, source.clone(), agency.key.clone());
        async move { app.patch(&source, &key, &json!({ "capture": capture })).await.ok() }
    };
    let body = r#"{"email":"ann@example.com"}"#;
    let hook = webhook(&agency.source);

    set(json!({ "allowed_origins": ["https://shop.example"] })).await;
    assert_error(&keyless(&app, &hook, "application/json", body, &[("origin", "https://evil.example")]).await, 403, "Forbidden");
    keyless(&app, &hook, "application/json", body, &[("origin", "https://shop.example")]).await.expect(200);

    set(json!({ "mode": "key" })).await;
    assert_error(&keyless(&app, &hook, "application/json", body, &[]).await, 401, "Unauthorized");
    let bearer = format!("Bearer {}", agency.key);
    keyless(&app, &hook, "application/json", r#"{"email":"bea@example.com"}"#, &[("authorization", &bearer)]).await.expect(200);

    set(json!({ "mode": "closed" })).await;
    assert_error(&keyless(&app, &hook, "application/json", body, &[]).await, 403, "Forbidden");
    assert_error(&keyless(&app, &hook, "application/json", body, &[("authorization", &bearer)]).await, 403, "Forbidden");
    assert_eq!(total(&app, &agency).await, 2);
    app.close().await;
}

#[tokio::test]
async fn a_capture_token_stands_in_for_the_id() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = format!("/v1/sources/{}", agency.source);
    let first = app.get(&path, &agency.key).await.ok()["capture"]["token"].as_str().unwrap().to_owned();
    keyless(&app, &webhook(&first), "application/json", r#"{"email":"a@example.com"}"#, &[]).await.expect(200);
    let body = json!({ "metadata": { "lead_channel": first }, "lead": { "email": "b@example.com" } });
    let answer = app.post("/rechat/leads", "", &body).await.expect(200);
    assert_eq!(answer["data"]["lead_channel"], agency.source);
    app.close().await;
}

#[tokio::test]
async fn keyless_captures_are_limited_by_address_and_by_channel() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    app.patch(&format!("/v1/sources/{}", agency.source), &agency.key, &json!({ "capture": { "per_minute_per_address": 2 } })).await.ok();
    for at in 0..2 {
        let body = json!({ "email": format!("p{at}@example.com") }).to_string();
        keyless(&app, &webhook(&agency.source), "application/json", body, &[]).await.expect(200);
    }
    let answer = keyless(&app, &webhook(&agency.source), "application/json", r#"{"email":"p9@example.com"}"#, &[]).await;
    assert_error(&answer, 429, "TooManyRequests");
    assert!(answer.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() >= 1);
    // A key has its own limit.
    app.capture(&agency, json!({ "email": "p9@example.com" })).await;
    assert_eq!(total(&app, &agency).await, 3);
    app.close().await;
}

#[tokio::test]
async fn a_webhook_takes_json_and_forms() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let hook = webhook(&agency.source);
    let json = keyless(&app, &hook, "application/json; charset=utf-8", r#"{"first_name":"Ann","mlsid":77,"tag":"hot"}"#, &[]).await.expect(200);
    assert_eq!(json["data"]["raw_payload"], json!({ "first_name": "Ann", "mlsid": 77, "tag": "hot" }));

    let form = "first_name=Bea&email=bea%40example.com&tag=hot%2Cbuyer&tag=vip&note=call+me&shoe=42";
    let form = keyless(&app, &hook, "application/x-www-form-urlencoded", form, &[]).await.expect(200);
    assert_eq!(
        form["data"]["raw_payload"],
        json!({ "first_name": "Bea", "email": "bea@example.com", "tag": ["hot,buyer", "vip"], "note": "call me", "shoe": "42" })
    );
    assert_eq!(
        form["data"]["parsed_payload"],
        json!({ "first_name": "Bea", "email": "bea@example.com", "tag": ["hot,buyer", "vip"], "note": "call me" })
    );
    let found = app.search(&agency.key, json!({ "search": "bea@example.com" })).await;
    assert_eq!(found["leads"][0]["lastMessage"], "call me");
    let tags = found["leads"][0]["tags"].as_array().unwrap();
    for tag in ["hot", "buyer", "vip"] {
        assert!(tags.contains(&json!(tag)), "{tags:?}");
    }

    for content_type in ["text/xml", "application/xml", "multipart/form-data; boundary=x", "text/plain"] {
        assert_error(&keyless(&app, &hook, content_type, "<lead/>", &[]).await, 415, "UnsupportedMediaType");
    }
    let untyped = app.send(Request::post(&hook).body(Body::from("{}")).unwrap()).await;
    assert_error(&untyped, 415, "UnsupportedMediaType");
    app.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_refused() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let hook = webhook(&agency.source);
    let letters = || async { app.get("/v1/dead-letters", &agency.key).await.ok()["data"].as_array().unwrap().len() };
    let long = json!({ "email": format!("{}@example.com", "x".repeat(6000)) }).to_string();
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let bodies: Vec<Vec<u8>> = vec![
        b"{\"email\":".to_vec(),
        b"{\"email\":\"\xff\"}".to_vec(),
        br#"{"email":"\u0000"}"#.to_vec(),
        br#"{"first_name":{}}"#.to_vec(),
        b"[]".to_vec(),
        long.into_bytes(),
        deep.into_bytes(),
    ];
    let count = bodies.len();
    for body in bodies {
        assert_error(&keyless(&app, &hook, "application/json", body, &[]).await, 400, "Validation");
    }
    assert_eq!(letters().await, count);
    assert_error(&keyless(&app, &hook, "application/x-www-form-urlencoded", "email=%ff", &[]).await, 400, "Validation");
    assert_eq!(letters().await, count + 1);

    // In POST /leads the channel stands in the body: it is kept as soon as that can be read.
    let body = json!({ "metadata": { "lead_channel": agency.source }, "lead": { "email": [5] } });
    assert_error(&app.post("/rechat/leads", "", &body).await, 400, "Validation");
    assert_eq!(letters().await, count + 2);
    assert_error(&keyless(&app, "/rechat/leads", "application/json", "{\"metadata\"", &[]).await, 400, "Validation");
    // Nothing is kept for whom nothing would be taken from.
    assert_error(&keyless(&app, &webhook("nonsense"), "application/json", "{", &[]).await, 404, "ResourceNotFound");
    assert_eq!(letters().await, count + 2);
    assert_eq!(total(&app, &agency).await, 0);
    app.close().await;
}

#[tokio::test]
async fn the_same_capture_again_answers_the_same_and_does_nothing() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let hook = webhook(&agency.source);
    let body = r#"{"email":"ann@example.com","note":"hello"}"#;
    let first = keyless(&app, &hook, "application/json", body, &[]).await;
    first.expect(200);
    app.clock.advance_secs(30);
    let again = keyless(&app, &hook, "application/json", body, &[]).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    app.clock.advance_secs(31);
    let later = keyless(&app, &hook, "application/json", body, &[]).await;
    assert_ne!(first.body, later.body);
    let channel = app.get(&channels(&agency), &agency.key).await.ok()["data"][1].clone();
    assert_eq!(channel["capture_number"], 2);
    // Two people without a name may well send the same.
    let nameless = r#"{"note":"hi"}"#;
    let one = keyless(&app, &hook, "application/json", nameless, &[]).await;
    let two = keyless(&app, &hook, "application/json", nameless, &[]).await;
    assert_ne!(one.json()["data"]["id"], two.json()["data"]["id"]);
    app.close().await;
}

#[tokio::test]
async fn an_idempotency_key_is_good_for_one_body() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let body = |note: &str| json!({ "metadata": { "lead_channel": agency.source }, "lead": { "note": note } }).to_string();
    let key: &[(&str, &str)] = &[("idempotency-key", "form-17")];
    let first = keyless(&app, "/rechat/leads", "application/json", body("a"), key).await;
    first.expect(200);
    app.clock.advance_secs(3600);
    let again = keyless(&app, "/leads", "application/json", body("a"), key).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(first.headers[header::CONTENT_TYPE], again.headers[header::CONTENT_TYPE]);
    assert!(again.headers.contains_key("idempotent-replayed"));
    assert_error(&keyless(&app, "/rechat/leads", "application/json", body("b"), key).await, 409, "Conflict");
    assert_error(&keyless(&app, "/rechat/leads", "application/json", body("b"), &[("idempotency-key", "two words")]).await, 400, "Validation");
    // Another channel's key is another key.
    let other = id_of(&app.post(&channels(&agency), &agency.key, &json!({})).await.ok());
    keyless(&app, &webhook(&other), "application/json", r#"{"note":"a"}"#, key).await.expect(200);
    assert_eq!(total(&app, &agency).await, 2);
    app.close().await;
}

#[tokio::test]
async fn the_acting_brand_must_hold_the_channel() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let child = app.brand(&agency.key, &agency.id, "Team").await;
    let bearer = format!("Bearer {}", agency.key);
    let body = || json!({ "metadata": { "lead_channel": agency.source }, "lead": { "note": "x" } }).to_string();
    let with = |brand: String| [("authorization", bearer.clone()), ("x-rechat-brand", brand)];
    for (brand, status) in [(agency.id.clone(), 200), (child, 403), ("nonsense".to_owned(), 403)] {
        let headers = with(brand.clone());
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = keyless(&app, "/rechat/leads", "application/json", body(), &headers).await;
        assert_eq!(answer.status, status, "{brand}: {}", answer.text());
    }
    app.close().await;
}

#[tokio::test]
async fn rules_decide_on_what_a_lead_says() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let mut users = Vec::new();
    for name in ["price", "zip", "host", "campaign", "tag", "mls"] {
        users.push(app.user(&agency.id, &agency.key, "agent", &format!("{name}@example.com")).await);
    }
    let conditions = [
        json!({ "field": "price", "operator": "gte", "value": 500_000 }),
        json!({ "field": "postal_code", "operator": "any", "value": ["90210", "90211"] }),
        json!({ "field": "referer_host", "operator": "eq", "value": "www.shop.example" }),
        json!({ "field": "utm_campaign", "operator": "eq", "value": "Spring" }),
        json!({ "field": "tag", "operator": "any", "value": ["VIP"] }),
        json!({ "field": "mls_number", "operator": "eq", "value": "77" }),
    ];
    for (at, (user, condition)) in users.iter().zip(conditions).enumerate() {
        let body = json!({ "target": "User", "kind": "AND", "order": at + 1, "user": user, "brand": agency.id, "conditions": [condition] });
        app.post(&rules(&agency), &agency.key, &body).await.expect(200);
    }
    let leads = [
        json!({ "listing": { "price": 750_000 } }),
        json!({ "listing": { "property": { "address": { "postal_code": "90211-1234" } } } }),
        json!({ "referer_url": "https://www.shop.example/house?id=1" }),
        json!({ "referer_url": "https://elsewhere.example/?utm_campaign=Spring" }),
        json!({ "tag": "vip" }),
        json!({ "mlsid": 77 }),
    ];
    for (user, lead) in users.iter().zip(leads) {
        let captured = app.capture(&agency, lead.clone()).await;
        assert_eq!(owner_of(&app, &agency, &captured).await, *user, "{lead}");
    }
    app.close().await;
}

#[tokio::test]
async fn a_round_robin_goes_round() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let mut users = Vec::new();
    for at in 0..3 {
        users.push(app.user(&agency.id, &agency.key, "agent", &format!("agent{at}@example.com")).await);
    }
    let members: Vec<Value> = users.iter().enumerate().map(|(at, user)| json!({ "user": user, "order": at + 1, "brand": agency.id })).collect();
    let group = json!({ "name": "All", "brand": agency.id, "distribution": "RoundRobin", "members": members });
    let group = id_of(&app.post(&groups(&agency), &agency.key, &group).await.expect(200));
    let body = json!({ "target": "Group", "kind": "AND", "order": 1, "group": group, "brand": agency.id });
    app.post(&rules(&agency), &agency.key, &body).await.expect(200);
    for round in 0..3 {
        for (at, user) in users.iter().enumerate() {
            let lead = app.capture(&agency, json!({ "email": format!("r{round}u{at}@example.com") })).await;
            assert_eq!(owner_of(&app, &agency, &lead).await, *user, "round {round}, turn {at}");
        }
    }
    app.close().await;
}

#[tokio::test]
async fn assignees_are_obeyed_with_a_key_and_only_noted_without() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let ada = app.user(&agency.id, &agency.key, "agent", "ada@example.com").await;
    let lead = app.capture(&agency, json!({ "email": "a@example.com", "assignees": [{ "email": "ADA@example.com" }] })).await;
    assert_eq!(owner_of(&app, &agency, &lead).await, ada);
    let lead = app.capture(&agency, json!({ "email": "b@example.com", "agent_emails": "nobody@example.com, ada@example.com" })).await;
    assert_eq!(owner_of(&app, &agency, &lead).await, ada);
    let body = r#"{"email":"c@example.com","assignees":[{"email":"ada@example.com"}]}"#;
    let answer = keyless(&app, &webhook(&agency.source), "application/json", body, &[]).await.expect(200);
    assert_ne!(owner_of(&app, &agency, &answer["data"]).await, ada);
    app.close().await;
}
