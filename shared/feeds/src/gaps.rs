//! How a failed call becomes a gap, and how an upstream's state becomes what operators see.

use risk_app::ports::UpstreamHealth;
use risk_http::{CallError, Upstream};
use risk_model::{Affects, Gap, GapReason, Timestamp};

/// The reason that a failed call gives to the gap it leaves.
#[must_use]
pub const fn reason_of(error: &CallError) -> GapReason {
    match error {
        CallError::Unavailable { .. } | CallError::Timeout { .. } | CallError::BreakerOpen { .. } => {
            GapReason::Unavailable
        }
        CallError::Throttled { .. } => GapReason::Throttled,
        CallError::Refused { .. } => GapReason::Refused,
        CallError::TooLarge { .. } | CallError::Malformed { .. } => GapReason::Malformed,
    }
}

/// The time of an upstream's last good answer; `None` if it never gave one since the start.
#[must_use]
pub fn last_success(upstream: &Upstream, now: Timestamp) -> Option<Timestamp> {
    let age = upstream.state().last_success_age?.as_secs();
    now.seconds().checked_sub(age).map(Timestamp::new)
}

/// The gap that a failed call to `upstream` leaves. `source` is the provider's name, which several upstreams
/// may share.
#[must_use]
pub fn gap_of_call(
    upstream: &Upstream,
    source: &'static str,
    error: &CallError,
    what: impl Into<String>,
    affects: Affects,
    now: Timestamp,
) -> Gap {
    let since = last_success(upstream, now);
    Gap { what: what.into(), source, reason: reason_of(error), affects, since }
}

/// An upstream's state as operators see it.
#[must_use]
pub fn health(upstream: &Upstream) -> UpstreamHealth {
    let state = upstream.state();
    UpstreamHealth {
        name: state.name.to_owned(),
        breaker: state.breaker.as_str(),
        calls: state.calls,
        failures: state.failures,
        last_success_age_seconds: state.last_success_age.map(|age| age.as_secs()),
        last_failure: state.last_failure.map(|(_, kind)| kind.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use risk_http::{Client, Policy};

    use super::*;

    #[test]
    fn every_call_error_has_the_reason_an_owner_can_act_on() {
        let upstream = "x";
        let reason = String::new();
        let retry_in = Duration::ZERO;
        let cases = [
            (CallError::Unavailable { upstream, reason: reason.clone() }, GapReason::Unavailable),
            (CallError::Timeout { upstream }, GapReason::Unavailable),
            (CallError::BreakerOpen { upstream, retry_in }, GapReason::Unavailable),
            (CallError::Throttled { upstream, retry_in }, GapReason::Throttled),
            (CallError::Refused { upstream, reason: reason.clone() }, GapReason::Refused),
            (CallError::TooLarge { upstream, limit_bytes: 1 }, GapReason::Malformed),
            (CallError::Malformed { upstream, reason }, GapReason::Malformed),
        ];
        for (error, expected) in cases {
            assert_eq!(reason_of(&error), expected, "{error}");
        }
    }

    #[test]
    fn an_upstream_that_never_answered_has_no_last_success() {
        let client = Client::new("test").unwrap();
        let upstream = client.upstream("http://127.0.0.1:1", Policy::new("never")).unwrap();
        let error = CallError::Timeout { upstream: "never" };
        let gap = gap_of_call(&upstream, "never", &error, "a price", Affects::Value, Timestamp::new(100));
        assert_eq!((gap.since, gap.reason), (None, GapReason::Unavailable));
        assert_eq!(health(&upstream).breaker, "closed");
        assert_eq!(health(&upstream).last_failure, None);
    }
}
