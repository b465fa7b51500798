//! Etherscan V2's gas oracle: fractional strings, and errors as text under HTTP 200.

use std::sync::Arc;
use std::time::Duration;

use risk_app::ports::{Clock, UpstreamHealth};
use risk_engine::market::Gas;
use risk_http::{Client, Parsed, Policy, Reply, Request, SetupError, Upstream};
use risk_model::{Affects, ChainId, Gap, GapReason};
use serde::Deserialize;
use serde_json::Value;

use crate::gaps::{gap_of_call, health};
use crate::key::Key;

/// The provider's name in figures, gaps and readings.
pub const ETHERSCAN: &str = "etherscan";
/// The public V2 endpoint, one for all chains.
pub const BASE_URL: &str = "https://api.etherscan.io/v2/api";

const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Above any gas price ever paid by more than accident, gwei.
const HIGHEST_GWEI: f64 = 1e6;
/// Asked to come back tomorrow; the client caps the pause.
const DAILY_LIMIT_PAUSE: Duration = Duration::from_secs(3_600);

/// Where and how Etherscan is asked. Not `Debug`.
#[derive(Clone)]
pub struct EtherscanSettings {
    /// The base URL, up to and with `/v2/api`.
    pub base_url: String,
    /// The key; without one nothing is asked and gas is a gap `not_configured`.
    pub key: Option<Key>,
    /// Requests a second on average; `None` is unlimited.
    pub requests_per_second: Option<f64>,
    /// The longest that one call may take, retries included.
    pub deadline: Duration,
}

impl EtherscanSettings {
    /// The free plan's settings: 3 requests a second, 6 s a call.
    #[must_use]
    pub fn new(base_url: impl Into<String>, key: Option<Key>) -> Self {
        let deadline = Duration::from_secs(6);
        Self { base_url: base_url.into(), key, requests_per_second: Some(3.0), deadline }
    }
}

/// Etherscan's gas oracle.
pub struct Etherscan {
    upstream: Upstream,
    key: Option<Key>,
    clock: Arc<dyn Clock>,
}

/// Gas as the oracle gives it, gwei.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Oracle {
    propose_gwei: f64,
    base_fee_gwei: Option<f64>,
}

/// Every reply of Etherscan: an object when it worked, a text when it did not.
#[derive(Deserialize)]
struct Envelope {
    status: String,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    result: Value,
}

impl Etherscan {
    /// Makes the adapter; nothing is asked yet.
    ///
    /// # Errors
    /// The base URL or a limit cannot be used.
    pub fn new(
        client: &Client,
        settings: EtherscanSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let mut policy = Policy::new(ETHERSCAN);
        policy.deadline = settings.deadline;
        policy.attempt_timeout = settings.deadline * 2 / 5;
        policy.max_response_bytes = MAX_REPLY_BYTES;
        policy.rate_per_second = settings.requests_per_second;
        policy.concurrency = 3;
        let upstream = client.upstream(&settings.base_url, policy)?;
        Ok(Self { upstream, key: settings.key, clock })
    }

    /// How its upstream is doing; none where no key is configured, since none is asked.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        self.key.iter().map(|_| health(&self.upstream)).collect()
    }

    /// Gas of one chain now.
    ///
    /// # Errors
    /// The gap that is left.
    pub async fn gas(&self, chain: ChainId) -> Result<Gas, Gap> {
        let what = format!("gas price on {chain}");
        let Some(key) = &self.key else {
            let reason = GapReason::NotConfigured;
            return Err(Gap { what, source: ETHERSCAN, reason, affects: Affects::Confirmation, since: None });
        };
        let query = format!("?chainid={}&module=gastracker&action=gasoracle", chain.id());
        let request = Request::get(query).secret_query("apikey", key.reveal());
        let oracle = self.upstream.call(&request, read_oracle).await;
        let now = self.clock.now();
        match oracle {
            Ok(Oracle { propose_gwei, base_fee_gwei }) => {
                // The reply names a block but no time; it is of the latest one.
                Ok(Gas { propose_gwei, base_fee_gwei, source: ETHERSCAN, observed_at: now })
            }
            Err(error) => {
                Err(gap_of_call(&self.upstream, ETHERSCAN, &error, what, Affects::Confirmation, now))
            }
        }
    }
}

/// The oracle's figures, or what the reply means instead.
fn read_oracle(reply: &Reply) -> Parsed<Oracle> {
    let envelope = match reply.json::<Envelope>() {
        Parsed::Ok(envelope) => envelope,
        unreadable => {
            return reply.status_fault().unwrap_or_else(|| unreadable.and_then(|_| Parsed::malformed("")));
        }
    };
    if envelope.status != "1" {
        return fault_of(&envelope, reply);
    }
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    let figures = &envelope.result;
    let (propose, base_fee) = (figures.get("ProposeGasPrice"), figures.get("suggestBaseFee"));
    match (propose.and_then(gwei), base_fee.map(gwei)) {
        (Some(propose_gwei), None) => Parsed::Ok(Oracle { propose_gwei, base_fee_gwei: None }),
        (Some(propose_gwei), Some(Some(fee))) => {
            Parsed::Ok(Oracle { propose_gwei, base_fee_gwei: Some(fee) })
        }
        _ => Parsed::malformed("gas figures that are none"),
    }
}

/// A figure in gwei, a decimal string such as `0.38`.
fn gwei(value: &Value) -> Option<f64> {
    let figure = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (figure.is_finite() && figure > 0.0 && figure <= HIGHEST_GWEI).then_some(figure)
}

/// What the text of a `status` 0 reply means. The text itself is not passed on: it may quote the key.
fn fault_of(envelope: &Envelope, reply: &Reply) -> Parsed<Oracle> {
    let texts = [envelope.result.as_str(), envelope.message.as_str()];
    let text = texts.into_iter().flatten().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let says = |words: &str| text.contains(words);
    if says("max daily rate limit") {
        Parsed::Throttled { retry_after: reply.retry_after.or(Some(DAILY_LIMIT_PAUSE)) }
    } else if says("rate limit") {
        Parsed::Throttled { retry_after: reply.retry_after }
    } else if says("invalid api key") || says("missing/invalid api key") {
        Parsed::refused("the key is refused")
    } else if says("deprecated") {
        Parsed::refused("the endpoint is no longer served")
    } else if says("not supported") {
        Parsed::refused("the plan does not hold this chain")
    } else if says("missing or") {
        Parsed::refused("the chain or the action is not known")
    } else if says("temporarily unavailable") || says("timeout") {
        Parsed::failed("temporarily unavailable")
    } else {
        reply.status_fault().unwrap_or_else(|| Parsed::failed("an error text of no known meaning"))
    }
}

#[cfg(test)]
mod tests;
