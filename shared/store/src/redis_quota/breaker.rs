//! Leaves a server alone for a while after it failed, and then lets one call at a time find out.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use risk_app::sharing::QuotaState;
use tokio::time::Instant;

#[derive(Clone, Copy)]
enum State {
    Unasked,
    Closed,
    /// No call before then.
    Open(Instant),
}

/// Knows whether the server answered last.
pub(super) struct Breaker {
    state: Mutex<State>,
    pause: Duration,
}

impl Breaker {
    pub(super) fn new(pause: Duration) -> Self {
        Self { state: Mutex::new(State::Unasked), pause }
    }

    /// Whether a call may be made. The first after a pause begins another one for all the others.
    pub(super) fn lets_pass(&self) -> bool {
        let mut state = self.lock();
        match *state {
            State::Unasked | State::Closed => true,
            State::Open(until) if Instant::now() < until => false,
            State::Open(_) => {
                *state = State::Open(Instant::now() + self.pause);
                true
            }
        }
    }

    /// The server answered. Answers whether that is news.
    pub(super) fn close(&self) -> bool {
        let was = std::mem::replace(&mut *self.lock(), State::Closed);
        !matches!(was, State::Closed)
    }

    /// The server failed. Answers whether that is news.
    pub(super) fn open(&self) -> bool {
        let was = std::mem::replace(&mut *self.lock(), State::Open(Instant::now() + self.pause));
        !matches!(was, State::Open(_))
    }

    pub(super) fn state(&self) -> QuotaState {
        match *self.lock() {
            State::Unasked => QuotaState::Unasked,
            State::Closed => QuotaState::Shared,
            State::Open(_) => QuotaState::Alone,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
