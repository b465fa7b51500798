//! Somebody else's URL that messages are posted to: one attempt, the answer as it is, and no way into our own network.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::time::{Instant, timeout};

use crate::address::below;
use crate::client::{UNFIT, prepare};
use crate::error::{CallError, SetupError};
use crate::exchange::{Breach, exchange_start};
use crate::guarded_names::GuardedNames;
use crate::metering::{FailureKind, Meter, Outcome};
use crate::reach::Reach;
use crate::reply::{Reply, Verdict, default_meaning};
use crate::request::Request;

/// The client for destinations. Its connections go to addresses that were checked after the name was looked up, and
/// to no other.
#[derive(Clone)]
pub struct Destinations {
    http: reqwest::Client,
    reach: Reach,
}

/// Somebody else's URL. A message to it is one request: repeating is the caller's.
#[derive(Clone)]
pub struct Destination {
    http: reqwest::Client,
    name: &'static str,
    url: Url,
    timeout: Duration,
    most_reply_bytes: usize,
    meter: Arc<Meter>,
}

impl Destinations {
    /// Makes the client, by the rules of [`crate::Client::new`]. It opens nothing yet.
    ///
    /// # Errors
    /// The user agent is not a header value, or TLS cannot be set up.
    pub fn new(user_agent: &str, reach: Reach) -> Result<Self, SetupError> {
        Self::with_names(user_agent, reach, GuardedNames::of_system(reach))
    }

    fn with_names(user_agent: &str, reach: Reach, names: GuardedNames) -> Result<Self, SetupError> {
        let http = prepare(user_agent)?.dns_resolver(names).build().map_err(|_| UNFIT)?;
        Ok(Self { http, reach })
    }

    /// A destination by its URL, which may hold a path, a query and a key. `timeout` is for one attempt, from looking
    /// up the name to the end of the reply; of the reply's body `most_reply_bytes` are read and the rest is left, so
    /// that 0 reads the status alone.
    ///
    /// # Errors
    /// The URL is not `https` (`http` to this machine where the reach has it), its address is out of reach, its port
    /// is another service's (under 1024, but not 443), or it holds a password. The URL is not shown.
    pub fn at(
        &self,
        name: &'static str,
        url: &str,
        timeout: Duration,
        most_reply_bytes: usize,
    ) -> Result<Destination, SetupError> {
        let unusable = |reason| SetupError::BaseUrl { upstream: name, reason };
        let url = self.reach.url(url).map_err(unusable)?;
        let meter = Arc::new(Meter::new(name));
        Ok(Destination { http: self.http.clone(), name, url, timeout, most_reply_bytes, meter })
    }
}

impl Destination {
    /// Sends once and gives the reply of whatever status, its body cut at the limit.
    ///
    /// # Errors
    /// [`CallError::Timeout`], [`CallError::Unavailable`] (no connection, a lost one, or a name that leads to an
    /// address out of reach) or [`CallError::Refused`] (the request itself cannot be sent).
    #[tracing::instrument(name = "destination.post", skip_all, fields(
        upstream.name = self.name,
        outcome = tracing::field::Empty,
        duration_ms = tracing::field::Empty,
    ))]
    pub async fn send(&self, request: &Request) -> Result<Reply, CallError> {
        let started = Instant::now();
        let upstream = self.name;
        self.meter.count_call();
        let url = request.fault.map_or_else(|| below(&self.url, &request.path_and_query), Err);
        let url = url.map_err(|reason| CallError::Refused { upstream, reason: reason.to_owned() })?;
        let sent = exchange_start(&self.http, url, request, self.most_reply_bytes);
        let (result, outcome) = match timeout(self.timeout, sent).await {
            Err(_) | Ok(Err(Breach::Broken(FailureKind::Timeout, _))) => {
                (Err(CallError::Timeout { upstream }), Outcome::Failure(FailureKind::Timeout))
            }
            Ok(Err(Breach::Broken(kind, reason))) => {
                (Err(CallError::Unavailable { upstream, reason: reason.to_owned() }), Outcome::Failure(kind))
            }
            Ok(Err(Breach::TooLarge)) => {
                (Err(CallError::TooLarge { upstream, limit_bytes: self.most_reply_bytes }), Outcome::TooLarge)
            }
            Ok(Ok(reply)) => {
                let outcome = outcome_of(&reply);
                (Ok(reply), outcome)
            }
        };
        self.meter.count(outcome, Some(started.elapsed()));
        let span = tracing::Span::current();
        span.record("outcome", outcome.as_str());
        span.record("duration_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        result
    }
}

/// What the status alone says, for the counts.
fn outcome_of(reply: &Reply) -> Outcome {
    match default_meaning(reply.status) {
        Verdict::Success => Outcome::Success,
        Verdict::Failure => Outcome::Failure(FailureKind::Reported),
        Verdict::Throttled(_) => Outcome::Throttled,
        Verdict::Refused => Outcome::Refused,
    }
}

impl std::fmt::Debug for Destinations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Destinations").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Destination").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
