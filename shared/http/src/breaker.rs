//! The circuit breaker of one upstream: failsafe's state machine, with one probe at a time while half-open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use failsafe::failure_policy::{ConsecutiveFailures, consecutive_failures};
use failsafe::{Instrument, StateMachine};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::metering::record_breaker;
use crate::policy::Policy;
use crate::reply::Verdict;

/// Longest open period, unless the policy's first one is longer.
const LONGEST_OPEN: Duration = Duration::from_secs(300);
/// What a call is told to wait while another one probes.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// Whether calls go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// Calls fail at once until the open period ends.
    Open,
    /// The open period has ended: one probing call at a time goes through and decides.
    HalfOpen,
}

impl BreakerState {
    /// `closed`, `open` or `half_open`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What was seen of the state machine, which does not show its state itself.
struct Seen {
    state: BreakerState,
    /// Counts transitions, so that a reply to a call of an earlier state is not taken for a probe's.
    epoch: u64,
    open_for: Duration,
    reopens_at: Option<Instant>,
}

type SharedSeen = Arc<Mutex<Seen>>;

/// Mutexes here guard plain values that no panic can leave half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lengths of successive open periods: doubling up to a cap. (failsafe's own counts whole seconds only and
/// panics below one.)
#[derive(Clone)]
struct OpenPeriods {
    next: Duration,
    longest: Duration,
    seen: SharedSeen,
}

impl Iterator for OpenPeriods {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let period = self.next;
        self.next = period.saturating_mul(2).min(self.longest);
        lock(&self.seen).open_for = period;
        Some(period)
    }
}

/// Hears the transitions.
struct Watch {
    name: &'static str,
    seen: SharedSeen,
}

impl Watch {
    fn enter(&self, state: BreakerState) {
        let mut seen = lock(&self.seen);
        seen.epoch += 1;
        seen.state = state;
        seen.reopens_at = (state == BreakerState::Open).then(|| Instant::now() + seen.open_for);
        record_breaker(self.name, state);
    }
}

impl Instrument for Watch {
    fn on_call_rejected(&self) {}

    fn on_open(&self) {
        self.enter(BreakerState::Open);
        tracing::warn!(upstream.name = self.name, "breaker opened");
    }

    fn on_half_open(&self) {
        self.enter(BreakerState::HalfOpen);
    }

    fn on_closed(&self) {
        self.enter(BreakerState::Closed);
        tracing::debug!(upstream.name = self.name, "breaker closed");
    }
}

/// Leave to make one attempt; dropping it unsettled (a cancelled call) lets the next one probe.
pub(crate) struct Admission {
    epoch: u64,
    _probe: Option<OwnedSemaphorePermit>,
}

pub(crate) struct Breaker {
    // The mutex makes a transition and what `seen` says of it one step.
    machine: Mutex<StateMachine<ConsecutiveFailures<OpenPeriods>, Watch>>,
    seen: SharedSeen,
    probe: Arc<Semaphore>,
}

impl Breaker {
    pub(crate) fn new(policy: &Policy) -> Self {
        let first = policy.breaker_open;
        let seen = Arc::new(Mutex::new(Seen {
            state: BreakerState::Closed,
            epoch: 0,
            open_for: first,
            reopens_at: None,
        }));
        let periods = OpenPeriods { next: first, longest: LONGEST_OPEN.max(first), seen: Arc::clone(&seen) };
        let watch = Watch { name: policy.name, seen: Arc::clone(&seen) };
        let machine = StateMachine::new(consecutive_failures(policy.breaker_failures, periods), watch);
        Self { machine: Mutex::new(machine), seen, probe: Arc::new(Semaphore::new(1)) }
    }

    /// The state, and how long it stays open if it is.
    pub(crate) fn state(&self) -> (BreakerState, Option<Duration>) {
        let seen = lock(&self.seen);
        let left = seen.reopens_at.map(|at| at.saturating_duration_since(Instant::now()));
        (seen.state, left)
    }

    /// Refuses while open, without claiming a probe: for calls about to queue.
    ///
    /// # Errors
    /// How long the breaker stays open.
    pub(crate) fn peek(&self) -> Result<(), Duration> {
        match self.state() {
            (BreakerState::Open, Some(left)) if !left.is_zero() => Err(left),
            _ => Ok(()),
        }
    }

    /// Leave to send now.
    ///
    /// # Errors
    /// How long to wait: the breaker is open, or half-open with a probe already under way.
    pub(crate) fn admit(&self) -> Result<Admission, Duration> {
        let machine = lock(&self.machine);
        let permitted = machine.is_call_permitted();
        let seen = lock(&self.seen);
        if !permitted {
            let left = seen.reopens_at.map(|at| at.saturating_duration_since(Instant::now()));
            return Err(left.unwrap_or(PROBE_WAIT));
        }
        let probe = match seen.state {
            BreakerState::Closed => None,
            _ => Some(Arc::clone(&self.probe).try_acquire_owned().map_err(|_| PROBE_WAIT)?),
        };
        Ok(Admission { epoch: seen.epoch, _probe: probe })
    }

    /// Feeds what an admitted attempt came to. `Refused` shows that the upstream answers, which ends a half-open
    /// state, but says nothing about its work, so it does not break a row of failures. A result from before the
    /// last transition is ignored: the probe decides alone.
    pub(crate) fn settle(&self, admission: Admission, verdict: Verdict) {
        let machine = lock(&self.machine);
        let (epoch, state) = {
            let seen = lock(&self.seen);
            (seen.epoch, seen.state)
        };
        if admission.epoch == epoch {
            match verdict {
                Verdict::Success => machine.on_success(),
                Verdict::Failure => machine.on_error(),
                Verdict::Refused if state == BreakerState::HalfOpen => machine.on_success(),
                Verdict::Refused | Verdict::Throttled(_) => {}
            }
        }
        // The probe's place is free only now that the state it led to is visible.
        drop(admission);
    }
}

#[cfg(test)]
mod tests;
