//! The durability proofs: no answer leaves before what it promises is on disk, and a restart from what the disk is
//! sure to hold finds every answered capture.
//!
//! Killing a process proves little, since the kernel keeps what it wrote. So the server runs under a shim that writes
//! down its system calls (`xtask/shim/order.c`), and both proofs are about that record. A proof that cannot fail is
//! none: each is shown to fail with synchronous commits switched off, and with the answer given before the commit.

use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

mod load;
mod log;
mod order;
mod restart;

use crate::out::say;
use crate::serve::{self, Fixture, How, Server};
use crate::sh;
use crate::{Ctx, Tally};
use load::Plan;
use log::Log;

/// How the server is made to misbehave, by a switch that exists only with the feature `fault-injection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    SyncOff,
    AnswerEarly,
}

impl Fault {
    fn switch(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::SyncOff => Some("sync-off"),
            Self::AnswerEarly => Some("answer-early"),
        }
    }
}

struct Bench {
    binary: PathBuf,
    shim: PathBuf,
    scratch: PathBuf,
    /// A data directory with the fixture, closed properly: where every run begins.
    base: PathBuf,
    key: String,
    fixture: Fixture,
}

/// What a run under the shim left.
struct Run {
    data: PathBuf,
    log: Log,
    ledger: Vec<load::Acknowledged>,
}

pub(crate) fn run(ctx: &Ctx) -> Result<Tally> {
    let bench = Bench::set_up()?;
    let kills = if ctx.long { 100 } else { 20 };
    let mut total = Tally::default();
    for (what, plan) in [("one connection", Plan { connections: 1, captures: 200 }), ("32 connections", Plan { connections: 32, captures: 3000 })] {
        total.add(holds(&format!("order of sync and answer, {what}"), || order_of(&bench, Fault::None, plan)));
    }
    let plan = Plan { connections: 16, captures: 600 };
    for fault in [Fault::SyncOff, Fault::AnswerEarly] {
        total.add(breaks(&format!("order of sync and answer under {fault:?}"), || order_of(&bench, fault, plan)));
    }
    for round in 1..=kills {
        total.add(holds(&format!("kill and restart from what was synced, {round} of {kills}"), || restart_of(&bench, Fault::None)));
    }
    for fault in [Fault::SyncOff, Fault::AnswerEarly] {
        total.add(breaks(&format!("restart from what was synced under {fault:?}"), || restart_of(&bench, fault)));
    }
    Ok(total)
}

/// A proof that must hold.
fn holds(what: &str, proof: impl FnOnce() -> Result<Vec<String>>) -> Tally {
    match proof() {
        Ok(complaints) => Tally::of(what, &complaints),
        Err(error) => Tally::of(what, &[format!("{error:#}")]),
    }
}

/// A proof that must fail, or it proves nothing. What keeps it from being made at all is a failure of ours.
fn breaks(what: &str, proof: impl FnOnce() -> Result<Vec<String>>) -> Tally {
    let what = format!("{what} is noticed");
    match proof() {
        Ok(complaints) => match complaints.first() {
            Some(first) => {
                say!("  noticed, as it must be: {first} ({} in all)", complaints.len());
                Tally::of(&what, &[])
            }
            None => Tally::of(&what, &["the proof held all the same".to_owned()]),
        },
        Err(error) => Tally::of(&what, &[format!("{error:#}")]),
    }
}

impl Bench {
    fn set_up() -> Result<Self> {
        let scratch = sh::scratch("durability")?;
        let shim = scratch.join("order.so");
        let flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "xtask/shim/order.c", "-ldl", "-pthread", "-o"];
        sh::run(sh::command("cc").args(flags).arg(&shim))?;
        sh::run(sh::cargo().args(["build", "--locked", "--package", "leadwire", "--features", "fault-injection"]))?;
        // Copied away, since the next build without the feature takes its place.
        let binary = scratch.join("leadwire");
        std::fs::copy(sh::root().join("target/debug/leadwire"), &binary)?;
        let key = serve::new_key(&binary)?;
        let base = scratch.join("base");
        std::fs::create_dir_all(&base)?;
        let server = Server::start(&How { binary: &binary, data: &base, key: &key, env: &[] })?;
        let fixture = serve::fixture(&mut server.client()?)?;
        server.stop()?;
        Ok(Self { binary, shim, scratch, base, key, fixture })
    }

    /// Runs the server under the shim, captures through it, and kills it when the plan says so.
    fn record(&self, name: &str, fault: Fault, plan: Plan) -> Result<Run> {
        let data = self.scratch.join(name);
        copy_files(&self.base, &data)?;
        let prefix = self.scratch.join(format!("{name}-calls"));
        let text = |it: &Path| it.to_string_lossy().into_owned();
        let mut env = vec![("LD_PRELOAD", text(&self.shim)), ("ORDER_LOG", text(&prefix)), ("ORDER_DIR", text(&data))];
        env.extend(fault.switch().map(|it| ("LEADWIRE_FAULT", it.to_owned())));
        let mut server = Server::start(&How { binary: &self.binary, data: &data, key: &self.key, env: &env })?;
        let ledger = load::run_and_kill(&mut server, &self.fixture.channel, plan).with_context(|| server.last_words())?;
        Ok(Run { log: Log::read(&prefix, &data)?, data, ledger })
    }
}

fn order_of(bench: &Bench, fault: Fault, plan: Plan) -> Result<Vec<String>> {
    let run = bench.record("order", fault, plan)?;
    let report = order::check(&run.log, &run.ledger);
    say!("  {} answers over {} syncs of the log", report.answers, report.syncs);
    Ok(report.complaints)
}

/// Restarts from what was synced at the kill, once more from what was synced when some answer left, and at last from the
/// files just as the kill left them.
fn restart_of(bench: &Bench, fault: Fault) -> Result<Vec<String>> {
    let run = bench.record("restart", fault, Plan { connections: 16, captures: 100 + chance(900) })?;
    let leaving = order::answers(&run.log, &run.ledger);
    // With the answer first, the moment that shows it is right after an answer that went ahead; any other is as good.
    let early = leaving.iter().find(|it| it.synced.is_none_or(|sync| sync > it.sent));
    let some = early.or_else(|| leaving.get(chance(leaving.len()))).context("no answer was recorded")?;
    let mut complaints = Vec::new();
    for (when, cut) in [("the kill", run.log.calls.len()), ("an answer", some.sent + 1)] {
        let sent: Vec<&str> = leaving.iter().filter(|it| it.sent < cut).map(|it| it.tag.as_str()).collect();
        let owed: Vec<&load::Acknowledged> = run.ledger.iter().filter(|it| sent.contains(&it.tag.as_str())).collect();
        say!("  as synced at {when}: {} answered captures must be there", owed.len());
        let data = bench.scratch.join("synced");
        restart::files_as_synced(&bench.base, &run.data, &run.log, cut, &data)?;
        complaints.extend(restart::lost(bench, &data, &owed).into_iter().map(|it| format!("as synced at {when}: {it}")));
    }
    let owed: Vec<&load::Acknowledged> = run.ledger.iter().collect();
    complaints.extend(restart::lost(bench, &run.data, &owed).into_iter().map(|it| format!("as left by the kill: {it}")));
    Ok(complaints)
}

/// A number below `limit`, another one each time: the moment of a kill must not be a habit.
fn chance(limit: usize) -> usize {
    let drawn = std::collections::hash_map::RandomState::new().build_hasher().finish();
    usize::try_from(drawn % limit.max(1) as u64).unwrap_or(0)
}

/// Copies the plain files of a directory; sockets and what else a server may leave stay behind.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
