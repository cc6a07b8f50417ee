//! What is served, read from the server's own OpenAPI documents, so that a route added tomorrow is tested tomorrow.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Map, Value, json};

use crate::harness::{Answer, TestApp};

/// Every document.
const DOCUMENTS: [&str; 3] = ["/openapi.json", "/rechat/openapi.json", "/closebot/openapi.json"];

/// One operation of one surface.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// As in `/rechat`; empty for the native API.
    pub(crate) prefix: &'static str,
    pub(crate) method: Method,
    /// The template, without the prefix.
    pub(crate) path: String,
    /// May be asked for without a key.
    pub(crate) open: bool,
    /// Schema of its JSON body.
    body: Option<Value>,
    components: Value,
}

/// How an example is filled.
pub(crate) struct Fill<'a> {
    /// The id for a member or path parameter of this name; `before` is the path's segment before it.
    pub(crate) id: &'a dyn Fn(&str, &str) -> String,
    /// Whether what may be absent is there.
    pub(crate) whole: bool,
}

pub(crate) async fn operations(app: &TestApp) -> Vec<Operation> {
    let mut all = Vec::new();
    for path in DOCUMENTS {
        let document = app.get(path, "").await.expect(200);
        let prefix = path.strip_suffix("/openapi.json").unwrap();
        let by_default = document.get("security").cloned();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
                if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                    continue;
                }
                let security = operation.get("security").cloned().or_else(|| by_default.clone());
                let open = security.is_none_or(|it| it.as_array().unwrap().iter().any(|it| it.as_object().unwrap().is_empty()) || it == json!([]));
                let body = operation.pointer("/requestBody/content/application~1json/schema").cloned();
                all.push(Operation { prefix, method, path: path.clone(), open, body, components: document["components"].clone() });
            }
        }
    }
    assert!(all.len() > 40, "the documents hold only {} operations", all.len());
    all
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        format!("{} {}{}", self.method, self.prefix, self.path)
    }

    pub(crate) fn takes_body(&self) -> bool {
        self.body.is_some()
    }

    pub(crate) fn has_parameters(&self) -> bool {
        self.path.contains('{')
    }

    /// The path with its parameters filled in.
    pub(crate) fn filled(&self, fill: &Fill<'_>) -> String {
        let mut path = self.prefix.to_owned();
        let mut before = "";
        for segment in self.path.split('/').skip(1) {
            path.push('/');
            match segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(name) => path.push_str(&(fill.id)(name, before)),
                None => path.push_str(segment),
            }
            before = segment;
        }
        path
    }

    /// A body of the right shape.
    pub(crate) fn example(&self, fill: &Fill<'_>) -> Option<Value> {
        let mut example = self.body.as_ref().map(|it| self.example_of(it, "", fill, 0))?;
        // Members that exclude each other, which a schema without unions cannot say.
        for (kept, dropped) in [("conversation", "contact"), ("brand", "memberships")] {
            if let Some(members) = example.as_object_mut().filter(|it| it.contains_key(kept)) {
                members.remove(dropped);
            }
        }
        Some(example)
    }

    fn example_of(&self, schema: &Value, name: &str, fill: &Fill<'_>, depth: usize) -> Value {
        assert!(depth < 30, "{}: a schema without end", self.name());
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let pointer = target.strip_prefix("#/components").unwrap();
            let target = self.components.pointer(pointer).unwrap_or_else(|| panic!("{}: {target} is nowhere", self.name()));
            return self.example_of(target, name, fill, depth + 1);
        }
        if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|it| it.first()) {
            return first.clone();
        }
        for either in ["oneOf", "anyOf", "allOf"] {
            if let Some(branches) = schema.get(either).and_then(Value::as_array) {
                let branch = branches.iter().find(|it| it.get("type") != Some(&json!("null"))).unwrap();
                return self.example_of(branch, name, fill, depth + 1);
            }
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().find(|it| *it != "null").and_then(Value::as_str).unwrap_or("null"),
            Some(Value::String(kind)) => kind,
            _ => "any",
        };
        match kind {
            "object" => {
                let required: Vec<&str> = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
                let members = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
                let members = members.iter().filter(|(name, _)| fill.whole || required.contains(&name.as_str()));
                Value::Object(members.map(|(name, it)| (name.clone(), self.example_of(it, name, fill, depth + 1))).collect::<Map<_, _>>())
            }
            "array" => {
                let item = schema.get("items").map(|it| self.example_of(it, name, fill, depth + 1));
                Value::Array(item.into_iter().collect())
            }
            "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            "boolean" => json!(true),
            "null" => Value::Null,
            "string" => match schema.get("format").and_then(Value::as_str) {
                Some("uuid") => json!((fill.id)(name, "")),
                Some("date-time") => json!("2026-07-03T12:00:00Z"),
                Some("email") => json!("somebody@example.com"),
                // Rechat's ids have no format in every place.
                _ if name == "lead_channel" => json!((fill.id)(name, "")),
                _ if name == "email" => json!("somebody@example.com"),
                _ if name == "timezone" => json!("Europe/Berlin"),
                _ if name == "default_country" => json!("US"),
                _ => json!("some text"),
            },
            _ => json!("anything"),
        }
    }

    /// The request, with the key in this surface's own header.
    pub(crate) fn request(&self, path: &str, key: Option<&str>, body: Option<Vec<u8>>) -> Request<Body> {
        let mut request = Request::builder().method(self.method.clone()).uri(path).header("x-request-id", "the-same-for-all");
        if let Some(key) = key {
            request = match self.prefix {
                "/closebot" => request.header("x-cb-key", key),
                _ => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
            };
        }
        match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap(),
            None => request.body(Body::empty()).unwrap(),
        }
    }

    pub(crate) async fn ask(&self, app: &TestApp, key: Option<&str>, fill: &Fill<'_>) -> Answer {
        let body = self.example(fill).map(|it| it.to_string().into_bytes());
        app.send(self.request(&self.filled(fill), key, body)).await
    }

    /// Whether an error is spelled as this surface spells errors.
    pub(crate) fn is_error(&self, answer: &Answer) -> bool {
        let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return false };
        let status = answer.status.as_u16();
        match self.prefix {
            "" => kind.starts_with("application/problem+json") && body["status"] == status && body["type"].is_string() && body["title"].is_string(),
            "/rechat" => kind.starts_with("application/json") && body["http"] == status && body["message"].is_string() && body["code"].is_string(),
            "/closebot" => kind.starts_with("application/problem+json") && body["status"] == status && body["title"].is_string(),
            other => panic!("no words known of {other}"),
        }
    }
}
