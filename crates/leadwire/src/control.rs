//! The way to a running server for whoever owns its data directory: a unix socket there, readable by the owner alone.
//!
//! One line of JSON asks, one answers. Only keys are dealt with here; everything else has its API.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use leadwire_core::port::Store;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::keys::{self, Reply, Request};
use crate::os::Chance;

const NAME: &str = "control.sock";

/// Longest line either side reads.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest path a socket may have: `sun_path` with its end.
const PATH_BYTES_MAX: usize = 107;

/// The socket, bound; gone with its file when dropped.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Binds the socket. Whoever holds the lock of the directory may replace one left behind by a server that died.
    pub fn bind(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(NAME);
        // Bound where nobody else may look, and moved once its mode is right: at no time can others open it.
        let hidden = dir.join(".control");
        drop(fs::remove_dir_all(&hidden));
        DirBuilder::new().mode(0o700).create(&hidden).with_context(|| format!("cannot make {}", hidden.display()))?;
        let raw = hidden.join(NAME);
        if raw.as_os_str().len() > PATH_BYTES_MAX {
            bail!("the path of the data directory is too long for a socket in it: {}", dir.display());
        }
        let listener = UnixListener::bind(&raw).with_context(|| format!("cannot bind {}", raw.display()))?;
        fs::set_permissions(&raw, Permissions::from_mode(0o600))?;
        fs::rename(&raw, &path)?;
        fs::remove_dir(&hidden)?;
        Ok(Self { listener, path })
    }

    /// Answers until it is dropped.
    pub async fn serve(self, store: Arc<dyn Store>, chance: Arc<dyn Chance>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (store, chance) = (Arc::clone(&store), Arc::clone(&chance));
                    tokio::spawn(async move {
                        let answered = tokio::time::timeout(PATIENCE, answer(stream, store.as_ref(), chance.as_ref())).await;
                        if !matches!(answered, Ok(Ok(()))) {
                            tracing::debug!("a caller of the control socket left early");
                        }
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "the control socket is lost");
                    return;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

async fn answer(mut stream: UnixStream, store: &dyn Store, chance: &dyn Chance) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = Vec::new();
    tokio::io::BufReader::new(read.take(LINE_BYTES_MAX)).read_until(b'\n', &mut line).await?;
    let reply = match serde_json::from_slice::<Request>(&line) {
        Ok(request) => keys::perform(store, chance, &request).await,
        Err(error) => Reply::Refused(format!("not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// Asks the server that runs on this directory; none when none runs.
pub fn ask(dir: &Path, request: &Request) -> anyhow::Result<Option<Reply>> {
    let path = dir.join(NAME);
    let mut stream = match StdStream::connect(&path) {
        Ok(it) => it,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot reach the server at {}", path.display())),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut reply = Vec::new();
    BufReader::new(stream.take(LINE_BYTES_MAX)).read_until(b'\n', &mut reply)?;
    serde_json::from_slice(&reply).context("the server's answer is not understood").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_runs_where_there_is_no_socket_or_a_dead_one() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ask(dir.path(), &Request::List).unwrap(), None);
        drop(std::os::unix::net::UnixListener::bind(dir.path().join(NAME)).unwrap());
        assert_eq!(ask(dir.path(), &Request::List).unwrap(), None);
    }

    #[tokio::test]
    async fn the_socket_is_the_owners_alone_and_a_dead_one_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        drop(std::os::unix::net::UnixListener::bind(dir.path().join(NAME)).unwrap());
        let control = Control::bind(dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        drop(control);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
