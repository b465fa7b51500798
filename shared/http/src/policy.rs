//! The limits and budgets of one upstream.

use std::time::Duration;

use crate::error::SetupError;

/// Limits and budgets of one upstream, checked when the [`crate::Upstream`] is made.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The upstream's name: the bounded metrics label and the name in errors (`"coingecko"`).
    pub name: &'static str,
    /// The longest one call may take, all attempts, waits and queueing included.
    pub deadline: Duration,
    /// The longest one attempt may take from sending to the last byte of the body.
    pub attempt_timeout: Duration,
    /// Attempts in total, the first included; 1 never retries.
    pub max_attempts: u32,
    /// Requests a second on average; `None` is unlimited. Every attempt costs one.
    pub rate_per_second: Option<f64>,
    /// Requests that may go at once after idling; at least 1. Only read with a rate.
    pub burst: u32,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// The largest body accepted, in bytes after decompression.
    pub max_response_bytes: usize,
    /// Failed attempts in a row that open the breaker.
    pub breaker_failures: u32,
    /// How long the breaker first stays open; doubles each time a probe fails, up to five minutes
    /// (or this value, where it is longer).
    pub breaker_open: Duration,
}

impl Policy {
    /// Defaults for a public API: 10 s a call, 4 s an attempt, 3 attempts, no rate limit (burst 1), 8 requests
    /// at once, 8 MiB a reply, breaker open for 15 s after 5 failures in a row.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            deadline: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(4),
            max_attempts: 3,
            rate_per_second: None,
            burst: 1,
            concurrency: 8,
            max_response_bytes: 8 * 1024 * 1024,
            breaker_failures: 5,
            breaker_open: Duration::from_secs(15),
        }
    }

    /// Refuses a policy under which no call could ever be made.
    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let field = if self.name.is_empty() {
            "name"
        } else if self.deadline.is_zero() {
            "deadline"
        } else if self.attempt_timeout.is_zero() {
            "attempt_timeout"
        } else if self.max_attempts == 0 {
            "max_attempts"
        } else if self.burst == 0 {
            "burst"
        } else if self.concurrency == 0 {
            "concurrency"
        } else if self.max_response_bytes == 0 {
            "max_response_bytes"
        } else if self.breaker_failures == 0 {
            "breaker_failures"
        } else if self.breaker_open.is_zero() {
            "breaker_open"
        } else {
            return Ok(());
        };
        Err(SetupError::Policy { upstream: self.name, field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_usable_policy() {
        assert!(Policy::new("x").check().is_ok());
    }

    #[test]
    fn a_policy_that_could_never_call_is_refused_by_the_name_of_its_field() {
        let refused = |change: fn(&mut Policy)| {
            let mut policy = Policy::new("x");
            change(&mut policy);
            policy.check().unwrap_err().to_string()
        };
        assert!(refused(|p| p.concurrency = 0).contains("concurrency"));
        assert!(refused(|p| p.max_attempts = 0).contains("max_attempts"));
        assert!(refused(|p| p.deadline = Duration::ZERO).contains("deadline"));
        assert!(refused(|p| p.burst = 0).contains("burst"));
        assert!(refused(|p| p.breaker_open = Duration::ZERO).contains("breaker_open"));
    }
}
