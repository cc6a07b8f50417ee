//! Placeholder while the tree builds.
use crate::{Ctx, Tally};
use anyhow::{Result, bail};
pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    bail!("not yet")
}
