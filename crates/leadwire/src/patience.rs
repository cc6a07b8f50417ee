//! A connection that does not wait for ever: a head must be complete in time, and something must move now and then.
//!
//! Hyper's own header time-out begins only after it knows the version of HTTP, and cannot tell a slow head from a
//! connection kept alive. This wrapper sees the bytes themselves, so nothing escapes it: not a client that sends
//! nothing at all, not one that sends a byte at a time, not one that never reads its answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To send a whole head, from its first byte; for the first head, from the connection.
    pub head: Duration,
    /// Between any two bytes, in either direction.
    pub idle: Duration,
}

/// What the service tells of a connection's requests.
#[derive(Debug, Default)]
pub struct Progress {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Progress {
    /// A whole head has arrived.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Its answer is ready.
    pub fn end(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    fn in_flight(&self) -> bool {
        self.begun() != self.ended.load(Ordering::Relaxed)
    }
}

/// A stream under patience.
#[derive(Debug)]
pub struct Patient<S> {
    stream: S,
    patience: Patience,
    progress: Arc<Progress>,
    /// Heads seen by the service when the bytes of the present one began.
    heads: usize,
    head_since: Option<Instant>,
    moved_at: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    pub fn new(stream: S, patience: Patience, progress: Arc<Progress>) -> Self {
        let now = Instant::now();
        let alarm = Box::pin(tokio::time::sleep_until(now + patience.head.min(patience.idle)));
        Self { stream, patience, heads: progress.begun(), progress, head_since: Some(now), moved_at: now, alarm }
    }

    fn settle_head(&mut self) {
        let heads = self.progress.begun();
        if heads != self.heads {
            self.heads = heads;
            self.head_since = None;
        }
    }

    fn deadline(&self) -> Instant {
        let idle = self.moved_at + self.patience.idle;
        self.head_since.map_or(idle, |it| idle.min(it + self.patience.head))
    }

    /// Nothing moved: ready once patience is at its end.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.settle_head();
        loop {
            let deadline = self.deadline();
            if self.alarm.deadline() > deadline {
                self.alarm.as_mut().reset(deadline);
            }
            ready!(self.alarm.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            // The alarm is put forward only when it rings, not at each byte.
            self.alarm.as_mut().reset(deadline);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, into) {
            Poll::Pending => this.poll_patience(cx).map(Err),
            done @ Poll::Ready(_) => {
                if into.filled().len() > before {
                    this.moved_at = Instant::now();
                    this.settle_head();
                    if this.head_since.is_none() && !this.progress.in_flight() {
                        this.head_since = Some(this.moved_at);
                    }
                }
                // A client that never pauses never comes by the alarm.
                if this.moved_at >= this.deadline() { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { done }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Patient<S> {
    fn wrote(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if done.is_pending() {
            return self.poll_patience(cx).map(Err);
        }
        self.moved_at = Instant::now();
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(cx, done)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.wrote(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const PATIENCE: Patience = Patience { head: Duration::from_secs(10), idle: Duration::from_mins(1) };

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    #[test]
    fn a_silent_client_is_given_the_time_of_a_head() {
        runtime().block_on(async {
            let (_client, server) = tokio::io::duplex(64);
            let begun = Instant::now();
            let mut server = Patient::new(server, PATIENCE, Arc::default());
            assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed().as_secs(), 10);
        });
    }

    #[test]
    fn a_head_sent_byte_by_byte_is_cut_off() {
        runtime().block_on(async {
            let (mut client, server) = tokio::io::duplex(64);
            let mut server = Patient::new(server, PATIENCE, Arc::default());
            for _ in 0..9 {
                client.write_all(b"x").await.unwrap();
                server.read_u8().await.unwrap();
                tokio::time::advance(Duration::from_secs(1)).await;
            }
            let begun = Instant::now();
            assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed().as_secs(), 1);
        });
    }

    #[test]
    fn between_requests_a_connection_may_lie_still_for_longer() {
        runtime().block_on(async {
            let (mut client, server) = tokio::io::duplex(64);
            let progress = Arc::new(Progress::default());
            let mut server = Patient::new(server, PATIENCE, Arc::clone(&progress));
            client.write_all(b"x").await.unwrap();
            server.read_u8().await.unwrap();
            progress.begin();
            progress.end();
            let begun = Instant::now();
            assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed().as_secs(), 60);
        });
    }

    #[test]
    fn the_next_head_has_its_own_time() {
        runtime().block_on(async {
            let (mut client, server) = tokio::io::duplex(64);
            let progress = Arc::new(Progress::default());
            let mut server = Patient::new(server, PATIENCE, Arc::clone(&progress));
            client.write_all(b"x").await.unwrap();
            server.read_u8().await.unwrap();
            progress.begin();
            progress.end();
            tokio::time::advance(Duration::from_secs(30)).await;
            client.write_all(b"x").await.unwrap();
            server.read_u8().await.unwrap();
            let begun = Instant::now();
            assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed().as_secs(), 10);
        });
    }

    #[test]
    fn a_body_may_take_longer_than_a_head_as_long_as_it_moves() {
        runtime().block_on(async {
            let (mut client, server) = tokio::io::duplex(64);
            let progress = Arc::new(Progress::default());
            let mut server = Patient::new(server, PATIENCE, Arc::clone(&progress));
            client.write_all(b"x").await.unwrap();
            server.read_u8().await.unwrap();
            progress.begin();
            for _ in 0..20 {
                tokio::time::advance(Duration::from_secs(30)).await;
                client.write_all(b"x").await.unwrap();
                server.read_u8().await.unwrap();
            }
            assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn a_client_that_does_not_read_is_cut_off() {
        runtime().block_on(async {
            let (mut client, server) = tokio::io::duplex(4);
            let progress = Arc::new(Progress::default());
            let mut server = Patient::new(server, PATIENCE, Arc::clone(&progress));
            client.write_all(b"x").await.unwrap();
            server.read_u8().await.unwrap();
            progress.begin();
            assert_eq!(server.write_all(b"longer than four").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        });
    }
}
