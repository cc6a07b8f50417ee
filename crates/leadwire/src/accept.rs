//! The accept loop: bounded connections, bounded patience, and an end that lets every begun request finish.
//!
//! It serves whatever router it is given: the application, and the echo the bench measures against.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use leadwire_http::Peer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service;

use crate::patience::{Patience, Patient, Progress};

/// How long a stop waits for requests that have begun.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// How long accepting rests after an error of the system, such as too many open files: it does not go away at once.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Requests one HTTP/2 connection may have open.
const STREAMS_MAX: u32 = 128;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: u16,
    pub patience: Patience,
}

/// Serves until `stop` says true (or is dropped), then lets begun requests finish. Gives whether all did.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, mut stop: watch::Receiver<bool>) -> bool {
    let places = Arc::new(Semaphore::new(usize::from(limits.connections)));
    while let Some((stream, peer, place)) = next(&listener, &places, &mut stop).await {
        let router = router.clone();
        let stop = stop.clone();
        tokio::spawn(async move {
            connection(stream, peer, router, limits.patience, stop).await;
            drop(place);
        });
    }
    drop(listener);
    let all = places.acquire_many(u32::from(limits.connections));
    tokio::time::timeout(DRAIN_MAX, all).await.is_ok()
}

/// The next connection, once there is a place for it; none when it is time to stop.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &mut watch::Receiver<bool>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(stop) => return None,
            accepted = accept(listener, places) => accepted?,
        };
        match accepted {
            Ok(it) => return Some(it),
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                rest(ACCEPT_REST).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<std::io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)>> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    Some(listener.accept().await.map(|(stream, peer)| (stream, peer, place)))
}

#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but time: the system does not say when it has room again")]
async fn rest(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A dropped sender is as good as a stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|it| *it).await);
}

/// Whether it was only the one connection that failed.
fn is_of_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, patience: Patience, mut stop: watch::Receiver<bool>) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    drop(stream.set_nodelay(true));
    let progress = Arc::new(Progress::default());
    let stream = TokioIo::new(Patient::new(stream, patience, Arc::clone(&progress)));
    let service = service_fn(move |request: Request<Incoming>| {
        progress.begin();
        let progress = Arc::clone(&progress);
        let mut router = router.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer.ip()));
        async move {
            let answer = router.call(request).await;
            progress.end();
            answer
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.idle).keep_alive(true);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(patience.idle / 2).max_concurrent_streams(STREAMS_MAX);
    let connection = builder.serve_connection(stream, service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => Some(served),
        () = stopped(&mut stop) => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(error = %error, "a connection ended early");
    }
}
