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

/// Every test of the workspace. The crates' own summaries are added up; an ignored test counts as failed, since it
/// looks like one that passed.
pub(crate) fn tests(ctx: &Ctx) -> Result<Tally> {
    let mut total = Tally::default();
    let mut ignored = 0;
    let mut it = sh::cargo();
    it.args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]);
    if ctx.long {
        it.env("LEADWIRE_TEST_LONG", "1");
    }
    let fine = sh::listen(&mut it, |line| {
        if let Some((tally, skipped)) = summary(line) {
            total.add(tally);
            ignored += skipped;
        }
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

/// Reads `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
fn summary(line: &str) -> Option<(Tally, u64)> {
    let rest = line.strip_prefix("test result: ")?;
    let count =
        |what: &str| rest.split([';', '.']).find_map(|it| it.trim().strip_suffix(what).and_then(|it| it.trim().parse::<u64>().ok())).unwrap_or(0);
    Some((Tally { passed: count("passed"), failed: count("failed") }, count("ignored")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_line_is_read_with_its_ignored_tests() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s";
        assert_eq!(summary(line), Some((Tally { passed: 12, failed: 3 }, 1)));
    }

    #[test]
    fn another_line_is_no_summary() {
        assert_eq!(summary("test a::b ... ok"), None);
    }
}
