//! The way to the committer: a bounded queue of units, and a few orders that are not units.

use std::collections::VecDeque;
use std::time::Duration;

use futures_channel::oneshot;
use leadwire_core::port::{Fault, Work};
use parking_lot::{Condvar, Mutex};

/// Something the committer is to do between two groups.
pub(crate) enum Order {
    /// Show that transactions can begin.
    Check(oneshot::Sender<Result<(), Fault>>),
    /// Build the index anew.
    Rebuild(oneshot::Sender<Result<(), Fault>>),
    /// End loading in bulk.
    FinishBulk(oneshot::Sender<Result<(), Fault>>),
}

impl Order {
    pub(crate) fn answer(self, result: Result<(), Fault>) {
        let (Self::Check(tell) | Self::Rebuild(tell) | Self::FinishBulk(tell)) = self;
        // The asker may have gone.
        drop(tell.send(result));
    }
}

/// What the committer does next.
pub(crate) enum Next {
    Group(Vec<Box<dyn Work>>),
    Order(Order),
    /// Nothing came in time.
    Idle,
    /// Closed, and empty.
    Closed,
}

pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    len_max: usize,
}

#[derive(Default)]
struct State {
    units: VecDeque<Box<dyn Work>>,
    orders: VecDeque<Order>,
    closed: bool,
    waiting: bool,
}

impl Queue {
    pub(crate) fn new(len_max: usize) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), len_max }
    }

    pub(crate) fn push(&self, work: Box<dyn Work>) -> Result<(), (Box<dyn Work>, Fault)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((work, Fault::Stopping));
        }
        if state.units.len() >= self.len_max {
            return Err((work, Fault::Busy));
        }
        state.units.push_back(work);
        self.notify(state);
        Ok(())
    }

    /// Orders are few and never turned away but by the end.
    pub(crate) fn order(&self, order: Order) {
        let mut state = self.state.lock();
        if state.closed {
            drop(state);
            order.answer(Err(Fault::Stopping));
            return;
        }
        state.orders.push_back(order);
        self.notify(state);
    }

    fn notify(&self, state: parking_lot::MutexGuard<'_, State>) {
        let waiting = state.waiting;
        drop(state);
        if waiting {
            self.wake.notify_one();
        }
    }

    /// From now on everything is turned away; what is in is still done.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
    }

    /// Waits for something to do, at most so long. A group takes all that waits, up to `group_max`.
    pub(crate) fn next(&self, group_max: usize, patience: Duration) -> Next {
        let mut state = self.state.lock();
        loop {
            if let Some(order) = state.orders.pop_front() {
                return Next::Order(order);
            }
            if !state.units.is_empty() {
                let size = state.units.len().min(group_max);
                return Next::Group(state.units.drain(..size).collect());
            }
            if state.closed {
                return Next::Closed;
            }
            state.waiting = true;
            let late = self.wake.wait_for(&mut state, patience).timed_out();
            state.waiting = false;
            if late && state.units.is_empty() && state.orders.is_empty() && !state.closed {
                return Next::Idle;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().units.len()
    }
}
