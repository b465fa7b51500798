//! The one outbound HTTP client: every call to a provider goes through an [`Upstream`] of this crate.
//!
//! An [`Upstream`] holds, for one provider, a deadline, retries with jitter, a circuit breaker, a rate
//! budget, a concurrency budget and a reply size limit. What a reply *means* is decided by the caller's
//! parser ([`Parsed`]), because providers hide errors inside HTTP 200; only that meaning moves the breaker:
//!
//! | [`Verdict`] | retried | breaker | examples |
//! |---|---|---|---|
//! | `Success` | – | success | 2xx, an empty result, a contract revert |
//! | `Failure` | yes | failure | 5xx, transport error, timeout, cut or unreadable body |
//! | `Throttled` | after the pause | untouched | 429 and its disguises: pauses the bucket for everyone |
//! | `Refused` | no | closes a half-open one, else untouched | 401, 403, plan limits, bad request |
//!
//! A [`Destination`] is somebody else's URL that a message is posted to: one attempt, no breaker, the answer as it is,
//! and no address but public ones.
//!
//! Nothing this crate returns, logs or prints contains a URL, a key, a header value or a body.

mod address;
mod breaker;
mod budget;
mod client;
mod destination;
mod error;
mod exchange;
mod guarded_names;
mod metering;
mod policy;
mod reach;
mod redaction;
mod reply;
mod request;
mod retry_after;
#[cfg(test)]
mod testing;
mod upstream;

pub use breaker::BreakerState;
pub use client::Client;
pub use destination::{Destination, Destinations};
pub use error::{CallError, SetupError};
pub use metering::{FailureKind, UpstreamState, describe_metrics};
pub use policy::Policy;
pub use reach::Reach;
pub use reply::{Parsed, Reply, Verdict, default_meaning};
pub use request::Request;
pub use upstream::Upstream;
