//! The service: one value that holds the ports and does every job the functions ask for.

mod alerts;
mod assess;
mod backtest;
mod closes;
mod decided;
mod deliver;
mod hourly;
mod judge;
mod simulate;
mod status;
mod summaries;
mod sweep;
mod tell;
mod wallet_data;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use risk_engine::Parameters;
use risk_engine::alarm::Thresholds;
use risk_model::request::Scope;
use risk_model::{ChainId, Gap, Protocol, Rejection, Wallet};
use thiserror::Error;

use crate::events::Events;
use crate::ports::{Channels, Clock, GasPrices, Histories, Positions, Prices, Upstreams, ValuesLocked};
use crate::stores::{Store, StoreError};

pub use alerts::AlertPage;
pub use backtest::{
    AccountReplayBody, BacktestBody, EpisodeBody, ModelReplayBody, PortfolioReplayBody, RuleReplayBody,
    TailReplayBody, TestBody,
};
pub use deliver::Delivering;
pub use simulate::{OutsideBody, SimulationBody};
pub use status::{Health, HealthState, Status};
pub use summaries::{Analysis, Answer};
pub use sweep::SweepOrder;
pub use wallet_data::WalletData;
pub use watches::Imported;

/// Everything the service needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Positions of wallets.
    pub positions: Arc<dyn Positions>,
    /// Market prices.
    pub prices: Arc<dyn Prices>,
    /// Price histories.
    pub histories: Arc<dyn Histories>,
    /// Gas prices.
    pub gas: Arc<dyn GasPrices>,
    /// Value locked in protocols.
    pub locked: Arc<dyn ValuesLocked>,
    /// Upstreams as a whole.
    pub upstreams: Arc<dyn Upstreams>,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// Where what happens is told.
    pub events: Arc<dyn Events>,
    /// The channels that alerts are delivered to.
    pub channels: Arc<dyn Channels>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// From where on a wallet counts as near liquidation: any one of its accounts past any one of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearLine {
    /// Under this health factor.
    pub health_factor: f64,
    /// From this chance of liquidation within 24 hours on, fraction.
    pub probability_24h: f64,
}

impl Default for NearLine {
    /// 1.15, and a tenth of the chance from which an alert opens.
    fn default() -> Self {
        Self { health_factor: 1.15, probability_24h: 0.01 }
    }
}

/// How the service works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The maths' own parameters.
    pub parameters: Parameters,
    /// When alerts open and close, where a watch does not say otherwise.
    pub thresholds: Thresholds,
    /// Chains that are read.
    pub chains: Vec<ChainId>,
    /// Protocols that are read.
    pub protocols: Vec<Protocol>,
    /// An assessment younger than this is answered without a new one, seconds.
    pub fresh_seconds: u64,
    /// Shards that the watch list is swept in.
    pub shards: u32,
    /// Wallets read and written at once in a sweep.
    pub page_size: u32,
    /// The lease is renewed at each page; that of a run that died ends after this many seconds.
    pub lease_seconds: u64,
    /// Wallets a sweep discovers tokens of because nobody has, at most.
    pub discoveries_per_sweep: usize,
    /// Seconds between sweeps: what "late" is measured by.
    pub sweep_interval_seconds: u64,
    /// Which wallets the fast lane reads.
    pub near: NearLine,
    /// A message that was taken is sent again by another process after this many seconds: more than every attempt of
    /// a batch can take.
    pub delivery_hold_seconds: u64,
    /// Most summaries kept in memory.
    pub cached_summaries: u64,
}

impl Settings {
    /// The protocols and chains that an answer within a scope says nothing of, though this build could read them.
    fn left_out(&self, scope: &Scope) -> Vec<String> {
        let is_in = |protocol: &Protocol| {
            self.protocols.contains(protocol)
                && (scope.protocols.is_empty() || scope.protocols.contains(protocol))
        };
        let is_on = |chain: &ChainId| {
            self.chains.contains(chain) && (scope.chains.is_empty() || scope.chains.contains(chain))
        };
        let protocols = Protocol::ALL.iter().filter(|protocol| !is_in(protocol)).map(ToString::to_string);
        let chains = ChainId::ALL.iter().filter(|chain| !is_on(chain)).map(ToString::to_string);
        protocols.chain(chains).collect()
    }
}

/// Why the service could not answer.
#[derive(Debug, Error)]
pub enum AppError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing of the wallet could be read, and nothing was known before.
    #[error("nothing is known of this wallet: no provider could be read")]
    NothingKnown(Vec<Gap>),
    /// What was asked is not possible on what was read, field by field.
    #[error("what was asked is not possible here")]
    Refused(Vec<Rejection>),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A flight that several requests waited for failed; each gets the same cause.
    #[error("{0}")]
    Shared(Arc<AppError>),
    /// A body could not be written or read back: a defect.
    #[error("an assessment body is malformed")]
    Body(#[from] serde_json::Error),
}

impl AppError {
    /// The cause behind a shared flight.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Shared(inner) => inner.root(),
            other => other,
        }
    }
}

/// The service. Made once; every job borrows it.
pub struct Service {
    ports: Ports,
    settings: Arc<Settings>,
    summaries: Cache<Wallet, Arc<Answer>>,
    /// What was answered last, for the time when the store cannot be reached.
    answered: Cache<Wallet, Arc<Answer>>,
}

/// Longest that an answer is told again while the store cannot be reached.
const STALE_FOR: Duration = Duration::from_secs(3_600);
/// Most that is kept for that, bytes: some hundreds of wallets.
const STALE_BYTES: u64 = 32 << 20;

impl Service {
    /// A service over its ports. Nothing is fetched and nothing is opened here.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let summaries = Cache::builder()
            .max_capacity(settings.cached_summaries)
            .time_to_live(Duration::from_secs(settings.fresh_seconds))
            .build();
        let bytes = |_: &Wallet, answer: &Arc<Answer>| u32::try_from(answer.body.len()).unwrap_or(u32::MAX);
        let answered =
            Cache::builder().weigher(bytes).max_capacity(STALE_BYTES).time_to_live(STALE_FOR).build();
        Self { ports, settings: Arc::new(settings), summaries, answered }
    }

    /// What keeps keys, watches, assessments and alerts.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.ports.store
    }

    /// Where what happens is listened for.
    #[must_use]
    pub fn events(&self) -> &Arc<dyn Events> {
        &self.ports.events
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.ports.clock
    }

    /// How the service works.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
