//! What stands around every request of a surface: its id, the panic catcher, CORS where browsers capture, the limit
//! headers, the counters and the one log line.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use super::call::{Call, Peer, REQUEST_ID, id_given};
use super::fault::{No, answer};
use super::metrics::RequestLabels;
use crate::App;

/// What the shell must know of a surface.
#[derive(Clone, Copy, Debug)]
pub struct Shell {
    pub surface: &'static str,
    pub prefix: &'static str,
    pub render: fn(&No) -> Response,
    /// Path templates that browsers post to without a key.
    pub keyless: &'static [&'static str],
}

/// Puts the shell around a surface's routes, and its own words where no route is or none takes the method.
pub fn around(routes: Router, app: &App, shell: Shell) -> Router {
    let render = shell.render;
    let routes = routes
        .method_not_allowed_fallback(move || std::future::ready(answer(&No::Method { allow: String::new() }, render)))
        .fallback(move || std::future::ready(answer(&No::NoRoute, render)));
    layers(routes, app.clone(), shell)
}

/// The shell alone.
pub fn layers(routes: Router, app: App, shell: Shell) -> Router {
    let render = shell.render;
    routes
        .layer(CatchPanicLayer::custom(move |panic: Box<dyn Any + Send>| {
            tracing::error!(panic = said(panic.as_ref()), "a handler panicked");
            answer(&No::Panicked, render)
        }))
        .layer(middleware::from_fn(move |request: Request, next: Next| cors(shell, request, next)))
        .layer(from_fn_with_state((app, shell), record))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("something else than a text")
}

/// The template of the route a request matched, without the surface's prefix.
fn route(request: &Request, shell: &Shell) -> Arc<str> {
    let Some(matched) = request.extensions().get::<MatchedPath>() else {
        return Arc::from("unmatched");
    };
    Arc::from(matched.as_str().strip_prefix(shell.prefix).unwrap_or(matched.as_str()))
}

async fn record(State((app, shell)): State<(App, Shell)>, mut request: Request, next: Next) -> Response {
    let came = Instant::now();
    let id = id_given(request.headers()).unwrap_or_else(|| app.request_id());
    let peer: Option<IpAddr> = request.extensions().get::<Peer>().map(|it| it.0);
    let call = Call::new(id, came, peer);
    request.extensions_mut().insert(call.clone());
    let labels_route = route(&request, &shell);
    let method = name(request.method());

    // Routes take their parameters as texts; what is none names nothing.
    let mut response = if is_text(request.uri().path()) { call.clone().around(next.run(request)).await } else { answer(&No::NoRoute, shell.render) };

    if let Ok(value) = HeaderValue::from_str(call.id()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(standing) = call.standing() {
        standing.dress(response.headers_mut());
    }
    let took = came.elapsed();
    let labels = RequestLabels { surface: shell.surface, route: labels_route, method, status: response.status().as_u16() };
    app.metrics.observe(&labels, took);
    tracing::info!(
        target: "leadwire::request",
        surface = shell.surface,
        method,
        route = %labels.route,
        status = labels.status,
        ms = took.as_secs_f64() * 1000.0,
        request.id = call.id(),
        "request"
    );
    response
}

/// Whether a path is UTF-8 once its escapes are read.
fn is_text(path: &str) -> bool {
    if !path.contains('%') {
        return true;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.first_chunk::<2>().filter(|_| *first == b'%').and_then(|it| std::str::from_utf8(it).ok());
        let read = escaped.and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(read.unwrap_or(*first));
        rest = read.and_then(|_| tail.get(2..)).unwrap_or(tail);
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// A bounded name for a label: methods of nobody's standard are one.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Any origin may post to a keyless path, never with credentials; whether a source takes it is the use-case's affair.
async fn cors(shell: Shell, request: Request, next: Next) -> Response {
    let matched = route(&request, &shell);
    if !shell.keyless.contains(&&*matched) {
        return next.run(request).await;
    }
    let mut response = if request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        preflight(response.headers_mut());
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, x-request-id"));
    response
}

fn preflight(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, idempotency-key, x-request-id, traceparent"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_a_panic_says_is_found_in_either_kind_of_text() {
        assert_eq!(said(&"a"), "a");
        assert_eq!(said(&"b".to_owned()), "b");
        assert_eq!(said(&Mutex::new(1)), "something else than a text");
    }
}
