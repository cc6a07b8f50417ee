//! `cargo xtask`: every test and check of the project, in the order in which they are cheapest to fail.
//!
//! Never part of the product: nothing under `crates/` knows it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

mod bench;
mod deps;
mod durability;
mod floors;
mod fuzz;
mod http;
mod out;
mod readme;
mod serve;
mod setup;
mod sh;
mod suite;
mod tidy;

use out::say;

/// What a stage is told.
struct Ctx {
    /// The long forms: more examples, more kills, bigger data.
    long: bool,
}

/// What a stage found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// One check with its complaints: each is printed, and any fails it.
    fn of(what: &str, complaints: &[String]) -> Self {
        for it in complaints {
            say!("  FAILED {what}: {it}");
        }
        if complaints.is_empty() {
            say!("  ok {what}");
            return Self { passed: 1, failed: 0 };
        }
        Self { passed: 0, failed: 1 }
    }
}

struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn(&Ctx) -> Result<Tally>,
}

const STAGES: &[Stage] = &[
    Stage { name: "setup", what: "Debian packages and toolchain parts the checks need", run: setup::packages },
    Stage { name: "fmt", what: "formatting", run: suite::fmt },
    Stage { name: "floors", what: "which crate may name which", run: floors::run },
    Stage { name: "tidy", what: "rules about the sources", run: tidy::run },
    Stage { name: "deps", what: "licences, duplicates and sources of the dependencies", run: deps::run },
    Stage { name: "clippy", what: "lints", run: suite::clippy },
    Stage { name: "test", what: "unit, property and integration tests", run: suite::tests },
    Stage { name: "durability", what: "no answer before its fdatasync, nothing lost after a restart", run: durability::run },
    Stage { name: "fuzz", what: "schemathesis over each surface's own document", run: fuzz::run },
    Stage { name: "bench", what: "the bench at small sizes: row counts, not times", run: bench::run },
    Stage { name: "readme", what: "the commands of README.md, run as written", run: readme::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments) {
        Ok((ctx, stages)) => run(&ctx, &stages),
        Err(error) => {
            say!("{error:#}\n\n{}", usage());
            ExitCode::from(2)
        }
    }
}

fn usage() -> String {
    let stages: Vec<String> = STAGES.iter().map(|it| format!("  {:<11} {}", it.name, it.what)).collect();
    format!("cargo xtask test [--long] [stage…]\n\nstages, in order; all of them if none is named:\n{}", stages.join("\n"))
}

fn parse(arguments: &[String]) -> Result<(Ctx, Vec<&'static Stage>)> {
    let Some((verb, rest)) = arguments.split_first() else { bail!("nothing to do") };
    if verb != "test" {
        bail!("unknown command {verb:?}");
    }
    let mut ctx = Ctx { long: false };
    let mut names: Vec<&str> = Vec::new();
    for it in rest {
        match it.as_str() {
            "--long" => ctx.long = true,
            name if STAGES.iter().any(|stage| stage.name == name) => names.push(name),
            other => bail!("unknown stage or option {other:?}"),
        }
    }
    Ok((ctx, STAGES.iter().filter(|it| names.is_empty() || names.contains(&it.name)).collect()))
}

/// Runs every stage, also after a failure: one run tells everything that is wrong.
fn run(ctx: &Ctx, stages: &[&'static Stage]) -> ExitCode {
    let mut total = Tally::default();
    let mut rows: Vec<(&str, Duration, Tally)> = Vec::new();
    for stage in stages {
        say!("\n=== {}: {}", stage.name, stage.what);
        let start = Instant::now();
        let tally = (stage.run)(ctx).unwrap_or_else(|error| {
            say!("  FAILED {}: {error:#}", stage.name);
            Tally { passed: 0, failed: 1 }
        });
        say!("=== {}: {} in {}", stage.name, if tally.failed == 0 { "ok" } else { "FAILED" }, clock(start.elapsed()));
        rows.push((stage.name, start.elapsed(), tally));
        total.add(tally);
    }
    say!("\n{:<11} {:>7} {:>7} {:>7}", "stage", "time", "passed", "failed");
    for (name, took, tally) in &rows {
        say!("{name:<11} {:>7} {:>7} {:>7}", clock(*took), tally.passed, tally.failed);
    }
    let failed: Vec<&str> = rows.iter().filter(|(_, _, it)| it.failed > 0).map(|(name, _, _)| *name).collect();
    if !failed.is_empty() {
        say!("failed: {}", failed.join(", "));
    }
    say!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn clock(it: Duration) -> String {
    format!("{}:{:02}", it.as_secs() / 60, it.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn naming_no_stage_means_all_in_order() {
        let (ctx, stages) = parse(&words("test")).unwrap();
        assert!(!ctx.long);
        assert_eq!(stages.len(), STAGES.len());
    }

    #[test]
    fn stages_run_in_their_own_order_whatever_the_order_asked() {
        let (ctx, stages) = parse(&words("test tidy --long fmt")).unwrap();
        assert!(ctx.long);
        assert_eq!(stages.iter().map(|it| it.name).collect::<Vec<_>>(), ["fmt", "tidy"]);
    }

    #[test]
    fn a_misspelt_stage_is_refused() {
        assert!(parse(&words("test tydi")).is_err());
    }
}
