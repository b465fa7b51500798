//! Counts, ages and metrics of one upstream.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::breaker::BreakerState;

/// What kind of failure counted for the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No full answer within the attempt's time.
    Timeout,
    /// No connection: name, TCP or TLS.
    Connect,
    /// A connection lost, or a body cut short.
    Transport,
    /// The reply itself reports a failure.
    Reported,
    /// The reply could not be read.
    Malformed,
}

impl FailureKind {
    /// The label of this kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Transport => "transport",
            Self::Reported => "reported",
            Self::Malformed => "malformed",
        }
    }
}

/// How one upstream is doing, for status pages. Ages are from the moment of asking; counts since start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamState {
    /// The upstream's name.
    pub name: &'static str,
    /// The breaker.
    pub breaker: BreakerState,
    /// While open: when a probe may go.
    pub retry_in: Option<Duration>,
    /// What is left of a pause after a throttle.
    pub paused_for: Option<Duration>,
    /// Age of the last success; `None` is never.
    pub last_success_age: Option<Duration>,
    /// Age and kind of the last failure; `None` is never.
    pub last_failure: Option<(Duration, FailureKind)>,
    /// Age of the last refusal (key, plan, bad request): a matter for configuration.
    pub last_refusal_age: Option<Duration>,
    /// Calls made, however they ended.
    pub calls: u64,
    /// Attempts that failed and counted for the breaker.
    pub failures: u64,
    /// Attempts beyond a call's first.
    pub retries: u64,
    /// Replies that throttled us.
    pub throttles: u64,
    /// Replies that refused the call.
    pub refusals: u64,
}

/// How one attempt, or a call held back before any, ended. The metrics label `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure(FailureKind),
    /// Cut off by the caller's deadline too early to blame the upstream.
    CutOff,
    Throttled,
    Refused,
    TooLarge,
    /// Not sent: breaker.
    BreakerOpen,
    /// Not sent: our own rate, pause or concurrency.
    HeldBack,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure(kind) => kind.as_str(),
            Self::CutOff => "cut_off",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::BreakerOpen => "breaker_open",
            Self::HeldBack => "held_back",
        }
    }
}

#[derive(Default)]
struct Counts {
    last_success: Option<Instant>,
    last_failure: Option<(Instant, FailureKind)>,
    last_refusal: Option<Instant>,
    calls: u64,
    failures: u64,
    retries: u64,
    throttles: u64,
    refusals: u64,
}

/// The running counts of one upstream.
pub(crate) struct Meter {
    name: &'static str,
    counts: Mutex<Counts>,
}

impl Meter {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, counts: Mutex::default() }
    }

    pub(crate) fn count_call(&self) {
        self.lock().calls += 1;
    }

    pub(crate) fn count_retry(&self) {
        self.lock().retries += 1;
        metrics::counter!("upstream_retries_total", "upstream" => self.name).increment(1);
    }

    /// Counts one outcome; `took` is given where a request was sent.
    pub(crate) fn count(&self, outcome: Outcome, took: Option<Duration>) {
        let now = Instant::now();
        {
            let mut counts = self.lock();
            match outcome {
                Outcome::Success => counts.last_success = Some(now),
                Outcome::Failure(kind) => {
                    counts.failures += 1;
                    counts.last_failure = Some((now, kind));
                }
                Outcome::Throttled => counts.throttles += 1,
                Outcome::Refused => {
                    counts.refusals += 1;
                    counts.last_refusal = Some(now);
                }
                Outcome::CutOff | Outcome::TooLarge | Outcome::BreakerOpen | Outcome::HeldBack => {}
            }
        }
        let labels = [("upstream", self.name), ("outcome", outcome.as_str())];
        metrics::counter!("upstream_requests_total", &labels).increment(1);
        if let Some(took) = took {
            metrics::histogram!("upstream_request_duration_seconds", "upstream" => self.name).record(took);
        }
    }

    /// The counts beside what the breaker and the budget say.
    pub(crate) fn state(
        &self,
        (breaker, retry_in): (BreakerState, Option<Duration>),
        paused_for: Option<Duration>,
    ) -> UpstreamState {
        let now = Instant::now();
        let age = |at: Instant| now.saturating_duration_since(at);
        let counts = self.lock();
        UpstreamState {
            name: self.name,
            breaker,
            retry_in,
            paused_for,
            last_success_age: counts.last_success.map(age),
            last_failure: counts.last_failure.map(|(at, kind)| (age(at), kind)),
            last_refusal_age: counts.last_refusal.map(age),
            calls: counts.calls,
            failures: counts.failures,
            retries: counts.retries,
            throttles: counts.throttles,
            refusals: counts.refusals,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Plain counters: no panic can leave them half-written.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets the breaker's gauge: 0 closed, 1 open or half-open (still proving itself).
pub(crate) fn record_breaker(name: &'static str, state: BreakerState) {
    let value = if state == BreakerState::Closed { 0.0 } else { 1.0 };
    metrics::gauge!("upstream_breaker_open", "upstream" => name).set(value);
}

/// Registers the help texts of this crate's metrics with the installed recorder. Call once after installing it.
pub fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "upstream_requests_total",
        "Requests to an upstream by outcome; breaker_open and held_back were not sent"
    );
    describe_histogram!(
        "upstream_request_duration_seconds",
        Unit::Seconds,
        "Time from sending one request to the end of its body"
    );
    describe_counter!("upstream_retries_total", "Requests that repeat an earlier one of the same call");
    describe_gauge!("upstream_breaker_open", "1 while the upstream's circuit breaker is not closed");
}
