//! Every dialect at the root as well: one table of (surface, method, path), so that a client's base URL needs no prefix.
//!
//! Where two surfaces share a path they are told apart by method; a true clash leaves that operation to the prefixes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use axum::{Extension, Router};
use http::Method;
use tower::ServiceExt;

use crate::kit::fault::{No, answer};

/// An operation that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operation {
    /// Upper case.
    pub(crate) method: String,
    /// A template, as in `/brands/{brand}/leads`.
    pub(crate) path: String,
}

/// Two surfaces that want the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) surfaces: Vec<&'static str>,
}

/// Who is asked for what at the root.
#[derive(Debug, Default)]
pub(crate) struct Table {
    paths: Vec<Path>,
    pub(crate) clashes: Vec<Clash>,
}

/// A path's shape, and who answers it by method.
#[derive(Debug)]
struct Path {
    segments: Segments,
    by_method: BTreeMap<String, usize>,
}

/// What the table says of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The surface at this place in the list answers.
    Surface(usize),
    /// The path is known, by these methods only; the surface that knows it, when it is one alone.
    Methods {
        allow: String,
        surface: Option<usize>,
    },
    Nothing,
}

/// The segments of a template: `None` is a parameter.
type Segments = Vec<Option<String>>;

fn shape(path: &str) -> Segments {
    path.split('/').skip(1).map(|it| (!it.starts_with('{')).then(|| it.to_owned())).collect()
}

/// A surface that wants an operation: its place in the list, its name, its template.
type Asker<'s> = (usize, &'static str, &'s str);

impl Table {
    /// Builds the table from each surface's name and operations, and finds the clashes.
    pub(crate) fn new<'s>(surfaces: impl IntoIterator<Item = (&'static str, &'s [Operation])>) -> Self {
        let mut wanted: BTreeMap<(Segments, String), Vec<Asker<'_>>> = BTreeMap::new();
        for (at, (name, operations)) in surfaces.into_iter().enumerate() {
            for it in operations {
                wanted.entry((shape(&it.path), it.method.clone())).or_default().push((at, name, &it.path));
            }
        }
        let mut paths: BTreeMap<Segments, BTreeMap<String, usize>> = BTreeMap::new();
        let mut clashes = Vec::new();
        for ((shape, method), by) in wanted {
            match by.as_slice() {
                [(at, ..)] => {
                    paths.entry(shape).or_default().insert(method, *at);
                }
                several => clashes.push(Clash {
                    method,
                    path: several.first().map(|it| it.2.to_owned()).unwrap_or_default(),
                    surfaces: several.iter().map(|it| it.1).collect(),
                }),
            }
        }
        let mut paths: Vec<Path> = paths.into_iter().map(|(segments, by_method)| Path { segments, by_method }).collect();
        // A literal beats a parameter, as in the surfaces' own routers.
        paths.sort_by_key(|it| it.segments.iter().map(Option::is_none).collect::<Vec<bool>>());
        Self { paths, clashes }
    }

    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        let asked: Vec<&str> = path.split('/').skip(1).collect();
        let matching = self.paths.iter().find(|it| {
            it.segments.len() == asked.len()
                && it.segments.iter().zip(&asked).all(|(segment, asked)| segment.as_ref().map_or(!asked.is_empty(), |it| it == asked))
        });
        let Some(matching) = matching else {
            return Found::Nothing;
        };
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        if let Some(at) = matching.by_method.get(method) {
            return Found::Surface(*at);
        }
        let mut surfaces: Vec<usize> = matching.by_method.values().copied().collect();
        surfaces.dedup();
        let mut allow: Vec<&str> = matching.by_method.keys().map(String::as_str).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        let surface = match surfaces.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        Found::Methods { allow: allow.join(","), surface }
    }
}

/// Answers at the root by handing each request to the surface that knows it, or to `unknown`.
pub(crate) fn dispatcher(table: Table, surfaces: Vec<Router>, unknown: Router) -> Router {
    let shared = Arc::new((table, surfaces, unknown));
    Router::new().fallback(move |mut request: Request| {
        let shared = Arc::clone(&shared);
        async move {
            let (table, surfaces, unknown) = shared.as_ref();
            let surface = match table.find(request.method(), request.uri().path()) {
                Found::Surface(at) | Found::Methods { surface: Some(at), .. } => surfaces.get(at),
                Found::Methods { allow, surface: None } => {
                    request.extensions_mut().insert(Allow(allow));
                    None
                }
                Found::Nothing => None,
            };
            surface.unwrap_or(unknown).clone().oneshot(request).await.unwrap_or_else(|never| match never {})
        }
    })
}

/// The methods of a path that several surfaces share, on a request of none of them.
#[derive(Clone, Debug)]
struct Allow(String);

/// Says no to what no surface knows.
pub(crate) fn unknown(render: fn(&No) -> Response) -> Router {
    Router::new().fallback(move |allow: Option<Extension<Allow>>| {
        let no = allow.map_or(No::NoRoute, |it| No::Method { allow: it.0.0 });
        std::future::ready(answer(&no, render))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(list: &[(&str, &str)]) -> Vec<Operation> {
        list.iter().map(|(method, path)| Operation { method: (*method).to_owned(), path: (*path).to_owned() }).collect()
    }

    #[test]
    fn a_shared_path_is_told_apart_by_method_and_a_clash_is_left_out() {
        let a = operations(&[("POST", "/leads"), ("GET", "/things/{thing}"), ("GET", "/both")]);
        let b = operations(&[("GET", "/leads"), ("GET", "/things/special"), ("GET", "/both")]);
        let table = Table::new([("a", a.as_slice()), ("b", b.as_slice())]);
        assert_eq!(table.find(&Method::POST, "/leads"), Found::Surface(0));
        assert_eq!(table.find(&Method::HEAD, "/leads"), Found::Surface(1));
        assert_eq!(table.find(&Method::PUT, "/leads"), Found::Methods { allow: "GET,POST,HEAD".to_owned(), surface: None });
        assert_eq!(table.find(&Method::GET, "/things/special"), Found::Surface(1));
        assert_eq!(table.find(&Method::GET, "/things/other"), Found::Surface(0));
        assert_eq!(table.find(&Method::PUT, "/things/other"), Found::Methods { allow: "GET,HEAD".to_owned(), surface: Some(0) });
        assert_eq!(table.find(&Method::GET, "/things/"), Found::Nothing);
        assert_eq!(table.find(&Method::GET, "/both"), Found::Nothing);
        assert_eq!(table.clashes, [Clash { method: "GET".to_owned(), path: "/both".to_owned(), surfaces: vec!["a", "b"] }]);
    }
}
