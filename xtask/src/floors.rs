//! Holds the floors of the house over the manifests: which crate may name which. A dependency that is not in the
//! table below does not stand in a manifest by accident.

use std::path::Path;

use anyhow::{Context, Result};

use crate::sh;
use crate::{Ctx, Tally};

/// One crate of the house: what of ours it may name, and, if the list is closed, what of others.
struct Floor {
    name: &'static str,
    ours: &'static [&'static str],
    /// `None`: anything that is not somebody else's alone.
    others: Option<&'static [&'static str]>,
}

const FLOORS: &[Floor] = &[
    Floor {
        name: "leadwire-core",
        ours: &[],
        others: Some(&[
            "caseless",
            "crc32fast",
            "futures-channel",
            "idna",
            "imbl",
            "jiff",
            "rlibphonenumber",
            "rust_decimal",
            "sha2",
            "thiserror",
            "unicode-normalization",
            "uuid",
        ]),
    },
    Floor { name: "leadwire-store", ours: &["leadwire-core"], others: None },
    Floor { name: "leadwire-search", ours: &["leadwire-core"], others: None },
    Floor { name: "leadwire-work", ours: &["leadwire-core"], others: None },
    Floor { name: "leadwire-http", ours: &["leadwire-core"], others: None },
    Floor { name: "leadwire", ours: &["leadwire-core", "leadwire-http", "leadwire-search", "leadwire-store", "leadwire-work"], others: None },
    Floor { name: "xtask", ours: &[], others: Some(&["anyhow", "serde_json", "toml"]) },
];

/// What only some crates may name, since naming it is what sets them apart. The binary names the transport too: its
/// accept loop serves the router, and its bench holds an echo handler beside it.
const ALONE: &[(&str, &[&str])] = &[
    ("rusqlite", &["leadwire-store"]),
    ("tokio-postgres", &["leadwire-store"]),
    ("roaring", &["leadwire-search"]),
    ("reqwest", &["leadwire-work"]),
    ("lettre", &["leadwire-work"]),
    ("axum", &["leadwire-http", "leadwire"]),
    ("tower", &["leadwire-http", "leadwire"]),
    ("tower-http", &["leadwire-http"]),
    ("utoipa", &["leadwire-http"]),
    ("utoipa-axum", &["leadwire-http"]),
    ("utoipa-swagger-ui", &["leadwire-http"]),
    ("clap", &["leadwire"]),
    ("getrandom", &["leadwire"]),
    ("hyper", &["leadwire"]),
    ("hyper-util", &["leadwire"]),
    ("tracing-subscriber", &["leadwire"]),
    ("anyhow", &["leadwire", "xtask"]),
    ("tempfile", &["leadwire"]),
];

/// What any crate may name for its tests.
const TESTS: &[&str] = &["proptest", "tempfile"];

pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    let mut complaints = Vec::new();
    for directory in manifests()? {
        let path = directory.join("Cargo.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        complaints.extend(check(&text.parse()?, directory.join("src/lib.rs").exists()));
    }
    Ok(Tally::of("floors", &complaints))
}

fn manifests() -> Result<Vec<std::path::PathBuf>> {
    let mut all = vec![sh::root().join("xtask")];
    for entry in std::fs::read_dir(sh::root().join("crates"))? {
        all.push(entry?.path());
    }
    all.retain(|it| Path::new(it).join("Cargo.toml").exists());
    all.sort();
    Ok(all)
}

fn check(manifest: &toml::Table, library: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    let get = |section: &str, key: &str| manifest.get(section).and_then(|it| it.get(key));
    let name = get("package", "name").and_then(toml::Value::as_str).unwrap_or("?");
    let Some(floor) = FLOORS.iter().find(|it| it.name == name) else {
        return vec![format!("{name} stands on no floor")];
    };
    if get("lints", "workspace").and_then(toml::Value::as_bool) != Some(true) {
        complaints.push(format!("{name} does not take the workspace's lints"));
    }
    if library && get("lib", "doctest").and_then(toml::Value::as_bool) != Some(false) {
        complaints.push(format!("{name} leaves doctests on: each is a program of its own to build"));
    }
    if manifest.contains_key("target") {
        complaints.push(format!("{name} has dependencies per target, which this check does not read"));
    }
    for (section, testing) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
        let Some(table) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
        for (dependency, how) in table {
            if how.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                complaints.push(format!("{name} names {dependency} without `workspace = true`"));
            }
            if how.get("package").is_some() {
                complaints.push(format!("{name} renames {dependency}, which hides it from this check"));
            }
            let for_tests = testing && TESTS.contains(&dependency.as_str());
            if !for_tests && !may(floor, dependency) {
                complaints.push(format!("{name} may not name {dependency}"));
            }
        }
    }
    complaints
}

fn may(floor: &Floor, dependency: &str) -> bool {
    if FLOORS.iter().any(|it| it.name == dependency) {
        return floor.ours.contains(&dependency);
    }
    if let Some((_, owners)) = ALONE.iter().find(|(name, _)| *name == dependency) {
        return owners.contains(&floor.name);
    }
    !TESTS.contains(&dependency) && floor.others.is_none_or(|it| it.contains(&dependency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(name: &str, dependencies: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n[lib]\ndoctest = false\n[lints]\nworkspace = true\n{dependencies}");
        check(&text.parse().unwrap(), true)
    }

    #[test]
    fn an_adapter_may_not_name_another() {
        let found = complaints("leadwire-search", "[dependencies]\nleadwire-core.workspace = true\nleadwire-store.workspace = true");
        assert_eq!(found, ["leadwire-search may not name leadwire-store"]);
    }

    #[test]
    fn nor_in_its_tests() {
        let found = complaints("leadwire-http", "[dev-dependencies]\nleadwire-store.workspace = true\nproptest.workspace = true");
        assert_eq!(found, ["leadwire-http may not name leadwire-store"]);
    }

    #[test]
    fn the_core_names_pure_crates_only() {
        assert_eq!(complaints("leadwire-core", "[dependencies]\nserde.workspace = true"), ["leadwire-core may not name serde"]);
        assert_eq!(complaints("leadwire-core", "[dependencies]\nuuid.workspace = true"), Vec::<String>::new());
    }

    #[test]
    fn the_database_is_the_stores_alone() {
        assert_eq!(complaints("leadwire", "[dependencies]\nrusqlite.workspace = true"), ["leadwire may not name rusqlite"]);
        assert_eq!(complaints("leadwire-store", "[dependencies]\nrusqlite.workspace = true"), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_floor_is_refused() {
        assert_eq!(complaints("leadwire-extra", ""), ["leadwire-extra stands on no floor"]);
    }

    #[test]
    fn test_crates_stay_in_tests() {
        assert_eq!(complaints("leadwire-store", "[dependencies]\nproptest.workspace = true"), ["leadwire-store may not name proptest"]);
    }

    #[test]
    fn a_version_of_its_own_is_refused() {
        assert_eq!(complaints("leadwire-store", "[dependencies]\nrusqlite = \"0.41\""), ["leadwire-store names rusqlite without `workspace = true`"]);
    }
}
