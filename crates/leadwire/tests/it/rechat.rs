//! Rechat's channels, rules and groups, end to end: each operation and each trap of its contract.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::harness::{Agency, Answer, TestApp};

const EVERYTHING: &str = "associations=lead_channel_rule.conditions,lead_channel_rule.brand,lead_channel_rule.user";

pub(crate) fn channels(agency: &Agency) -> String {
    format!("/rechat/brands/{}/leads/channels", agency.id)
}

pub(crate) fn rules(agency: &Agency) -> String {
    format!("{}/{}/rules", channels(agency), agency.source)
}

pub(crate) fn groups(agency: &Agency) -> String {
    format!("/rechat/brands/{}/leads/groups", agency.id)
}

pub(crate) fn id_of(answer: &Value) -> String {
    answer["data"]["id"].as_str().unwrap().to_owned()
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

/// The five keys of an error.
#[track_caller]
pub(crate) fn assert_error(answer: &Answer, status: u16, code: &str) {
    let body = answer.expect(status);
    assert_eq!(body["http"], status, "{body}");
    assert_eq!(body["code"], code, "{body}");
    assert_eq!((&body["trace"], &body["slack"]), (&json!(false), &json!(false)), "{body}");
    assert!(body["message"].as_str().is_some_and(|it| !it.is_empty()), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 5, "{body}");
}

/// A request without a key.
pub(crate) async fn keyless(app: &TestApp, path: &str, content_type: &str, body: impl Into<Body>, more: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, content_type);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    app.send(request.body(body.into()).unwrap()).await
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
