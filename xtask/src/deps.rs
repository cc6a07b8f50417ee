//! Holds `deny.toml` over the dependencies with cargo-deny: licences, second versions, sources. Known vulnerabilities are
//! not asked for here: their database needs a network that a build machine may not have.

use std::path::PathBuf;

use anyhow::Result;

use crate::out::say;
use crate::sh;
use crate::{Ctx, Tally};

/// Which release of the tool; its words for what it finds change between releases.
const VERSION: &str = "0.20.2";

pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    let tool = tool()?;
    // An exception that matches nothing any more is an error too, or the list would only ever grow.
    let words = ["--locked", "--all-features", "check", "-D", "unmatched-skip", "licenses", "bans", "sources"];
    sh::run(sh::command(tool).args(words))?;
    Ok(Tally { passed: 1, failed: 0 })
}

/// The tool, built into `target/tools` unless that was done before.
fn tool() -> Result<PathBuf> {
    let tools = sh::root().join("target/tools");
    let it = tools.join("bin/cargo-deny");
    if sh::output(sh::command(&it).arg("--version")).is_ok_and(|said| said.trim().ends_with(VERSION)) {
        return Ok(it);
    }
    say!("  installing cargo-deny {VERSION}, which checks the dependencies, from crates.io into target/tools");
    sh::run(sh::cargo().args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"]).arg(&tools))?;
    Ok(it)
}
