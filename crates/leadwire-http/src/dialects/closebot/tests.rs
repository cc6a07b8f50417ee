//! Maps and shapes: every input has a case in which it changes the question, and a lead has every field of the reference.

use std::sync::Arc;

use leadwire_core::Time;
use leadwire_core::config::Config;
use leadwire_core::entity::{
    Bot, BotInstance, Contact, Conversation, Direction, ExternalId, FieldValue, LastMessage, MessageType, Source, SourceSeen,
};
use leadwire_core::id::{AgencyId, BotId, SourceId, Uuid};
use leadwire_core::port::{Entity, Row};
use leadwire_core::refusal::Refusal;
use leadwire_core::search::{Page, Query, Scope};
use serde_json::{Value, json};

use super::{map, wire};

fn id<I: From<Uuid>>(n: u128) -> I {
    I::from(Uuid::from_u128(n))
}

fn at(millis: i64) -> Time {
    Time::from_millis(1_783_014_869_667 + millis)
}

fn config() -> Config {
    let mut config = Config::new(AgencyId(Uuid::from_u128(1)));
    let mut fold = |row: Row| config.fold(&row.key(), Some(&row));
    for n in [10, 11] {
        fold(Source::erase(Arc::new(Source {
            id: id(n),
            version: 1,
            created_at: at(0),
            updated_at: at(0),
            deleted_at: None,
            brand: id(1),
            name: (n == 10).then(|| "Main site".to_owned()),
            category: "WebHook".to_owned(),
            is_default: false,
            created_by: None,
            protocol: None,
            mls: None,
            capture: leadwire_core::entity::CaptureSettings::default(),
            rules_version: 1,
            profile: None,
        })));
    }
    for (n, persona) in [(20, 30), (21, 31)] {
        fold(Bot::erase(Arc::new(Bot {
            id: id(n),
            version: 1,
            created_at: at(0),
            updated_at: at(0),
            deleted_at: None,
            brand: id(1),
            name: "Bot".to_owned(),
            owner: id(2),
            personas: vec![id(persona)],
            attachments: Vec::new(),
            profile: None,
        })));
    }
    config
}

fn blank() -> Query {
    Query::new(Scope { brands: Arc::default(), own_only: None }, at(0), 0)
}

fn ask(body: &Value) -> Result<Query, Refusal> {
    let input: wire::SearchQueryInput = crate::kit::body::parse(body.to_string().as_bytes()).unwrap();
    let mut query = blank();
    map::ask(&input, &config(), &mut query)?;
    Ok(query)
}

#[expect(clippy::needless_pass_by_value, reason = "callers write their body in place")]
fn asked(body: Value) -> Query {
    ask(&body).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "callers write their body in place")]
fn wrong(body: Value) -> Vec<String> {
    match ask(&body) {
        Err(Refusal::Invalid(list)) => list.into_iter().map(|it| it.at).collect(),
        other => panic!("{other:?}"),
    }
}

fn text(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

#[test]
fn without_filters_the_first_twenty_are_asked_for() {
    let mut expected = blank();
    expected.page = Page::Offset { offset: 0, limit: 20 };
    let nulls = json!({"totalOnly": null, "sourceOnlyFast": null, "offset": null, "count": null, "search": null, "sourceIds": null, "channels": null,
        "botIds": null, "personaIds": null, "minimumResponses": null, "lastMessageDirection": null, "followUpScheduled": null});
    let empty = json!({"search": " ", "sourceIds": [], "channels": [], "botIds": [], "personaIds": [], "sourceOnlyFast": true, "layoutOnly": 1});
    for body in [json!({}), nulls, empty] {
        assert_eq!(asked(body), expected);
    }
}

#[test]
fn every_input_changes_the_question() {
    let page = |offset, limit| Page::Offset { offset, limit };
    assert_eq!(asked(json!({"totalOnly": true, "count": 5})).page, page(0, 0));
    assert_eq!(asked(json!({"totalOnly": false})).page, page(0, 20));
    assert_eq!(asked(json!({"offset": 40, "count": 7})).page, page(40, 7));
    assert_eq!(asked(json!({"count": 101})).page, page(0, 100));
    assert_eq!(asked(json!({"count": i32::MAX, "offset": i32::MAX})).page, page(usize::try_from(i32::MAX).unwrap(), 100));
    assert_eq!(asked(json!({"search": " ann 512 "})).text.as_deref(), Some("ann 512"));
    assert_eq!(asked(json!({"sourceIds": [text(10)]})).sources, Some(vec![id(10)]));
    assert_eq!(asked(json!({"botIds": [text(20)]})).bots, Some(vec![id(20)]));
    assert_eq!(asked(json!({"personaIds": [text(31)]})).persona_bots, Some(vec![id(21)]));
    assert_eq!(asked(json!({"minimumResponses": 3})).bot_replies_min, Some(3));
    assert_eq!(asked(json!({"minimumResponses": -3})).bot_replies_min, None);
    assert_eq!(asked(json!({"followUpScheduled": true})).follow_up_scheduled, Some(true));
    assert_eq!(asked(json!({"followUpScheduled": false})).follow_up_scheduled, Some(false));
    for (word, direction) in
        [("in", Direction::Inbound), ("Inbound", Direction::Inbound), ("OUT", Direction::Outbound), ("outbound", Direction::Outbound)]
    {
        assert_eq!(asked(json!({"lastMessageDirection": word})).direction, Some(direction));
    }
}

#[test]
fn ids_of_nothing_that_is_there_match_nothing() {
    for none in ["src_ABC", "", "0", &text(99)] {
        assert_eq!(asked(json!({"sourceIds": [none]})).sources, Some(Vec::new()));
        assert_eq!(asked(json!({"personaIds": [none]})).persona_bots, Some(Vec::new()));
    }
    assert_eq!(asked(json!({"botIds": ["bot_ABC"]})).bots, Some(Vec::<BotId>::new()));
    assert_eq!(asked(json!({"sourceIds": ["x", text(11)]})).sources, Some(vec![id(11)]));
}

#[test]
fn channels_are_known_by_name_in_any_case_and_by_message_type() {
    let types = |name: &str| asked(json!({"channels": [name]})).types.unwrap();
    assert!(types("SMS").contains(&MessageType::Sms));
    assert_eq!(types("sms"), types("SMS"));
    assert_eq!(types("Live_Chat"), [MessageType::LiveChat, MessageType::LiveChatInfoMessage, MessageType::Webchat]);
    assert_eq!(types("type_form_submission"), [MessageType::FormSubmission]);
    assert_eq!(types("Pigeon"), []);
    assert_eq!(asked(json!({"channels": ["IG", "Pigeon"]})).types.unwrap(), [MessageType::Instagram, MessageType::InstagramComment]);
    // No type belongs to two channels, so that channels part what there is.
    let mut all: Vec<MessageType> = ["WhatsApp", "GMB", "Live_Chat", "SMS", "Email", "FB", "IG", "Custom"].into_iter().flat_map(types).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn what_cannot_be_is_refused_with_every_member_named() {
    assert_eq!(wrong(json!({"count": 0})), ["/count"]);
    assert_eq!(wrong(json!({"count": -1, "offset": -1, "lastMessageDirection": "sideways"})), ["/offset", "/count", "/lastMessageDirection"]);
    assert_eq!(wrong(json!({"search": "x".repeat(1025)})), ["/search"]);
    assert_eq!(wrong(json!({"botIds": vec!["x"; 1001]})), ["/botIds"]);
    for body in [json!({"count": "5"}), json!({"count": 1.5}), json!({"offset": 3_000_000_000_u32}), json!({"sourceIds": "x"}), json!([])] {
        assert!(crate::kit::body::parse::<wire::SearchQueryInput>(body.to_string().as_bytes()).is_err(), "{body}");
    }
}

fn contact() -> Contact {
    Contact {
        id: id(50),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        brand: id(1),
        conversation: Some(id(40)),
        last_lead: None,
        first_name: Some("Ann".to_owned()),
        last_name: Some("Lee".to_owned()),
        company: None,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: vec!["Website".to_owned(), "Lead".to_owned()],
        fields: vec![FieldValue { field: "budget".to_owned(), name: Some("Budget".to_owned()), value: "5".to_owned(), ai_produced: true }],
        external_ids: vec![ExternalId { source: id(10), id: "ext-1".to_owned(), contact: id(50) }],
        source_type: None,
        lead_source: None,
        timezone: None,
        last_touch_at: None,
        created_for: "lts_lead".to_owned(),
        updated_for: "lts_lead".to_owned(),
        possible_duplicates: Vec::new(),
        profile: None,
    }
}

fn conversation() -> Conversation {
    let instance = |bot: u128, active| BotInstance {
        bot: id(bot),
        active,
        version: Some("v3".to_owned()),
        follow_up_timezone_kind: "contact".to_owned(),
        follow_up_timezone: Some("Europe/Paris".to_owned()),
        follow_up_at: Some(at(60_000)),
        smart_follow_up: true,
        scheduled_response_at: None,
    };
    Conversation {
        id: id(40),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
        brand: id(1),
        contact: id(50),
        lead: None,
        routed: Vec::new(),
        captured: Vec::new(),
        starred: true,
        unread_count: 2,
        owner: None,
        offer: None,
        offered_to: Vec::new(),
        followers: Vec::new(),
        mentions: Vec::new(),
        last_message: Some(LastMessage {
            id: id(60),
            at: at(1),
            kind: MessageType::Sms,
            direction: Direction::Outbound,
            body: "Hello".to_owned(),
            bot: Some(id(20)),
            user: None,
            source: Some(id(10)),
        }),
        last_manual_at: None,
        outbound_action: None,
        sources: vec![SourceSeen { source: id(10), at: at(0) }, SourceSeen { source: id(11), at: at(5) }],
        bots: vec![instance(20, true), instance(21, false)],
        bot_replies: 1,
        wont_respond_until: Some(at(1000)),
        failure_reason: Some("ai_off".to_owned()),
        mimic_source: Some(id(11)),
        scores: Vec::new(),
        due: Vec::new(),
        profile: None,
    }
}

fn shown(conversation: &Conversation, asked: Option<&[SourceId]>) -> Value {
    serde_json::to_value(map::lead(conversation, &contact(), asked, &config())).unwrap()
}

#[test]
fn a_lead_has_every_field_of_the_reference() {
    assert_eq!(
        shown(&conversation(), Some(&[id(10)])),
        json!({
            "id": text(40),
            "name": "Ann Lee",
            "contactId": "ext-1",
            "lastMessageTime": "2026-07-02T17:54:29.668Z",
            "lastMessage": "Hello",
            "lastMessageDirection": "out",
            "lastMessageBotId": text(20),
            "mostRecentFailureReason": "ai_off",
            "mimicSourceId": text(11),
            "starred": true,
            "unread": true,
            "source": {"name": "Main site", "id": text(10)},
            "wontRespondUntil": "2026-07-02T17:54:30.667Z",
            "tags": ["Website", "Lead"],
            "fields": [{"field": "budget", "name": "Budget", "value": "5", "aiProduced": true}],
            "instances": [{
                "botId": text(20),
                "botVersion": "v3",
                "followUpTimezoneKind": "contact",
                "followUpTimezone": "Europe/Paris",
                "followUpTime": "2026-07-02T17:55:29.667Z",
                "isSmartFollowUpTime": true,
                "scheduleRespondTime": null,
            }],
        })
    );
}

#[test]
fn the_source_shown_is_the_latest_of_those_asked_for() {
    let all = shown(&conversation(), None);
    assert_eq!(all["source"], json!({"name": null, "id": text(11)}));
    assert_eq!(all["contactId"], text(50), "the source shown has no id of its own for the contact");
    assert_eq!(shown(&conversation(), Some(&[id(10)]))["source"]["id"], text(10));
    assert_eq!(shown(&Conversation { sources: Vec::new(), ..conversation() }, None)["source"], Value::Null);
}

#[test]
fn a_lead_that_said_nothing_has_nulls_for_its_last_message() {
    let silent = shown(&Conversation { last_message: None, unread_count: 0, ..conversation() }, None);
    for name in ["lastMessageTime", "lastMessage", "lastMessageDirection", "lastMessageBotId"] {
        assert_eq!(silent[name], Value::Null, "{name}");
    }
    assert_eq!(silent["unread"], false);
}

#[test]
fn the_contract_is_what_is_served_and_what_is_said_not_to_be() {
    let surface = super::surface();
    let document = surface.router.into_openapi();
    let mut served: Vec<(&str, &str)> = Vec::new();
    for (path, item) in &document.paths.paths {
        served.extend(crate::kit::document::operations(item).into_iter().map(|(method, _)| (method, path.as_str())));
    }
    assert_eq!(served, [("POST", "/lead/search")]);
    let mut all: Vec<(&str, &str)> = surface.not_served.iter().map(|it| (it.method, it.path)).chain(served).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "an operation is listed twice");
    // The vendor's document of July 2026 has 126 operations; one came with a newer page.
    assert_eq!(count, 127);
}
