//! Leaves a server alone for a while after it failed, and then lets one call at a time find out.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use risk_app::sharing::QuotaState;
use tokio::time::Instant;

#[derive(Clone, Copy)]
enum State {
    Unasked,
    /// Since then it answers.
    Closed(Instant),
    Open {
        /// Since then it has not answered.
        since: Instant,
        /// No call before then.
        until: Instant,
    },
}

/// Knows whether the server answered last.
pub(crate) struct Breaker {
    state: Mutex<State>,
    pause: Duration,
}

impl Breaker {
    pub(crate) fn new(pause: Duration) -> Self {
        Self { state: Mutex::new(State::Unasked), pause }
    }

    /// Whether a call may be made. The first after a pause begins another one for all the others.
    pub(crate) fn lets_pass(&self) -> bool {
        let mut state = self.lock();
        match *state {
            State::Unasked | State::Closed(_) => true,
            State::Open { until, .. } if Instant::now() < until => false,
            State::Open { since, .. } => {
                *state = State::Open { since, until: Instant::now() + self.pause };
                true
            }
        }
    }

    /// The server answered. Answers whether that is news.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let is_news = !matches!(*state, State::Closed(_));
        if is_news {
            *state = State::Closed(Instant::now());
        }
        is_news
    }

    /// The server failed. Answers whether that is news.
    pub(crate) fn open(&self) -> bool {
        let mut state = self.lock();
        let now = Instant::now();
        let (is_news, since) = match *state {
            State::Open { since, .. } => (false, since),
            State::Unasked | State::Closed(_) => (true, now),
        };
        *state = State::Open { since, until: now + self.pause };
        is_news
    }

    pub(super) fn state(&self) -> QuotaState {
        match *self.lock() {
            State::Unasked => QuotaState::Unasked,
            State::Closed(_) => QuotaState::Shared,
            State::Open { .. } => QuotaState::Alone,
        }
    }

    /// For how long it is so; `None` where nobody asked yet.
    pub(super) fn since(&self) -> Option<Duration> {
        match *self.lock() {
            State::Unasked => None,
            State::Closed(since) | State::Open { since, .. } => Some(since.elapsed()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_state_lasts_from_its_first_call_on_whatever_follows_in_it() {
        let second = Duration::from_secs(1);
        let breaker = Breaker::new(second);
        assert_eq!(breaker.since(), None);
        assert!(breaker.close());
        tokio::time::advance(5 * second).await;
        assert!(!breaker.close());
        assert_eq!(breaker.since(), Some(5 * second));
        assert!(breaker.open());
        for _ in 0..3 {
            tokio::time::advance(second).await;
            assert!(breaker.lets_pass() && !breaker.lets_pass());
            assert!(!breaker.open());
        }
        assert_eq!((breaker.state(), breaker.since()), (QuotaState::Alone, Some(3 * second)));
        assert!(breaker.close());
        assert_eq!((breaker.state(), breaker.since()), (QuotaState::Shared, Some(Duration::ZERO)));
    }
}
