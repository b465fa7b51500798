//! DefiLlama's values locked: what everybody together has in a protocol, one bare number a protocol.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use moka::future::Cache;
use risk_app::ports::{Clock, UpstreamHealth, ValuesLocked};
use risk_engine::market::ValueLocked;
use risk_http::{Client, Parsed, Policy, Reply, Request, SetupError, Upstream};
use risk_model::{Affects, Gap, GapReason, Protocol, Timestamp};

use super::{DEFILLAMA, DefiLlamaSettings};
use crate::gaps::{gap_of_call, health};

/// DefiLlama counts every hour; a fall is seen soon enough at this pace, seconds.
const KEEP_SECONDS: u64 = 300;
/// A number and nothing else.
const MAX_REPLY_BYTES: usize = 1_024;

/// Values locked by DefiLlama.
pub struct DefiLlamaLocked {
    upstream: Upstream,
    clock: Arc<dyn Clock>,
    kept: Cache<Protocol, Arc<Kept>>,
}

struct Kept {
    answer: Result<ValueLocked, Gap>,
    read_at: Timestamp,
}

impl DefiLlamaLocked {
    /// Makes the adapter; nothing is asked yet.
    ///
    /// # Errors
    /// The base URL or a limit cannot be used.
    pub fn new(
        client: &Client,
        settings: &DefiLlamaSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let mut policy = Policy::new("defillama_locked");
        policy.deadline = settings.deadline;
        policy.attempt_timeout = settings.deadline * 2 / 5;
        policy.max_response_bytes = MAX_REPLY_BYTES;
        policy.rate_per_second = settings.requests_per_second;
        // Every protocol at once.
        policy.burst = 9;
        let kept = Cache::builder().max_capacity(64).time_to_live(Duration::from_secs(KEEP_SECONDS)).build();
        Ok(Self { upstream: client.upstream(&settings.base_url, policy)?, clock, kept })
    }

    /// How its upstream is doing.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        vec![health(&self.upstream)]
    }

    /// One protocol's value, kept or asked for; questions at the same time share one request.
    async fn of(&self, protocol: Protocol, slug: &'static str) -> Arc<Kept> {
        let now = self.clock.now();
        let ask = async { Arc::new(self.ask(protocol, slug).await) };
        // A failure is asked for again as soon as the upstream's own breaker lets it.
        let is_old = |kept: &Arc<Kept>| {
            let keep = if kept.answer.is_ok() { KEEP_SECONDS } else { 5 };
            now.seconds_since(kept.read_at) >= keep
        };
        self.kept.entry(protocol).or_insert_with_if(ask, is_old).await.into_value()
    }

    async fn ask(&self, protocol: Protocol, slug: &str) -> Kept {
        let said = self.upstream.call(&Request::get(format!("/tvl/{slug}")), read_usd).await;
        let read_at = self.clock.now();
        let answer = match said {
            Ok(usd) => Ok(ValueLocked { usd, source: DEFILLAMA, observed_at: read_at }),
            Err(error) => {
                let what = format!("value locked in {protocol}");
                Err(gap_of_call(&self.upstream, DEFILLAMA, &error, what, Affects::Confirmation, read_at))
            }
        };
        Kept { answer, read_at }
    }
}

/// What DefiLlama calls a protocol; `None` for what is no protocol.
const fn slug_of(protocol: Protocol) -> Option<&'static str> {
    Some(match protocol {
        Protocol::AaveV2 => "aave-v2",
        Protocol::AaveV3 => "aave-v3",
        Protocol::CompoundV2 => "compound-v2",
        Protocol::CompoundV3 => "compound-v3",
        Protocol::Curve => "curve-dex",
        Protocol::MorphoBlue => "morpho-v1",
        Protocol::Spark => "sparklend",
        Protocol::UniswapV3 => "uniswap-v3",
        Protocol::Tokens => return None,
    })
}

fn read_usd(reply: &Reply) -> Parsed<f64> {
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    reply.json::<f64>().and_then(|usd| match usd {
        known if known.is_finite() && known > 0.0 => Parsed::Ok(known),
        // It answers 0 for what it does not count (any more).
        _ => Parsed::malformed("no value above 0"),
    })
}

#[async_trait]
impl ValuesLocked for DefiLlamaLocked {
    async fn locked(&self, protocols: &[Protocol]) -> HashMap<Protocol, Result<ValueLocked, Gap>> {
        let asked = protocols.iter().map(|protocol| async move {
            let answer = match slug_of(*protocol) {
                Some(slug) => self.of(*protocol, slug).await.answer.clone(),
                None => Err(Gap {
                    what: format!("value locked in {protocol}"),
                    source: DEFILLAMA,
                    reason: GapReason::Unsupported,
                    affects: Affects::Confirmation,
                    since: None,
                }),
            };
            (*protocol, answer)
        });
        join_all(asked).await.into_iter().collect()
    }
}
