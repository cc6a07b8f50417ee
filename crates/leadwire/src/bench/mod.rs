//! Measures the server on this machine. Every figure stands beside its floor, taken in the same run: machines differ,
//! and so does one machine from hour to hour; ratios do so less.

mod capture;
mod corpus;
mod floor;
mod load;
mod report;
mod search;
mod serving;
mod town;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Durable captures through POST /leads
    Capture(capture::Args),
    /// Searches through CloseBot's POST /lead/search
    Search(search::Args),
}

/// Runs a subcommand of `leadwire bench`.
pub fn run(bench: &Bench, out: &mut dyn Write) -> anyhow::Result<()> {
    match bench {
        Bench::Capture(args) => capture::run(args, out),
        Bench::Search(args) => search::run(args, out),
    }
}

/// A directory for one run: inside the one given, or a temporary one. Removed when dropped, with what it holds.
struct Ground(tempfile::TempDir);

impl Ground {
    fn new(given: Option<&Path>) -> anyhow::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("leadwire-bench-");
        let dir = match given {
            Some(dir) => {
                std::fs::create_dir_all(dir)?;
                builder.tempdir_in(dir)
            }
            None => builder.tempdir(),
        };
        Ok(Self(dir?))
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Bytes of all files.
    fn bytes(&self) -> anyhow::Result<u64> {
        let mut bytes = 0;
        for file in std::fs::read_dir(self.0.path())? {
            bytes += file?.metadata()?.len();
        }
        Ok(bytes)
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kilobytes: u64 = line.and_then(|it| it.trim().strip_suffix(" kB")).and_then(|it| it.trim().parse().ok()).unwrap_or(0);
    Ok(kilobytes * 1024)
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes here are far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}
