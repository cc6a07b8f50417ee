//! The bench at small sizes. A busy machine says nothing about time, so only what must be true at any speed is checked:
//! that it runs, that every answered capture is a row, and that a search finds something.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::serve;
use crate::sh;
use crate::{Ctx, Tally};

const CAPTURE: &[&str] =
    &["bench", "capture", "--json", "--connections", "8,1", "--leads", "2000", "--rules", "10", "--agencies", "1,3", "--seconds", "1"];
const SEARCH: &[&str] = &["bench", "search", "--json", "--conversations", "2000", "--seconds", "1"];

pub(crate) fn run(_: &Ctx) -> Result<Tally> {
    let binary = serve::build(true)?;
    let data = sh::scratch("bench")?;
    let mut total = Tally::default();
    for (what, words) in [("bench capture", CAPTURE), ("bench search", SEARCH)] {
        let mut documents = Vec::new();
        let fine = sh::listen(sh::command(&binary).args(words).arg("--data-dir").arg(&data), |line| {
            documents.extend(serde_json::from_str::<Value>(line).ok());
        })?;
        if !fine {
            bail!("{what} failed");
        }
        let complaints = if what == "bench capture" { captures(&documents)? } else { searches(&documents) };
        total.add(Tally::of(what, &complaints));
    }
    Ok(total)
}

/// A figure by its name, in the reports that have it.
fn figures<'a>(documents: &'a [Value], name: &'a str) -> impl Iterator<Item = f64> + 'a {
    let rows = documents.iter().filter_map(|it| it.get("rows")?.as_array()).flatten();
    rows.filter(move |it| it.get("name").and_then(Value::as_str) == Some(name)).filter_map(|it| it.get("value")?.as_f64())
}

fn captures(documents: &[Value]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let shares: Vec<f64> = figures(documents, "leads / captures answered").collect();
    if shares.is_empty() {
        bail!("no report counts its rows");
    }
    complaints.extend(shares.iter().filter(|it| **it < 1.0).map(|it| format!("only {it} of the answered captures are rows")));
    let most = figures(documents, "bytes per lead").reduce(f64::max).context("no report counts its bytes")?;
    if most > 0.0 && figures(documents, "captures").all(|it| it > 0.0) {
        return Ok(complaints);
    }
    complaints.push("a measurement without captures or bytes".to_owned());
    Ok(complaints)
}

fn searches(documents: &[Value]) -> Vec<String> {
    match figures(documents, "together").next() {
        Some(rate) if rate > 0.0 => Vec::new(),
        _ => vec!["no search was answered".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(share: f64) -> Vec<Value> {
        let row = |name: &str, value: f64| json!({"name": name, "value": value});
        vec![json!({"title": "t", "rows": [row("leads / captures answered", share), row("captures", 10.0), row("bytes per lead", 900.0)]})]
    }

    #[test]
    fn a_capture_that_is_no_row_is_noticed() {
        assert_eq!(captures(&report(0.9)).unwrap().len(), 1);
        assert_eq!(captures(&report(1.0)).unwrap().len(), 0);
    }

    #[test]
    fn a_report_without_counts_is_an_error() {
        assert!(captures(&[json!({"rows": []})]).is_err());
        assert_eq!(searches(&[]).len(), 1);
    }
}
