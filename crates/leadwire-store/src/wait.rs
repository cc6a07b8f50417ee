//! Waiting for a future on a thread of our own. A future that is ready at once costs one poll.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Never on a thread that serves requests, unless the future is known to be ready.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return done;
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_is_woken_by_another_thread_is_waited_for() {
        let (tell, hear) = futures_channel::oneshot::channel();
        let thread = std::thread::spawn(move || tell.send(7));
        assert_eq!(wait(hear), Ok(7));
        thread.join().unwrap().unwrap();
        assert_eq!(wait(std::future::ready(1)), 1);
    }
}
