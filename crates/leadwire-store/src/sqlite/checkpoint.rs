//! Checkpoints: copying what stands in the WAL into the database, so that the WAL stays small and no commit waits
//! long.
//!
//! SQLite's own checkpoint runs inside a commit, which then takes tens of milliseconds. One on a second connection
//! does not disturb the writer, but under load it never catches up with it, and only a caught-up WAL starts over.
//! So: a thread copies and syncs in the background, round after round, until little is left; then the writer itself,
//! between two groups, copies the rest and starts the WAL over, which is short because nearly all is done.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::session::trouble;
use super::{PAGE_BYTES, open_reader, path};
use crate::driver::Trouble;

/// The WAL starts over when it is larger than this.
pub(super) const WAL_BYTES_MAX: i64 = 64 << 20;
/// So much is worth a round in the background: a page that every commit writes is copied once per round.
const ROUND_BYTES: i64 = 24 << 20;
/// So little is left to the writer.
const REST_BYTES: i64 = 2 << 20;
/// Rounds after which the writer takes over whatever is left.
const ROUNDS_MAX: usize = 6;

/// A frame is a page and a header of 24 bytes.
const FRAME_BYTES: i64 = PAGE_BYTES as i64 + 24;

/// The thread that copies in the background.
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Little is left: the writer may start the WAL over.
    ready: AtomicBool,
}

#[derive(Default)]
struct State {
    asked: bool,
    /// Rounds are under way.
    busy: bool,
    closed: bool,
    failed: Option<Trouble>,
}

/// Frames in the WAL, and how many of them are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) frames: i64,
    copied: i64,
}

impl Progress {
    pub(super) fn bytes(self) -> i64 {
        self.frames * FRAME_BYTES
    }

    fn rest(self) -> i64 {
        (self.frames - self.copied) * FRAME_BYTES
    }
}

impl Checkpointer {
    pub(super) fn start(dir: &Path) -> Result<Self, std::io::Error> {
        // Held until every connection is closed: closing any descriptor of a file drops SQLite's locks on it.
        let file = File::options().read(true).write(true).open(path(dir))?;
        let conn = open_reader(dir, 256).map_err(std::io::Error::other)?;
        conn.pragma_update(None, "query_only", false).map_err(std::io::Error::other)?;
        let shared = Arc::new(Shared::default());
        let mine = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || run(&mine, &conn, &file))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Between two groups, on the writer's thread. Gives the size of the WAL in bytes.
    pub(super) fn tend(&self, writer: &Connection) -> Result<u64, Trouble> {
        // A disk that failed in the background has failed.
        if let Some(trouble) = self.shared.state.lock().failed.take() {
            return Err(trouble);
        }
        let now = progress(writer, CheckpointMode::NOOP)?;
        if now.bytes() > WAL_BYTES_MAX && self.shared.ready.load(Ordering::Acquire) {
            self.shared.ready.store(false, Ordering::Release);
            // Readers that are at it make it wait; then it is the next group's turn.
            match progress(writer, CheckpointMode::RESTART) {
                Ok(_) | Err(Trouble::Unavailable(_)) => {}
                Err(other) => return Err(other),
            }
        }
        if now.rest() > ROUND_BYTES {
            let mut state = self.shared.state.lock();
            if !state.asked {
                state.asked = true;
                self.shared.wake.notify_all();
            }
        }
        Ok(u64::try_from(now.bytes()).unwrap_or_default())
    }

    /// Waits until no round is under way: two checkpoints at a time are one too many for SQLite, whatever its patience.
    pub(super) fn rest(&self) {
        let mut state = self.shared.state.lock();
        while (state.asked || state.busy) && !state.closed {
            self.shared.wake.wait(&mut state);
        }
    }

    pub(super) fn close(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(shared: &Shared, conn: &Connection, file: &File) {
    loop {
        {
            let mut state = shared.state.lock();
            state.busy = false;
            shared.wake.notify_all();
            while !state.asked && !state.closed {
                shared.wake.wait(&mut state);
            }
            if state.closed {
                return;
            }
            state.asked = false;
            state.busy = true;
        }
        let mut failed = None;
        for _ in 0..ROUNDS_MAX {
            match round(conn, file) {
                Ok(rest) if rest <= REST_BYTES => break,
                Ok(_) => {}
                Err(trouble) => {
                    failed = Some(trouble);
                    break;
                }
            }
        }
        match failed {
            None => shared.ready.store(true, Ordering::Release),
            failed => shared.state.lock().failed = failed,
        }
    }
}

/// Copies what can be copied and syncs it, so that the writer's own sync finds nothing left. Gives what is left.
fn round(conn: &Connection, file: &File) -> Result<i64, Trouble> {
    let rest = match progress(conn, CheckpointMode::PASSIVE) {
        Ok(it) => it.rest(),
        // The writer is at it.
        Err(Trouble::Unavailable(_)) => return Ok(0),
        Err(other) => return Err(other),
    };
    file.sync_data().map_err(|error| Trouble::Fatal(error.to_string()))?;
    Ok(rest)
}

/// Runs a checkpoint and says how far the WAL is copied.
pub(super) fn progress(conn: &Connection, mode: CheckpointMode) -> Result<Progress, Trouble> {
    let (frames, copied) = conn.wal_checkpoint_v2(None::<&str>, mode).map_err(|error| trouble(&error))?;
    Ok(Progress { frames: i64::from(frames.max(0)), copied: i64::from(copied.max(0)) })
}
