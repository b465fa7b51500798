//! The service's own feeds in front of the node, as they stand in front of a provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alloy_primitives::Address;
use risk_app::ports::{Clock, Depth, Positions, WalletQuery};
use risk_engine::aave;
use risk_engine::lending::Account;
use risk_engine::position::{Provenance, WalletPositions};
use risk_feeds::alchemy::{Alchemy, AlchemySettings};
use risk_feeds::positions::ChainPositions;
use risk_feeds::the_graph::{TheGraph, TheGraphSettings};
use risk_http::Client;
use risk_model::request::Scope;
use risk_model::{ChainId, Protocol, Timestamp, Wallet};

use crate::node::Node;

/// As a sweep reads, but every time at a block of its own: no time is later than this.
pub(crate) const SWEPT: Depth = Depth::Known { since: Timestamp::new(u64::MAX) };

/// The service's reader of positions, over one endpoint.
pub(crate) struct Feeds {
    positions: ChainPositions,
    clock: Arc<ChainClock>,
}

/// The time as the chain has it.
struct ChainClock(AtomicU64);

impl Clock for ChainClock {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.0.load(Ordering::Relaxed))
    }
}

impl Feeds {
    /// In front of a JSON-RPC endpoint, without a subgraph.
    pub(crate) fn of(url: &str) -> Self {
        let client = Client::new("risk-chain-tests").expect("a client");
        let clock = Arc::new(ChainClock(AtomicU64::new(0)));
        let deadline = Duration::from_secs(30);
        let endpoint = AlchemySettings { url: url.to_owned(), key: None, rate_per_second: None, deadline };
        let alchemy = Alchemy::new(&client, &endpoint, &[ChainId::Ethereum]).expect("an endpoint");
        let graph = TheGraphSettings {
            base_url: "http://127.0.0.1:9/".to_owned(),
            key: None,
            rate_per_second: None,
            deadline,
        };
        let shared: Arc<dyn Clock> = clock.clone();
        let graph = TheGraph::new(&client, &graph, Arc::clone(&shared)).expect("a gateway");
        Self {
            positions: ChainPositions::new(alchemy, graph, &[ChainId::Ethereum], &Protocol::ALL, shared),
            clock,
        }
    }

    /// Reads wallets at the node's newest block, as a sweep does, the clock being the chain's.
    pub(crate) async fn read(&self, node: &Node, wallets: &[Address]) -> Vec<WalletPositions> {
        self.read_to(node, wallets, SWEPT, &[Protocol::AaveV3]).await
    }

    /// The same to a depth, of some protocols.
    pub(crate) async fn read_to(
        &self,
        node: &Node,
        wallets: &[Address],
        depth: Depth,
        protocols: &[Protocol],
    ) -> Vec<WalletPositions> {
        self.clock.0.store(node.time().await, Ordering::Relaxed);
        let queries: Vec<WalletQuery> = wallets
            .iter()
            .map(|wallet| WalletQuery {
                wallet: Wallet::new(*wallet),
                known_tokens: Vec::new(),
                known_markets: Vec::new(),
            })
            .collect();
        let scope = Scope { protocols: protocols.to_vec(), chains: vec![ChainId::Ethereum] };
        self.positions.read(&queries, depth, &scope).await
    }
}

/// The Aave account that was read of a wallet from its contracts, if it has one.
pub(crate) fn account(read: &WalletPositions) -> Option<&aave::Account> {
    assert!(read.accounts.len() < 2, "more accounts than one: {read:?}");
    let found = read.accounts.first()?;
    assert_eq!(found.provenance, Provenance::Chain);
    match &found.account {
        Account::Aave(account) => Some(account),
        other => panic!("no account of Aave: {other:?}"),
    }
}
