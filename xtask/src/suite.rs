//! The stages that cargo itself runs: formatting, lints, tests.

use anyhow::{Result, bail};

use crate::out::say;
use crate::sh;
use crate::{Ctx, Tally};

pub(crate) fn fmt(_: &Ctx) -> Result<Tally> {
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Tally { passed: 1, failed: 0 })
}

pub(crate) fn clippy(_: &Ctx) -> Result<Tally> {
    sh::run(sh::cargo().args(["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--keep-going", "--", "-D", "warnings"]))?;
    Ok(Tally { passed: 1, failed: 0 })
}

/// What stands as reason at the only tests that may be ignored: they print what something costs and check nothing.
const MEASURE: &str = "a measure";

/// Every test of the workspace. The crates' own summaries are added up; a test that is ignored, but for measures, counts
/// as failed, since it looks like one that passed.
pub(crate) fn tests(ctx: &Ctx) -> Result<Tally> {
    let mut total = Tally::default();
    let mut ignored = 0;
    let mut it = sh::cargo();
    it.args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]);
    if ctx.long {
        it.env("LEADWIRE_TEST_LONG", "1").args(["--", "--include-ignored"]);
    }
    let fine = sh::listen(&mut it, |line| {
        total.add(summary(line).unwrap_or_default());
        ignored += u64::from(is_ignored(line));
    })?;
    if ignored > 0 {
        say!("  FAILED {ignored} tests are ignored: an ignored test proves nothing");
        total.failed += ignored;
    }
    if !fine && total.failed == 0 {
        bail!("cargo test failed before any test did");
    }
    if total.passed == 0 {
        bail!("no test was run");
    }
    Ok(total)
}

/// Reads `test a::b ... ignored, why`.
fn is_ignored(line: &str) -> bool {
    let why = line.strip_prefix("test ").and_then(|it| it.split_once(" ... ignored"));
    why.is_some_and(|(_, why)| why.trim_start_matches(", ") != MEASURE)
}

/// Reads `test result: ok. 3 passed; 0 failed; …`.
fn summary(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("test result: ")?;
    let count =
        |what: &str| rest.split([';', '.']).find_map(|it| it.trim().strip_suffix(what).and_then(|it| it.trim().parse::<u64>().ok())).unwrap_or(0);
    Some(Tally { passed: count("passed"), failed: count("failed") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_line_is_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s";
        assert_eq!(summary(line), Some(Tally { passed: 12, failed: 3 }));
    }

    #[test]
    fn only_a_measure_may_be_ignored() {
        assert!(is_ignored("test a::b ... ignored"));
        assert!(is_ignored("test a::b ... ignored, too slow"));
        assert!(!is_ignored("test a::b ... ignored, a measure"));
        assert!(!is_ignored("test a::b ... ok"));
    }

    #[test]
    fn another_line_is_no_summary() {
        assert_eq!(summary("test a::b ... ok"), None);
    }
}
