//! DefiLlama's coin prices: the second source, with confidence and age, without a key.

mod locked;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use risk_app::ports::{Clock, UpstreamHealth};
use risk_http::{CallError, Client, Parsed, Policy, Reply, Request, SetupError, Upstream};
use risk_model::{Affects, Asset, GapReason, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::coins::Coin;
use crate::figures::{past, price_usd};
use crate::gaps::{gap_of_call, health};
use crate::provider::{Price, ProviderPrices, Said};

pub use self::locked::DefiLlamaLocked;

/// The provider's name in quotes, gaps and readings.
pub const DEFILLAMA: &str = "defillama";
/// The public host of coin prices.
pub const BASE_URL: &str = "https://coins.llama.fi";

/// Coins a request; about 258 are refused for the URL's length.
const CHUNK: usize = 100;
/// Prices of less confidence are from pools too thin to mean anything.
const MIN_CONFIDENCE: f64 = 0.20;
const MAX_REPLY_BYTES: usize = 512 * 1024;

/// Where and how DefiLlama is asked. Not `Debug`: a paid base URL holds a key.
#[derive(Clone)]
pub struct DefiLlamaSettings {
    /// The base URL, up to before `/prices`.
    pub base_url: String,
    /// Requests a second on average; `None` is unlimited.
    pub requests_per_second: Option<f64>,
    /// The longest that one call may take, retries included.
    pub deadline: Duration,
}

impl DefiLlamaSettings {
    /// The free service's settings: 1.5 requests a second (what heavy users of it keep to), 6 s a call.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), requests_per_second: Some(1.5), deadline: Duration::from_secs(6) }
    }
}

/// DefiLlama's coin prices.
pub struct DefiLlama {
    upstream: Upstream,
    clock: Arc<dyn Clock>,
}

/// What the reply says of one coin.
#[derive(Deserialize)]
struct Entry {
    price: Option<f64>,
    timestamp: Option<u64>,
    confidence: Option<f64>,
}

type Names = [(Coin, String)];

impl DefiLlama {
    /// Makes the adapter; nothing is asked yet.
    ///
    /// # Errors
    /// The base URL or a limit cannot be used.
    pub fn new(
        client: &Client,
        settings: &DefiLlamaSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let mut policy = Policy::new(DEFILLAMA);
        policy.deadline = settings.deadline;
        policy.attempt_timeout = settings.deadline * 2 / 5;
        policy.max_response_bytes = MAX_REPLY_BYTES;
        policy.rate_per_second = settings.requests_per_second;
        policy.burst = 6;
        Ok(Self { upstream: client.upstream(&settings.base_url, policy)?, clock })
    }

    /// How its upstream is doing.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        vec![health(&self.upstream)]
    }

    /// Prices of distinct assets of any chains; one request per 100.
    pub async fn prices(&self, assets: &[Asset]) -> ProviderPrices {
        let names: BTreeMap<Coin, String> =
            assets.iter().map(Coin::of).map(|coin| (coin, name_of(coin))).collect();
        let names: Vec<(Coin, String)> = names.into_iter().collect();
        let chunks: Vec<&Names> = names.chunks(CHUNK).collect();
        let replies = join_all(chunks.iter().map(|chunk| self.ask(chunk))).await;
        let now = self.clock.now();
        let mut said_of: HashMap<Coin, Said> = HashMap::new();
        let mut failures: Vec<&CallError> = Vec::new();
        for (chunk, reply) in chunks.iter().zip(&replies) {
            match reply {
                Ok(entries) => {
                    said_of.extend(chunk.iter().map(|(coin, name)| (*coin, said(entries, name, now))));
                }
                Err(error) => {
                    let gap =
                        gap_of_call(&self.upstream, DEFILLAMA, error, "prices", Affects::Confirmation, now);
                    let unheard = Said::Unheard { reason: gap.reason, since: gap.since };
                    said_of.extend(chunk.iter().map(|(coin, _)| (*coin, unheard.clone())));
                    failures.push(error);
                }
            }
        }
        let failure = failures.first().map(|error| {
            let what = format!("prices ({} of {} requests failed)", failures.len(), chunks.len());
            gap_of_call(&self.upstream, DEFILLAMA, error, what, Affects::Confirmation, now)
        });
        ProviderPrices::new(assets.iter().map(|asset| (*asset, Coin::of(asset))), &said_of, failure)
    }

    async fn ask(&self, chunk: &Names) -> Result<HashMap<String, Value>, CallError> {
        let names: Vec<&str> = chunk.iter().map(|(_, name)| name.as_str()).collect();
        let request = Request::get(format!("/prices/current/{}", names.join(",")));
        self.upstream.call(&request, read_coins).await
    }
}

/// `ethereum:0x…` or `coingecko:ethereum`.
fn name_of(coin: Coin) -> String {
    match coin {
        Coin::Listed(id) => format!("coingecko:{id}"),
        Coin::Contract(chain, address) => format!("{chain}:{address:#x}"),
    }
}

/// The entries of a reply by lower-case name; one without `coins` says nothing that can be used.
fn read_coins(reply: &Reply) -> Parsed<HashMap<String, Value>> {
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    reply.json::<Map<String, Value>>().and_then(|mut body| match body.remove("coins") {
        Some(Value::Object(coins)) => {
            Parsed::Ok(coins.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
        }
        _ => Parsed::malformed("no coins object"),
    })
}

fn said(entries: &HashMap<String, Value>, name: &str, now: Timestamp) -> Said {
    let Some(entry) = entries.get(name) else {
        return Said::Without(GapReason::Missing);
    };
    let Ok(entry) = Entry::deserialize(entry) else {
        return Said::Without(GapReason::Malformed);
    };
    let Some(price) = entry.price else {
        return Said::Without(GapReason::Missing);
    };
    let observed_at = entry.timestamp.and_then(|seconds| past(seconds, now));
    match (price_usd(price), observed_at) {
        (Some(_), Some(_)) if !entry.confidence.is_some_and(|confidence| confidence >= MIN_CONFIDENCE) => {
            Said::Without(GapReason::Missing)
        }
        (Some(usd), Some(observed_at)) => Said::Price(Price { usd, observed_at, volume_24h_usd: None }),
        _ => Said::Without(GapReason::Malformed),
    }
}

#[cfg(test)]
mod tests;
