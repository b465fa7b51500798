//! Alchemy: one JSON-RPC endpoint a chain, contract reads pinned to one block, and the token lists of wallets.

mod endpoint;
mod fee_history;
mod logs;
mod token_list;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use risk_app::ports::UpstreamHealth;
use risk_http::{Client, Policy, SetupError};
use risk_model::ChainId;

use crate::gaps::health;
use crate::json_rpc::JsonRpc;
use crate::key::Key;

pub use endpoint::{Answer, Endpoint, Group, Head, ReadFault};
pub use fee_history::FeeHistory;
pub use logs::{History, MAX_MARKETS, Marks};
pub use token_list::{ListFault, MAX_TOKENS, TokenList};

/// The provider's name in gaps and readings.
pub const ALCHEMY: &str = "alchemy";
/// The public hosts: `{network}` and `{key}` are filled in.
pub const DEFAULT_URL: &str = "https://{network}.g.alchemy.com/v2/{key}";

/// Largest reply: the parts of a batch are sized so that their answers stay far below it.
const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Where the endpoints are and how they let us in.
#[derive(Clone, Debug)]
pub struct AlchemySettings {
    /// URL template with `{network}` and, where the key is part of it, `{key}`.
    pub url: String,
    /// The key; without one, a URL with `{key}` counts as not configured.
    pub key: Option<Key>,
    /// Most requests a second to each chain's endpoint, where the plan has a limit.
    pub rate_per_second: Option<f64>,
    /// The longest that one call may take, retries included.
    pub deadline: Duration,
}

/// The endpoints of the configured chains, shared by clones.
#[derive(Clone, Debug)]
pub struct Alchemy {
    endpoints: Arc<BTreeMap<ChainId, Endpoint>>,
}

impl Alchemy {
    /// Makes an endpoint for each chain; none where a key is needed and missing.
    ///
    /// # Errors
    /// The URL cannot be used. It is not shown.
    pub fn new(client: &Client, settings: &AlchemySettings, chains: &[ChainId]) -> Result<Self, SetupError> {
        let key = settings.key.as_ref().map(Key::reveal);
        if key.is_none() && settings.url.contains("{key}") {
            return Ok(Self { endpoints: Arc::default() });
        }
        let template = settings.url.replace("{key}", key.unwrap_or_default());
        let mut endpoints = BTreeMap::new();
        for chain in chains {
            let url = template.replace("{network}", network(*chain));
            let upstream = client.upstream(&url, policy(*chain, settings))?;
            endpoints.insert(*chain, Endpoint::new(*chain, JsonRpc::new(upstream)));
        }
        Ok(Self { endpoints: Arc::new(endpoints) })
    }

    /// The endpoint of a chain, if it is configured.
    #[must_use]
    pub fn endpoint(&self, chain: ChainId) -> Option<&Endpoint> {
        self.endpoints.get(&chain)
    }

    /// The state of each endpoint.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        self.endpoints.values().map(|endpoint| health(endpoint.upstream())).collect()
    }
}

/// The chain's name in Alchemy's hosts.
const fn network(chain: ChainId) -> &'static str {
    match chain {
        ChainId::Ethereum => "eth-mainnet",
        ChainId::Optimism => "opt-mainnet",
        ChainId::Polygon => "polygon-mainnet",
        ChainId::Base => "base-mainnet",
        ChainId::Arbitrum => "arb-mainnet",
    }
}

/// Each chain's endpoint fails alone, so each has its own breaker and its own name.
fn policy(chain: ChainId, settings: &AlchemySettings) -> Policy {
    let name = match chain {
        ChainId::Ethereum => "alchemy_ethereum",
        ChainId::Optimism => "alchemy_optimism",
        ChainId::Polygon => "alchemy_polygon",
        ChainId::Base => "alchemy_base",
        ChainId::Arbitrum => "alchemy_arbitrum",
    };
    Policy {
        deadline: settings.deadline,
        attempt_timeout: settings.deadline * 3 / 5,
        rate_per_second: settings.rate_per_second,
        burst: 10,
        max_response_bytes: MAX_REPLY_BYTES,
        ..Policy::new(name)
    }
}

#[cfg(test)]
mod tests;
