//! The page of each dialect, drawn from what its surface says of itself: the head of its module, its document, and what
//! it does not serve. `LEADWIRE_WRITE_PAGES=1 cargo test -p leadwire pages` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use leadwire_http::surface;
use serde_json::Value;

use crate::harness::TestApp;

#[tokio::test]
async fn each_dialect_has_its_page_and_the_page_is_true() {
    let app = TestApp::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    #[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
    let write = std::env::var_os("LEADWIRE_WRITE_PAGES").is_some();
    for surface in surface::all().iter().filter(|it| !it.prefix.is_empty()) {
        let document = app.get(&format!("{}/openapi.json", surface.prefix), "").await.expect(200);
        let page = page(surface, &document, &head(&root, surface.name));
        let path = root.join("docs/dialects").join(format!("{}.md", surface.name));
        if write {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &page).unwrap();
        }
        let stands = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stands == page, "{} is not what the surface says; write it anew as this file's head says", path.display());
    }
    app.close().await;
}

/// The prose at the head of the dialect's module.
fn head(root: &Path, name: &str) -> String {
    let path: PathBuf = root.join("crates/leadwire-http/src/dialects").join(name).join("mod.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map_while(|it| it.strip_prefix("//!")).map(|it| it.strip_prefix(' ').unwrap_or(it));
    // The first line is the title.
    lines.skip(2).collect::<Vec<_>>().join("\n")
}

fn page(surface: &surface::Surface, document: &Value, head: &str) -> String {
    let mut page = format!(
        "# {}\n\n{}\n\n{head}\n\n## Served\n\n",
        document["info"]["title"].as_str().unwrap(),
        document["info"]["description"].as_str().unwrap()
    );
    writeln!(page, "Under `{}`, and at the root where no other surface has the path. Shapes: `{}/openapi.json`.\n", surface.prefix, surface.prefix)
        .unwrap();
    writeln!(page, "| operation | what | parameters | answers |\n|---|---|---|---|").unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(summary) = operation["summary"].as_str() else { continue };
            let parameters: Vec<String> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|it| it["in"] != "path")
                .map(|it| format!("`{}` ({})", it["name"].as_str().unwrap(), it["in"].as_str().unwrap()))
                .collect();
            let answers: Vec<&str> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let method = method.to_uppercase();
            writeln!(page, "| `{method} {path}` | {summary} | {} | {} |", parameters.join(", "), answers.join(", ")).unwrap();
        }
    }
    page.push_str("\n## Not served\n\n");
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for it in surface.not_served {
        by_reason.entry(it.why).or_default().push(format!("`{} {}`", it.method, it.path));
    }
    if by_reason.is_empty() {
        page.push_str("Nothing of the contract is left out.\n");
    }
    for (why, operations) in by_reason {
        writeln!(page, "- {why}: {}", operations.join(", ")).unwrap();
    }
    page
}
