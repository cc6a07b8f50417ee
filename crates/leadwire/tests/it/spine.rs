//! Capture to search: the promise everything else stands on.

use serde_json::json;

use crate::harness::{TestApp, times};

#[tokio::test]
async fn a_captured_lead_is_in_the_next_search_every_time() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    for at in 0..times(2000, 100_000) {
        let email = format!("person{at}@example.com");
        let lead = app.capture(&agency, json!({ "first_name": "Ada", "last_name": format!("Number{at}"), "email": email })).await;
        let found = app.search(&agency.key, json!({ "search": email, "count": 2 })).await;
        assert_eq!(found["total"], 1, "{email}: {found}");
        assert_eq!(found["leads"][0]["contactId"], lead["contact"], "{found}");
        app.clock.advance_secs(1);
    }
    app.close().await;
}

#[tokio::test]
async fn captures_at_the_same_time_are_all_found_by_the_search_after_each() {
    let app = std::sync::Arc::new(TestApp::start().await);
    let agency = app.agency("Pine").await;
    let mut under_way = tokio::task::JoinSet::new();
    for client in 0..16 {
        let (app, agency) = (std::sync::Arc::clone(&app), agency.clone());
        under_way.spawn(async move {
            for at in 0..times(25, 500) {
                let email = format!("c{client}n{at}@example.com");
                app.capture(&agency, json!({ "email": email })).await;
                let found = app.search(&agency.key, json!({ "search": email, "totalOnly": true })).await;
                assert_eq!(found["total"], 1, "{email}");
            }
        });
    }
    under_way.join_all().await;
    let all = app.search(&agency.key, json!({ "totalOnly": true })).await;
    assert_eq!(all["total"], 16 * times(25, 500));
}

#[tokio::test]
async fn one_lead_has_one_id_on_every_surface() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let lead = app.capture(&agency, json!({ "first_name": "Zoë", "last_name": "Doyle", "email": "zoe@example.com", "note": "is it free?" })).await;
    let id = lead["id"].as_str().unwrap();
    let native = app.get(&format!("/v1/leads/{id}"), &agency.key).await.ok()["lead"].clone();
    assert_eq!(native["contact"], lead["contact"]);
    assert_eq!(native["source"], agency.source);
    let conversation = native["conversation"].as_str().unwrap();

    let found = app.search(&agency.key, json!({ "search": "doyle" })).await;
    assert_eq!(found["leads"][0]["id"], conversation);
    assert_eq!(found["leads"][0]["contactId"], lead["contact"]);
    assert_eq!(found["leads"][0]["lastMessage"], "is it free?");
    assert_eq!(found["leads"][0]["unread"], true);
    assert_eq!(found["leads"][0]["source"]["id"], agency.source);

    let thread = app.get(&format!("/v1/conversations/{conversation}"), &agency.key).await.ok();
    assert_eq!(thread["contact"]["id"], lead["contact"]);
    let routing = app.get(&format!("/v1/leads/{id}/routing"), &agency.key).await.ok();
    assert!(routing.to_string().contains(id), "{routing}");
    app.close().await;
}

#[tokio::test]
async fn what_was_captured_stands_after_a_restart_and_is_found_again() {
    let mut app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    for at in 0..50 {
        app.capture(&agency, json!({ "first_name": "Ада", "email": format!("person{at}@example.com"), "note": format!("wort{at}") })).await;
        app.clock.advance_secs(1);
    }
    let query = json!({ "search": "ада", "count": 100 });
    let before = app.search(&agency.key, query.clone()).await;
    assert_eq!(before["total"], 50);
    app = app.restart().await;
    assert_eq!(app.search(&agency.key, query).await, before);
    let found = app.search(&agency.key, json!({ "search": "wort17" })).await;
    assert_eq!(found["total"], 1);
    app.close().await;
}

#[tokio::test]
async fn a_person_who_comes_back_is_one_contact_with_one_thread() {
    let app = TestApp::start().await;
    let agency = app.agency("Pine").await;
    let first = app.capture(&agency, json!({ "email": "Ada@Example.com", "phone_number": "(415) 555-0134" })).await;
    app.clock.advance_secs(120);
    let second = app.capture(&agency, json!({ "phone_number": "+1 415.555.0134", "note": "me again" })).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["contact"], second["contact"]);
    let found = app.search(&agency.key, json!({})).await;
    assert_eq!(found["total"], 1);
    assert_eq!(found["leads"][0]["lastMessage"], "me again");
    app.close().await;
}
