//! The rate and concurrency budget of one upstream, and its pauses.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::SetupError;
use crate::policy::Policy;

/// Longest pause taken from one reply: a daily limit says "tomorrow", and a hostile reply may say anything.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Shortest pause: `Retry-After: 0` must not become a busy loop.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// First pause when the reply does not say how long; doubles with each one after.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Why a call may not go now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// No place came free before the deadline.
    Crowded,
    /// The rate or a pause holds it for this long, which the deadline does not leave.
    For(Duration),
}

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    /// Pauses in a row without a stated length.
    unstated: u32,
}

pub(crate) struct Budget {
    places: Semaphore,
    bucket: Option<DefaultDirectRateLimiter>,
    clock: DefaultClock,
    pause: Mutex<Pause>,
}

impl Budget {
    /// # Errors
    /// The rate is not a positive number a token bucket can keep.
    pub(crate) fn new(policy: &Policy) -> Result<Self, SetupError> {
        let unusable = || SetupError::Policy { upstream: policy.name, field: "rate_per_second" };
        let bucket = match policy.rate_per_second {
            None => None,
            Some(rate) => {
                let period = Duration::try_from_secs_f64(1.0 / rate).map_err(|_| unusable())?;
                let quota = Quota::with_period(period).ok_or_else(unusable)?;
                let burst = NonZeroU32::new(policy.burst).unwrap_or(NonZeroU32::MIN);
                Some(DefaultDirectRateLimiter::direct(quota.allow_burst(burst)))
            }
        };
        Ok(Self {
            places: Semaphore::new(policy.concurrency.min(Semaphore::MAX_PERMITS)),
            bucket,
            clock: DefaultClock::default(),
            pause: Mutex::default(),
        })
    }

    /// Waits for a place, then for the end of a pause, then for a token, and takes them.
    ///
    /// # Errors
    /// It would take longer than until `deadline`; said at once where the wait is known.
    pub(crate) async fn admit(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Held> {
        if let Some(left) = self.paused_for() {
            fits(left, deadline)?;
        }
        let Ok(Ok(place)) = timeout_at(deadline, self.places.acquire()).await else {
            return Err(Held::Crowded);
        };
        loop {
            let Some(wait) = self.paused_for().or_else(|| self.take_token()) else {
                return Ok(place);
            };
            fits(wait, deadline)?;
            sleep(wait).await;
        }
    }

    /// Pauses everyone: for `stated` within limits, or for a doubling time where the reply does not say. Gives
    /// what is left of the longest pause in force.
    pub(crate) fn pause(&self, stated: Option<Duration>) -> Duration {
        let mut pause = self.lock_pause();
        let now = Instant::now();
        let left = pause.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let wanted = match stated {
            Some(stated) => stated.clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
            // Replies to calls that were in flight together are one event.
            None if !left.is_zero() => left,
            None => {
                let doublings = pause.unstated.min(6);
                pause.unstated += 1;
                (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
            }
        };
        let longest = wanted.max(left);
        pause.until = Some(now + longest);
        longest
    }

    /// A success ends the row of pauses that grow.
    pub(crate) fn relax(&self) {
        self.lock_pause().unstated = 0;
    }

    /// What is left of a pause.
    pub(crate) fn paused_for(&self) -> Option<Duration> {
        let until = self.lock_pause().until?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Takes a token, or says when one may be there.
    fn take_token(&self) -> Option<Duration> {
        let refusal = self.bucket.as_ref()?.check().err()?;
        // At least the timer's own grain, else the loop spins at the very edge.
        Some(refusal.wait_time_from(self.clock.now()).max(Duration::from_millis(1)))
    }

    fn lock_pause(&self) -> MutexGuard<'_, Pause> {
        // A plain value: no panic can leave it half-written.
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a wait that ends after the deadline.
fn fits(wait: Duration, deadline: Instant) -> Result<(), Held> {
    if wait < deadline.saturating_duration_since(Instant::now()) { Ok(()) } else { Err(Held::For(wait)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(change: impl FnOnce(&mut Policy)) -> Result<Budget, SetupError> {
        let mut policy = Policy::new("test");
        change(&mut policy);
        Budget::new(&policy)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn a_rate_that_is_no_rate_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert!(budget(|p| p.rate_per_second = Some(rate)).is_err(), "{rate}");
        }
        assert!(budget(|p| p.rate_per_second = Some(0.5)).is_ok());
    }

    #[tokio::test]
    async fn a_pause_longer_than_the_deadline_is_said_at_once() {
        let budget = budget(|_| {}).unwrap();
        budget.pause(Some(Duration::from_secs(30)));
        let before = Instant::now();
        let held = budget.admit(soon()).await.err();
        assert!(matches!(held, Some(Held::For(left)) if left > Duration::from_secs(29)), "{held:?}");
        assert!(before.elapsed() < Duration::from_millis(100));
    }

    #[tokio::test]
    async fn pauses_are_capped_floored_and_never_shortened_by_a_later_one() {
        let budget = budget(|_| {}).unwrap();
        assert_eq!(budget.pause(Some(Duration::ZERO)), SHORTEST_PAUSE);
        assert_eq!(budget.pause(Some(Duration::from_secs(86_400))), LONGEST_PAUSE);
        assert!(budget.pause(Some(Duration::from_secs(1))) > Duration::from_secs(59));
    }

    #[tokio::test]
    async fn unstated_pauses_double_but_replies_in_flight_together_count_once() {
        let budget = budget(|_| {}).unwrap();
        assert_eq!(budget.pause(None), FIRST_PAUSE);
        assert!(budget.pause(None) <= FIRST_PAUSE);
        budget.lock_pause().until = None;
        assert_eq!(budget.pause(None), FIRST_PAUSE * 2);
        budget.relax();
        budget.lock_pause().until = None;
        assert_eq!(budget.pause(None), FIRST_PAUSE);
    }

    #[tokio::test]
    async fn no_free_place_before_the_deadline_is_crowded() {
        let budget = budget(|p| p.concurrency = 1).unwrap();
        let place = budget.admit(soon()).await.unwrap();
        assert_eq!(budget.admit(soon()).await.err(), Some(Held::Crowded));
        drop(place);
        assert!(budget.admit(soon()).await.is_ok());
    }
}
