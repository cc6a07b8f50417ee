//! What the checks need from the machine: looked for first, installed only if missing, and said in words.

use anyhow::{Context, Result, bail};

use crate::out::say;
use crate::sh;
use crate::{Ctx, Tally};

/// Something a stage needs, how one sees that it is there, and the Debian package that brings it.
struct Need {
    package: &'static str,
    why: &'static str,
    there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        package: "gcc",
        why: "compiles SQLite, which is built into the server, and the shim of the durability proofs",
        there: || sh::works("cc", &["--version"]),
    },
    Need { package: "libc6-dev", why: "the C headers for both", there: || has_headers() },
    Need { package: "python3-venv", why: "runs the API fuzzer, in an environment of its own under target/", there: || has_venv() },
    Need { package: "curl", why: "the README's calls are run as they stand", there: || sh::works("curl", &["--version"]) },
];

fn has_headers() -> bool {
    sh::works("sh", &["-c", "echo '#include <stdio.h>' | cc -E -x c - "])
}

fn has_venv() -> bool {
    sh::works("python3", &["-c", "import venv, ensurepip"])
}

/// Installs what is missing. Also run by hand before a stage that is asked for alone.
pub(crate) fn packages(_: &Ctx) -> Result<Tally> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|it| !(it.there)()).collect();
    if missing.is_empty() {
        say!("  everything needed from Debian is here; nothing is installed");
    } else {
        install(&missing)?;
    }
    for (part, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !sh::works("cargo", &[probe, "--version"]) {
            say!("  the toolchain lacks {part}, which checks the sources; adding it with rustup");
            sh::run(sh::command("rustup").args(["component", "add", part]))?;
        }
    }
    Ok(Tally { passed: 1, failed: 0 })
}

fn install(missing: &[&Need]) -> Result<()> {
    for it in missing {
        say!("  missing: {} ({})", it.package, it.why);
    }
    let names: Vec<&str> = missing.iter().map(|it| it.package).collect();
    if !sh::works("apt-get", &["--version"]) {
        bail!("there is no apt-get here; install what stands for Debian's {} and run again", names.join(", "));
    }
    say!("  installing them from Debian's packages");
    let root = sh::output(sh::command("id").arg("-u"))?.trim() == "0";
    let apt = |words: &[&str]| {
        let mut it = if root { sh::command("env") } else { sh::command("sudo") };
        if !root {
            it.args(["-n", "env"]);
        }
        it.arg("DEBIAN_FRONTEND=noninteractive").arg("apt-get").args(words);
        it
    };
    sh::run(&mut apt(&["update", "-q"])).context("needs root, or sudo without a password")?;
    sh::run(apt(&["install", "-y", "-q", "--no-install-recommends"]).args(&names))?;
    match missing.iter().find(|it| !(it.there)()) {
        None => Ok(()),
        Some(it) => bail!("{} is installed but what it brings is still missing", it.package),
    }
}

/// The Python tools, pinned by hash, in `target/venv`. Gives the directory of their commands.
pub(crate) fn python() -> Result<std::path::PathBuf> {
    let wanted = std::fs::read_to_string(sh::root().join("xtask/python/requirements.txt"))?;
    let venv = sh::root().join("target/venv");
    let bin = venv.join("bin");
    let mark = venv.join("requirements.installed");
    if std::fs::read_to_string(&mark).is_ok_and(|it| it == wanted) {
        return Ok(bin);
    }
    say!("  installing schemathesis and what it needs from PyPI into target/venv, each pinned by hash");
    sh::run(sh::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "xtask/python/requirements.txt"];
    sh::run(sh::command(bin.join("python")).args(pip))?;
    std::fs::write(&mark, wanted)?;
    Ok(bin)
}
