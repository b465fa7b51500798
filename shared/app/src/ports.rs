//! The ports: what the service needs from outside. Every one takes a batch, so no loop can call it per wallet.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use risk_engine::market::{DailyCloses, Gas, HourlyCloses, Quote, ValueLocked};
use risk_engine::position::{Reading, WalletPositions};
use risk_model::request::Scope;
use risk_model::{Asset, ChainId, ChannelId, Gap, KnownMarkets, Protocol, Timestamp, Wallet};

use crate::delivery::{Channel, Message, Receipt};
use crate::records::SweepReport;
use crate::sweeping::{Lane, Shard};

/// The time, so that a sweep of any day can be replayed.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// How much to read of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Discover tokens and markets anew: some requests per wallet, for questions about a few.
    Discover,
    /// Read what is already known of each wallet: requests grow with batches, not with wallets.
    Known {
        /// When the sweep began that reads it: all it reads within some seconds may be of one block.
        since: Timestamp,
    },
}

/// One wallet to read.
#[derive(Clone, Debug)]
pub struct WalletQuery {
    /// Whose.
    pub wallet: Wallet,
    /// Tokens found in it before, read again without discovery.
    pub known_tokens: Vec<Asset>,
    /// Markets found in its history before, by chain; a chain that is absent was never looked through.
    pub known_markets: Vec<KnownMarkets>,
}

/// Positions of wallets.
#[async_trait]
pub trait Positions: Send + Sync {
    /// Reads every wallet, one entry each in the order given, at one pinned block per chain.
    /// It never fails: what could not be read is a gap of that wallet.
    async fn read(&self, wallets: &[WalletQuery], depth: Depth, scope: &Scope) -> Vec<WalletPositions>;
}

/// What a market-data port found of a set of assets.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// By asset; what is absent was not found.
    pub values: HashMap<Asset, T>,
    /// Why an asset is absent or unconfirmed.
    pub asset_gaps: HashMap<Asset, Vec<Gap>>,
    /// Gaps of no one asset.
    pub gaps: Vec<Gap>,
    /// What was read.
    pub readings: Vec<Reading>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { values: HashMap::new(), asset_gaps: HashMap::new(), gaps: Vec::new(), readings: Vec::new() }
    }
}

/// Market prices.
#[async_trait]
pub trait Prices: Send + Sync {
    /// Quotes of distinct assets.
    async fn quotes(&self, assets: &[Asset]) -> Found<Quote>;
}

/// Price histories.
#[async_trait]
pub trait Histories: Send + Sync {
    /// Daily UTC closes of distinct assets, the last `days` completed days.
    async fn daily(&self, assets: &[Asset], days: u32) -> Found<Arc<DailyCloses>>;

    /// Hourly UTC closes of distinct assets, the last `hours` completed hours (as many as the provider gives). Only
    /// some accounts need them, so what is missing is a gap that affects `Confirmation`; the engine says where it
    /// leaves a figure open.
    async fn hourly(&self, assets: &[Asset], hours: u32) -> Found<Arc<HourlyCloses>>;
}

/// Gas prices.
#[async_trait]
pub trait GasPrices: Send + Sync {
    /// Gas of distinct chains, and gaps for those without.
    async fn gas(&self, chains: &[ChainId]) -> (HashMap<ChainId, Gas>, Vec<Gap>, Vec<Reading>);
}

/// Value locked in protocols.
#[async_trait]
pub trait ValuesLocked: Send + Sync {
    /// The value locked in each of distinct protocols, or the gap that is left: it affects `Confirmation`, because no
    /// figure of a wallet comes from it.
    async fn locked(&self, protocols: &[Protocol]) -> HashMap<Protocol, Result<ValueLocked, Gap>>;
}

/// The channels that alerts are delivered to.
#[async_trait]
pub trait Channels: Send + Sync {
    /// Every configured channel, in the order of its name. No call is made to answer.
    fn list(&self) -> &[Channel];

    /// Sends one message once, within the channel's own time limit, and tells what the channel answered. Retrying is
    /// the caller's: an attempt makes one request. A channel of that name that is not configured is
    /// [`Receipt::Gone`].
    async fn send(&self, message: &Message) -> Receipt;

    /// Sends a message that says it is a test.
    async fn test(&self, channel: &ChannelId, at: Timestamp) -> Receipt;
}

/// Why a bus did not take what it was given, in words for operators: no secret, no URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus did not take it: {0}")]
pub struct BusError(pub String);

/// The bus on which sweeps are asked for and told of.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Asks for a sweep of a lane of each of these shards.
    async fn request_shards(&self, lane: Lane, shards: &[Shard], at: Timestamp) -> Result<(), BusError>;
    /// Tells that a run has ended.
    async fn sweep_completed(&self, report: &SweepReport) -> Result<(), BusError>;
}

/// State of one upstream, for operators.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamHealth {
    /// The provider's name.
    pub name: String,
    /// `closed`, `open` or `half_open`.
    pub breaker: &'static str,
    /// Calls so far.
    pub calls: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Seconds since the last good answer.
    pub last_success_age_seconds: Option<u64>,
    /// Why the last failed call failed, a category.
    pub last_failure: Option<String>,
}

/// The upstreams as a whole, for operators. No call is made to answer.
pub trait Upstreams: Send + Sync {
    /// Every configured upstream.
    fn health(&self) -> Vec<UpstreamHealth>;
}
