//! What an answer means where the channel has no rule of its own.

use std::time::Duration;

use risk_app::delivery::Receipt;
use risk_http::{CallError, Reply};

/// No answer: it is tried again, unless the request itself can never be sent.
pub(crate) fn unsent(error: &CallError) -> Receipt {
    match error {
        CallError::Refused { .. } => Receipt::Refused { why: error.to_string() },
        _ => Receipt::Later { why: error.to_string(), after_seconds: None },
    }
}

/// Not now; the wait is what the reply's header asks for.
pub(crate) fn later(name: &str, reply: &Reply) -> Receipt {
    Receipt::Later { why: answered(name, reply.status), after_seconds: reply.retry_after.map(whole_seconds) }
}

/// A success by its status whose body does not say so: a proxy's page, or an error in disguise.
pub(crate) fn unconfirmed(name: &str, status: u16) -> Receipt {
    Receipt::Later {
        why: format!("{name} answered {status} without saying that it took it"),
        after_seconds: None,
    }
}

/// By the status alone: 408, 425, 429 and 5xx may pass, anything else will not.
pub(crate) fn by_status(name: &str, reply: &Reply) -> Receipt {
    match reply.status {
        408 | 425 | 429 | 500.. => later(name, reply),
        status => Receipt::Refused { why: answered(name, status) },
    }
}

/// The answer in words.
pub(crate) fn answered(name: &str, status: u16) -> String {
    format!("{name} answered {status}")
}

/// Seconds, rounded up.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Seconds that a JSON number asks for, rounded up; a day at the most, as for the header.
pub(crate) fn asked_seconds(seconds: Option<f64>) -> Option<u64> {
    let seconds = seconds.filter(|seconds| *seconds >= 0.0)?;
    Duration::try_from_secs_f64(seconds.min(86_400.0)).ok().map(whole_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_nonsense_is_none() {
        assert_eq!(asked_seconds(Some(0.65)), Some(1));
        assert_eq!(asked_seconds(Some(14.0)), Some(14));
        assert_eq!(asked_seconds(Some(1e300)), Some(86_400));
        assert_eq!(asked_seconds(Some(-1.0)), None);
        assert_eq!(asked_seconds(Some(f64::NAN)), None);
        assert_eq!(asked_seconds(None), None);
    }
}
