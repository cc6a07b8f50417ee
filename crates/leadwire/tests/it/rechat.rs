//! Rechat's surface, end to end: each operation, each trap of its contract, and capture in every way it can come.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::harness::{Agency, Answer, TestApp};

const EVERYTHING: &str = "associations=lead_channel_rule.conditions,lead_channel_rule.brand,lead_channel_rule.user";

fn channels(agency: &Agency) -> String {
    format!("/rechat/brands/{}/leads/channels", agency.id)
}

fn rules(agency: &Agency) -> String {
    format!("{}/{}/rules", channels(agency), agency.source)
}

fn groups(agency: &Agency) -> String {
    format!("/rechat/brands/{}/leads/groups", agency.id)
}

fn id_of(answer: &Value) -> String {
    answer["data"]["id"].as_str().unwrap().to_owned()
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

/// The five keys of an error.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, code: &str) {
    let body = answer.expect(status);
    assert_eq!(body["http"], status, "{body}");
    assert_eq!(body["code"], code, "{body}");
    assert_eq!((&body["trace"], &body["slack"]), (&json!(false), &json!(false)), "{body}");
    assert!(body["message"].as_str().is_some_and(|it| !it.is_empty()), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 5, "{body}");
}

/// A request without a key.
async fn keyless(app: &TestApp, path: &str, content_type: &str, body: impl Into<Body>, more: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, content_type);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    app.send(request.body(body.into()).unwrap()).await
}

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

// Channels.

#[tokio::test]
async fn channels_are_made_changed_listed_and_deleted() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = channels(&agency);

    app.clock.advance_secs(1);
    let made = app.post(&path, &agency.key, &json!({ "protocol": "JSON" })).await.expect(200);
    assert_eq!(made["code"], "OK");
    assert_eq!(made["data"]["name"], Value::Null);
    assert_eq!(made["data"]["rules_count"], "1");
    assert_eq!(made["data"]["is_default"], false);
    assert_eq!(made["data"]["capture_number"], 0);
    assert!(made["data"]["created_at"].is_f64());
    assert!(made["data"].get("protocol").is_none());
    let id = id_of(&made);

    let list = app.get(&path, &agency.key).await.expect(200);
    assert_eq!(list["data"][0]["is_default"], true);
    assert_eq!(list["data"][0]["name"], "Default Route");
    assert_eq!(ids(&list)[1..], [agency.source.as_str(), id.as_str()]);
    assert_eq!(list["info"], json!({ "count": 3, "total": 3 }));

    let body = json!({ "name": "New Name", "mls": ["ABOR"], "title": "Shop window" });
    let changed = app.put(&format!("{path}/{id}"), &agency.key, &body).await.expect(200);
    assert_eq!((&changed["data"]["name"], &changed["data"]["mls"], &changed["data"]["title"]), (&body["name"], &body["mls"], &body["title"]));
    let cleared = app.put(&format!("{path}/{id}"), &agency.key, &json!({ "name": null })).await.expect(200);
    assert_eq!(cleared["data"]["name"], Value::Null);
    assert_eq!(cleared["data"]["title"], "Shop window", "what is not named stays");

    let body = json!({ "brand": "ee5c48f4-13b3-4646-9d38-888188e55882" });
    let deleted = app.ask(Method::DELETE, &format!("{path}/{id}"), &agency.key, Some(&body)).await;
    assert_eq!(deleted.expect(204), Value::Null);
    assert_error(&app.delete(&format!("{path}/{id}"), &agency.key).await, 404, "ResourceNotFound");
    assert_error(&app.put(&format!("{path}/{id}"), &agency.key, &json!({})).await, 404, "ResourceNotFound");
    assert_eq!(app.get(&path, &agency.key).await.ok()["info"]["total"], 2);
    app.close().await;
}

#[tokio::test]
async fn a_bad_channel_is_refused_in_the_vendors_words() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = channels(&agency);
    for body in [json!({ "protocol": "Pigeon" }), json!({ "name": 5 }), json!([]), json!({ "name": "x".repeat(600) }), json!({ "mls": "ABOR" })] {
        assert_error(&app.post(&path, &agency.key, &body).await, 400, "Validation");
    }
    assert_error(&keyless(&app, &path, "application/json", "{", &[("authorization", &format!("Bearer {}", agency.key))]).await, 400, "Validation");
    assert_error(&app.post(&path, "", &json!({})).await, 401, "Unauthorized");
    assert_error(&app.post(&path, "lw_nonsense", &json!({})).await, 401, "Unauthorized");
    assert_error(
        &keyless(&app, &path, "text/plain", "{}", &[("authorization", &format!("Bearer {}", agency.key))]).await,
        415,
        "UnsupportedMediaType",
    );
    assert_error(&app.get("/rechat/brands/nonsense/leads/channels", &agency.key).await, 404, "ResourceNotFound");
    assert_error(&app.get("/rechat/nothing/here", &agency.key).await, 404, "ResourceNotFound");
    let wrong_method = app.patch(&path, &agency.key, &json!({})).await;
    assert_error(&wrong_method, 405, "MethodNotAllowed");
    assert!(wrong_method.headers[header::ALLOW].to_str().unwrap().contains("POST"));
    app.close().await;
}

#[tokio::test]
async fn a_path_means_exactly_its_brand_and_the_header_may_not_differ() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let other = app.agency("Oak").await;
    let child = app.brand(&agency.key, &agency.id, "Team").await;
    let team = format!("/rechat/brands/{child}/leads/channels");

    // The team has its own default channel and none of its parent's.
    let list = app.get(&team, &agency.key).await.ok();
    assert_eq!(list["info"]["total"], 1);
    assert_error(&app.put(&format!("{team}/{}", agency.source), &agency.key, &json!({})).await, 404, "ResourceNotFound");
    assert_error(&app.get(&format!("{team}/{}/rules", agency.source), &agency.key).await, 404, "ResourceNotFound");

    // A stranger's brand and no brand at all are the same.
    let foreign = app.get(&channels(&other), &agency.key).await;
    let missing = app.get("/rechat/brands/018f0000-0000-7000-8000-000000000000/leads/channels", &agency.key).await;
    assert_error(&foreign, 404, "ResourceNotFound");
    assert_eq!(foreign.body, missing.body);

    let with = |brand: &str| {
        Request::get(channels(&agency))
            .header("authorization", format!("Bearer {}", agency.key))
            .header("X-RECHAT-BRAND", brand)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(app.send(with(&agency.id)).await.status, 200);
    assert_eq!(app.send(with(&agency.id.to_uppercase())).await.status, 200);
    assert_error(&app.send(with(&child)).await, 403, "Forbidden");
    app.close().await;
}

// Rules.

#[tokio::test]
async fn rules_are_made_replaced_sorted_and_deleted() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = rules(&agency);
    let body = json!({ "target": "User", "kind": "AND", "order": 1, "flow": null, "user": agency.user, "brand": agency.id,
        "conditions": [{ "field": "price", "operator": "gte", "value": 500_000, "order": 1 }] });
    let made = app.post(&format!("{path}?{EVERYTHING}"), &agency.key, &body).await.expect(200);
    let rule = &made["data"];
    assert_eq!((&rule["kind"], &rule["order"], &rule["target"], &rule["is_default"]), (&json!("AND"), &json!(1), &json!("User"), &json!(false)));
    assert_eq!(rule["channel"], agency.source);
    assert_eq!(rule["user"]["id"], agency.user);
    assert_eq!(rule["user"]["type"], "user");
    assert_eq!(rule["brand"]["id"], agency.id);
    assert_eq!(rule["conditions"][0]["value"], 500_000);
    assert_eq!(rule["conditions"][0]["negated"], false);
    assert!(rule.get("group").is_none() && rule.get("flow").is_none());
    let id = id_of(&made);

    let list = app.get(&format!("{path}?{EVERYTHING}"), &agency.key).await.expect(200);
    assert_eq!(list["info"], json!({ "count": 2, "total": 2 }));
    let default = &list["data"][1];
    assert_eq!((&default["order"], &default["is_default"]), (&json!(32767), &json!(true)));
    assert_eq!(default["created_by"], Value::Null);
    assert_eq!(default["conditions"], Value::Null);
    assert!(default.as_object().unwrap().contains_key("conditions"));
    let default = default["id"].as_str().unwrap();

    // Replaced whole: conditions are new, a user that is not named is gone.
    let replacement = json!({ "target": "Brand", "kind": "OR", "order": 2, "flow": null, "user": null, "brand": agency.id, "conditions": [
        { "field": "postal_code", "operator": "any", "value": ["90210", "90211"], "order": 1 },
        { "field": "price", "operator": "lte", "value": 1_000_000, "order": 2 } ] });
    let replaced = app.put(&format!("{path}/{id}?{EVERYTHING}"), &agency.key, &replacement).await.expect(200);
    assert_eq!(replaced["data"]["id"], id.as_str());
    assert_eq!(replaced["data"]["user"], Value::Null);
    assert_eq!(replaced["data"]["conditions"][0]["value"], json!(["90210", "90211"]));
    assert_ne!(replaced["data"]["conditions"][0]["id"], rule["conditions"][0]["id"]);
    assert_eq!(replaced["data"]["conditions"].as_array().unwrap().len(), 2);

    // `sort` is no rule's id. The default rule keeps its place whatever number it is given.
    let sorted = app.put(&format!("{path}/sort"), &agency.key, &json!([{ "id": default, "order": 1 }, { "id": id, "order": 2 }])).await;
    assert_eq!(sorted.expect(200), json!({ "code": "OK" }));
    let list = app.get(&path, &agency.key).await.ok();
    assert_eq!(ids(&list), [id.as_str(), default]);
    assert_eq!(list["data"][1]["order"], 1);
    assert!(list["data"][0].get("user").is_none(), "nothing was asked for");

    assert_error(&app.delete(&format!("{path}/{default}"), &agency.key).await, 400, "Validation");
    assert_eq!(app.delete(&format!("{path}/{id}"), &agency.key).await.status, 204);
    assert_error(&app.delete(&format!("{path}/{id}"), &agency.key).await, 404, "ResourceNotFound");
    assert_error(&app.put(&format!("{path}/{id}"), &agency.key, &replacement).await, 404, "ResourceNotFound");
    app.close().await;
}

#[tokio::test]
async fn a_sort_is_all_or_nothing() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = rules(&agency);
    let mut made = Vec::new();
    for order in [1, 2] {
        let body = json!({ "target": "Brand", "kind": "AND", "order": order, "brand": agency.id });
        made.push(id_of(&app.post(&path, &agency.key, &body).await.expect(200)));
    }
    for wrong in [
        json!([{ "id": made[0], "order": 9 }, { "id": "018f0000-0000-7000-8000-000000000000", "order": 1 }]),
        json!([{ "id": made[0], "order": 9 }, { "id": made[0], "order": 1 }]),
        json!([{ "id": made[0], "order": 32768 }]),
        json!([{ "id": made[0], "order": -1 }]),
        json!([{ "id": "x", "order": 1 }]),
        json!({ "id": made[0], "order": 1 }),
    ] {
        assert_error(&app.put(&format!("{path}/sort"), &agency.key, &wrong).await, 400, "Validation");
    }
    let list = app.get(&path, &agency.key).await.ok();
    assert_eq!(ids(&list)[..2], [made[0].as_str(), made[1].as_str()]);
    let swap = json!([{ "id": made[0], "order": 7 }]);
    app.put(&format!("{path}/sort"), &agency.key, &swap).await.expect(200);
    let list = app.get(&path, &agency.key).await.ok();
    assert_eq!(ids(&list)[..2], [made[1].as_str(), made[0].as_str()]);
    app.close().await;
}

#[tokio::test]
async fn a_bad_rule_is_refused() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let stranger = app.agency("Oak").await;
    let rule = |more: Value| {
        let mut body = json!({ "target": "Brand", "kind": "AND", "order": 1, "brand": agency.id });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let condition =
        |field: &str, operator: &str, value: Value| rule(json!({ "conditions": [{ "field": field, "operator": operator, "value": value }] }));
    for wrong in [
        json!({}),
        rule(json!({ "target": "Nobody" })),
        rule(json!({ "kind": "XOR" })),
        rule(json!({ "order": 32768 })),
        rule(json!({ "order": "1" })),
        rule(json!({ "target": "User" })),
        rule(json!({ "target": "Group" })),
        rule(json!({ "brand": stranger.id })),
        rule(json!({ "target": "User", "user": stranger.user })),
        condition("colour", "eq", json!("red")),
        condition("price", "near", json!(5)),
        condition("price", "gte", json!("much")),
        condition("price", "gte", json!([1])),
        condition("city", "gte", json!("A")),
        condition("city", "any", json!([])),
        condition("city", "any", json!([["a"]])),
        condition("city", "any", Value::Null),
        condition("city", "eq", json!({})),
        rule(json!({ "conditions": [{ "field": "city", "operator": "eq" }] })),
    ] {
        let answer = app.post(&rules(&agency), &agency.key, &wrong).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.text());
        assert_error(&answer, 400, "Validation");
    }
    assert_eq!(app.get(&rules(&agency), &agency.key).await.ok()["info"]["total"], 1);
    app.close().await;
}

#[tokio::test]
async fn associations_are_understood_in_every_spelling() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let body = json!({ "target": "User", "kind": "AND", "order": 1, "user": agency.user, "conditions": [{ "field": "city", "operator": "eq", "value": null }] });
    app.post(&rules(&agency), &agency.key, &body).await.expect(200);
    let shown = |query: &str| {
        let path = format!("{}?{query}", rules(&agency));
        let (app, key) = (&app, agency.key.clone());
        async move { app.get(&path, &key).await.expect(200)["data"][0].clone() }
    };
    for query in [
        "associations=lead_channel_rule.user,lead_channel_rule.conditions",
        "associations[]=lead_channel_rule.user&associations[]=lead_channel_rule.conditions",
        "associations%5B%5D=lead_channel_rule.user&associations%5B%5D=lead_channel_rule.conditions",
        "associations=lead_channel_rule.user&associations=lead_channel_rule.conditions",
        "associations=lead_channel_rule.user,nothing.known,lead_channel_rule.conditions,lead_channel_rule.user",
    ] {
        let rule = shown(query).await;
        assert_eq!(rule["user"]["id"], agency.user, "{query}");
        assert_eq!(rule["conditions"][0]["value"], Value::Null, "{query}");
        assert!(rule.get("brand").is_none(), "{query}");
    }
    let rule = shown("associations=lead_channel_rule.group,lead_channel_rule.flow,lead_channel_rule.brand").await;
    for part in ["group", "flow", "brand"] {
        assert!(rule.as_object().unwrap().contains_key(part), "{rule}");
        assert_eq!(rule[part], Value::Null);
    }
    app.close().await;
}

/// What the core does not use of a user and a brand is kept for whoever shows it, and is written through `/v1`.
#[tokio::test]
async fn every_field_of_a_user_and_a_brand_has_an_owner() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let profile = json!({
        "username": "rosa", "address_id": "a1", "cover_image_url": "https://x/c", "cover_image_thumbnail_url": "https://x/ct",
        "profile_image_url": "https://x/p", "profile_image_thumbnail_url": "https://x/pt", "user_status": "Away", "user_type": "Admin",
        "email_confirmed": true, "phone_confirmed": true, "is_shadow": true, "fake_email": true, "personal_room": "r1", "brand": "b1",
        "features": ["f"], "last_seen_at": 1_783_014_869.5, "last_seen_type": "web", "online_state": "Online", "email_signature": "Yours",
        "daily_enabled": true, "email_quota": 30_000, "website": "w", "instagram": "i", "twitter": "t", "linkedin": "l", "youtube": "y",
        "facebook": "f", "tiktok": "k", "designation": "d", "bio": "b", "mfa_enabled": true, "has_password": true, "push_allowed": true,
        "xpressdocs_user_id": "x1", "agents": ["g"],
    });
    let change = json!({ "first_name": "Zoë", "last_name": "Ito", "email": "zoe@example.com", "phone_number": "+15125550100",
        "timezone": "Asia/Tokyo", "profile": profile });
    app.patch(&format!("/v1/users/{}", agency.user), &agency.key, &change).await.ok();
    let brand_profile = json!({ "palette": { "a": "#fff" }, "assets": { "logo": "https://x" }, "messages": { "hi": "yo" }, "training": true,
        "hostnames": ["pine.example"], "base_url": "https://pine.example" });
    let brand_change = json!({ "name": "Pine & Sons", "brand_type": "Office", "profile": brand_profile });
    app.patch(&format!("/v1/brands/{}", agency.id), &agency.key, &brand_change).await.ok();

    let body = json!({ "target": "User", "kind": "AND", "order": 1, "user": agency.user, "brand": agency.id });
    let rule = app.post(&format!("{}?{EVERYTHING}", rules(&agency)), &agency.key, &body).await.expect(200)["data"].clone();
    let user = rule["user"].as_object().unwrap();
    for (name, value) in profile.as_object().unwrap() {
        assert_eq!(user[name], *value, "{name}");
    }
    for name in ["first_name", "last_name", "email", "phone_number", "timezone"] {
        assert_eq!(user[name], change[name], "{name}");
    }
    // The rest follows from these.
    assert_eq!((&user["id"], &user["active_brand"]), (&json!(agency.user), &json!(agency.id)));
    assert_eq!((&user["display_name"], &user["abbreviated_display_name"]), (&json!("Zoë Ito"), &json!("Zoë")));
    assert_eq!(user["current_time"], "09:00 PM - Thursday Jul 02, 2026");
    assert_eq!((&user["type"], &user["deleted_at"]), (&json!("user"), &Value::Null));
    assert!(user["created_at"].is_f64() && user["updated_at"].is_f64());
    assert_eq!(user.len(), profile.as_object().unwrap().len() + 5 + 9);

    let brand = rule["brand"].as_object().unwrap();
    for (name, value) in brand_profile.as_object().unwrap() {
        assert_eq!(brand[name], *value, "{name}");
    }
    assert_eq!((&brand["name"], &brand["brand_type"]), (&brand_change["name"], &brand_change["brand_type"]));
    assert_eq!((&brand["parent"], &brand["parents"], &brand["member_count"]), (&Value::Null, &Value::Null, &json!(1)));
    assert_eq!(brand.len(), 16);
    app.close().await;
}

// Groups.

#[tokio::test]
async fn groups_are_made_changed_listed_and_deleted() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let path = groups(&agency);
    let body = json!({ "name": "Test Group", "brand": agency.id, "distribution": "RoundRobin", "created_by": agency.user,
        "members": [{ "user": agency.user, "order": 1, "brand": agency.id }] });
    let made = app.post(&path, &agency.key, &body).await.expect(200);
    let mut keys: Vec<&str> = made["data"].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["brand", "created_at", "created_by", "description", "distribution", "id", "name", "type", "updated_at"]);
    assert_eq!(made["data"]["created_by"], agency.user);
    let id = id_of(&made);

    let list = app.get(&path, &agency.key).await.expect(200);
    assert_eq!(list["info"], json!({ "count": 1, "total": 1 }));
    assert!(list["data"][0].get("members").is_none());
    let list = app.get(&format!("{path}?associations[]=lead_routing_group.members"), &agency.key).await.expect(200);
    assert_eq!(list["data"][0]["members"][0]["user"], agency.user);
    let deep = "associations=lead_routing_group.members,lead_routing_group_member.user";
    let list = app.get(&format!("{path}?{deep}"), &agency.key).await.expect(200);
    assert_eq!(list["data"][0]["members"][0]["user"]["id"], agency.user);

    let patch =
        json!({ "name": "Test Group Updated", "distribution": "FirstToClaim", "members": [{ "user": agency.user, "order": 2, "brand": agency.id }] });
    let changed = app.patch(&format!("{path}/{id}?{deep}"), &agency.key, &patch).await.expect(200);
    assert_eq!((&changed["data"]["name"], &changed["data"]["distribution"]), (&patch["name"], &patch["distribution"]));
    assert_eq!(changed["data"]["members"][0]["order"], 2);
    let renamed = app.patch(&format!("{path}/{id}?{deep}"), &agency.key, &json!({ "name": "Only the name" })).await.expect(200);
    assert_eq!(renamed["data"]["distribution"], "FirstToClaim");
    assert_eq!(renamed["data"]["members"].as_array().unwrap().len(), 1);

    assert_eq!(app.delete(&format!("{path}/{id}"), &agency.key).await.status, 204);
    assert_error(&app.patch(&format!("{path}/{id}"), &agency.key, &patch).await, 404, "ResourceNotFound");
    assert_eq!(app.get(&path, &agency.key).await.ok()["data"], json!([]));
    app.close().await;
}

#[tokio::test]
async fn a_bad_group_is_refused() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let stranger = app.agency("Oak").await;
    let group = |more: Value| {
        let mut body = json!({ "name": "G", "distribution": "RoundRobin", "members": [{ "user": agency.user, "order": 1 }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for wrong in [
        json!({}),
        group(json!({ "distribution": "Auction" })),
        group(json!({ "name": " " })),
        group(json!({ "name": null })),
        group(json!({ "brand": stranger.id })),
        group(json!({ "members": [{ "user": stranger.user, "order": 1 }] })),
        group(json!({ "members": [{ "user": agency.user, "order": 1 }, { "user": agency.user, "order": 2 }] })),
        group(json!({ "members": [{ "user": agency.user, "order": 1, "weight": 41 }] })),
        group(json!({ "members": [{ "order": 1 }] })),
    ] {
        assert_error(&app.post(&groups(&agency), &agency.key, &wrong).await, 400, "Validation");
    }
    app.post(&groups(&agency), &agency.key, &group(json!({}))).await.expect(200);
    app.close().await;
}

// Capture.

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
