//! Where things lie and how commands are run: output goes through untouched, standard input is always empty.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::out::say;

/// The repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Scratch space of one stage, emptied.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let path = root().join("target/xtask").join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
    }
    std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(path)
}

/// A command to be run at the root, without input.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut it = Command::new(program);
    it.current_dir(root()).stdin(Stdio::null());
    it
}

pub(crate) fn cargo() -> Command {
    command(option_env!("CARGO").unwrap_or("cargo"))
}

fn shown(it: &Command) -> String {
    let program = Path::new(it.get_program()).file_name().unwrap_or(it.get_program());
    let words: Vec<_> = std::iter::once(program).chain(it.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// Says what is run, runs it, and gives whether it succeeded.
pub(crate) fn succeeds(it: &mut Command) -> Result<bool> {
    let text = shown(it);
    say!("  $ {text}");
    Ok(it.status().with_context(|| format!("cannot run {text}"))?.success())
}

/// As [`succeeds`], but not succeeding is an error.
pub(crate) fn run(it: &mut Command) -> Result<()> {
    if succeeds(it)? { Ok(()) } else { bail!("{} failed", shown(it)) }
}

/// Runs a command and lets each line of its output through, showing it to `hear` too.
pub(crate) fn listen(it: &mut Command, mut hear: impl FnMut(&str)) -> Result<bool> {
    let text = shown(it);
    say!("  $ {text}");
    let mut child = it.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {text}"))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line?;
            say!("{line}");
            hear(&line);
        }
    }
    Ok(child.wait()?.success())
}

/// Runs a command quietly and gives its output; its complaints are part of the error.
pub(crate) fn output(it: &mut Command) -> Result<String> {
    let text = shown(it);
    let done = it.output().with_context(|| format!("cannot run {text}"))?;
    if !done.status.success() {
        bail!("{text} failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// Whether a command exists and succeeds, quietly.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    command(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}
