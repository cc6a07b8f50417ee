//! Captures with a tag each, over some connections, and the ledger of those that were answered with success.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};

use crate::http::Client;
use crate::serve::Server;

#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) connections: u64,
    /// Connections stop asking once so many are acknowledged.
    pub(super) captures: u64,
}

/// A capture whose success was told.
pub(super) struct Acknowledged {
    pub(super) tag: String,
    pub(super) lead: String,
}

/// Before and after a tag's digits, so that it is found in any bytes and never taken for a part of another.
const HEAD: &str = "lwtag";
const DIGITS: usize = 12;
const TAIL: u8 = b'z';

fn tag(number: u64) -> String {
    format!("{HEAD}{number:0DIGITS$}{}", char::from(TAIL))
}

/// Every tag in some bytes.
pub(super) fn tags(bytes: &[u8]) -> Vec<String> {
    let length = HEAD.len() + DIGITS + 1;
    let mut found: Vec<String> = bytes
        .windows(length)
        .filter(|it| it.starts_with(HEAD.as_bytes()) && it.ends_with(&[TAIL]))
        .filter(|it| it.iter().skip(HEAD.len()).take(DIGITS).all(u8::is_ascii_digit))
        .map(|it| String::from_utf8_lossy(it).into_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Captures until enough is acknowledged; a connection that fails ends alone.
pub(super) fn run(server: &Server, channel: &str, plan: Plan) -> Result<Vec<Acknowledged>> {
    let next = AtomicU64::new(0);
    let ledger = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let work: Vec<_> = (0..plan.connections).map(|_| scope.spawn(|| connection(server.client()?, channel, plan, &next, &ledger))).collect();
        for it in work {
            match it.join() {
                Ok(done) => done?,
                Err(_) => anyhow::bail!("a connection's thread ended badly"),
            }
        }
        Ok(())
    })?;
    Ok(ledger.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn connection(mut client: Client, channel: &str, plan: Plan, next: &AtomicU64, ledger: &Mutex<Vec<Acknowledged>>) -> Result<()> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.captures {
            return Ok(());
        }
        let tag = tag(number);
        // In several fields: in the file any one of them may be cut in two by the end of a page.
        let lead = json!({"first_name": tag, "last_name": tag, "email": format!("{tag}@example.com"), "note": tag});
        let answer = client.post("/leads", &json!({"metadata": {"lead_channel": channel}, "lead": lead}))?.good()?.json()?;
        let lead = answer.pointer("/data/id").and_then(Value::as_str).unwrap_or_default().to_owned();
        ledger.lock().unwrap_or_else(PoisonError::into_inner).push(Acknowledged { tag, lead });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_in_any_bytes_and_only_whole() {
        let mut bytes = b"\0\xff".to_vec();
        bytes.extend(tag(7).bytes());
        bytes.extend(b"lwtag12345z lwtag0000000000x0z ");
        bytes.extend(tag(123).bytes());
        assert_eq!(tags(&bytes), [tag(7), tag(123)]);
    }
}
