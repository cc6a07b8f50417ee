//! HTTP: the dialects, the native API, and what they share. The only place that knows a status code.
//!
//! Translates and nothing more: a surface maps a request to a use-case of the core and its outcome to an answer. It
//! holds no SQL, no rule about leads and no clock of its own but for measuring itself.

pub mod api;
pub mod dialects;
pub mod kit;
pub mod profile;
pub mod surface;

mod docs;
mod root;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use leadwire_core::id::{KeyId, SourceId};
use leadwire_core::port::Store;
use leadwire_core::search::Index;

use kit::shell::{self, Shell};
use root::Table;

pub use kit::limit::Policy;
pub use kit::metrics::{Stat, Stats};
pub use kit::{Envelope, Error, No, Peer};
pub use surface::Surface;

/// What the surfaces stand on. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of an [`App`].
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub index: Arc<dyn Index>,
    pub limits: Limits,
    /// 32 bytes nobody can guess, for the keys made here.
    pub secret: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
    /// Further figures for `/metrics`.
    pub stats: Stats,
}

/// Bounds that are configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests per key; none: unlimited.
    pub rate: Option<Policy>,
    /// Bytes of a body.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rate: Some(Policy { requests: 1000, window_secs: 10 }), body_bytes: leadwire_core::limits::RAW_BYTES_MAX }
    }
}

/// What [`App`] gives.
pub struct Inner {
    pub store: Arc<dyn Store>,
    pub index: Arc<dyn Index>,
    pub limits: Limits,
    pub secret: Arc<dyn Fn() -> [u8; 32] + Send + Sync>,
    pub metrics: kit::metrics::Metrics,
    pub(crate) buckets: Buckets,
    stopping: AtomicBool,
    began: Instant,
    request_prefix: u64,
    requests: AtomicU64,
}

#[derive(Default)]
pub(crate) struct Buckets {
    pub(crate) keys: kit::limit::Buckets<KeyId>,
    pub(crate) addresses: kit::limit::Buckets<(SourceId, std::net::IpAddr)>,
    pub(crate) sources: kit::limit::Buckets<SourceId>,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        let Parts { store, index, limits, secret, stats } = parts;
        let request_prefix = u64::from_be_bytes(*secret().first_chunk::<8>().unwrap_or(&[0; 8]));
        Self(Arc::new(Inner {
            store,
            index,
            limits,
            secret,
            metrics: kit::metrics::Metrics::new(stats),
            buckets: Buckets::default(),
            stopping: AtomicBool::new(false),
            began: Instant::now(),
            request_prefix,
            requests: AtomicU64::new(0),
        }))
    }

    /// From now on `/readyz` says that the server is stopping.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// Microseconds since the start: for limits, never for anything that is stored.
    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A request id nobody gave: unique, and nothing else.
    pub(crate) fn request_id(&self) -> String {
        format!("{:016x}{:016x}", self.0.request_prefix, self.0.requests.fetch_add(1, Ordering::Relaxed))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// Everything that is served: the native API, each dialect under its prefix, and all of them at the root.
pub fn app(state: App) -> Router {
    let mut documents = Vec::new();
    let mut operations = Vec::new();
    let mut mounted = Vec::new();
    for surface in surface::all() {
        let Surface { name, title, prefix, router, render, not_served: _, keyless } = surface;
        let (routes, document) = router.split_for_parts();
        let document = docs::Document::new(title, prefix, document);
        operations.push((name, document.operations(keyless)));
        documents.push(document);
        let shell = Shell { surface: name, prefix, render, keyless };
        mounted.push((prefix, shell::around(routes.with_state(state.clone()), &state, shell)));
    }
    let table = Table::new(operations.iter().map(|(name, list)| (*name, list.as_slice())));
    for clash in &table.clashes {
        tracing::warn!(method = clash.method, path = clash.path, "served under the prefixes only: {}", clash.surfaces.join(", "));
    }
    let pages = Shell { surface: "docs", prefix: "", render: api::problem::Words::render, keyless: &[] };
    let mut router = shell::around(docs::routes(documents), &state, pages);
    for (prefix, routes) in mounted.iter().filter(|it| !it.0.is_empty()) {
        router = router.nest_service(prefix, routes.clone());
    }
    let surfaces = mounted.into_iter().map(|it| it.1).collect();
    let unknown = shell::layers(root::unknown(pages.render), state, pages);
    router.fallback_service(root::dispatcher(table, surfaces, unknown))
}
