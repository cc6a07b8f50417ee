//! What the server is told: flag > `LEADWIRE_*` > file > default, for each setting by itself.
//!
//! The environment is read by the command line's parser alone, an unknown key in the file is refused, and no secret
//! ever shows in `Debug`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::quantity::{RateLimit, Size, Span};

/// The file with every setting at its default, as `leadwire config` prints it.
pub const DEFAULT_FILE: &str = include_str!("leadwire.toml");

/// A text that must not be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// Where the data lies: what every command that opens it must know.
#[derive(Clone, Debug, Default, Args)]
pub struct DataDir {
    /// Directory of the data [default: leadwire in the user's data directory]
    #[arg(long, value_name = "DIR", env = "LEADWIRE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    #[arg(long, hide = true, env = "XDG_DATA_HOME")]
    pub xdg_data_home: Option<PathBuf>,
    #[arg(long, hide = true, env = "HOME")]
    pub home: Option<PathBuf>,
    /// File of settings; `leadwire config` prints one
    #[arg(long, value_name = "FILE", env = "LEADWIRE_CONFIG")]
    pub config: Option<PathBuf>,
}

/// What `serve` may be told by flag or environment. All of it may stand in the file too, but for the secrets.
#[derive(Clone, Debug, Default, Args)]
pub struct Flags {
    #[command(flatten)]
    pub data: DataDir,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "LEADWIRE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Requests a key may make, as in 1000/10s, or off [default: 1000/10s]
    #[arg(long, value_name = "N/TIME", env = "LEADWIRE_RATE_LIMIT")]
    pub rate_limit: Option<RateLimit>,
    /// For how long the feed can be read back [default: 30d]
    #[arg(long, value_name = "TIME", env = "LEADWIRE_FEED_RETENTION")]
    pub feed_retention: Option<Span>,
    /// Open connections at a time [default: 10000]
    #[arg(long, value_name = "N", env = "LEADWIRE_MAX_CONNECTIONS")]
    pub max_connections: Option<u16>,
    /// How long a client may take to send the head of a request [default: 10s]
    #[arg(long, value_name = "TIME", env = "LEADWIRE_HEADER_TIMEOUT")]
    pub header_timeout: Option<Span>,
    /// How long a connection may lie still [default: 75s]
    #[arg(long, value_name = "TIME", env = "LEADWIRE_IDLE_TIMEOUT")]
    pub idle_timeout: Option<Span>,
    /// Largest body of a request [default: 256k]
    #[arg(long, value_name = "SIZE", env = "LEADWIRE_BODY_LIMIT")]
    pub body_limit: Option<Size>,
    /// How log lines are written [default: text]
    #[arg(long, value_name = "FORMAT", env = "LEADWIRE_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Which log lines are written, as in info or leadwire_store=debug [default: info]
    #[arg(long, value_name = "FILTER", env = "LEADWIRE_LOG")]
    pub log: Option<String>,
    /// First key of an empty database; `leadwire keys generate` makes one
    #[arg(long, value_name = "KEY", env = "LEADWIRE_ADMIN_KEY", hide_env_values = true, conflicts_with = "admin_key_file")]
    pub admin_key: Option<Secret>,
    /// File with the first key of an empty database
    #[arg(long, value_name = "FILE", env = "LEADWIRE_ADMIN_KEY_FILE")]
    pub admin_key_file: Option<PathBuf>,
}

/// The file of settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "named as they are written in the file")]
struct File {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    rate_limit: Option<RateLimit>,
    feed_retention: Option<Span>,
    max_connections: Option<u16>,
    header_timeout: Option<Span>,
    idle_timeout: Option<Span>,
    body_limit: Option<Size>,
    log_format: Option<LogFormat>,
    log: Option<String>,
    admin_key_file: Option<PathBuf>,
}

/// What the server runs with.
#[derive(Clone, Debug)]
pub struct Settings {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub rate_limit: RateLimit,
    pub feed_retention: Span,
    pub max_connections: u16,
    pub header_timeout: Span,
    pub idle_timeout: Span,
    pub body_limit: Size,
    pub log_format: LogFormat,
    pub log: String,
    pub admin_key: Option<Secret>,
}

impl DataDir {
    /// Flag or environment, file, the user's data directory.
    pub fn resolve(&self) -> anyhow::Result<PathBuf> {
        let file = File::read(self.config.as_deref())?;
        self.resolve_with(file.data_dir)
    }

    fn resolve_with(&self, file: Option<PathBuf>) -> anyhow::Result<PathBuf> {
        if let Some(given) = self.data_dir.clone().or(file) {
            return Ok(given);
        }
        // The XDG rule: a relative path is as good as none.
        let base = self.xdg_data_home.clone().filter(|it| it.is_absolute());
        let base = base.or_else(|| self.home.as_ref().map(|it| it.join(".local/share")));
        base.map(|it| it.join("leadwire")).context("no home directory is known; say --data-dir")
    }
}

impl File {
    fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no file of settings", path.display()))
    }
}

impl Flags {
    /// Takes flag or environment, then the file, then the default.
    pub fn resolve(self) -> anyhow::Result<Settings> {
        let file = File::read(self.data.config.as_deref())?;
        let data_dir = self.data.resolve_with(file.data_dir)?;
        let admin_key_file = self.admin_key_file.or(file.admin_key_file.filter(|_| self.admin_key.is_none()));
        let admin_key = match (self.admin_key, admin_key_file) {
            (Some(key), _) => Some(key),
            (None, Some(path)) => Some(read_secret(&path)?),
            (None, None) => None,
        };
        let settings = Settings {
            data_dir,
            listen: self.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            rate_limit: self.rate_limit.or(file.rate_limit).map_or_else(|| "1000/10s".parse(), Ok)?,
            feed_retention: self.feed_retention.or(file.feed_retention).map_or_else(|| "30d".parse(), Ok)?,
            max_connections: self.max_connections.or(file.max_connections).unwrap_or(10_000),
            header_timeout: self.header_timeout.or(file.header_timeout).map_or_else(|| "10s".parse(), Ok)?,
            idle_timeout: self.idle_timeout.or(file.idle_timeout).map_or_else(|| "75s".parse(), Ok)?,
            body_limit: self.body_limit.or(file.body_limit).map_or_else(|| "256k".parse(), Ok)?,
            log_format: self.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            log: self.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            admin_key,
        };
        if settings.max_connections == 0 {
            bail!("max_connections must be at least 1");
        }
        if settings.header_timeout.0.is_zero() || settings.idle_timeout.0.is_zero() {
            bail!("header_timeout and idle_timeout must be longer than nothing");
        }
        Ok(settings)
    }
}

fn read_secret(path: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Secret(text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn flags(words: &[&str]) -> Flags {
        Line::try_parse_from([&["leadwire"], words].concat()).unwrap().flags
    }

    #[test]
    fn the_printed_file_holds_every_default() {
        let text: String = DEFAULT_FILE.lines().filter_map(|it| it.strip_prefix("#: ")).flat_map(|it| [it, "\n"]).collect();
        let read: File = toml::from_str(&text).unwrap();
        let bare = Flags { data: DataDir { home: Some("/home/x".into()), ..DataDir::default() }, ..Flags::default() }.resolve().unwrap();
        assert_eq!(read.listen, Some(bare.listen));
        assert_eq!(read.rate_limit, Some(bare.rate_limit));
        assert_eq!(read.feed_retention, Some(bare.feed_retention));
        assert_eq!(read.max_connections, Some(bare.max_connections));
        assert_eq!(read.header_timeout, Some(bare.header_timeout));
        assert_eq!(read.idle_timeout, Some(bare.idle_timeout));
        assert_eq!(read.body_limit, Some(bare.body_limit));
        assert_eq!(read.log_format, Some(bare.log_format));
        assert_eq!(read.log, Some(bare.log));
        assert_eq!(bare.data_dir, Path::new("/home/x/.local/share/leadwire"));
        assert!(read.data_dir.is_some() && read.admin_key_file.is_some(), "the file names every setting");
        assert!(toml::from_str::<File>(DEFAULT_FILE).is_ok(), "as printed, all of it is comment");
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("leadwire.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:9\"\nidle_timeout = \"3s\"\n").unwrap();
        let path = path.to_str().unwrap();
        let settings = flags(&["--config", path, "--data-dir", "/d", "--listen", "127.0.0.1:7"]).resolve().unwrap();
        assert_eq!(settings.listen.port(), 7);
        assert_eq!(settings.idle_timeout.to_string(), "3s");
        assert_eq!(settings.header_timeout.to_string(), "10s");
    }

    #[test]
    fn an_unknown_key_in_the_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("leadwire.toml");
        std::fs::write(&path, "lisen = \"127.0.0.1:9\"\n").unwrap();
        let error = flags(&["--config", path.to_str().unwrap()]).resolve().unwrap_err();
        assert!(format!("{error:#}").contains("lisen"), "{error:#}");
    }

    #[test]
    fn a_secret_does_not_show() {
        let flags = flags(&["--admin-key", "lw_hidden"]);
        assert!(!format!("{flags:?}").contains("hidden"));
        assert!(!format!("{:?}", flags.resolve().unwrap()).contains("hidden"));
    }
}
