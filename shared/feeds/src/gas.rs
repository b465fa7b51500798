//! Gas prices: Etherscan per chain, another source where it has none.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use moka::future::Cache;
use risk_app::ports::{Clock, GasPrices};
use risk_engine::market::Gas;
use risk_engine::position::Reading;
use risk_model::{ChainId, Gap, Timestamp};

use crate::etherscan::Etherscan;

/// About a block of Ethereum: asking more often tells nothing new.
const KEEP_SECONDS: u64 = 12;

/// A second source of gas prices, asked where Etherscan has none (it does not serve every chain).
#[async_trait]
pub trait GasFallback: Send + Sync {
    /// Gas of one chain now.
    ///
    /// # Errors
    /// The gap that is left.
    async fn gas(&self, chain: ChainId) -> Result<Gas, Gap>;
}

/// Gas of Etherscan, else of the fallback.
pub struct GasOracle {
    etherscan: Arc<Etherscan>,
    fallback: Option<Arc<dyn GasFallback>>,
    clock: Arc<dyn Clock>,
    kept: Cache<ChainId, Arc<Kept>>,
}

struct Kept {
    gas: Option<Gas>,
    gaps: Vec<Gap>,
    read_at: Timestamp,
}

impl GasOracle {
    /// Gas of Etherscan, and of the fallback where that fails.
    #[must_use]
    pub fn new(
        etherscan: Arc<Etherscan>,
        fallback: Option<Arc<dyn GasFallback>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let kept = Cache::builder().max_capacity(64).time_to_live(Duration::from_secs(KEEP_SECONDS)).build();
        Self { etherscan, fallback, clock, kept }
    }

    /// One chain's gas, kept or asked for; questions at the same time share one request.
    async fn of_chain(&self, chain: ChainId) -> Arc<Kept> {
        let now = self.clock.now();
        let ask = async { Arc::new(self.ask(chain).await) };
        let is_old = |kept: &Arc<Kept>| now.seconds_since(kept.read_at) >= KEEP_SECONDS;
        self.kept.entry(chain).or_insert_with_if(ask, is_old).await.into_value()
    }

    /// Etherscan's failure stays named even where the fallback serves.
    async fn ask(&self, chain: ChainId) -> Kept {
        let mut gaps = Vec::new();
        let mut gas = self.etherscan.gas(chain).await.map_err(|gap| gaps.push(gap)).ok();
        if let (None, Some(fallback)) = (&gas, &self.fallback) {
            gas = fallback.gas(chain).await.map_err(|gap| gaps.push(gap)).ok();
        }
        Kept { gas, gaps, read_at: self.clock.now() }
    }
}

#[async_trait]
impl GasPrices for GasOracle {
    async fn gas(&self, chains: &[ChainId]) -> (HashMap<ChainId, Gas>, Vec<Gap>, Vec<Reading>) {
        let chains: BTreeSet<ChainId> = chains.iter().copied().collect();
        let answers =
            join_all(chains.into_iter().map(|chain| async move { (chain, self.of_chain(chain).await) }));
        let (mut prices, mut gaps, mut readings) = (HashMap::new(), Vec::new(), Vec::new());
        for (chain, kept) in answers.await {
            gaps.extend(kept.gaps.iter().cloned());
            if let Some(gas) = &kept.gas {
                readings.push(Reading {
                    what: "gas price".to_owned(),
                    source: gas.source,
                    chain: Some(chain),
                    block: None,
                    observed_at: gas.observed_at,
                });
                prices.insert(chain, gas.clone());
            }
        }
        (prices, gaps, readings)
    }
}

#[cfg(test)]
mod tests;
