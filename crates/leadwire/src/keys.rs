//! API keys from the command line: made, listed and revoked through the running server, or in the data directory itself
//! when none runs.

use std::io::Write;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use leadwire_core::Time;
use leadwire_core::command::config::{CreateKey, DeleteKey, NewKey};
use leadwire_core::config::Directory;
use leadwire_core::entity::ScopeName;
use leadwire_core::id::{AgencyId, BrandId, KeyId, UserId};
use leadwire_core::port::Store;
use leadwire_core::secret;
use leadwire_core::who::Who;
use serde::{Deserialize, Serialize};

use crate::config::DataDir;
use crate::fault::explain;
use crate::os::{Chance, OsChance};
use crate::{control, serve};

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Print a new key, for LEADWIRE_ADMIN_KEY; nothing is stored
    Generate,
    /// Make a key and print it, once
    Create(Create),
    /// List keys, without the keys themselves
    List(Where),
    /// Revoke a key by its id: it opens nothing from now on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub struct Where {
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    data: DataDir,
    /// What the key is for
    #[arg(long)]
    name: String,
    /// Id of the brand whose subtree it sees [default: the only agency's root]
    #[arg(long, value_name = "ID")]
    brand: Option<String>,
    /// Id of the user it acts as
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// What it may, several times or with commas: read, write, admin, secrets, operator [default: read, write, admin]
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// When it stops, as in 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    data: DataDir,
    /// The key's id, as listed
    id: String,
}

/// What is asked of whoever holds the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    Create { name: String, brand: Option<String>, user: Option<String>, scopes: Option<Vec<String>>, expires_at: Option<String> },
    List,
    Revoke { id: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply {
    Created { id: String, key: String },
    Listed(Vec<Listed>),
    Revoked { id: String },
    Refused(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub id: String,
    pub hint: String,
    pub name: String,
    pub brand: String,
    pub scopes: Vec<String>,
    pub expires_at: Option<String>,
}

/// Runs a subcommand of `leadwire keys`.
pub fn run(keys: Keys, out: &mut dyn Write) -> anyhow::Result<()> {
    let (data, request) = match keys {
        Keys::Generate => return Ok(writeln!(out, "{}", secret::format(OsChance.bytes()))?),
        Keys::Create(Create { data, name, brand, user, scopes, expires_at }) => {
            (data, Request::Create { name, brand, user, scopes: (!scopes.is_empty()).then_some(scopes), expires_at })
        }
        Keys::List(Where { data }) => (data, Request::List),
        Keys::Revoke(Revoke { data, id }) => (data, Request::Revoke { id }),
    };
    let dir = data.resolve()?;
    let reply = match control::ask(&dir, &request)? {
        Some(reply) => reply,
        None => serve::offline(&dir, async |store, chance| perform(store, chance, &request).await)?,
    };
    print(out, reply)
}

fn print(out: &mut dyn Write, reply: Reply) -> anyhow::Result<()> {
    match reply {
        Reply::Created { id, key } => writeln!(out, "{key}\nid: {id}. The key is shown this once.")?,
        Reply::Revoked { id } => writeln!(out, "{id} is revoked")?,
        Reply::Listed(keys) => {
            for it in keys {
                let until = it.expires_at.map(|it| format!(", until {it}")).unwrap_or_default();
                writeln!(out, "{}  {}…  {}  brand {}  [{}]{until}", it.id, it.hint, it.name, it.brand, it.scopes.join(" "))?;
            }
        }
        Reply::Refused(why) => bail!(why),
    }
    Ok(())
}

/// Does what is asked, on the store itself.
pub async fn perform(store: &dyn Store, chance: &dyn Chance, request: &Request) -> Reply {
    let done = match request {
        Request::Create { name, brand, user, scopes, expires_at } => {
            let new = New { name, brand: brand.as_deref(), user: user.as_deref(), scopes: scopes.as_deref(), expires_at: expires_at.as_deref() };
            create(store, chance, new).await
        }
        Request::List => Ok(list(&store.directory())),
        Request::Revoke { id } => revoke(store, id).await,
    };
    done.unwrap_or_else(|error| Reply::Refused(format!("{error:#}")))
}

struct New<'a> {
    name: &'a str,
    brand: Option<&'a str>,
    user: Option<&'a str>,
    scopes: Option<&'a [String]>,
    expires_at: Option<&'a str>,
}

async fn create(store: &dyn Store, chance: &dyn Chance, new: New<'_>) -> anyhow::Result<Reply> {
    let (agency, brand) = place(&store.directory(), new.brand)?;
    let scope = |it: &String| ScopeName::from_name(it).with_context(|| format!("{it} is no scope"));
    let key = secret::format(chance.bytes());
    let command = CreateKey {
        key: NewKey { name: new.name.to_owned(), hash: secret::hash(&key), hint: secret::hint(&key) },
        brand,
        user: new.user.map(UserId::from_str).transpose().context("--user")?,
        scopes: new.scopes.map(|it| it.iter().map(scope).collect()).transpose()?,
        expires_at: new.expires_at.map(Time::parse).transpose().context("--expires-at")?,
    };
    let made = store.write(Who::System { agency }, command).await.map_err(explain)?;
    Ok(Reply::Created { id: made.id.to_string(), key })
}

/// The brand asked for, or the root of the only agency.
fn place(directory: &Directory, brand: Option<&str>) -> anyhow::Result<(AgencyId, BrandId)> {
    if let Some(brand) = brand {
        let brand = BrandId::from_str(brand).context("--brand")?;
        let agency = directory.agency_of_brand(brand).with_context(|| format!("there is no brand {brand}"))?;
        return Ok((agency, brand));
    }
    let mut agencies = directory.agencies();
    match (agencies.next(), agencies.next()) {
        (None, _) => bail!("the database is empty; run leadwire serve first"),
        (Some(only), None) => Ok((only.agency(), only.agency().root())),
        (Some(_), Some(_)) => {
            let name = |it: &std::sync::Arc<leadwire_core::config::Config>| {
                let name = it.brand(it.agency().root()).map(|it| it.name.clone()).unwrap_or_default();
                format!("{} ({name})", it.agency())
            };
            let all: Vec<String> = directory.agencies().map(name).collect();
            bail!("there are several agencies; say --brand: {}", all.join(", "))
        }
    }
}

fn list(directory: &Directory) -> Reply {
    let keys = directory.agencies().flat_map(|it| it.keys());
    Reply::Listed(
        keys.map(|it| Listed {
            id: it.id.to_string(),
            hint: it.hint.clone(),
            name: it.name.clone(),
            brand: it.brand.to_string(),
            scopes: it.scopes.iter().map(|it| it.name().to_owned()).collect(),
            expires_at: it.expires_at.map(|it| it.to_string()),
        })
        .collect(),
    )
}

async fn revoke(store: &dyn Store, id: &str) -> anyhow::Result<Reply> {
    let id = KeyId::from_str(id).context("the key's id")?;
    let directory = store.directory();
    let config = directory.agencies().find(|it| it.key(id).is_some()).with_context(|| format!("there is no key {id}"))?;
    store.write(Who::System { agency: config.agency() }, DeleteKey { id, if_match: None }).await.map_err(explain)?;
    Ok(Reply::Revoked { id: id.to_string() })
}
