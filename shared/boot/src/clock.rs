//! The system clock: the one place that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use risk_app::ports::Clock;
use risk_model::Timestamp;

/// Wall-clock time of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else takes as an argument"
    )]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a broken machine; the epoch makes every reading from it stale, which is the safe side.
        Timestamp::new(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}
