//! Positions of wallets: contracts first, at one pinned block a chain; the subgraph to check them and as a fallback.

mod chain;
mod gap;
mod tokens;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::future::join_all;
use risk_app::ports::{Clock, Depth, Positions, UpstreamHealth, Upstreams, WalletQuery};
use risk_engine::position::{Holding, LendingAccount, Reading, WalletPositions};
use risk_model::request::Scope;
use risk_model::{Address, ChainId, Gap, Protocol};

use crate::aave::Ask;
use crate::alchemy::Alchemy;
use crate::the_graph::TheGraph;

/// Reads positions from the contracts of every configured chain.
pub struct ChainPositions {
    alchemy: Alchemy,
    graph: TheGraph,
    chains: Vec<ChainId>,
    clock: Arc<dyn Clock>,
    learned: Mutex<HashMap<ChainId, Learned>>,
}

/// What an earlier read says to ask at once; every answer is read anew, so being wrong costs a request and no more.
#[derive(Clone, Debug, Default)]
struct Learned {
    asks: BTreeSet<Ask>,
    /// The market's own tokens, to tell them from holdings when the market cannot be read.
    own_tokens: HashSet<Address>,
}

/// What is wanted of one chain.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    chain: ChainId,
    queries: &'a [WalletQuery],
    depth: Depth,
    accounts: bool,
    tokens: bool,
}

/// What one chain gives one wallet.
#[derive(Clone, Debug, Default)]
struct Part {
    accounts: Vec<LendingAccount>,
    holdings: Vec<Holding>,
    readings: Vec<Reading>,
    gaps: Vec<Gap>,
    /// Whether the contracts said what account there is, if any.
    is_account_known: bool,
}

impl ChainPositions {
    /// Reads `chains` through these providers.
    #[must_use]
    pub fn new(alchemy: Alchemy, graph: TheGraph, chains: &[ChainId], clock: Arc<dyn Clock>) -> Self {
        Self { alchemy, graph, chains: chains.to_vec(), clock, learned: Mutex::new(HashMap::new()) }
    }

    /// The state of every upstream beneath.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        [self.alchemy.upstreams(), self.graph.upstreams()].concat()
    }

    fn learned(&self, chain: ChainId) -> Learned {
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.get(&chain).cloned().unwrap_or_default()
    }

    fn learn(&self, chain: ChainId, learned: Learned) {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).insert(chain, learned);
    }
}

impl Upstreams for ChainPositions {
    fn health(&self) -> Vec<UpstreamHealth> {
        self.upstreams()
    }
}

#[async_trait]
impl Positions for ChainPositions {
    #[tracing::instrument(name = "positions.read", skip_all, fields(wallets = wallets.len(), depth = ?depth))]
    async fn read(&self, wallets: &[WalletQuery], depth: Depth, scope: &Scope) -> Vec<WalletPositions> {
        let mut read: Vec<WalletPositions> = wallets.iter().map(nothing_yet).collect();
        if wallets.is_empty() {
            return read;
        }
        let wanted = self.chains.iter().map(|chain| Wanted {
            chain: *chain,
            queries: wallets,
            depth,
            accounts: scope.holds(Protocol::AaveV3, *chain),
            tokens: scope.holds(Protocol::Tokens, *chain),
        });
        let wanted = wanted.filter(|wanted| wanted.accounts || wanted.tokens);
        // Boxed: the state of a read of five chains is too large for the stack.
        let chains = join_all(wanted.map(|wanted| Box::pin(self.read_chain(wanted)))).await;
        for parts in chains {
            for (whole, part) in read.iter_mut().zip(parts) {
                whole.accounts.extend(part.accounts);
                whole.holdings.extend(part.holdings);
                whole.readings.extend(part.readings);
                whole.gaps.extend(part.gaps);
            }
        }
        read
    }
}

fn nothing_yet(query: &WalletQuery) -> WalletPositions {
    WalletPositions {
        wallet: query.wallet,
        accounts: Vec::new(),
        holdings: Vec::new(),
        readings: Vec::new(),
        gaps: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
