//! One provider behind its breaker and budgets: the call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::Url;
use tokio::time::{Instant, timeout};

use crate::address::{below, read_base};
use crate::breaker::Breaker;
use crate::budget::{Budget, Held};
use crate::error::{CallError, SetupError};
use crate::exchange::{Breach, exchange};
use crate::metering::{FailureKind, Meter, Outcome, UpstreamState};
use crate::policy::Policy;
use crate::redaction::Secrets;
use crate::reply::{Parsed, Reply, Verdict};
use crate::request::Request;

/// Wait before the first retry, doubling to the longest; up to as much again is added at random.
const FIRST_RETRY_WAIT: Duration = Duration::from_millis(100);
const LONGEST_RETRY_WAIT: Duration = Duration::from_secs(5);

/// One provider: its base URL, breaker, budgets and counts, shared by clones.
#[derive(Clone)]
pub struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base: Url,
    secrets: Secrets,
    policy: Policy,
    breaker: Breaker,
    budget: Budget,
    meter: Meter,
}

/// What one attempt came to: for the caller, for the breaker (`None`: nothing learnt) and for the counts.
struct Judged<T> {
    result: Result<T, CallError>,
    verdict: Option<Verdict>,
    outcome: Outcome,
}

impl Upstream {
    pub(crate) fn new(http: reqwest::Client, base_url: &str, mut policy: Policy) -> Result<Self, SetupError> {
        policy.check()?;
        policy.attempt_timeout = policy.attempt_timeout.min(policy.deadline);
        let base =
            read_base(base_url).map_err(|reason| SetupError::BaseUrl { upstream: policy.name, reason })?;
        let mut secrets = Secrets::default();
        secrets.add_keys_of_path(base.path());
        secrets.add(base.username());
        secrets.add(base.password().unwrap_or_default());
        let (breaker, budget) = (Breaker::new(&policy), Budget::new(&policy)?);
        let meter = Meter::new(policy.name);
        Ok(Self { inner: Arc::new(Inner { http, base, secrets, policy, breaker, budget, meter }) })
    }

    /// Sends the request and parses the reply, with retries within the deadline. `parse` sees the complete reply of
    /// every status and decides what it means; [`Reply::status_fault`] and [`Reply::json`] are the usual steps.
    ///
    /// # Errors
    /// Why there is no answer; the last attempt's reason where several were made. It comes within the deadline,
    /// and at once where waiting cannot help (breaker open, a pause longer than the deadline leaves).
    #[tracing::instrument(name = "upstream.call", skip_all, fields(
        upstream.name = self.inner.policy.name,
        attempt = tracing::field::Empty,
        outcome = tracing::field::Empty,
        duration_ms = tracing::field::Empty,
    ))]
    pub async fn call<T>(
        &self,
        request: &Request,
        parse: impl Fn(&Reply) -> Parsed<T>,
    ) -> Result<T, CallError> {
        let started = Instant::now();
        let inner = &*self.inner;
        inner.meter.count_call();
        let url = inner.address(request).map_err(|reason| inner.refuse(request, reason))?;
        let deadline = started + inner.policy.deadline;
        let attempts = AtomicU32::new(0);
        let attempt = || {
            attempts.fetch_add(1, Ordering::Relaxed);
            inner.attempt(&url, request, deadline, &parse)
        };
        let result = attempt
            .retry(inner.backoff())
            .when(|error| error.is_passing() && inner.breaker.peek().is_ok())
            .adjust(|error, wait| wait_before_retry(error, wait?, deadline))
            .notify(|_, _| inner.meter.count_retry())
            .await;
        let span = tracing::Span::current();
        span.record("attempt", attempts.load(Ordering::Relaxed));
        span.record("outcome", result.as_ref().map_or_else(CallError::category, |_| "success"));
        span.record("duration_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        result
    }

    /// How this upstream is doing.
    #[must_use]
    pub fn state(&self) -> UpstreamState {
        self.inner.meter.state(self.inner.breaker.state(), self.inner.budget.paused_for())
    }

    /// The name of the policy.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.policy.name
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("name", &self.inner.policy.name)
            .field("breaker", &self.inner.breaker.state().0)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// The full URL of a request: below the base, on its host.
    fn address(&self, request: &Request) -> Result<Url, &'static str> {
        request.fault.map_or_else(|| below(&self.base, &request.path_and_query), Err)
    }

    fn backoff(&self) -> ExponentialBuilder {
        let retries = usize::try_from(self.policy.max_attempts - 1).unwrap_or(usize::MAX);
        ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(FIRST_RETRY_WAIT)
            .with_max_delay(LONGEST_RETRY_WAIT)
            .with_max_times(retries)
    }

    async fn attempt<T>(
        &self,
        url: &Url,
        request: &Request,
        deadline: Instant,
        parse: &impl Fn(&Reply) -> Parsed<T>,
    ) -> Result<T, CallError> {
        let upstream = self.policy.name;
        let not_sent = |error: CallError, outcome: Outcome| {
            self.meter.count(outcome, None);
            Err(error)
        };
        // Before queueing as well as after it: the answer is often known at once.
        if let Err(retry_in) = self.breaker.peek() {
            return not_sent(CallError::BreakerOpen { upstream, retry_in }, Outcome::BreakerOpen);
        }
        let _place = match self.budget.admit(deadline).await {
            Ok(place) => place,
            Err(Held::Crowded) => return not_sent(CallError::Timeout { upstream }, Outcome::HeldBack),
            Err(Held::For(retry_in)) => {
                return not_sent(CallError::Throttled { upstream, retry_in }, Outcome::HeldBack);
            }
        };
        let admission = match self.breaker.admit() {
            Ok(admission) => admission,
            Err(retry_in) => {
                return not_sent(CallError::BreakerOpen { upstream, retry_in }, Outcome::BreakerOpen);
            }
        };
        let started = Instant::now();
        let judged = self.send(url, request, deadline, parse).await;
        if let Some(verdict) = judged.verdict {
            self.breaker.settle(admission, verdict);
        }
        self.meter.count(judged.outcome, Some(started.elapsed()));
        judged.result
    }

    /// Sends within the attempt's time and judges what came back.
    async fn send<T>(
        &self,
        url: &Url,
        request: &Request,
        deadline: Instant,
        parse: &impl Fn(&Reply) -> Parsed<T>,
    ) -> Judged<T> {
        let upstream = self.policy.name;
        let limit_bytes = self.policy.max_response_bytes;
        let left = deadline.saturating_duration_since(Instant::now());
        let allowed = self.policy.attempt_timeout.min(left);
        match timeout(allowed, exchange(&self.http, url.clone(), request, limit_bytes)).await {
            // With less than half its time the attempt was cut off by the caller, after queueing or retries.
            Err(_) if allowed < self.policy.attempt_timeout / 2 => Judged {
                result: Err(CallError::Timeout { upstream }),
                verdict: None,
                outcome: Outcome::CutOff,
            },
            Err(_) => Judged::failed(FailureKind::Timeout, CallError::Timeout { upstream }),
            Ok(Err(Breach::Broken(FailureKind::Timeout, _))) => {
                Judged::failed(FailureKind::Timeout, CallError::Timeout { upstream })
            }
            Ok(Err(Breach::Broken(kind, reason))) => {
                Judged::failed(kind, CallError::Unavailable { upstream, reason: reason.to_owned() })
            }
            // It answers: like a refusal, this would be the same next time and is no outage.
            Ok(Err(Breach::TooLarge)) => Judged {
                result: Err(CallError::TooLarge { upstream, limit_bytes }),
                verdict: Some(Verdict::Refused),
                outcome: Outcome::TooLarge,
            },
            Ok(Ok(reply)) => self.judge(request, parse(&reply)),
        }
    }

    fn judge<T>(&self, request: &Request, parsed: Parsed<T>) -> Judged<T> {
        let upstream = self.policy.name;
        let verdict = Some(parsed.verdict());
        let redact = |reason: &str| self.secrets.redact(&request.secrets, reason);
        let (result, outcome) = match parsed {
            Parsed::Ok(value) => {
                self.budget.relax();
                (Ok(value), Outcome::Success)
            }
            Parsed::Failed { reason } => {
                let reason = redact(&reason);
                (Err(CallError::Unavailable { upstream, reason }), Outcome::Failure(FailureKind::Reported))
            }
            Parsed::Malformed { reason } => {
                let reason = redact(&reason);
                (Err(CallError::Malformed { upstream, reason }), Outcome::Failure(FailureKind::Malformed))
            }
            Parsed::Throttled { retry_after } => {
                let retry_in = self.budget.pause(retry_after);
                (Err(CallError::Throttled { upstream, retry_in }), Outcome::Throttled)
            }
            Parsed::Refused { reason } => (Err(self.refuse(request, &reason)), Outcome::Refused),
        };
        Judged { result, verdict, outcome }
    }

    fn refuse(&self, request: &Request, reason: &str) -> CallError {
        let reason = self.secrets.redact(&request.secrets, reason);
        CallError::Refused { upstream: self.policy.name, reason }
    }
}

impl<T> Judged<T> {
    fn failed(kind: FailureKind, error: CallError) -> Self {
        Self { result: Err(error), verdict: Some(Verdict::Failure), outcome: Outcome::Failure(kind) }
    }
}

/// The wait before a retry: the jittered backoff, on top of the pause where there is one (so that those who wait
/// for its end do not all go at once). `None`, no retry, if that ends after the deadline.
fn wait_before_retry(error: &CallError, backoff: Duration, deadline: Instant) -> Option<Duration> {
    let pause = if let CallError::Throttled { retry_in, .. } = error { *retry_in } else { Duration::ZERO };
    let wait = pause.saturating_add(backoff);
    (wait < deadline.saturating_duration_since(Instant::now())).then_some(wait)
}

#[cfg(test)]
mod tests;
