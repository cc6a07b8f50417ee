//! Holds `deny.toml` over the dependencies: licences, second versions, sources. Never asks the network: known
//! vulnerabilities are `cargo deny check advisories`, where that tool and its database can be had.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::sh;
use crate::spdx;
use crate::{Ctx, Tally};

/// A dependency as it is built for Linux.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    let policy = Policy::read(&std::fs::read_to_string(sh::root().join("deny.toml"))?)?;
    let packages = packages()?;
    let lock = std::fs::read_to_string(sh::root().join("Cargo.lock"))?;
    let mut total = Tally::of("licences", &policy.licences(&packages));
    total.add(Tally::of("second versions", &policy.duplicates(&packages)));
    total.add(Tally::of("sources", &policy.sources(&lock)?));
    Ok(total)
}

/// What is really built, features resolved: `cargo tree` knows better than the lock file, which also names crates for
/// other systems.
fn packages() -> Result<BTreeSet<Package>> {
    let words = ["tree", "--workspace", "--all-features", "--locked", "--edges", "normal,build,dev", "--prefix", "none"];
    let target = ["--target", "x86_64-unknown-linux-gnu", "--format", "{p}|{l}"];
    read(&sh::output(sh::cargo().args(words).args(target))?)
}

fn read(tree: &str) -> Result<BTreeSet<Package>> {
    let mut all = BTreeSet::new();
    for line in tree.lines().filter(|it| !it.trim().is_empty()) {
        let (package, licence) = line.split_once('|').with_context(|| format!("not a package: {line:?}"))?;
        let mut words = package.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else { bail!("not a package: {line:?}") };
        // A path in brackets is a crate of our own.
        if words.any(|it| it.starts_with("(/")) {
            continue;
        }
        let version = version.trim_start_matches('v').to_owned();
        all.insert(Package { name: name.to_owned(), version, licence: licence.trim_end_matches(" (*)").to_owned() });
    }
    Ok(all)
}

struct Policy {
    licences: Vec<String>,
    skip: BTreeSet<String>,
    registries: Vec<String>,
}

impl Policy {
    fn read(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let list = |section: &str, key: &str| -> Result<Vec<toml::Value>> {
            let it = table.get(section).and_then(|it| it.get(key)).and_then(toml::Value::as_array);
            Ok(it.with_context(|| format!("deny.toml lacks {section}.{key}"))?.clone())
        };
        let texts = |list: Vec<toml::Value>| list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect();
        let mut skip = BTreeSet::new();
        for it in list("bans", "skip")? {
            let (Some(package), Some(_)) = (it.get("crate").and_then(toml::Value::as_str), it.get("reason")) else {
                bail!("each of deny.toml's bans.skip needs a crate and a reason");
            };
            skip.insert(package.to_owned());
        }
        Ok(Self { licences: texts(list("licenses", "allow")?), skip, registries: texts(list("sources", "allow-registry")?) })
    }

    fn licences(&self, packages: &BTreeSet<Package>) -> Vec<String> {
        let allowed: Vec<&str> = self.licences.iter().map(String::as_str).collect();
        let bad = packages.iter().filter(|it| !spdx::met(&it.licence, &allowed));
        bad.map(|it| format!("{} {} is under {:?}", it.name, it.version, it.licence)).collect()
    }

    /// All versions but the newest of a crate must be excepted, and every exception must be needed.
    fn duplicates(&self, packages: &BTreeSet<Package>) -> Vec<String> {
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for it in packages {
            versions.entry(&it.name).or_default().push(&it.version);
        }
        let mut complaints = Vec::new();
        for (name, versions) in &mut versions {
            versions.sort_by_key(|it| numbers(it));
            versions.dedup();
            versions.pop();
            for version in versions {
                if !self.skip.contains(&format!("{name}@{version}")) {
                    complaints.push(format!("{name} {version} beside a newer one; see `cargo tree -i {name}@{version}`"));
                }
            }
        }
        for it in &self.skip {
            if !packages.iter().any(|package| *it == format!("{}@{}", package.name, package.version)) {
                complaints.push(format!("the exception for {it} is no longer needed"));
            }
        }
        complaints
    }

    fn sources(&self, lock: &str) -> Result<Vec<String>> {
        let table: toml::Table = lock.parse()?;
        let packages = table.get("package").and_then(toml::Value::as_array).context("Cargo.lock names no packages")?;
        let mut complaints = Vec::new();
        for it in packages {
            let field = |key: &str| it.get(key).and_then(toml::Value::as_str);
            let (name, Some(source)) = (field("name").unwrap_or("?"), field("source")) else { continue };
            if !self.registries.iter().any(|it| source.strip_prefix("registry+") == Some(it)) {
                complaints.push(format!("{name} comes from {source}"));
            } else if field("checksum").is_none() {
                complaints.push(format!("{name} has no checksum"));
            }
        }
        Ok(complaints)
    }
}

/// A version as numbers, so that 0.10 follows 0.9.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map(|it| it.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        licenses.allow = ["MIT"]
        bans.skip = [{ crate = "old@0.9.0", reason = "somebody" }]
        sources.allow-registry = ["https://example.org/index"]
    "#;

    fn policy() -> Policy {
        Policy::read(POLICY).unwrap()
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_named() {
        let tree = read("a v1.0.0|MIT\nb v2.0.0|GPL-3.0\nours v0.1.0 (/somewhere)|Nothing\n").unwrap();
        assert_eq!(policy().licences(&tree), ["b 2.0.0 is under \"GPL-3.0\""]);
    }

    #[test]
    fn a_second_version_needs_an_exception() {
        let tree = read("old v0.9.0|MIT\nold v0.10.0|MIT\nnew v1.0.0|MIT\nnew v2.0.0|MIT (*)\n").unwrap();
        assert_eq!(policy().duplicates(&tree).len(), 1);
        assert!(policy().duplicates(&tree).iter().all(|it| it.starts_with("new 1.0.0")));
    }

    #[test]
    fn an_exception_nobody_needs_is_named() {
        let tree = read("old v0.10.0|MIT\n").unwrap();
        assert_eq!(policy().duplicates(&tree), ["the exception for old@0.9.0 is no longer needed"]);
    }

    #[test]
    fn an_exception_without_a_reason_is_refused() {
        assert!(Policy::read(&POLICY.replace(", reason = \"somebody\"", "")).is_err());
    }

    #[test]
    fn a_package_from_elsewhere_is_named() {
        let lock = r#"
            [[package]]
            name = "ours"
            [[package]]
            name = "fine"
            source = "registry+https://example.org/index"
            checksum = "00"
            [[package]]
            name = "strange"
            source = "git+https://example.org/repo"
        "#;
        assert_eq!(policy().sources(lock).unwrap(), ["strange comes from git+https://example.org/repo"]);
    }
}
