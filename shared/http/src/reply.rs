//! A raw reply and what it may mean.

use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// What a reply means for retries, the breaker and the rate budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The upstream did its work; an empty result and a contract revert are successes too.
    Success,
    /// The upstream failed: retried, counts for the breaker.
    Failure,
    /// Over a limit (429 or its disguise): pauses the bucket, for this long where the reply says so.
    /// Not a failure; retried after the pause if the deadline allows.
    Throttled(Option<Duration>),
    /// Key, plan or request refused: never retried, never trips the breaker.
    Refused,
}

/// What a status means when the body does not say otherwise: 2xx success, 429 throttled, 408, 425 and 5xx
/// failure, everything else refused (redirects are never followed, so 3xx is a wrong base URL).
#[must_use]
pub fn default_meaning(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Success,
        429 => Verdict::Throttled(None),
        408 | 425 | 500.. => Verdict::Failure,
        _ => Verdict::Refused,
    }
}

/// One complete reply of any status, its body within the size limit and decompressed.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, seconds or date form.
    pub retry_after: Option<Duration>,
    /// The decompressed body.
    pub body: Bytes,
}

impl Reply {
    /// [`default_meaning`] of the status, with the reply's own `Retry-After`.
    #[must_use]
    pub fn meaning(&self) -> Verdict {
        match default_meaning(self.status) {
            Verdict::Throttled(_) => Verdict::Throttled(self.retry_after),
            other => other,
        }
    }

    /// The fault that the status alone states, or `None` for 2xx. For parsers, after they looked for the
    /// provider's own error codes in the body.
    #[must_use]
    pub fn status_fault<T>(&self) -> Option<Parsed<T>> {
        let reason = || format!("HTTP {}", self.status);
        match self.meaning() {
            Verdict::Success => None,
            Verdict::Failure => Some(Parsed::Failed { reason: reason() }),
            Verdict::Throttled(retry_after) => Some(Parsed::Throttled { retry_after }),
            Verdict::Refused => Some(Parsed::Refused { reason: reason() }),
        }
    }

    /// The body as JSON; a body that is not, or not of that shape, is [`Parsed::Malformed`]. The reason names
    /// the place, never the content. Nesting is limited to 128 by the parser.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Parsed<T> {
        match serde_json::from_slice(&self.body) {
            Ok(value) => Parsed::Ok(value),
            Err(error) => {
                let what = match error.classify() {
                    Category::Eof => "JSON ends early",
                    Category::Data => "JSON of an unexpected shape",
                    Category::Syntax | Category::Io => "not JSON",
                };
                let reason = format!("{what} at line {} column {}", error.line(), error.column());
                Parsed::Malformed { reason }
            }
        }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// What a parser made of one [`Reply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed<T> {
    /// The answer.
    Ok(T),
    /// The reply reports a failure of the upstream ([`Verdict::Failure`]).
    Failed {
        /// Short; redacted and cut before it is shown.
        reason: String,
    },
    /// The reply reports a limit ([`Verdict::Throttled`]).
    Throttled {
        /// The wait the reply asks for, if any.
        retry_after: Option<Duration>,
    },
    /// The reply refuses this call ([`Verdict::Refused`]).
    Refused {
        /// Short; redacted and cut before it is shown.
        reason: String,
    },
    /// The reply cannot be read ([`Verdict::Failure`]: a broken proxy page or a cut body looks like this).
    Malformed {
        /// Short; redacted and cut before it is shown.
        reason: String,
    },
}

impl<T> Parsed<T> {
    /// [`Parsed::Failed`] with this reason.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }

    /// [`Parsed::Refused`] with this reason.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    /// [`Parsed::Malformed`] with this reason.
    pub fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed { reason: reason.into() }
    }

    /// What this means for retries, breaker and budget.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Ok(_) => Verdict::Success,
            Self::Failed { .. } | Self::Malformed { .. } => Verdict::Failure,
            Self::Throttled { retry_after } => Verdict::Throttled(*retry_after),
            Self::Refused { .. } => Verdict::Refused,
        }
    }

    /// Goes on from an answer; faults pass through.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Parsed<U>) -> Parsed<U> {
        match self {
            Self::Ok(value) => next(value),
            Self::Failed { reason } => Parsed::Failed { reason },
            Self::Throttled { retry_after } => Parsed::Throttled { retry_after },
            Self::Refused { reason } => Parsed::Refused { reason },
            Self::Malformed { reason } => Parsed::Malformed { reason },
        }
    }

    /// Changes an answer; faults pass through.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U> {
        self.and_then(|value| Parsed::Ok(change(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &'static str) -> Reply {
        Reply { status, retry_after: Some(Duration::from_secs(7)), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn a_status_alone_means_what_the_table_says() {
        for status in [200, 204, 299] {
            assert_eq!(default_meaning(status), Verdict::Success, "{status}");
        }
        for status in [408, 425, 500, 502, 503, 504, 520, 599] {
            assert_eq!(default_meaning(status), Verdict::Failure, "{status}");
        }
        for status in [301, 304, 400, 401, 402, 403, 404, 410, 413, 414, 422] {
            assert_eq!(default_meaning(status), Verdict::Refused, "{status}");
        }
        assert_eq!(default_meaning(429), Verdict::Throttled(None));
    }

    #[test]
    fn a_429_carries_its_retry_after_into_the_fault() {
        let fault: Option<Parsed<()>> = reply(429, "").status_fault();
        assert_eq!(fault, Some(Parsed::Throttled { retry_after: Some(Duration::from_secs(7)) }));
    }

    #[test]
    fn a_malformed_body_is_described_by_place_and_never_quoted() {
        for body in ["{\"key\":\"hunter2\"", "<html>hunter2</html>", "\"hunter2\""] {
            let Parsed::Malformed { reason } = reply(200, body).json::<u32>() else {
                panic!("{body} was read")
            };
            assert!(!reason.contains("hunter2"), "{reason}");
            assert!(reason.contains("line 1"), "{reason}");
        }
        assert_eq!(reply(200, "5").json::<u32>(), Parsed::Ok(5));
    }

    #[test]
    fn a_body_nested_ten_thousand_deep_is_malformed_and_does_not_overflow_the_stack() {
        let body = Bytes::from("[".repeat(10_000));
        let deep = Reply { status: 200, retry_after: None, body };
        assert_eq!(deep.json::<serde_json::Value>().verdict(), Verdict::Failure);
    }
}
