//! `leadwire serve`: opens the data, answers until it is told to stop, and leaves everything written.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use leadwire_core::command::config::{FoundAgency, NewKey};
use leadwire_core::id::AgencyId;
use leadwire_core::port::Store;
use leadwire_core::secret;
use leadwire_core::who::Who;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use uuid::Uuid;

use crate::accept::{self, Limits};
use crate::config::{Secret, Settings};
use crate::control::Control;
use crate::fault::explain;
use crate::node::{Node, Tuning};
use crate::os::{Chance, OsChance, SystemClock};
use crate::patience::Patience;

/// The agency the first key belongs to: fixed, so that a client set up beforehand knows it.
const FIRST_AGENCY: Uuid = Uuid::from_u128(0x1ead_317e_0000_8000_8000_0000_0000_0001);

/// Threads that serve: at least two, so that one that is held up does not stop everything.
const WORKERS_MIN: usize = 2;

/// The threads everything runs on.
pub fn runtime() -> anyhow::Result<Runtime> {
    let workers = std::thread::available_parallelism().map_or(WORKERS_MIN, |it| it.get().max(WORKERS_MIN));
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?)
}

/// Runs the server until a signal stops it.
pub fn run(settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
    crate::log::begin(settings.log_format, &settings.log)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let chance: Arc<dyn Chance> = Arc::new(OsChance);
        let node = Node::open(&settings.data_dir, Tuning::of(settings), Arc::new(SystemClock), Arc::clone(&chance))?;
        let begun = begin(settings, &node, chance.as_ref(), out).await;
        let Begun { control, listener, stop } = match begun {
            Ok(it) => it,
            Err(error) => {
                node.close().await;
                return Err(error);
            }
        };
        let limits =
            Limits { connections: settings.max_connections, patience: Patience { head: settings.header_timeout.0, idle: settings.idle_timeout.0 } };
        attend(control, node, listener, limits, stop).await
    })
}

struct Begun {
    control: Option<Control>,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
}

/// All that can go wrong before the first request.
async fn begin(settings: &Settings, node: &Node, chance: &dyn Chance, out: &mut dyn Write) -> anyhow::Result<Begun> {
    first_key(node.store.as_ref(), chance, settings.admin_key.as_ref(), out).await?;
    let stop = on_signal(node)?;
    let listener = listen(settings.listen).await?;
    let control = control(&settings.data_dir);
    writeln!(out, "leadwire listens on http://{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(Begun { control, listener, stop })
}

pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// The socket in `dir` for its owner's own requests. Bound before anybody is told that the server listens.
pub fn control(dir: &Path) -> Option<Control> {
    Control::bind(dir).inspect_err(|error| tracing::warn!("keys cannot be made from the command line while the server runs: {error:#}")).ok()
}

/// Answers requests, and the owner's own through its socket, until told to stop; then closes the node.
pub async fn attend(control: Option<Control>, node: Node, listener: TcpListener, limits: Limits, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let control = control.map(|it| tokio::spawn(it.serve(Arc::clone(&node.store), Arc::new(OsChance))));
    tracing::info!(address = %listener.local_addr()?, "listening");
    let all = accept::serve(listener, leadwire_http::app(node.app.clone()), limits, stop).await;
    if let Some(control) = control {
        control.abort();
        // Its file is gone once it has ended.
        drop(control.await);
    }
    node.close().await;
    tracing::info!("stopped");
    ensure!(all, "some requests had not finished when time was up");
    Ok(())
}

/// Says true once SIGTERM or SIGINT came. Readiness ends at once.
pub fn on_signal(node: &Node) -> anyhow::Result<watch::Receiver<bool>> {
    let (tell, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let app = node.app.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        app.stop();
        tell.send_replace(true);
    });
    Ok(stop)
}

/// Gives an empty database its first agency and key: the one set, or one made and printed now.
pub async fn first_key(store: &dyn Store, chance: &dyn Chance, given: Option<&Secret>, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(given) = given
        && !secret::is_well_formed(given.reveal())
    {
        bail!("the admin key is not spelled like a key; `leadwire keys generate` makes one");
    }
    if !store.directory().is_empty() {
        if let Some(given) = given
            && store.directory().key(&secret::hash(given.reveal())).is_none()
        {
            tracing::warn!("the admin key given is no key of this database; it acts once, on an empty one");
        }
        return Ok(());
    }
    let made = given.is_none();
    let key = given.map_or_else(|| secret::format(chance.bytes()), |it| it.reveal().to_owned());
    let agency = AgencyId(FIRST_AGENCY);
    let found = FoundAgency {
        name: "Leadwire".to_owned(),
        brand_type: None,
        timezone: None,
        default_country: None,
        profile: None,
        admin_key: NewKey { name: "admin".to_owned(), hash: secret::hash(&key), hint: secret::hint(&key) },
        operator: true,
    };
    store.write(Who::System { agency }, found).await.map_err(explain)?;
    if made {
        writeln!(out, "The database was empty. Its admin key, shown this once:\n{key}")?;
    }
    Ok(())
}

/// Opens a directory no server runs on, and closes it after `what`.
pub fn offline<T>(dir: &Path, what: impl AsyncFnOnce(&dyn Store, &dyn Chance) -> T) -> anyhow::Result<T> {
    ensure!(dir.is_dir(), "there is no data at {}", dir.display());
    runtime()?.block_on(async {
        let node = Node::open(dir, Tuning::default(), Arc::new(SystemClock), Arc::new(OsChance))?;
        let done = what(node.store.as_ref(), &OsChance).await;
        node.close().await;
        Ok(done)
    })
}
