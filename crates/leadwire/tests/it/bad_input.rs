//! Whatever is sent, the answer is the surface's own error, never a 500, and the next good request is served.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::documents::{Fill, Operation, operations};
use crate::harness::{Agency, Answer, TestApp};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Paths and bodies that name what this agency has, where it matters to get past the first check.
fn ids(agency: &Agency) -> impl Fn(&str, &str) -> String {
    let Agency { id, user, source, .. } = agency.clone();
    move |name, before| match (name, before) {
        ("brand" | "parent", _) | ("id", "brands") => id.clone(),
        ("user" | "owner" | "created_by", _) | ("id", "users") => user.clone(),
        ("source" | "channel" | "lead_channel" | "leadChannelId", _) | ("id", "sources" | "channels") => source.clone(),
        _ => MISSING.to_owned(),
    }
}

#[track_caller]
fn refused(operation: &Operation, what: &str, answer: &Answer) {
    assert!(answer.status.is_client_error(), "{} with {what}: {}: {}", operation.name(), answer.status, answer.text());
    assert!(operation.is_error(answer), "{} with {what}: {}: {}", operation.name(), answer.status, answer.text());
}

/// A refusal, or what the format forgives; never a failure of ours.
#[track_caller]
fn survived(operation: &Operation, what: &str, answer: &Answer) {
    assert!(answer.status.as_u16() < 500, "{} with {what}: {}: {}", operation.name(), answer.status, answer.text());
    assert!(answer.status.is_success() || operation.is_error(answer), "{} with {what}: {}: {}", operation.name(), answer.status, answer.text());
}

async fn still_well(app: &TestApp, agency: &Agency) {
    let lead = app.capture(agency, json!({ "email": "good@example.com", "note": "still there?" })).await;
    let found = app.search(&agency.key, json!({ "search": "good@example.com" })).await;
    assert_eq!(found["leads"][0]["contactId"], lead["contact"]);
    app.clock.advance_secs(3600);
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_on_every_route() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000)).into_bytes();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".to_vec()),
        ("a blank", b" ".to_vec()),
        ("half an object", b"{\"".to_vec()),
        ("a trailing comma", b"{\"a\":1,}".to_vec()),
        ("two values", b"{} {}".to_vec()),
        ("a word", b"hello".to_vec()),
        ("no number", b"NaN".to_vec()),
        ("bad UTF-8", b"{\"first_name\":\"\xff\xfe\"}".to_vec()),
        ("an overlong slash", b"{\"first_name\":\"\xc0\xaf\"}".to_vec()),
        ("deep lists", deep("[", "]")),
        ("deep objects", deep("{\"a\":", "}")),
        ("a byte order mark and half an object", b"\xef\xbb\xbf{".to_vec()),
    ];
    let id = ids(&agency);
    let fill = Fill { id: &id, whole: false };
    for operation in operations(&app).await.iter().filter(|it| it.takes_body()) {
        for (what, body) in &bodies {
            let answer = app.send(operation.request(&operation.filled(&fill), Some(&agency.key), Some(body.clone()))).await;
            refused(operation, what, &answer);
        }
    }
    // Half a surrogate in a member nobody reads is JSON all the same.
    for operation in operations(&app).await.iter().filter(|it| it.takes_body()) {
        let body = b"{\"first_name\":\"\\ud800\"}".to_vec();
        let answer = app.send(operation.request(&operation.filled(&fill), Some(&agency.key), Some(body))).await;
        survived(operation, "half a surrogate", &answer);
    }
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let id = ids(&agency);
    let fill = Fill { id: &id, whole: false };
    for operation in operations(&app).await.iter().filter(|it| it.takes_body()) {
        let mut body = operation.example(&fill).unwrap().to_string().into_bytes();
        // Blanks are JSON: it is only too long.
        body.resize(app.node.app.limits.body_bytes + 1, b' ');
        let answer = app.send(operation.request(&operation.filled(&fill), Some(&agency.key), Some(body))).await;
        assert_eq!(answer.status, 413, "{}: {}", operation.name(), answer.text());
        refused(operation, "too much", &answer);
    }
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn a_body_of_another_type_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let id = ids(&agency);
    let fill = Fill { id: &id, whole: false };
    for operation in operations(&app).await.iter().filter(|it| it.takes_body()) {
        for kind in ["text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense", ""] {
            let body = operation.example(&fill).unwrap().to_string().into_bytes();
            let mut request = operation.request(&operation.filled(&fill), Some(&agency.key), Some(body));
            request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
            let answer = app.send(request).await;
            refused(operation, kind, &answer);
        }
    }
    still_well(&app, &agency).await;
    app.close().await;
}

/// Every value in a document that holds no other, by its pointer.
fn leaves(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, it)| leaves(it, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), into));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(place, it)| leaves(it, format!("{at}/{place}"), into)),
        _ => into.push(at),
    }
}

#[tokio::test]
async fn a_wrong_value_in_any_place_is_survived_on_every_route() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let long = "x".repeat(6000);
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(18_446_744_073_709_551_615u64),
        json!(""),
        json!(" "),
        json!("a\u{0}b"),
        json!(long),
        json!(format!("{long}@example.com")),
        json!("+99 999999999999999999999999999999"),
        json!("\u{202e}\u{feff}\u{200d}"),
        json!("9999-12-31T23:59:60Z"),
        json!(MISSING),
        json!([]),
        json!([[[]]]),
        json!([null, 1, "x", {}]),
        json!({}),
        json!({ "$ref": "#" }),
    ];
    let id = ids(&agency);
    let fill = Fill { id: &id, whole: true };
    let mut tried = 0;
    for operation in operations(&app).await.iter().filter(|it| it.takes_body()) {
        let example = operation.example(&fill).unwrap();
        let mut places = Vec::new();
        leaves(&example, String::new(), &mut places);
        for place in &places {
            for value in &values {
                let mut body = example.clone();
                *body.pointer_mut(place).unwrap() = value.clone();
                let answer = app.send(operation.request(&operation.filled(&fill), Some(&agency.key), Some(body.to_string().into_bytes()))).await;
                survived(operation, &format!("{value:.60} at {place}"), &answer);
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn a_zero_byte_in_any_text_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let id = ids(&agency);
    let fill = Fill { id: &id, whole: true };
    for operation in operations(&app).await.iter().filter(|it| it.takes_body()) {
        let example = operation.example(&fill).unwrap();
        let mut places = Vec::new();
        leaves(&example, String::new(), &mut places);
        for place in places.iter().filter(|it| example.pointer(it).is_some_and(Value::is_string)) {
            let mut body = example.clone();
            *body.pointer_mut(place).unwrap() = json!("a\u{0}b");
            let answer = app.send(operation.request(&operation.filled(&fill), Some(&agency.key), Some(body.to_string().into_bytes()))).await;
            refused(operation, &format!("U+0000 at {place}"), &answer);
        }
    }
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn paths_and_queries_that_make_no_sense_are_survived_on_every_route() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    // What is deleted here is missed nowhere.
    let victim = app.agency("Elm").await;
    let long = "x".repeat(6000);
    for operation in operations(&app).await {
        for text in ["%00", "%ff%fe", "..", "%2e%2e%2f", "-1", "null", "%F0%9F%92%A9", &long, "00000000-0000-0000-0000-000000000000"] {
            let id = |_: &str, _: &str| text.to_owned();
            let fill = Fill { id: &id, whole: false };
            let body = operation.takes_body().then(|| b"{}".to_vec());
            let answer = app.send(operation.request(&operation.filled(&fill), Some(&victim.key), body.clone())).await;
            survived(&operation, text, &answer);
            let valid = ids(&victim);
            let path = operation.filled(&Fill { id: &valid, whole: false });
            for query in ["limit", "after", "brand", "associations", "start", "order"] {
                let answer = app.send(operation.request(&format!("{path}?{query}={text}"), Some(&victim.key), body.clone())).await;
                survived(&operation, &format!("?{query}={text:.20}"), &answer);
            }
        }
    }
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn an_address_of_six_thousand_characters_harms_nobody() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let long = format!("{}@example.com", "x".repeat(6000));
    let body = json!({ "metadata": { "lead_channel": agency.source }, "lead": { "first_name": "Ada", "email": long } });
    let answer = app.post("/rechat/leads", &agency.key, &body).await;
    assert_eq!(answer.expect(400)["code"], "Validation");
    let contact = json!({ "brand": agency.id, "emails": [long] });
    let answer = app.post("/v1/contacts", &agency.key, &contact).await;
    assert!(answer.status.is_client_error(), "{}: {}", answer.status, answer.text());
    let request = Request::post("/closebot/lead/search").header("x-cb-key", &agency.key).header(header::CONTENT_TYPE, "application/json");
    let answer = app.send(request.body(Body::from(json!({ "search": long }).to_string())).unwrap()).await;
    assert_eq!(answer.expect(400)["status"], 400);
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn the_form_of_the_webhook_survives_what_is_no_form() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = format!("/rechat/leads/channels/{}/webhook", agency.source);
    let long = format!("email={}%40example.com", "x".repeat(6000));
    for (at, body) in
        ["%", "%zz=1", "=", "&&&", "email=%00", "email=%ff", "a[b][c]=1", "email", &long, &"a=1&".repeat(20_000)].into_iter().enumerate()
    {
        let request = Request::builder().method(Method::POST).uri(&path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = app.send(request.header("authorization", format!("Bearer {}", agency.key)).body(Body::from(body.to_owned())).unwrap()).await;
        assert!(answer.status.as_u16() < 500, "{at}: {:.40}: {}: {}", body, answer.status, answer.text());
    }
    still_well(&app, &agency).await;
    app.close().await;
}

#[tokio::test]
async fn what_nobody_serves_is_told_in_the_words_of_its_surface() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    for operation in operations(&app).await.into_iter().filter(|it| it.path == "/leads" || it.path == "/lead/search" || it.path == "/v1/brands") {
        let elsewhere = format!("{}/nowhere/at/all", if operation.prefix.is_empty() { "/v1" } else { operation.prefix });
        let answer = app.send(operation.request(&elsewhere, Some(&agency.key), None)).await;
        assert_eq!(answer.status, 404, "{elsewhere}");
        refused(&operation, "a path nobody knows", &answer);
        let mut request = operation.request(&format!("{}{}", operation.prefix, operation.path), Some(&agency.key), None);
        *request.method_mut() = Method::PUT;
        let answer = app.send(request).await;
        assert_eq!(answer.status, 405);
        refused(&operation, "a method nobody knows", &answer);
    }
    let root = app.get("/nowhere", &agency.key).await;
    assert_eq!(root.status, 404);
    assert_eq!(root.headers[header::CONTENT_TYPE], "application/problem+json");
    app.close().await;
}
