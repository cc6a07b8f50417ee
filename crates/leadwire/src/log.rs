//! Log lines, to standard error.

use anyhow::{Context, anyhow};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Begins to log; once per process.
pub fn begin(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(filter).with_context(|| format!("{filter} is no log filter"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow!(error))
}
