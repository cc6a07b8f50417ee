//! A router behind the real accept loop, on a port of its own and threads of its own.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accept::{self, Limits};
use crate::patience::Patience;

const LIMITS: Limits = Limits { connections: 10_000, patience: Patience { head: Duration::from_secs(10), idle: Duration::from_secs(75) } };

/// A server that runs until it is stopped.
pub(super) struct Serving {
    runtime: Runtime,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    served: JoinHandle<bool>,
}

impl Serving {
    pub(super) fn start(app: Router) -> anyhow::Result<Self> {
        Self::start_on(crate::serve::runtime()?, app)
    }

    /// On threads that exist already: those the store's futures were made on.
    pub(super) fn start_on(runtime: Runtime, app: Router) -> anyhow::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let served = runtime.spawn(accept::serve(listener, app, LIMITS, stopped));
        Ok(Self { runtime, address, stop, served })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets begun requests finish, and gives the threads back.
    pub(super) fn stop(self) -> Runtime {
        self.stop.send_replace(true);
        drop(self.runtime.block_on(self.served));
        self.runtime
    }
}
