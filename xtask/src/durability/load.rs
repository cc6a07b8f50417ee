//! Captures with a tag each, over some connections, and the ledger of those that were answered with success.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::http::Client;
use crate::serve::Server;

#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) connections: usize,
    /// So many are acknowledged when the server is killed.
    pub(super) captures: usize,
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

/// Captures over all connections, and kills the server at the given acknowledgement, in the middle of the others'
/// requests. Gives everything that was acknowledged, also what was on its way when the kill came.
pub(super) fn run_and_kill(server: &mut Server, channel: &str, plan: Plan) -> Result<Vec<Acknowledged>> {
    let clients: Vec<Client> = (0..plan.connections).map(|_| server.client()).collect::<Result<_>>()?;
    let next = AtomicU64::new(0);
    let (tell, hear) = mpsc::channel();
    std::thread::scope(|scope| {
        for client in clients {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || connection(client, channel, next, &tell));
        }
        // The loop below ends with the last connection.
        drop(tell);
        let mut ledger = Vec::new();
        let mut killed = false;
        for it in hear {
            match it {
                Ok(acknowledged) => ledger.push(acknowledged),
                Err(_) if killed => {}
                Err(error) => {
                    server.kill()?;
                    return Err(error.context("before the kill"));
                }
            }
            if ledger.len() >= plan.captures && !killed {
                server.kill()?;
                killed = true;
            }
        }
        Ok(ledger)
    })
}

/// Captures until something fails: the server is killed, or nobody listens.
fn connection(mut client: Client, channel: &str, next: &AtomicU64, tell: &mpsc::Sender<Result<Acknowledged>>) {
    loop {
        let done = capture(&mut client, channel, tag(next.fetch_add(1, Ordering::Relaxed)));
        let over = done.is_err();
        if tell.send(done).is_err() || over {
            return;
        }
    }
}

fn capture(client: &mut Client, channel: &str, tag: String) -> Result<Acknowledged> {
    // In several fields: in the file any one of them may be cut in two by the end of a page.
    let lead = json!({"first_name": tag, "last_name": tag, "email": format!("{tag}@example.com"), "note": tag});
    let answer = client.post("/leads", &json!({"metadata": {"lead_channel": channel}, "lead": lead}))?.good()?.json()?;
    let lead = answer.pointer("/data/id").and_then(Value::as_str).context("an answer without the lead's id")?.to_owned();
    Ok(Acknowledged { tag, lead })
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
