//! The whole router over a store in memory.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use leadwire_core::command::config::{FoundAgency, NewKey};
use leadwire_core::feed::Unit;
use leadwire_core::id::AgencyId;
use leadwire_core::port::Fault;
use leadwire_core::search::{Document, Gap, Hits, Index, Loader, Query};
use leadwire_core::secret;
use leadwire_core::testing::World;
use leadwire_core::who::Who;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{App, Limits, Parts, Policy, app};

/// An index that finds nothing.
struct Nothing;

impl Index for Nothing {
    fn apply(&self, _: AgencyId, _: &[Arc<Unit>]) -> Result<(), Gap> {
        Ok(())
    }

    fn position(&self, _: AgencyId) -> u64 {
        0
    }

    fn search(&self, _: AgencyId, _: &Query) -> Hits {
        Hits::default()
    }

    fn rebuild(&self, _: AgencyId) -> Box<dyn Loader> {
        Box::new(Self)
    }
}

impl Loader for Nothing {
    fn add(&mut self, _: &Document, _: &mut dyn Iterator<Item = &str>) {}

    fn finish(self: Box<Self>, _: u64) {}
}

struct House {
    world: Arc<World>,
    state: App,
    router: Router,
    root: String,
    key: String,
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Value,
}

fn house() -> House {
    house_with(Limits::default())
}

fn house_with(limits: Limits) -> House {
    let world = Arc::new(World::new(1));
    let key = secret::format(world.draw_bytes());
    let agency: AgencyId = world.draw();
    let command = FoundAgency {
        name: "Northwind".to_owned(),
        brand_type: None,
        timezone: None,
        default_country: None,
        profile: None,
        admin_key: NewKey { name: "admin".to_owned(), hash: secret::hash(&key), hint: secret::hint(&key) },
        operator: true,
    };
    let founded = world.write(Who::System { agency }, command).unwrap();
    let drawn = Mutex::new(0u8);
    let secret = move || {
        let mut drawn = drawn.lock().unwrap();
        *drawn += 1;
        [*drawn; 32]
    };
    let store: Arc<dyn leadwire_core::port::Store> = Arc::clone(&world) as _;
    let state = App::new(Parts { store, index: Arc::new(Nothing), limits, secret: Arc::new(secret), stats: Arc::new(Vec::new) });
    House { world, router: app(state.clone()), state, root: founded.brand.id.to_string(), key }
}

impl House {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.key))
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    async fn put(&self, method: Method, path: &str, body: Value) -> Answer {
        self.with(method, path, body, &[]).await
    }

    async fn with(&self, method: Method, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request(method, path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

#[tokio::test]
async fn a_thing_is_made_read_changed_and_deleted_by_version() {
    let house = house();
    let made = house.put(Method::POST, "/v1/brands", json!({"name": "Harbour", "parent": house.root})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(made.body["brand"]["parent"], house.root);
    assert_eq!(made.body["admin_key"], Value::Null);
    let read = house.get(&path).await;
    assert_eq!((read.status, read.body), (StatusCode::OK, made.body["brand"].clone()));
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let change = json!({"name": "Harbor", "profile": {"training": true}});
    let changed = house.with(Method::PATCH, &path, change.clone(), &[("if-match", &tag)]).await;
    assert_eq!((changed.status, &changed.body["name"], &changed.body["profile"]["training"]), (StatusCode::OK, &json!("Harbor"), &json!(true)));
    let stale = house.with(Method::PATCH, &path, change, &[("if-match", &tag)]).await;
    assert_eq!((stale.status, &stale.body["type"]), (StatusCode::PRECONDITION_FAILED, &json!("/docs/problems#version-mismatch")));
    let deleted = house.send(house.request(Method::DELETE, &path).body(Body::empty()).unwrap()).await;
    assert_eq!((deleted.status, deleted.body), (StatusCode::NO_CONTENT, json!("")));
    assert_eq!(house.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_foreign_a_missing_and_a_misspelt_id_answer_alike() {
    let house = house();
    let foreign = house.world.found("Southwind").unwrap().brand.id.to_string();
    let mut bodies = Vec::new();
    for id in [foreign.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057", "nonsense"] {
        let mut answer = house.get(&format!("/v1/brands/{id}")).await;
        assert_eq!(answer.status, 404);
        answer.body.as_object_mut().unwrap().remove("request_id");
        bodies.push(answer.body.to_string());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_key_is_shown_once_even_when_its_making_is_repeated() {
    let house = house();
    let new = json!({"name": "robot", "brand": house.root, "scopes": ["read"]});
    let made = house.with(Method::POST, "/v1/keys", new.clone(), &[("idempotency-key", "a")]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["key"].as_str().unwrap().to_owned();
    assert!(secret::is_well_formed(&key));
    let again = house.with(Method::POST, "/v1/keys", new, &[("idempotency-key", "a")]).await;
    assert_eq!((again.status, &again.body["key"], &again.body["id"]), (made.status, &Value::Null, &made.body["id"]));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = house.with(Method::POST, "/v1/keys", json!({"name": "other", "brand": house.root}), &[("idempotency-key", "a")]).await;
    assert_eq!((other.status, &other.body["type"]), (StatusCode::CONFLICT, &json!("/docs/problems#idempotency-key-reused")));
    // It opens what its scopes say, and nothing once it is revoked.
    let by = |key: &str, method, path: &str| {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}")).body(Body::empty()).unwrap()
    };
    assert_eq!(house.send(by(&key, Method::GET, "/v1/brands")).await.status, 200);
    assert_eq!(house.send(by(&key, Method::DELETE, &format!("/v1/brands/{}", house.root))).await.status, 403);
    let path = made.headers["location"].to_str().unwrap();
    house.send(house.request(Method::DELETE, path).body(Body::empty()).unwrap()).await;
    assert_eq!(house.send(by(&key, Method::GET, "/v1/brands")).await.status, 401);
}

#[tokio::test]
async fn an_operator_founds_an_agency_once_per_idempotency_key() {
    let house = house();
    let new = json!({"name": "Eastwind"});
    let made = house.with(Method::POST, "/v1/brands", new.clone(), &[("idempotency-key", "a")]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["admin_key"]["key"].as_str().unwrap().to_owned();
    let again = house.with(Method::POST, "/v1/brands", new.clone(), &[("idempotency-key", "a")]).await;
    assert_eq!((again.status, &again.body["brand"]), (StatusCode::CREATED, &made.body["brand"]));
    assert_eq!(again.body["admin_key"]["key"], Value::Null);
    let list = Request::get("/v1/brands").header("authorization", format!("Bearer {key}")).body(Body::empty()).unwrap();
    let seen = house.send(list).await;
    assert_eq!(seen.body["data"].as_array().unwrap().len(), 1);
    let mut second = house_with(Limits::default());
    second.key = key;
    assert_eq!(second.put(Method::POST, "/v1/brands", new).await.status, 401);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_holes_or_repetition() {
    let house = house();
    for i in 0..5 {
        house.world.advance_secs(1);
        house.put(Method::POST, "/v1/flows", json!({"name": format!("flow {i}"), "brand": house.root})).await;
    }
    let mut names = Vec::new();
    let mut path = "/v1/flows?limit=2".to_owned();
    loop {
        let page = house.get(&path).await;
        names.extend(page.body["data"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()));
        let Some(link) = page.headers.get("link") else {
            assert_eq!(page.body["next"], Value::Null);
            break;
        };
        path = link.to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!(names, ["flow 0", "flow 1", "flow 2", "flow 3", "flow 4"]);
}

#[tokio::test]
async fn a_captured_lead_is_told_with_its_routing() {
    let house = house();
    let source = house.put(Method::POST, "/v1/sources", json!({"brand": house.root, "name": "Site"})).await;
    assert_eq!(source.status, 201, "{}", source.body);
    let lead = json!({"source": source.body["id"], "lead": {"first_name": "Ada", "email": "ada@example.com", "note": "Hello", "listing": {"price": 500_000.0}}});
    let made = house.put(Method::POST, "/v1/leads", lead.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    // The same once more, within the source's span, is the same lead.
    let again = house.put(Method::POST, "/v1/leads", lead).await;
    assert_eq!(again.body, made.body);
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let read = house.get(&path).await;
    assert_eq!(read.body["lead"], made.body);
    let routing = house.get(&format!("{path}/routing")).await;
    assert_eq!(routing.body["decisions"].as_array().unwrap().len(), 1, "{}", routing.body);
    let id = made.body["conversation"].as_str().unwrap();
    let messages = house.get(&format!("/v1/conversations/{id}/messages")).await;
    assert_eq!(messages.body["data"][0]["body"], "Hello");
    let starred = house.put(Method::PATCH, &format!("/v1/conversations/{id}"), json!({"starred": true})).await;
    assert_eq!((starred.status, &starred.body["starred"]), (StatusCode::OK, &json!(true)), "{}", starred.body);
    let feed = house.get("/v1/feed").await;
    assert_eq!(feed.body["next"], feed.body["head"]);
    assert!(feed.body.to_string().contains("lead.captured"));
    house.world.drop_feed(house.agency(), 1);
    assert_eq!(house.get("/v1/feed").await.status, 410);
}

impl House {
    fn agency(&self) -> AgencyId {
        self.root.parse().unwrap()
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_the_spot() {
    let house = house();
    let unknown = house.put(Method::POST, "/v1/flows", json!({"name": "x", "brand": house.root, "colour": 1})).await;
    assert_eq!((unknown.status, &unknown.body["type"]), (StatusCode::BAD_REQUEST, &json!("/docs/problems#unreadable")));
    let typed = house.put(Method::POST, "/v1/leads", json!({"source": house.root, "lead": {"tags": ["a", 1]}})).await;
    assert_eq!((typed.status, &typed.body["errors"][0]["pointer"]), (StatusCode::BAD_REQUEST, &json!("/lead/tags/1")));
    assert_eq!(house.get("/v1/flows?limit=0").await.body["errors"][0]["parameter"], "limit");
    assert_eq!(house.get("/v1/flows?colour=red").await.status, 400);
    let large = house.put(Method::POST, "/v1/flows", json!({"name": "x".repeat(300_000), "brand": house.root})).await;
    assert_eq!(large.status, 413);
    let raw = |body: Vec<u8>| house.request(Method::POST, "/v1/flows").header("content-type", "application/json").body(Body::from(body)).unwrap();
    assert_eq!(house.send(raw(b"{\"name\":\"\\u0000\"}".to_vec())).await.status, 422);
    assert_eq!(house.put(Method::POST, "/v1/flows", json!({"name": " ", "brand": house.root})).await.body["errors"][0]["pointer"], "/name");
    assert_eq!(house.put(Method::POST, "/v1/flows", json!(["x", house.root])).await.status, 400);
    for body in [b"{\"name\":\"\xff\"}".to_vec(), b"{".to_vec(), b"[".repeat(100_000), Vec::new()] {
        assert_eq!(house.send(raw(body)).await.status, 400);
    }
    let keyed = house.with(Method::POST, "/v1/flows", json!({"name": "x", "brand": house.root}), &[("idempotency-key", "a b")]).await;
    assert_eq!(keyed.body["errors"][0]["parameter"], "idempotency-key");
    let untyped = house.send(house.request(Method::POST, "/v1/flows").body(Body::from("{}")).unwrap()).await;
    assert_eq!(untyped.status, 415);
}

#[tokio::test]
async fn what_is_not_served_says_so_in_the_words_of_its_place() {
    let house = house();
    let nowhere = house.get("/nowhere").await;
    assert_eq!((nowhere.status, &nowhere.headers["content-type"]), (StatusCode::NOT_FOUND, &"application/problem+json".parse().unwrap()));
    assert!(nowhere.headers.contains_key("x-request-id"));
    let rechat = house.get("/rechat/nowhere").await;
    assert_eq!((rechat.status, &rechat.body["code"]), (StatusCode::NOT_FOUND, &json!("ResourceNotFound")));
    let method = house.send(house.request(Method::DELETE, "/v1/brands").body(Body::empty()).unwrap()).await;
    assert_eq!(method.status, 405);
    assert_eq!(method.headers["allow"], "GET,HEAD,POST");
    let method = house.send(house.request(Method::DELETE, "/closebot/lead/search").body(Body::empty()).unwrap()).await;
    assert_eq!((method.status, &method.headers["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap()));
    let method = house.send(house.request(Method::DELETE, "/lead/search").body(Body::empty()).unwrap()).await;
    assert_eq!((method.status, &method.headers["allow"]), (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap()));
    let head = house.send(house.request(Method::HEAD, "/v1/brands").body(Body::empty()).unwrap()).await;
    assert_eq!(head.status, 200);
}

#[tokio::test]
async fn a_browser_may_ask_before_it_captures() {
    let house = house();
    for path in ["/leads", "/rechat/leads"] {
        let request = Request::options(path).header("origin", "https://a.example").header("access-control-request-method", "POST");
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, &answer.headers["access-control-allow-origin"]), (StatusCode::NO_CONTENT, &"*".parse().unwrap()), "{path}");
    }
    let answer = house.send(Request::options("/v1/leads").header("access-control-request-method", "POST").body(Body::empty()).unwrap()).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let house = house_with(Limits { rate: Some(Policy { requests: 2, window_secs: 3600 }), ..Limits::default() });
    assert_eq!(house.get("/v1/brands").await.headers["ratelimit"].to_str().unwrap().split(';').nth(1), Some("r=1"));
    assert_eq!(house.get("/v1/brands").await.status, 200);
    let refused = house.get("/v1/brands").await;
    assert_eq!(refused.status, 429);
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 1000);
    assert_eq!(refused.headers["ratelimit-policy"], "\"default\";q=2;w=3600");
}

#[tokio::test]
async fn a_fault_is_told_and_readiness_says_why() {
    let house = house();
    assert_eq!(house.get("/readyz").await.body, json!({"ready": true, "reasons": []}));
    house.world.set_fault(Some(Fault::Busy));
    let busy = house.put(Method::POST, "/v1/flows", json!({"name": "x", "brand": house.root})).await;
    assert_eq!((busy.status, &busy.headers["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap()));
    house.world.set_fault(Some(Fault::Full));
    let full = house.put(Method::POST, "/v1/flows", json!({"name": "x", "brand": house.root})).await;
    assert_eq!(full.status, 507);
    house.world.set_fault(None);
    house.state.stop();
    let stopping = house.get("/readyz").await;
    assert_eq!((stopping.status, &stopping.body["ready"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(false)));
    assert_eq!(house.get("/livez").await.status, 200);
}

#[tokio::test]
async fn the_documents_hold_together() {
    let house = house();
    for path in ["/openapi.json", "/rechat/openapi.json", "/closebot/openapi.json"] {
        let document = house.get(path).await.body;
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut refs = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        references(&document, &mut refs);
        for it in refs {
            let name = it.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(name), "{path}: {it} points nowhere");
        }
        for (route, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(names.insert(name), "{path} {method} {route}: its name is another's");
                assert!(operation["responses"].get("500").is_some(), "{path} {method} {route} does not say how it fails");
                assert!(operation["responses"].as_object().unwrap().keys().any(|it| it.starts_with('2')), "{path} {method} {route}");
            }
        }
    }
    assert_eq!(house.get("/docs").await.status, 303);
    assert_eq!(house.get("/docs/").await.status, 200);
    let problems = house.get("/docs/problems").await;
    assert!(problems.body.as_str().unwrap().contains("id=\"not-found\""));
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(it)) = members.get("$ref") {
                into.push(it.clone());
            }
            members.values().for_each(|it| references(it, into));
        }
        Value::Array(list) => list.iter().for_each(|it| references(it, into)),
        _ => {}
    }
}

#[test]
fn no_operation_of_any_surface_clashes_at_the_root_with_the_native_api() {
    let mut operations = Vec::new();
    for surface in crate::surface::all() {
        let (_, document) = surface.router.split_for_parts();
        operations.push((surface.name, crate::docs::Document::new(surface.title, surface.prefix, document).operations(surface.keyless)));
    }
    let table = crate::root::Table::new(operations.iter().map(|(name, list)| (*name, list.as_slice())));
    assert!(table.clashes.iter().all(|it| !it.surfaces.contains(&"api")), "{:?}", table.clashes);
}

#[tokio::test]
async fn the_counters_know_routes_by_their_template() {
    let house = house();
    house.get(&format!("/v1/brands/{}", house.root)).await;
    let page = house.get("/metrics").await;
    let text = page.body.as_str().unwrap();
    assert!(text.contains(r#"surface="api",route="/v1/brands/{id}",method="GET",status="200"} 1"#), "{text}");
    assert!(!text.contains(&house.root));
}

#[tokio::test]
async fn a_panic_is_one_requests_affair_and_is_told_in_the_surfaces_words() {
    let house = house();
    let shell =
        crate::kit::shell::Shell { surface: "test", prefix: "", render: <crate::api::problem::Words as crate::Envelope>::render, keyless: &[] };
    let routes = Router::new().route("/", axum::routing::get(|| async { panic!("a bug") as &str }));
    let router = crate::kit::shell::around(routes, &house.state, shell);
    for _ in 0..2 {
        let response = router.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("a bug"));
    }
}
