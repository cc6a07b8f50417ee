//! Time and chance, taken from the operating system here and given to everything else.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use leadwire_core::Time;
pub use leadwire_store::{Chance, Clock};

/// When this process first asked.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Time {
        Time::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    fn uptime(&self) -> Duration {
        BEGAN.elapsed()
    }
}

/// The system's source of randomness.
#[derive(Clone, Copy, Debug)]
pub struct OsChance;

impl Chance for OsChance {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws chance")]
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // Keys made without chance would be known to everybody: better no server than that one.
        if getrandom::fill(&mut bytes).is_err() {
            std::process::abort();
        }
        bytes
    }
}

/// A clock that can be set while made-up history is written, and then goes with the system's.
#[derive(Debug, Default)]
pub struct StoryClock(AtomicI64);

impl StoryClock {
    /// From now on it is this moment.
    pub fn set(&self, at: Time) {
        self.0.store(at.millis(), Ordering::Relaxed);
    }

    /// From now on it goes with the system's clock.
    pub fn release(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Time {
        match self.0.load(Ordering::Relaxed) {
            0 => SystemClock.now(),
            at => Time::from_millis(at),
        }
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}
