//! Runs the server as a program of its own, as users do, and makes sure that it never outlives the check.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::http::Client;
use crate::sh;

/// How long a server may take until it is ready, on a machine that is busy with other things.
const START_MAX: Duration = Duration::from_mins(1);

/// How long between two looks at another process.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    log: PathBuf,
}

/// How the server is to be run.
pub(crate) struct How<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) key: &'a str,
    /// Added to the environment.
    pub(crate) env: &'a [(&'a str, String)],
}

/// Builds the server and gives its path.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    let mut it = sh::cargo();
    it.args(["build", "--locked", "--package", "leadwire"]);
    if release {
        it.arg("--release");
    }
    sh::run(&mut it)?;
    Ok(sh::root().join("target").join(if release { "release" } else { "debug" }).join("leadwire"))
}

/// A new key in the server's format.
pub(crate) fn new_key(binary: &Path) -> Result<String> {
    let said = sh::output(sh::command(binary).args(["keys", "generate"]))?;
    let key = said.split_whitespace().max_by_key(|it| it.len());
    key.map(str::to_owned).context("`leadwire keys generate` printed nothing")
}

/// A port nobody uses at this moment.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Asks again and again until there is an answer, or the time is over.
pub(crate) fn until<T>(most: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let start = Instant::now();
    loop {
        if let Some(it) = ask()? {
            return Ok(Some(it));
        }
        if start.elapsed() > most {
            return Ok(None);
        }
        #[expect(clippy::disallowed_methods, reason = "another process tells nobody when it is ready; one can only look again")]
        std::thread::sleep(LOOK);
    }
}

impl Server {
    pub(crate) fn start(how: &How<'_>) -> Result<Self> {
        let address = free_address()?;
        let log = how.data.with_extension("log");
        let file = std::fs::File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let mut command = Command::new(how.binary);
        command.args(["serve", "--listen", &address.to_string(), "--rate-limit", "off", "--data-dir"]).arg(how.data);
        command.env("LEADWIRE_ADMIN_KEY", how.key).envs(how.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("cannot run {}", how.binary.display()))?;
        let mut server = Self { child, address, key: how.key.to_owned(), log };
        let ready = until(START_MAX, || {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended at once ({status}): {}", server.last_words());
            }
            Ok(server.client().and_then(|mut it| it.get("/readyz")).is_ok_and(|it| it.status == 200).then_some(()))
        })?;
        match ready {
            Some(()) => Ok(server),
            None => bail!("the server was not ready after {START_MAX:?}: {}", server.last_words()),
        }
    }

    pub(crate) fn client(&self) -> Result<Client> {
        Client::open(self.address, &self.key)
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of what the server logged.
    pub(crate) fn last_words(&self) -> String {
        let text = self.log();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(20)).copied().collect::<Vec<_>>().join("\n")
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Ends it as a machine that fails does: no handler runs.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends it as an operator does, and waits for it.
    pub(crate) fn stop(mut self) -> Result<()> {
        if !sh::works("kill", &["-TERM", &self.child.id().to_string()]) {
            bail!("the server cannot be told to stop: {}", self.last_words());
        }
        match until(START_MAX, || Ok(self.child.try_wait()?))? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("the server stopped with {status}: {}", self.last_words()),
            None => bail!("the server did not stop: {}", self.last_words()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the checks need to exist: the ids, as the native API spells them.
pub(crate) struct Fixture {
    pub(crate) brand: String,
    pub(crate) channel: String,
}

/// A brand's channel to capture through, made by the native API.
pub(crate) fn fixture(client: &mut Client) -> Result<Fixture> {
    let brands = client.get("/v1/brands")?.good()?.json()?;
    let brand = first_id(&brands).with_context(|| format!("no brand in {brands}"))?;
    let source = client.post("/v1/sources", &json!({"brand": brand, "name": "Checks", "category": "WebHook"}))?.good()?.json()?;
    let channel = first_id(&source).with_context(|| format!("no id in {source}"))?;
    Ok(Fixture { brand, channel })
}

/// The first id in an answer, be it one object or a page of them.
pub(crate) fn first_id(it: &Value) -> Option<String> {
    match it {
        Value::Array(all) => all.iter().find_map(first_id),
        Value::Object(fields) => match fields.get("id").and_then(Value::as_str) {
            Some(id) => Some(id.to_owned()),
            None => fields.values().find_map(first_id),
        },
        _ => None,
    }
}
