//! Wiring: which adapter serves which port. Nothing is fetched, opened or connected here.

use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::Context;
use risk_app::events::Events;
use risk_app::ports::{Bus, Clock, Positions, UpstreamHealth, Upstreams, ValuesLocked};
use risk_app::service::Ports;
use risk_app::sharing::Quota;
use risk_app::stores::Store;
use risk_app::{Service, Settings as ServiceSettings};
use risk_engine::Parameters;
use risk_engine::alarm::Thresholds;
use risk_feeds::Key;
use risk_feeds::alchemy::{Alchemy, AlchemySettings, FeeHistory};
use risk_feeds::coingecko::{CoinGecko, CoinGeckoSettings};
use risk_feeds::defillama::{DefiLlama, DefiLlamaLocked, DefiLlamaSettings};
use risk_feeds::etherscan::{Etherscan, EtherscanSettings};
use risk_feeds::gas::{GasFallback, GasOracle};
use risk_feeds::histories::PriceHistories;
use risk_feeds::positions::ChainPositions;
use risk_feeds::quotes::{MarketQuotes, QuoteLimits};
use risk_feeds::the_graph::{TheGraph, TheGraphSettings};
use risk_http::Client;
use risk_notify::{ConfiguredChannels, Surroundings};
use risk_store::{LocalQuota, MemoryEvents, RedisCache, RedisEvents, RedisQuota, SqliteEvents, SqliteStore};

use crate::clock::SystemClock;
use crate::host::Host;
use crate::settings::{Environment, Provider, Settings, reach};
use crate::telemetry::{self, Render};

/// Longest time that quotes are kept, whatever the freshness of assessments, seconds.
const MAX_QUOTE_SECONDS: u64 = 20;
/// How requests name their sender.
const USER_AGENT: &str = concat!("risk-manager/", env!("CARGO_PKG_VERSION"));
/// The SQLite file within `DATA_DIR`.
pub(crate) const DATABASE: &str = "risk.sqlite";

/// Everything that a function runs on.
#[derive(Clone)]
pub struct Wired {
    /// The service.
    pub service: Arc<Service>,
    /// Renders the metrics.
    pub metrics: Render,
    /// Where quotas are counted.
    pub quota: Arc<dyn Quota>,
    /// The settings it was made from.
    pub settings: Settings,
    /// The bus on which sweeps are asked for and told of, where there is one.
    pub bus: Option<Arc<dyn Bus>>,
    /// Who calls.
    pub host: Host,
}

/// Every provider, for the one view that operators have of them.
struct Providers {
    positions: Arc<ChainPositions>,
    fee_history: Arc<FeeHistory>,
    coingecko: Arc<CoinGecko>,
    defillama: Arc<DefiLlama>,
    locked: Arc<DefiLlamaLocked>,
    etherscan: Arc<Etherscan>,
}

impl Upstreams for Providers {
    fn health(&self) -> Vec<UpstreamHealth> {
        [
            self.positions.upstreams(),
            self.coingecko.upstreams(),
            self.defillama.upstreams(),
            self.locked.upstreams(),
            self.etherscan.upstreams(),
        ]
        .concat()
    }
}

/// Starts telemetry and puts the service together, within a runtime.
///
/// # Errors
/// A provider's URL cannot be used; TLS cannot be set up.
pub fn wire(settings: Settings, host: Host) -> anyhow::Result<Wired> {
    let metrics = telemetry::start(&settings);
    risk_http::describe_metrics();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let providers = providers(&settings, &clock).context("a provider's settings cannot be used")?;
    let prices = prices_of(&settings, &providers, &clock)?;
    let around = Surroundings {
        user_agent: USER_AGENT.to_owned(),
        reach: reach(settings.environment == Environment::Development),
        clock: Arc::clone(&clock),
        aws: settings.aws.clone(),
    };
    let channels = ConfiguredChannels::new(settings.channels.clone(), around)
        .context("a channel's settings cannot be used")?;
    let bus = bus_of(&settings, &channels)?;
    let quota = quota_of(&settings)?;
    let (store, events) = kept_of(&settings)?;
    let ports = Ports {
        positions: Arc::clone(&providers.positions) as Arc<dyn Positions>,
        prices: Arc::new(prices),
        histories: Arc::new(PriceHistories::new(Arc::clone(&providers.coingecko), Arc::clone(&clock))),
        channels: Arc::new(channels),
        gas: Arc::new(GasOracle::new(
            Arc::clone(&providers.etherscan),
            Some(Arc::clone(&providers.fee_history) as Arc<dyn GasFallback>),
            Arc::clone(&clock),
        )),
        locked: Arc::clone(&providers.locked) as Arc<dyn ValuesLocked>,
        upstreams: Arc::new(providers),
        events,
        store,
        clock,
    };
    let service = Arc::new(Service::new(ports, service_settings(&settings)));
    let wired = Wired { service, metrics, quota, settings, bus, host };
    wired.warn_of_what_is_not_shared();
    Ok(wired)
}

/// The market's prices, shared through Redis with every process where there is one.
fn prices_of(
    settings: &Settings,
    providers: &Providers,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<MarketQuotes> {
    let limits = QuoteLimits {
        keep_seconds: settings.fresh_seconds.min(MAX_QUOTE_SECONDS),
        keep_failed_seconds: settings.fresh_seconds.min(5),
        ..QuoteLimits::default()
    };
    let (first, second) = (Arc::clone(&providers.coingecko), Arc::clone(&providers.defillama));
    let prices = MarketQuotes::new(first, second, limits, Arc::clone(clock));
    let Some(url) = &settings.redis_url else { return Ok(prices) };
    let cache = RedisCache::new(url.expose()).context("REDIS_URL cannot be used")?;
    Ok(prices.sharing(Arc::new(cache)))
}

/// Where quotas are counted: in Redis, by every process together, where there is one.
fn quota_of(settings: &Settings) -> anyhow::Result<Arc<dyn Quota>> {
    let Some(url) = &settings.redis_url else { return Ok(Arc::new(LocalQuota::new())) };
    Ok(Arc::new(RedisQuota::new(url.expose()).context("REDIS_URL cannot be used")?))
}

/// Where everything is kept, and where what happens is told to other processes: in MongoDB where there is one, in a SQLite
/// file otherwise; in Redis where there is one, otherwise in the SQLite file, or within this process alone.
fn kept_of(settings: &Settings) -> anyhow::Result<(Arc<dyn Store>, Arc<dyn Events>)> {
    let redis = settings.redis_url.as_ref().map(|url| RedisEvents::new(url.expose())).transpose();
    let redis = redis.context("REDIS_URL cannot be used")?.map(|redis| Arc::new(redis) as Arc<dyn Events>);
    if let Some(mongo) = &settings.mongodb {
        let mongo = Arc::new(mongo.store().context("MONGODB_URI cannot be used")?);
        return Ok((mongo, redis.unwrap_or_else(|| Arc::new(MemoryEvents::new()))));
    }
    let sqlite = Arc::new(SqliteStore::new(settings.data_dir.join(DATABASE)));
    let events = redis.unwrap_or_else(|| Arc::new(SqliteEvents::new(Arc::clone(&sqlite))));
    Ok((sqlite, events))
}

/// The bus of the channel that is named for sweeps.
fn bus_of(settings: &Settings, channels: &ConfiguredChannels) -> anyhow::Result<Option<Arc<dyn Bus>>> {
    let Some(name) = &settings.sweep_bus else { return Ok(None) };
    let bus = channels.event_bus(name).context("SWEEP_BUS names no channel of the kind event_bridge")?;
    Ok(Some(Arc::new(bus.clone())))
}

fn providers(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Providers, risk_http::SetupError> {
    let client = Client::new(USER_AGENT)?;
    let (alchemy, coingecko) = (alchemy(settings), coingecko(settings));
    let mut defillama = DefiLlamaSettings::new(settings.defillama.url.expose());
    defillama.requests_per_second = settings.defillama.rate_per_second;
    defillama.deadline = settings.upstream_deadline;
    let mut locked = DefiLlamaSettings::new(settings.defillama_locked.url.expose());
    locked.requests_per_second = settings.defillama_locked.rate_per_second;
    locked.deadline = settings.upstream_deadline;
    let mut etherscan = EtherscanSettings::new(settings.etherscan.url.expose(), key(&settings.etherscan));
    etherscan.requests_per_second = settings.etherscan.rate_per_second;
    etherscan.deadline = settings.upstream_deadline;
    let the_graph = TheGraphSettings {
        base_url: settings.the_graph.url.expose().to_owned(),
        key: key(&settings.the_graph),
        rate_per_second: settings.the_graph.rate_per_second,
        deadline: settings.upstream_deadline,
    };
    let alchemy = Alchemy::new(&client, &alchemy, &settings.chains)?;
    let fee_history = FeeHistory::new(alchemy.clone(), Arc::clone(clock));
    let the_graph = TheGraph::new(&client, &the_graph, Arc::clone(clock))?;
    let positions =
        ChainPositions::new(alchemy, the_graph, &settings.chains, &settings.protocols, Arc::clone(clock));
    Ok(Providers {
        fee_history: Arc::new(fee_history),
        positions: Arc::new(positions),
        coingecko: Arc::new(CoinGecko::new(&client, coingecko, Arc::clone(clock))?),
        defillama: Arc::new(DefiLlama::new(&client, &defillama, Arc::clone(clock))?),
        locked: Arc::new(DefiLlamaLocked::new(&client, &locked, Arc::clone(clock))?),
        etherscan: Arc::new(Etherscan::new(&client, etherscan, Arc::clone(clock))?),
    })
}

fn alchemy(settings: &Settings) -> AlchemySettings {
    AlchemySettings {
        url: settings.alchemy.url.expose().to_owned(),
        key: key(&settings.alchemy),
        rate_per_second: settings.alchemy.rate_per_second,
        deadline: settings.upstream_deadline,
    }
}

fn coingecko(settings: &Settings) -> CoinGeckoSettings {
    let mut coingecko = CoinGeckoSettings::new(settings.coingecko.url.expose(), key(&settings.coingecko));
    coingecko.requests_per_minute = settings.coingecko.rate_per_second.and_then(per_minute);
    coingecko.deadline = settings.upstream_deadline;
    coingecko
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u32 first"
)]
fn per_minute(per_second: f64) -> Option<NonZeroU32> {
    NonZeroU32::new((per_second * 60.0).round().clamp(1.0, f64::from(u32::MAX)) as u32)
}

fn key(provider: &Provider) -> Option<Key> {
    provider.key.as_ref().and_then(|key| Key::new(key.expose()))
}

fn service_settings(settings: &Settings) -> ServiceSettings {
    ServiceSettings {
        parameters: Parameters::default(),
        thresholds: Thresholds {
            blindness_budget_seconds: 2 * settings.sweep_interval_seconds,
            cool_down_seconds: 3 * settings.sweep_interval_seconds,
            ..Thresholds::default()
        },
        chains: settings.chains.clone(),
        protocols: settings.protocols.clone(),
        fresh_seconds: settings.fresh_seconds,
        shards: settings.sweep_shard.count(),
        page_size: settings.sweep_page,
        lease_seconds: settings.sweep_lease_seconds,
        discoveries_per_sweep: 20,
        sweep_interval_seconds: settings.sweep_interval_seconds,
        delivery_hold_seconds: settings.delivery_hold_seconds,
        near: settings.near,
        cached_summaries: 10_000,
    }
}
