//! Positions of wallets: contracts first, at one pinned block a chain; the subgraph to check them and as a fallback.

mod aave;
mod aave_users;
mod chain;
mod compound_v2;
mod compound_v3;
mod curve;
mod gap;
mod morpho;
mod reader;
mod sources;
mod tokens;
mod uniswap;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;
use risk_app::ports::{Clock, Depth, Positions, UpstreamHealth, Upstreams, WalletQuery};
use risk_engine::pool::PoolPosition;
use risk_engine::position::{Holding, LendingAccount, Reading, WalletPositions};
use risk_model::request::Scope;
use risk_model::{ChainId, Gap, KnownMarkets, Protocol};

use self::reader::Source;
use self::sources::sources_of;
use crate::alchemy::Alchemy;
use crate::the_graph::TheGraph;

/// Reads positions from the contracts of every configured chain.
pub struct ChainPositions {
    alchemy: Alchemy,
    graph: TheGraph,
    chains: Vec<(ChainId, Vec<Box<dyn Source>>)>,
    protocols: Vec<Protocol>,
    clock: Arc<dyn Clock>,
}

/// What is wanted of one chain.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    chain: ChainId,
    queries: &'a [WalletQuery],
    depth: Depth,
    scope: &'a Scope,
    /// What is read at all.
    protocols: &'a [Protocol],
}

impl Wanted<'_> {
    /// Whether tokens are wanted.
    fn wants_tokens(&self) -> bool {
        self.wants(Protocol::Tokens)
    }

    /// Whether what is held in a protocol is wanted.
    fn wants(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol) && self.scope.holds(protocol, self.chain)
    }
}

/// What one chain gives one wallet.
#[derive(Clone, Debug, Default)]
struct Part {
    accounts: Vec<LendingAccount>,
    holdings: Vec<Holding>,
    pools: Vec<PoolPosition>,
    readings: Vec<Reading>,
    gaps: Vec<Gap>,
    markets: Vec<KnownMarkets>,
    /// Whether the contracts said what Aave V3 account there is, if any.
    is_account_known: bool,
}

impl ChainPositions {
    /// Reads `protocols` on `chains` through these providers; without [`Protocol::Tokens`] no token is looked for.
    #[must_use]
    pub fn new(
        alchemy: Alchemy,
        graph: TheGraph,
        chains: &[ChainId],
        protocols: &[Protocol],
        clock: Arc<dyn Clock>,
    ) -> Self {
        let chains = chains.iter().map(|chain| {
            let mut sources = sources_of(*chain);
            sources.retain(|source| protocols.contains(&source.protocol()));
            (*chain, sources)
        });
        Self::over(alchemy, graph, chains.collect(), protocols, clock)
    }

    /// Reads these protocols, by these sources of each chain.
    fn over(
        alchemy: Alchemy,
        graph: TheGraph,
        chains: Vec<(ChainId, Vec<Box<dyn Source>>)>,
        protocols: &[Protocol],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { alchemy, graph, chains, protocols: protocols.to_vec(), clock }
    }

    /// The state of every upstream beneath.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamHealth> {
        [self.alchemy.upstreams(), self.graph.upstreams()].concat()
    }

    fn sources(&self, chain: ChainId) -> &[Box<dyn Source>] {
        let found = self.chains.iter().find(|(known, _)| *known == chain);
        found.map(|(_, sources)| sources.as_slice()).unwrap_or_default()
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
        let wanted = self.chains.iter().filter_map(|(chain, sources)| {
            let protocols = &self.protocols;
            let wanted = Wanted { chain: *chain, queries: wallets, depth, scope, protocols };
            let wants = wanted.wants_tokens() || sources.iter().any(|source| wanted.wants(source.protocol()));
            wants.then_some(wanted)
        });
        // Boxed: the state of a read of five chains is too large for the stack.
        let chains = join_all(wanted.map(|wanted| Box::pin(self.read_chain(wanted)))).await;
        for parts in chains {
            for (whole, part) in read.iter_mut().zip(parts) {
                whole.accounts.extend(part.accounts);
                whole.holdings.extend(part.holdings);
                whole.pools.extend(part.pools);
                whole.readings.extend(part.readings);
                whole.gaps.extend(part.gaps);
                whole.markets.extend(part.markets);
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
        pools: Vec::new(),
        readings: Vec::new(),
        gaps: Vec::new(),
        markets: Vec::new(),
    }
}

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
