//! The world's clock: wall time plus an offset that the control routes move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time in seconds since the Unix epoch, plus a commanded offset.
pub(crate) struct Clock {
    offset_seconds: AtomicU64,
}

impl Clock {
    /// A clock that shows wall time.
    pub(crate) fn new() -> Self {
        Self { offset_seconds: AtomicU64::new(0) }
    }

    /// Seconds since the Unix epoch as this world sees them.
    pub(crate) fn now(&self) -> u64 {
        wall_seconds().saturating_add(self.offset_seconds.load(Ordering::SeqCst))
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, seconds: u64) {
        self.offset_seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Shows wall time again.
    pub(crate) fn reset(&self) {
        self.offset_seconds.store(0, Ordering::SeqCst);
    }

    /// How far the clock has been moved, in seconds.
    pub(crate) fn offset_seconds(&self) -> u64 {
        self.offset_seconds.load(Ordering::SeqCst)
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox is the outside world: its clock is real time")]
fn wall_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs())
}
