//! Rules about the sources that no lint knows. Each is a pure function of a path and a text, with a test that breaks it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::sh;
use crate::{Ctx, Tally};

/// Past this a file is about more than one thing, unless it stands in [`LONG`].
const LINES_MAX: usize = 700;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] = &[];

/// What would tie the project to one machine or leave work undone. Written in halves, so that this file passes itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("../sha", "red"), "a path outside the project"),
    (concat!("TO", "DO"), "work left undone"),
    (concat!("FIX", "ME"), "work left undone"),
    (concat!("XX", "X "), "work left undone"),
    (concat!("<<<<", "<<<"), "an unresolved merge"),
];

/// How SQL begins. Looked for at the start of string literals.
const SQL: &[&str] = &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "CREATE INDEX ", "ALTER TABLE ", "PRAGMA "];

type Rule = fn(&Path, &str) -> Vec<String>;

const RULES: &[(&str, Rule)] = &[
    ("modules say what they are for", heads),
    ("lints are expected with a reason, never allowed", allowed),
    ("files are about one thing", lengths),
    ("nothing forbidden is named", forbidden),
    ("SQL stands in the store", sql),
    ("status codes stand in the surfaces", status),
    ("dialects do not know each other", siblings),
    ("links lead somewhere", links),
];

pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    let files = files()?;
    let mut total = Tally::default();
    for (what, rule) in RULES {
        let mut complaints = Vec::new();
        for (path, text) in &files {
            complaints.extend(rule(path, text).into_iter().map(|it| format!("{}: {it}", path.display())));
        }
        total.add(Tally::of(what, &complaints));
    }
    Ok(total)
}

/// Every text file of the project, by its path from the root.
fn files() -> Result<Vec<(PathBuf, String)>> {
    let root = sh::root();
    let mut open = vec![root.clone()];
    let mut all = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if !["target", ".git", "node_modules", "__pycache__"].iter().any(|it| name == *it) {
                    open.push(path);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                all.push((path.strip_prefix(&root).unwrap_or(&path).to_path_buf(), text));
            }
        }
    }
    all.sort();
    Ok(all)
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "rs")
}

/// Lines of code with their numbers; whole-line comments left out.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Unit tests that have a file of their own are for the module beside them, which says so.
fn heads(path: &Path, text: &str) -> Vec<String> {
    let inside = path.iter().skip_while(|it| *it != "src");
    let tests = inside.clone().any(|it| it == "tests" || it == "tests.rs");
    if is_rust(path) && !tests && !text.starts_with("//!") { vec!["does not begin with `//!`".to_owned()] } else { Vec::new() }
}

fn allowed(path: &Path, text: &str) -> Vec<String> {
    if !is_rust(path) {
        return Vec::new();
    }
    let found = |(at, line): (usize, &str)| {
        let line = line.trim_start();
        (line.starts_with("#[allow(") || line.starts_with("#![allow(")).then(|| format!("line {at}: {line}"))
    };
    code(text).filter_map(found).collect()
}

fn lengths(path: &Path, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let excepted = LONG.iter().any(|(it, _)| path == Path::new(it));
    match (is_rust(path) && lines > LINES_MAX, excepted) {
        (true, false) => vec![format!("{lines} lines; split it by topic, or give a reason in xtask/src/tidy.rs")],
        (false, true) => vec![format!("{lines} lines: the exception in xtask/src/tidy.rs is no longer needed")],
        _ => Vec::new(),
    }
}

fn forbidden(_: &Path, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for (word, why) in FORBIDDEN {
            if line.contains(word) {
                complaints.push(format!("line {}: {word:?}, {why}", at + 1));
            }
        }
    }
    complaints
}

fn sql(path: &Path, text: &str) -> Vec<String> {
    if !is_rust(path) || path.starts_with("crates/leadwire-store") || path.starts_with("xtask") {
        return Vec::new();
    }
    let found = |(at, line): (usize, &str)| {
        let begins = line.split('"').skip(1).any(|it| SQL.iter().any(|sql| it.trim_start().starts_with(sql)));
        begins.then(|| format!("line {at}: {}", line.trim()))
    };
    code(text).filter_map(found).collect()
}

fn status(path: &Path, text: &str) -> Vec<String> {
    let inside = ["crates/leadwire-core", "crates/leadwire-store", "crates/leadwire-search"];
    if !is_rust(path) || !inside.iter().any(|it| path.starts_with(it)) {
        return Vec::new();
    }
    let found = |(at, line): (usize, &str)| (line.contains("StatusCode") || line.contains("http::")).then(|| format!("line {at}: {}", line.trim()));
    code(text).filter_map(found).collect()
}

/// A dialect imports the core and the kit, never a sibling.
fn siblings(path: &Path, text: &str) -> Vec<String> {
    let Ok(inside) = path.strip_prefix("crates/leadwire-http/src/dialects") else { return Vec::new() };
    let mut parts = inside.components();
    let (Some(own), Some(_)) = (parts.next(), parts.next()) else { return Vec::new() };
    let own = format!("crate::dialects::{}", own.as_os_str().to_string_lossy());
    let found = |(at, line): (usize, &str)| {
        let strange = line.match_indices("crate::dialects::").any(|(start, _)| !line.get(start..).is_some_and(|it| it.starts_with(&own)));
        strange.then(|| format!("line {at}: {}", line.trim()))
    };
    code(text).filter_map(found).collect()
}

/// Links of a page to other files of the project.
fn links(path: &Path, text: &str) -> Vec<String> {
    if path.extension().is_none_or(|it| it != "md") {
        return Vec::new();
    }
    let targets = text.split("](").skip(1).filter_map(|it| it.split_once(')')).map(|(target, _)| target);
    let files = targets.filter_map(|it| it.split('#').next()).filter(|it| !it.is_empty() && !it.contains("://"));
    let here = sh::root().join(path.parent().unwrap_or(path));
    files.filter(|it| !here.join(it).exists()).map(|it| format!("{it} is not there")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: Rule, path: &str, text: &str) -> usize {
        rule(Path::new(path), text).len()
    }

    #[test]
    fn a_module_without_a_head_is_named() {
        assert_eq!(found(heads, "a.rs", "use b;\n"), 1);
        assert_eq!(found(heads, "a.rs", "//! What.\n"), 0);
        assert_eq!(found(heads, "a.md", "What.\n"), 0);
        assert_eq!(found(heads, "crates/a/src/b/tests.rs", "use b;\n"), 0);
        assert_eq!(found(heads, "crates/a/tests/it/main.rs", "use b;\n"), 1);
    }

    #[test]
    fn an_allowed_lint_is_named() {
        assert_eq!(found(allowed, "a.rs", "//!\n    #[allow(dead_code)]\n#![allow(x)]\n// #[allow(y)]\n"), 2);
    }

    #[test]
    fn a_long_file_is_named() {
        assert_eq!(found(lengths, "a.rs", &"x\n".repeat(LINES_MAX + 1)), 1);
        assert_eq!(found(lengths, "a.rs", &"x\n".repeat(LINES_MAX)), 0);
    }

    #[test]
    fn every_forbidden_word_is_found() {
        for (word, _) in FORBIDDEN {
            assert_eq!(found(forbidden, "a.md", &format!("see {word} there")), 1, "{word}");
        }
    }

    #[test]
    fn sql_outside_the_store_is_named() {
        let text = "let it = \"SELECT a FROM b\";\n/// \"SELECT in words\"\nlet other = \"UPDATED\";\n";
        assert_eq!(found(sql, "crates/leadwire-http/src/a.rs", text), 1);
        assert_eq!(found(sql, "crates/leadwire-store/src/a.rs", text), 0);
    }

    #[test]
    fn a_status_code_below_the_surfaces_is_named() {
        assert_eq!(found(status, "crates/leadwire-core/src/a.rs", "use http::StatusCode;\n"), 1);
        assert_eq!(found(status, "crates/leadwire-http/src/a.rs", "use http::StatusCode;\n"), 0);
    }

    #[test]
    fn a_link_to_nothing_is_named() {
        let text = "[a](Cargo.toml) [b](docs/nothing.md#x) [c](https://example.org/) [d](#here)";
        assert_eq!(found(links, "README.md", text), 1);
        assert_eq!(found(links, "a.rs", text), 0);
    }

    #[test]
    fn a_dialect_that_imports_a_sibling_is_named() {
        let text = "use crate::dialects::rechat::wire;\nuse crate::dialects::closebot::map;\n";
        assert_eq!(found(siblings, "crates/leadwire-http/src/dialects/closebot/search.rs", text), 1);
        assert_eq!(found(siblings, "crates/leadwire-http/src/dialects/mod.rs", text), 0);
    }
}
