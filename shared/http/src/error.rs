//! The errors of calls and of set-up; no message carries a URL, a key, a header or a body.

use std::time::Duration;

/// Why a call gave no answer. Every variant is a named gap for the caller, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The upstream failed on the last attempt: no connection, a lost one, or a reply that reports a failure.
    #[error("{upstream} is unavailable: {reason}")]
    Unavailable {
        /// The upstream's name.
        upstream: &'static str,
        /// What failed, in short and redacted.
        reason: String,
    },
    /// No full answer within the time allowed.
    #[error("{upstream} did not answer in time")]
    Timeout {
        /// The upstream's name.
        upstream: &'static str,
    },
    /// Not called: it failed too often just now.
    #[error("{upstream} is not called after repeated failures, next try in {:.1} s", retry_in.as_secs_f64())]
    BreakerOpen {
        /// The upstream's name.
        upstream: &'static str,
        /// When a call may be tried again.
        retry_in: Duration,
    },
    /// Over the provider's limit or our own budget for it, for longer than the deadline leaves.
    #[error("{upstream} is over its rate limit, next try in {:.1} s", retry_in.as_secs_f64())]
    Throttled {
        /// The upstream's name.
        upstream: &'static str,
        /// When a call may be tried again.
        retry_in: Duration,
    },
    /// The upstream answers but refuses this call (key, plan, bad request): trying again will not help.
    #[error("{upstream} refused the call: {reason}")]
    Refused {
        /// The upstream's name.
        upstream: &'static str,
        /// Why, in short and redacted.
        reason: String,
    },
    /// The reply was larger than allowed and was dropped unread.
    #[error("{upstream} sent a reply of more than {limit_bytes} bytes")]
    TooLarge {
        /// The upstream's name.
        upstream: &'static str,
        /// The limit in bytes, after decompression.
        limit_bytes: usize,
    },
    /// The reply could not be read as what the provider documents.
    #[error("{upstream} sent a malformed reply: {reason}")]
    Malformed {
        /// The upstream's name.
        upstream: &'static str,
        /// Where it broke, in short; never the content.
        reason: String,
    },
}

impl CallError {
    /// The name of the upstream that gave no answer.
    #[must_use]
    pub fn upstream(&self) -> &'static str {
        match self {
            Self::Unavailable { upstream, .. }
            | Self::Timeout { upstream }
            | Self::BreakerOpen { upstream, .. }
            | Self::Throttled { upstream, .. }
            | Self::Refused { upstream, .. }
            | Self::TooLarge { upstream, .. }
            | Self::Malformed { upstream, .. } => upstream,
        }
    }

    /// The kind of this error as a bounded label: `unavailable`, `timeout`, `breaker_open`, `throttled`, `refused`,
    /// `too_large` or `malformed`.
    #[must_use]
    pub fn category(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::Timeout { .. } => "timeout",
            Self::BreakerOpen { .. } => "breaker_open",
            Self::Throttled { .. } => "throttled",
            Self::Refused { .. } => "refused",
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed",
        }
    }

    /// Whether another attempt of the same call could help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::Timeout { .. } | Self::Throttled { .. } | Self::Malformed { .. }
        )
    }
}

/// Why a client or an upstream could not be set up. Found at start, before any call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The TLS set-up or the client itself could not be made.
    #[error("the outbound HTTP client could not be made: {0}")]
    Client(&'static str),
    /// The base URL cannot be used. The URL itself is not shown, it may hold a key.
    #[error("the base URL of {upstream} {reason}")]
    BaseUrl {
        /// The upstream's name.
        upstream: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value of the policy would make every call fail.
    #[error("the policy of {upstream} has an unusable value in `{field}`")]
    Policy {
        /// The upstream's name.
        upstream: &'static str,
        /// The field of [`crate::Policy`].
        field: &'static str,
    },
}
