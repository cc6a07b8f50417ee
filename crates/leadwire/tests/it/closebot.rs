//! CloseBot's surface, end to end: every input has a case in which it changes the answer, and every field of a lead a
//! case in which it is filled.

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use crate::harness::{Agency, Answer, TestApp};

/// Two sources, two bots of two personas, and four leads that differ in all that can be asked for.
struct Stage {
    app: TestApp,
    agency: Agency,
    /// A second source.
    shop: String,
    bots: [String; 2],
    personas: [String; 2],
    /// Conversations of Ann, Bea, Cid and Dan, oldest activity first.
    leads: [String; 4],
    contacts: [String; 4],
}

async fn stage() -> Stage {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let shop = app.source(&agency.id, &agency.key).await;
    let mut bots = Vec::new();
    let mut personas = Vec::new();
    for name in ["Max", "Mia"] {
        let persona = app.make("/v1/personas", &agency.key, json!({ "brand": agency.id, "name": name })).await;
        let bot = json!({ "brand": agency.id, "name": format!("Bot {name}"), "owner": agency.user, "personas": [persona] });
        bots.push(app.make("/v1/bots", &agency.key, bot).await);
        personas.push(persona);
    }
    let mut leads = Vec::new();
    let mut contacts = Vec::new();
    for (name, source) in [("Ann", &agency.source), ("Bea", &shop), ("Cid", &agency.source), ("Dan", &agency.source)] {
        app.clock.advance_secs(1);
        let body = json!({ "metadata": { "lead_channel": source }, "lead": { "first_name": name, "last_name": "Lee", "email": format!("{name}@example.com") } });
        let lead = app.post("/rechat/leads", &agency.key, &body).await.expect(200)["data"].clone();
        let row = app.get(&format!("/v1/leads/{}", lead["id"].as_str().unwrap()), &agency.key).await.ok();
        leads.push(row["lead"]["conversation"].as_str().unwrap().to_owned());
        contacts.push(lead["contact"].as_str().unwrap().to_owned());
    }
    let stage = Stage {
        app,
        agency,
        shop,
        bots: bots.try_into().unwrap(),
        personas: personas.try_into().unwrap(),
        leads: leads.try_into().unwrap(),
        contacts: contacts.try_into().unwrap(),
    };
    // Bot Max writes to Cid twice, bot Mia to Dan once.
    for (lead, bot, kind, body) in [(2, 0, "TYPE_SMS", "Hello"), (2, 0, "TYPE_SMS", "Still there?"), (3, 1, "TYPE_EMAIL", "A quiet offer")] {
        stage.app.clock.advance_secs(1);
        stage.say(lead, json!({ "direction": "outbound", "type": kind, "body": body, "bot": stage.bots[bot] })).await;
    }
    stage
}

impl Stage {
    async fn say(&self, lead: usize, mut message: Value) {
        message["conversation"] = json!(self.leads[lead]);
        self.app.post("/v1/messages", &self.agency.key, &message).await.ok();
    }

    async fn change(&self, lead: usize, change: Value) {
        self.app.patch(&format!("/v1/conversations/{}", self.leads[lead]), &self.agency.key, &change).await.ok();
    }

    /// First names found, in order, with the total.
    async fn find(&self, body: Value) -> (Vec<String>, u64) {
        let found = self.app.search(&self.agency.key, body).await;
        let names = found["leads"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().split(' ').next().unwrap().to_owned());
        (names.collect(), found["total"].as_u64().unwrap())
    }

    #[track_caller]
    fn finds<'a>(&'a self, body: Value, names: &'a [&'a str]) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let found = self.find(body.clone()).await;
            let total = u64::try_from(names.len()).unwrap();
            assert_eq!(found, (names.iter().map(|it| (*it).to_owned()).collect(), total), "{caller}: {body}");
        }
    }

    async fn raw(&self, key: (&str, &str), content_type: Option<&str>, body: &str, more: &[(&str, &str)]) -> Answer {
        let mut request = Request::post("/closebot/lead/search");
        if !key.0.is_empty() {
            request = request.header(key.0, key.1);
        }
        if let Some(it) = content_type {
            request = request.header(header::CONTENT_TYPE, it);
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.app.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn wrong(&self, body: &str) -> Answer {
        self.raw(("x-cb-key", &self.agency.key), Some("application/json"), body, &[]).await
    }
}

/// Problem details.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16) -> Value {
    let body = answer.expect(status);
    assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/problem+json"));
    assert_eq!(body["status"], status);
    for name in ["type", "title", "detail"] {
        assert!(body[name].as_str().is_some_and(|it| !it.is_empty()), "{name}: {body}");
    }
    assert!(body.as_object().unwrap().contains_key("instance"));
    body
}

const ALL: [&str; 4] = ["Dan", "Cid", "Bea", "Ann"];

#[tokio::test]
async fn no_filter_null_and_empty_find_everything_newest_first() {
    let stage = stage().await;
    stage.finds(json!({}), &ALL).await;
    let nulls = json!({ "totalOnly": null, "sourceOnlyFast": null, "offset": null, "count": null, "search": null, "sourceIds": null, "channels": null,
        "botIds": null, "personaIds": null, "minimumResponses": null, "lastMessageDirection": null, "followUpScheduled": null });
    stage.finds(nulls, &ALL).await;
    stage.finds(json!({ "sourceIds": [], "channels": [], "botIds": [], "personaIds": [], "search": "", "layoutOnly": true }), &ALL).await;
    stage.finds(json!({ "sourceOnlyFast": true }), &ALL).await;
    stage.app.close().await;
}

#[tokio::test]
async fn every_filter_changes_the_answer() {
    let stage = stage().await;
    let Stage { agency, shop, bots, personas, contacts, .. } = &stage;
    stage.finds(json!({ "sourceIds": [shop] }), &["Bea"]).await;
    stage.finds(json!({ "sourceIds": [agency.source] }), &["Dan", "Cid", "Ann"]).await;
    stage.finds(json!({ "sourceIds": [agency.source, shop] }), &ALL).await;
    stage.finds(json!({ "channels": ["SMS"] }), &["Cid"]).await;
    stage.finds(json!({ "channels": ["email"] }), &["Dan"]).await;
    stage.finds(json!({ "channels": ["Email", "SMS"] }), &["Dan", "Cid"]).await;
    stage.finds(json!({ "channels": ["TYPE_FORM_SUBMISSION"] }), &["Bea", "Ann"]).await;
    stage.finds(json!({ "channels": ["WhatsApp"] }), &[]).await;
    stage.finds(json!({ "botIds": [bots[0]] }), &["Cid"]).await;
    stage.finds(json!({ "botIds": bots }), &["Dan", "Cid"]).await;
    stage.finds(json!({ "personaIds": [personas[1]] }), &["Dan"]).await;
    stage.finds(json!({ "minimumResponses": 1 }), &["Dan", "Cid"]).await;
    stage.finds(json!({ "minimumResponses": 2 }), &["Cid"]).await;
    stage.finds(json!({ "minimumResponses": 0 }), &ALL).await;
    stage.finds(json!({ "lastMessageDirection": "out" }), &["Dan", "Cid"]).await;
    stage.finds(json!({ "lastMessageDirection": "Inbound" }), &["Bea", "Ann"]).await;
    stage.finds(json!({ "search": "bea" }), &["Bea"]).await;
    stage.finds(json!({ "search": "quiet off" }), &["Dan"]).await;
    stage.finds(json!({ "search": "lee example" }), &ALL).await;
    stage.finds(json!({ "search": "nobody" }), &[]).await;
    // All that is asked for must hold.
    stage.finds(json!({ "sourceIds": [agency.source], "lastMessageDirection": "out", "channels": ["SMS"], "search": "lee" }), &["Cid"]).await;
    stage.finds(json!({ "sourceIds": [shop], "lastMessageDirection": "out" }), &[]).await;
    // The contact's own id finds it too: what is shown as `contactId` is good to search with.
    stage.finds(json!({ "search": contacts[0] }), &["Ann"]).await;
    stage.app.close().await;
}

#[tokio::test]
async fn a_follow_up_is_scheduled_while_it_lies_ahead() {
    let stage = stage().await;
    stage.finds(json!({ "followUpScheduled": true }), &[]).await;
    stage.finds(json!({ "followUpScheduled": false }), &ALL).await;
    let at = "2026-07-02T13:00:00.000Z";
    stage.change(0, json!({ "bots": [{ "bot": stage.bots[0], "follow_up_at": at }] })).await;
    stage.finds(json!({ "followUpScheduled": true }), &["Ann"]).await;
    stage.finds(json!({ "followUpScheduled": false }), &["Dan", "Cid", "Bea"]).await;
    stage.finds(json!({ "botIds": [stage.bots[0]] }), &["Cid", "Ann"]).await;
    stage.app.clock.advance_secs(2 * 3600);
    stage.finds(json!({ "followUpScheduled": true }), &[]).await;
    stage.finds(json!({ "followUpScheduled": false }), &ALL).await;
    stage.app.close().await;
}

#[tokio::test]
async fn ids_and_channels_of_nothing_match_nothing() {
    let stage = stage().await;
    let stranger = stage.app.agency("Oak").await;
    for none in ["src_ABC", "", "018f0000-0000-7000-8000-000000000000", stranger.source.as_str()] {
        for filter in ["sourceIds", "botIds", "personaIds", "channels"] {
            stage.finds(json!({ filter: [none] }), &[]).await;
        }
    }
    stage.finds(json!({ "sourceIds": [stage.shop, "src_ABC"] }), &["Bea"]).await;
    // A deleted source stays shown where it was, and finds nothing.
    assert_eq!(stage.app.delete(&format!("/v1/sources/{}", stage.shop), &stage.agency.key).await.status, 204);
    stage.finds(json!({ "sourceIds": [stage.shop] }), &[]).await;
    stage.finds(json!({ "search": "bea" }), &["Bea"]).await;
    stage.app.close().await;
}

#[tokio::test]
async fn pages_part_the_whole_and_the_total_is_exact() {
    let stage = stage().await;
    assert_eq!(stage.find(json!({ "count": 2 })).await, (vec!["Dan".to_owned(), "Cid".to_owned()], 4));
    assert_eq!(stage.find(json!({ "count": 2, "offset": 2 })).await, (vec!["Bea".to_owned(), "Ann".to_owned()], 4));
    assert_eq!(stage.find(json!({ "offset": 3 })).await, (vec!["Ann".to_owned()], 4));
    assert_eq!(stage.find(json!({ "offset": 4 })).await, (Vec::new(), 4));
    assert_eq!(stage.find(json!({ "offset": i32::MAX, "count": i32::MAX })).await, (Vec::new(), 4));
    assert_eq!(stage.find(json!({ "totalOnly": true })).await, (Vec::new(), 4));
    assert_eq!(stage.find(json!({ "totalOnly": true, "lastMessageDirection": "in" })).await, (Vec::new(), 2));
    assert_eq!(stage.find(json!({ "totalOnly": false, "count": 1 })).await, (vec!["Dan".to_owned()], 4));
    for at in 0..120 {
        stage.app.capture(&stage.agency, json!({ "email": format!("many{at}@example.com") })).await;
    }
    assert_eq!(stage.find(json!({})).await.0.len(), 20);
    assert_eq!(stage.find(json!({ "count": 1000 })).await.0.len(), 100);
    assert_eq!(stage.find(json!({ "count": 1000, "offset": 100 })).await, (stage.find(json!({ "count": 24, "offset": 100 })).await.0, 124));
    stage.app.close().await;
}

#[tokio::test]
async fn every_field_of_a_lead_is_filled() {
    let stage = stage().await;
    let Stage { app, agency, bots, leads, .. } = &stage;
    let path = format!("/v1/conversations/{}", leads[2]);
    app.patch(
        &path,
        &agency.key,
        &json!({
            "starred": true, "wont_respond_until": "2026-07-03T12:00:00.000Z", "failure_reason": "ai_off", "mimic_source": stage.shop,
            "bots": [{ "bot": bots[1], "active": true, "version": "v7", "follow_up_timezone_kind": "contact", "follow_up_timezone": "Europe/Paris",
                "follow_up_at": "2026-07-02T14:00:00.000Z", "smart_follow_up": true, "scheduled_response_at": "2026-07-02T15:00:00.000Z" }],
        }),
    )
    .await
    .ok();
    let found = app.search(&agency.key, json!({ "search": "cid" })).await;
    let lead = &found["leads"][0];
    let mut keys: Vec<&str> = lead.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let mut expected = vec![
        "id",
        "name",
        "contactId",
        "lastMessageTime",
        "lastMessage",
        "lastMessageDirection",
        "lastMessageBotId",
        "mostRecentFailureReason",
        "mimicSourceId",
        "starred",
        "unread",
        "source",
        "wontRespondUntil",
        "tags",
        "fields",
        "instances",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(lead["id"], leads[2].as_str());
    assert_eq!(lead["name"], "Cid Lee");
    assert_eq!(lead["contactId"], stage.contacts[2].as_str());
    assert_eq!(lead["lastMessageTime"], "2026-07-02T12:00:06.000Z");
    assert_eq!((&lead["lastMessage"], &lead["lastMessageDirection"]), (&json!("Still there?"), &json!("out")));
    assert_eq!(lead["lastMessageBotId"], bots[0].as_str());
    assert_eq!((&lead["starred"], &lead["mostRecentFailureReason"]), (&json!(true), &json!("ai_off")));
    assert_eq!(lead["mimicSourceId"], stage.shop);
    assert_eq!(lead["source"], json!({ "id": agency.source, "name": "Website form" }));
    assert_eq!(lead["wontRespondUntil"], "2026-07-03T12:00:00.000Z");
    assert_eq!(lead["tags"], json!(["Lead"]));
    let instance = lead["instances"].as_array().unwrap().iter().find(|it| it["botId"] == bots[1].as_str()).unwrap();
    assert_eq!(
        *instance,
        json!({ "botId": bots[1], "botVersion": "v7", "followUpTimezoneKind": "contact", "followUpTimezone": "Europe/Paris",
            "followUpTime": "2026-07-02T14:00:00.000Z", "isSmartFollowUpTime": true, "scheduleRespondTime": "2026-07-02T15:00:00.000Z" })
    );
    stage.app.close().await;
}

#[tokio::test]
async fn a_sources_own_id_for_a_contact_is_shown_and_found() {
    let stage = stage().await;
    let Stage { app, agency, shop, .. } = &stage;
    let body = json!({ "brand": agency.id, "first_name": "Eve", "last_name": "Ray", "tags": ["vip"], "external_ids": [{ "source": shop, "id": "crm-0815" }],
        "fields": [{ "field": "budget", "name": "Budget", "value": "5 rooms", "ai_produced": true }, { "field": "plain", "value": "x" }] });
    let contact = app.make("/v1/contacts", &agency.key, body).await;
    // A contact is born with its conversation, in which nothing has been said.
    for text in ["eve ray", "crm-0815", "0815", "rooms", "vip"] {
        let found = app.search(&agency.key, json!({ "search": text })).await;
        assert_eq!(found["total"], 1, "{text}: {found}");
        let lead = &found["leads"][0];
        assert_eq!(lead["name"], "Eve Ray");
        assert_eq!((&lead["lastMessageTime"], &lead["lastMessage"], &lead["lastMessageDirection"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(lead["tags"], json!(["vip"]));
        assert_eq!(
            lead["fields"],
            json!([{ "field": "budget", "name": "Budget", "value": "5 rooms", "aiProduced": true },
                { "field": "plain", "name": null, "value": "x", "aiProduced": false }])
        );
    }
    let said = json!({ "contact": contact, "direction": "inbound", "type": "TYPE_SMS", "body": "hi", "source": shop });
    app.post("/v1/messages", &agency.key, &said).await.ok();
    let found = app.search(&agency.key, json!({ "search": "eve", "sourceIds": [shop] })).await;
    assert_eq!(found["leads"][0]["contactId"], "crm-0815");
    assert_eq!(found["leads"][0]["source"]["id"], shop.as_str());
    stage.app.close().await;
}

#[tokio::test]
async fn a_lead_of_two_sources_shows_the_latest_of_those_asked_for() {
    let stage = stage().await;
    stage.app.clock.advance_secs(120);
    let body = json!({ "metadata": { "lead_channel": stage.shop }, "lead": { "email": "ann@example.com" } });
    stage.app.post("/rechat/leads", &stage.agency.key, &body).await.expect(200);
    let source = |body: Value| async { stage.app.search(&stage.agency.key, body).await["leads"][0]["source"]["id"].clone() };
    assert_eq!(source(json!({ "search": "ann" })).await, stage.shop);
    assert_eq!(source(json!({ "search": "ann", "sourceIds": [stage.agency.source] })).await, stage.agency.source);
    assert_eq!(source(json!({ "search": "ann", "sourceIds": [stage.agency.source, stage.shop] })).await, stage.shop);
    stage.finds(json!({ "sourceIds": [stage.shop] }), &["Ann", "Bea"]).await;
    stage.app.close().await;
}

#[tokio::test]
async fn a_lead_that_was_read_is_not_unread_and_a_new_word_brings_it_up() {
    let stage = stage().await;
    stage.change(0, json!({ "unread": false })).await;
    let unread = || async { stage.app.search(&stage.agency.key, json!({ "search": "ann" })).await["leads"][0]["unread"].clone() };
    assert_eq!(unread().await, false);
    stage.app.clock.advance_secs(1);
    stage.say(0, json!({ "direction": "inbound", "type": "TYPE_WHATSAPP", "body": "Me again", "source": stage.agency.source })).await;
    assert_eq!(unread().await, true);
    stage.finds(json!({}), &["Ann", "Dan", "Cid", "Bea"]).await;
    stage.finds(json!({ "channels": ["whatsapp"] }), &["Ann"]).await;
    stage.app.close().await;
}

#[tokio::test]
async fn a_key_is_taken_in_three_spellings_and_sees_its_own_brands_only() {
    let stage = stage().await;
    let key = stage.agency.key.clone();
    for (name, value) in [("X-CB-KEY", key.clone()), ("Authorization", format!("Key {key}")), ("Authorization", format!("Bearer {key}"))] {
        stage.raw((name, &value), Some("application/json"), "{}", &[]).await.expect(200);
    }
    for (name, value) in [("", ""), ("X-CB-KEY", "lw_wrong"), ("Authorization", &format!("Basic {key}")), ("X-API-KEY", &key)] {
        assert_problem(&stage.raw((name, value), Some("application/json"), "{}", &[]).await, 401);
    }
    // The right to ask comes before what is asked.
    assert_problem(&stage.raw(("", ""), None, "nonsense", &[]).await, 401);

    let stranger = stage.app.agency("Oak").await;
    assert_eq!(stage.app.search(&stranger.key, json!({})).await, json!({ "leads": [], "total": 0 }));
    let team = stage.app.brand(&key, &stage.agency.id, "Team").await;
    let (narrow, _) = stage.app.key(&team, &key, json!({})).await;
    assert_eq!(stage.app.search(&narrow, json!({})).await["total"], 0);
    let source = stage.app.source(&team, &key).await;
    let body = json!({ "metadata": { "lead_channel": source }, "lead": { "first_name": "Eve", "last_name": "Lee" } });
    stage.app.post("/rechat/leads", &key, &body).await.expect(200);
    assert_eq!(stage.app.search(&narrow, json!({})).await["total"], 1);
    assert_eq!(stage.app.search(&key, json!({})).await["total"], 5);
    stage.app.close().await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_in_problem_details() {
    let stage = stage().await;
    for (body, member) in [
        (r#"{"count":0}"#, "count"),
        (r#"{"count":-1}"#, "count"),
        (r#"{"offset":-1}"#, "offset"),
        (r#"{"lastMessageDirection":"sideways"}"#, "lastMessageDirection"),
        (r#"{"count":"5"}"#, "count"),
        (r#"{"count":3000000000}"#, "count"),
        (r#"{"sourceIds":"x"}"#, "sourceIds"),
        (r#"{"sourceIds":[5]}"#, "sourceIds.0"),
        (r#"{"followUpScheduled":"yes"}"#, "followUpScheduled"),
        ("{", "$"),
        ("", "$"),
        (r#"{"search":"\u0000"}"#, "$"),
        ("[]", "$"),
    ] {
        let problem = assert_problem(&stage.wrong(body).await, 400);
        let members: Vec<&str> = problem["errors"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, [member], "{body}");
    }
    let key = ("x-cb-key", stage.agency.key.as_str());
    for content_type in [None, Some("text/plain"), Some("application/xml")] {
        assert_problem(&stage.raw(key, content_type, "{}", &[]).await, 415);
    }
    for content_type in ["text/json", "application/vnd.any+json", "Application/JSON; charset=utf-8"] {
        stage.raw(key, Some(content_type), "{}", &[]).await.expect(200);
    }
    assert_problem(&stage.wrong(&format!(r#"{{"search":"{}"}}"#, "x".repeat(1_000_000))).await, 413);
    let answer = stage.app.send(Request::get("/closebot/lead/search").header("x-cb-key", key.1).body(Body::empty()).unwrap()).await;
    assert_problem(&answer, 405);
    assert_eq!(answer.headers[header::ALLOW], "POST");
    assert_problem(&stage.app.get("/closebot/lead/nothing/here", key.1).await, 404);
    stage.app.close().await;
}

#[tokio::test]
async fn the_live_refusal_and_the_list_of_old_are_there_for_the_asking() {
    let stage = stage().await;
    let key = ("x-cb-key", stage.agency.key.as_str());
    let strict: &[(&str, &str)] = &[("x-leadwire-closebot-strict", "1")];
    let problem = assert_problem(&stage.raw(key, Some("application/json"), r#"{"search":"ann","botIds":[]}"#, strict).await, 400);
    let members: Vec<&str> = problem["errors"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["channels", "personaIds", "sourceIds"]);
    let full = r#"{"sourceIds":[],"channels":null,"botIds":[],"personaIds":[],"search":"ann"}"#;
    let answer = stage.raw(key, Some("application/json"), full, strict).await.expect(200);
    assert_eq!(answer["total"], 1);

    let legacy: &[(&str, &str)] = &[("x-leadwire-closebot-legacy", "1")];
    let list = stage.raw(key, Some("application/json"), full, legacy).await.expect(200);
    assert_eq!(list, answer["leads"]);
    stage.raw(key, Some("application/json"), "{}", &[("x-leadwire-closebot-strict", "0")]).await.expect(200);
    stage.app.close().await;
}
