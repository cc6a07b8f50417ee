//! The load generator: HTTP/1.1 over kept-alive connections, on threads of its own.
//!
//! Closed loop: each connection sends its next request when it has its answer; measures the rate. Open loop: requests
//! are due at a fixed rate and their latency counts from when they were due, so that a stall is not hidden by the
//! requests it kept from being sent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Writes the requests of one connection.
pub(super) trait Requests: Send {
    /// Appends the next request, head and body; gives false when there is none.
    fn next(&mut self, into: &mut Vec<u8>) -> bool;
    /// Sees the answer.
    fn answered(&mut self, _status: u16, _body: &[u8]) {}
}

/// How long, or how fast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub time: Duration,
    /// Requests per second over all connections; none: as fast as answers come.
    pub rate: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub answers: u64,
    /// Answers that were no success.
    pub refused: u64,
    pub elapsed: Duration,
    /// Nanoseconds.
    pub latency: Histogram<u64>,
    /// Bytes of bodies.
    pub sent: u64,
    pub received: u64,
}

/// Latencies above this are counted as this.
const LATENCY_MAX: Duration = Duration::from_mins(1);

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, nanos(LATENCY_MAX), 3).context("no histogram")
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Measured {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { answers: 0, refused: 0, elapsed: Duration::ZERO, latency: histogram()?, sent: 0, received: 0 })
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.answers += other.answers;
        self.refused += other.refused;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.sent += other.sent;
        self.received += other.received;
        self.latency.add(&other.latency).context("histograms differ")
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(super) fn per_second(&self) -> f64 {
        if self.elapsed.is_zero() { 0.0 } else { self.answers as f64 / self.elapsed.as_secs_f64() }
    }

    pub(super) fn at(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.latency.value_at_quantile(quantile))
    }

    /// Mean bytes of a body sent, and of one received.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let mean = |it: u64| usize::try_from(it.checked_div(self.answers).unwrap_or(0)).unwrap_or(0);
        (mean(self.sent), mean(self.received))
    }
}

/// Runs one connection per `Requests`, all on one thread, and gives them back with what was measured.
pub(super) fn run<R: Requests + 'static>(address: SocketAddr, clients: Vec<R>, pace: Pace) -> anyhow::Result<(Measured, Vec<R>)> {
    let thread = std::thread::Builder::new().name("load".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move {
            let count = u32::try_from(clients.len()).unwrap_or(u32::MAX);
            let begin = Instant::now();
            let tasks: Vec<_> = clients
                .into_iter()
                .zip(0..)
                .map(|(requests, place)| tokio::spawn(client(address, requests, pace, Place { at: place, count, begin })))
                .collect();
            let mut measured = Measured::new()?;
            let mut clients = Vec::new();
            for task in tasks {
                let (one, requests) = task.await.context("a client broke down")??;
                measured.add(&one)?;
                clients.push(requests);
            }
            anyhow::Ok((measured, clients))
        })
    })?;
    thread.join().map_err(|_| anyhow::anyhow!("the load generator broke down"))?
}

/// Which of how many connections this is.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    count: u32,
    begin: Instant,
}

async fn client<R: Requests>(address: SocketAddr, mut requests: R, pace: Pace, at: Place) -> anyhow::Result<(Measured, R)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut measured = Measured::new()?;
    let mut out = Vec::with_capacity(4096);
    let mut reader = Reader::default();
    // Every connection's share of the rate, and the connections evenly apart.
    let between = pace.rate.map(|it| Duration::from_secs_f64(f64::from(at.count) / it));
    let mut due = between.map(|it| at.begin + it * at.at / at.count);
    let end = at.begin + pace.time;
    loop {
        let begun = match due {
            None => Instant::now(),
            Some(due) => {
                tokio::time::sleep_until(due.into()).await;
                due
            }
        };
        if begun >= end {
            break;
        }
        out.clear();
        if !requests.next(&mut out) {
            break;
        }
        stream.write_all(&out).await?;
        let (status, body) = reader.answer(&mut stream).await?;
        measured.latency.saturating_record(nanos(begun.elapsed()).max(1));
        measured.answers += 1;
        measured.refused += u64::from(!(200..300).contains(&status));
        measured.received += u64::try_from(body.len()).unwrap_or(0);
        measured.sent += u64::try_from(body_of(&out).len()).unwrap_or(0);
        requests.answered(status, body);
        due = due.zip(between).map(|(due, between)| due + between);
    }
    measured.elapsed = at.begin.elapsed();
    Ok((measured, requests))
}

/// What follows the head of a request.
fn body_of(request: &[u8]) -> &[u8] {
    head_end(request).and_then(|it| request.get(it..)).unwrap_or(&[])
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|it| it == b"\r\n\r\n").map(|it| it + 4)
}

/// Reads answers one after another.
#[derive(Default)]
struct Reader {
    bytes: Vec<u8>,
    /// Bytes of the answer given last.
    used: usize,
}

impl Reader {
    async fn answer(&mut self, stream: &mut TcpStream) -> anyhow::Result<(u16, &[u8])> {
        self.bytes.drain(..self.used);
        self.used = 0;
        let head = loop {
            if let Some(head) = head_end(&self.bytes) {
                break head;
            }
            self.more(stream).await?;
        };
        let (status, length) = parse_head(self.bytes.get(..head).unwrap_or(&[]))?;
        while self.bytes.len() < head + length {
            self.more(stream).await?;
        }
        self.used = head + length;
        Ok((status, self.bytes.get(head..self.used).unwrap_or(&[])))
    }

    async fn more(&mut self, stream: &mut TcpStream) -> anyhow::Result<()> {
        self.bytes.reserve(16 * 1024);
        if stream.read_buf(&mut self.bytes).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Status and length of the body. The servers measured here always say the length.
fn parse_head(head: &[u8]) -> anyhow::Result<(u16, usize)> {
    let head = std::str::from_utf8(head).context("the answer's head is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|it| it.split(' ').nth(1)).and_then(|it| it.parse().ok()).context("the answer has no status")?;
    let length = lines.filter_map(|it| it.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = match length {
        Some((_, it)) => it.trim().parse().context("the answer's length is no number")?,
        None if status == 204 || status == 304 => 0,
        None => bail!("the answer has no length"),
    };
    Ok((status, length))
}

/// The head of a POST with a JSON body, up to the value of its length.
pub(super) fn post_head(path: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n");
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("content-length: ");
    head
}

/// Appends a whole request.
pub(super) fn post(into: &mut Vec<u8>, head: &str, body: &[u8]) {
    into.extend_from_slice(head.as_bytes());
    into.extend_from_slice(body.len().to_string().as_bytes());
    into.extend_from_slice(b"\r\n\r\n");
    into.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_status_and_length_in_any_case() {
        assert_eq!(parse_head(b"HTTP/1.1 200 OK\r\nContent-LENGTH: 12\r\n\r\n").unwrap(), (200, 12));
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), (204, 0));
        assert!(parse_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse_head(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_is_head_length_and_body() {
        let mut out = Vec::new();
        post(&mut out, &post_head("/x", &[("a", "b")]), b"{}");
        assert_eq!(out, b"POST /x HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\na: b\r\ncontent-length: 2\r\n\r\n{}");
        assert_eq!(body_of(&out), b"{}");
    }
}
