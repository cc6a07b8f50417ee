//! Runs README.md as written: its two commands must stand in it, and each block marked `<!-- test -->` is run against
//! the demo. A block marked `<!-- test: words -->` must also print these words. The calls that the demo itself prints are
//! run too.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::http::Client;
use crate::out::say;
use crate::serve;
use crate::sh;
use crate::{Ctx, Tally};

/// What a stranger types.
const COMMANDS: &[&str] = &["cargo run --release -- demo", "cargo xtask test"];

/// Where the README says that the demo listens.
const ADDRESS: &str = "127.0.0.1:8080";

/// How long the demo may take until it serves, on a machine that is busy with other things.
const START_MAX: Duration = Duration::from_secs(30);

#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// Where it begins.
    line: usize,
    script: String,
    /// What its output must hold.
    words: String,
}

pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    let text = std::fs::read_to_string(sh::root().join("README.md")).context("README.md cannot be read")?;
    let missing = COMMANDS.iter().filter(|it| !text.lines().any(|line| line.trim() == **it));
    let mut total = Tally::of("its two commands", &missing.map(|it| format!("`{it}` stands on no line of its own")).collect::<Vec<_>>());
    let blocks = blocks(&text)?;
    if blocks.is_empty() {
        bail!("README.md has no block marked <!-- test -->");
    }
    let demo = Demo::start()?;
    for it in &blocks {
        total.add(Tally::of(&format!("README.md:{}", it.line), &demo.try_out(&it.script, &it.words)?));
    }
    let calls: Vec<&str> = demo.said.iter().map(|it| it.trim()).filter(|it| it.starts_with("curl ")).collect();
    if calls.is_empty() {
        bail!("the demo prints no calls");
    }
    for (at, call) in calls.iter().enumerate() {
        let call = call.replacen("curl ", "curl --show-error --fail-with-body ", 1);
        total.add(Tally::of(&format!("the demo's call {}", at + 1), &demo.try_out(&call, "")?));
    }
    Ok(total)
}

/// The marked blocks, in order.
fn blocks(text: &str) -> Result<Vec<Block>> {
    let mut all = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(mark) = line.trim().strip_prefix("<!-- test").and_then(|it| it.strip_suffix("-->")) else { continue };
        let words = mark.trim().trim_start_matches(':').trim().to_owned();
        if lines.next().is_none_or(|(_, it)| it.trim() != "```sh") {
            bail!("README.md:{}: the mark is not followed by a block of sh", at + 1);
        }
        let script: Vec<&str> = lines.by_ref().map(|(_, it)| it).take_while(|it| it.trim() != "```").collect();
        all.push(Block { line: at + 1, script: script.join("\n"), words });
    }
    Ok(all)
}

/// The demo, as the README's first command runs it, but on data of its own.
struct Demo {
    child: Child,
    /// What it printed until it served.
    said: Vec<String>,
}

impl Demo {
    fn start() -> Result<Self> {
        let binary = serve::build(true)?;
        if std::net::TcpListener::bind(ADDRESS).is_err() {
            bail!("{ADDRESS} is taken; the README's calls go there");
        }
        let data = sh::scratch("readme")?;
        Self::run(&binary, &data.join("demo"))
    }

    fn run(binary: &Path, data: &Path) -> Result<Self> {
        let child = sh::command(binary).args(["demo", "--data-dir"]).arg(data).stdout(Stdio::piped()).spawn().context("cannot run the demo")?;
        let mut demo = Self { child, said: Vec::new() };
        let out = demo.child.stdout.take().context("the demo has no output")?;
        let (send, lines) = std::sync::mpsc::channel();
        // Read to the end on a thread of its own, so that the demo never waits for a reader.
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                say!("  demo: {line}");
                drop(send.send(line));
            }
        });
        let address = ADDRESS.parse()?;
        let ready = serve::until(START_MAX, || {
            if let Some(status) = demo.child.try_wait()? {
                bail!("the demo ended at once ({status})");
            }
            demo.said.extend(lines.try_iter());
            let serves = Client::open(address, "").and_then(|mut it| it.get("/readyz")).is_ok_and(|it| it.status == 200);
            Ok((serves && demo.word_after("key").is_some() && demo.word_after("source").is_some()).then_some(()))
        })?;
        ready.context("the demo did not serve and print a key and a source in time")?;
        Ok(demo)
    }

    /// What the README tells the reader to take from the output: the word after another, the first time.
    fn word_after(&self, word: &str) -> Option<&str> {
        self.said.iter().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next() == Some(word)).then(|| words.next()).flatten()
        })
    }

    /// Runs a script as the reader would and says what is wrong with what came out.
    fn try_out(&self, script: &str, words: &str) -> Result<Vec<String>> {
        let mut bash = sh::command("bash");
        bash.args(["-euo", "pipefail", "-c", script]);
        bash.env("KEY", self.word_after("key").unwrap_or_default()).env("SOURCE", self.word_after("source").unwrap_or_default());
        let output = bash.output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Ok(vec![format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr))]);
        }
        if said.trim().is_empty() || !said.contains(words) {
            return Ok(vec![format!("expected {words:?} in: {said}")]);
        }
        Ok(Vec::new())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_blocks_are_found_with_the_words_they_must_print() {
        let text = "# A\n<!-- test: Ada -->\n```sh\na\nb\n```\n```sh\nnot marked\n```\n<!-- test -->\n```sh\nc\n```\n";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Block { line: 2, script: "a\nb".to_owned(), words: "Ada".to_owned() });
        assert_eq!(found[1], Block { line: 10, script: "c".to_owned(), words: String::new() });
    }

    #[test]
    fn a_mark_without_a_block_is_refused() {
        assert!(blocks("<!-- test -->\n\ntext\n").is_err());
    }
}
