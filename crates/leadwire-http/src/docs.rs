//! The documents and their page: one OpenAPI document per surface, a page that shows them all without the network, and a
//! page that explains every problem type.

use std::fmt::Write;

use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::CONTENT_TYPE;
use utoipa::openapi::{OpenApi, Server};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use crate::kit::document;
use crate::root::Operation;

/// A surface's document and where it is found.
pub(crate) struct Document {
    pub(crate) title: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) openapi: OpenApi,
}

impl Document {
    pub(crate) fn new(title: &'static str, prefix: &'static str, mut openapi: OpenApi) -> Self {
        if !prefix.is_empty() {
            openapi.servers = Some(vec![Server::new(prefix), Server::new("/")]);
        }
        Self { title, prefix, openapi }
    }

    /// All operations it documents, and the preflight of those browsers ask for.
    pub(crate) fn operations(&self, keyless: &[&str]) -> Vec<Operation> {
        let mut all = Vec::new();
        for (path, item) in &self.openapi.paths.paths {
            for (method, _) in document::operations(item) {
                all.push(Operation { method: method.to_owned(), path: path.clone() });
            }
            if keyless.contains(&path.as_str()) {
                all.push(Operation { method: "OPTIONS".to_owned(), path: path.clone() });
            }
        }
        all
    }
}

/// Routes to the documents and their pages.
pub(crate) fn routes(documents: Vec<Document>) -> Router {
    let mut routes = Router::new();
    let mut urls: Vec<Url<'static>> = Vec::new();
    for it in documents {
        let path = format!("{}/openapi.json", it.prefix);
        // The page wants texts that live as long as the process, and so do these, a handful made once.
        urls.push(Url::new(it.title, path.clone().leak()));
        let document = it.openapi;
        routes = routes.route(&path, get(move || std::future::ready(Json(document).into_response())));
    }
    let page = SwaggerUi::new("/docs").config(Config::new(urls).validator_url("none").doc_expansion("none"));
    routes.merge(page).route("/docs/problems", get(|| std::future::ready(problems())))
}

fn problems() -> Response {
    let mut page = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Problems</title><h1>Problems</h1>");
    for it in crate::api::problem::KINDS {
        // Writing to a text never fails.
        let _ = write!(page, "<h2 id=\"{}\">{} ({})</h2><p>{}</p>", it.slug, it.title, it.status, it.meaning);
    }
    page.push_str("</html>");
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], Html(page)).into_response()
}
