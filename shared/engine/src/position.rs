//! What a wallet holds, as read: token holdings, lending accounts and liquidity, each with where and when it was read.

use std::collections::BTreeSet;
use std::sync::Arc;

use risk_model::{Asset, B256, ChainId, Gap, KnownMarkets, Protocol, Timestamp, U256, Wallet};

use crate::lending::Account;
use crate::pool::PoolPosition;

/// The block that a figure was read at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its own time.
    pub timestamp: Timestamp,
}

/// Where positions were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// The contracts themselves at one pinned block: the only source that can show an account safe.
    Chain,
    /// An indexer, declared as fallback: may show danger, never safety.
    Subgraph,
}

impl Provenance {
    /// The name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Subgraph => "subgraph",
        }
    }
}

/// An amount of one token in the wallet itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// Which token.
    pub asset: Asset,
    /// Its symbol as the contract gives it.
    pub symbol: Arc<str>,
    /// Decimals of the amount.
    pub decimals: u8,
    /// Base units, more than zero.
    pub amount: U256,
    /// The block it was read at.
    pub block: Block,
}

/// One lending account: a wallet in one market. Each liquidates alone.
#[derive(Clone, Debug)]
pub struct LendingAccount {
    /// The account, with its market shared by every account of a batch.
    pub account: Account,
    /// Where it was read from.
    pub provenance: Provenance,
}

impl WalletPositions {
    /// The protocols that the wallet has an account or a pool in.
    #[must_use]
    pub fn protocols(&self) -> BTreeSet<Protocol> {
        let accounts = self.accounts.iter().map(|one| one.account.protocol());
        accounts.chain(self.pools.iter().map(PoolPosition::protocol)).collect()
    }
}

/// Whole tokens of an amount in base units, for statistics: correctly rounded, finite for every input.
#[must_use]
pub fn whole_tokens(amount: U256, decimals: u8) -> f64 {
    crate::quantity::whole(amount, decimals)
}

/// A successful read: what the coverage of an answer lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What was read, e.g. `aave_v3 account`.
    pub what: String,
    /// The provider's name.
    pub source: &'static str,
    /// The chain, where it is of one.
    pub chain: Option<ChainId>,
    /// The block, where there is one.
    pub block: Option<Block>,
    /// The time that the figures are of.
    pub observed_at: Timestamp,
}

/// Everything read of one wallet, and what could not be.
#[derive(Clone, Debug)]
pub struct WalletPositions {
    /// Whose.
    pub wallet: Wallet,
    /// Its lending accounts.
    pub accounts: Vec<LendingAccount>,
    /// Its own tokens.
    pub holdings: Vec<Holding>,
    /// Its positions in liquidity pools.
    pub pools: Vec<PoolPosition>,
    /// What was read.
    pub readings: Vec<Reading>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Markets found in its history now, by the chains on which it was looked through: what to keep for later reads.
    pub markets: Vec<KnownMarkets>,
}
