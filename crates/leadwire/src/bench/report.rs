//! What a bench says: an aligned table for people, JSON for everything else.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;

/// Rows under one heading.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub title: String,
    pub rows: Vec<Row>,
}

/// A figure, and what it is held against.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// The same figure of the floor, measured in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// The bound it is to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Report {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub(super) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) -> &mut Row {
        self.rows.push(Row { name: name.into(), value, unit, floor: None, bound: None, held: None });
        // A row was pushed just now.
        let last = self.rows.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the row just pushed")]
        &mut self.rows[last]
    }

    pub(super) fn print(&self, out: &mut dyn Write, json: bool) -> std::io::Result<()> {
        if json {
            return writeln!(out, "{}", serde_json::to_string(self)?);
        }
        writeln!(out, "\n{}", self.title)?;
        let width = self.rows.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
        for row in &self.rows {
            let pad = width - row.name.chars().count();
            write!(out, "  {}{:pad$}  {:>14} {:<9}", row.name, "", number(row.value), row.unit)?;
            if let Some(floor) = row.floor {
                write!(out, "  floor {:>12}", number(floor))?;
            }
            match (row.bound, row.held) {
                (Some(Bound::AtLeast(bound)), Some(held)) => write!(out, "  >= {} {}", number(bound), verdict(held))?,
                (Some(Bound::AtMost(bound)), Some(held)) => write!(out, "  <= {} {}", number(bound), verdict(held))?,
                _ => {}
            }
            writeln!(out)?;
        }
        out.flush()
    }
}

impl Row {
    pub(super) fn floor(&mut self, floor: f64) -> &mut Self {
        self.floor = Some(floor);
        self
    }

    pub(super) fn bound(&mut self, bound: Bound) -> &mut Self {
        self.held = Some(bound.holds(self.value));
        self.bound = Some(bound);
        self
    }
}

fn verdict(held: bool) -> &'static str {
    if held { "ok" } else { "MISSED" }
}

/// Few digits for small numbers, none after the point for large ones.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        it if it >= 1000.0 => 0,
        it if it >= 10.0 => 1,
        _ => 3,
    };
    format!("{value:.digits$}")
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

pub(super) fn ratio(value: f64, of: f64) -> f64 {
    if of > 0.0 { value / of } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_was_held_and_what_was_missed() {
        let mut report = Report::new("a bench");
        report.figure("rate", 1234.5, "/s").floor(9000.0);
        report.figure("ratio", 0.05, "").bound(Bound::AtLeast(0.07));
        report.figure("size", 900.0, "B").bound(Bound::AtMost(3000.0));
        let mut out = Vec::new();
        report.print(&mut out, false).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("ratio") && text.contains(">= 0.070 MISSED"), "{text}");
        assert!(text.contains("<= 3000 ok"), "{text}");
    }

    #[test]
    fn json_holds_the_same() {
        let mut report = Report::new("a bench");
        report.figure("ratio", 0.5, "").bound(Bound::AtLeast(0.07));
        let mut out = Vec::new();
        report.print(&mut out, true).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["rows"][0]["held"], true);
        assert_eq!(value["rows"][0]["bound"]["at_least"], 0.07);
    }
}
