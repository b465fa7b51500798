//! A service whose providers are fakes that can be told to fail, over a store in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use risk_app::delivery::{Channel, Message, Receipt};
use risk_app::ports::{
    Channels, Clock, Depth, Found, GasPrices, Histories, Positions, Prices, UpstreamHealth, Upstreams,
    ValuesLocked, WalletQuery,
};
use risk_app::records::ApiKey;
use risk_app::service::{NearLine, Ports};
use risk_app::stores::Store;
use risk_app::{Service, Settings};
use risk_engine::Parameters;
use risk_engine::aave::{self, Market, Position, Reserve, ReservePosition, Rounding};
use risk_engine::alarm::Thresholds;
use risk_engine::lending::{Account, Unit};
use risk_engine::market::{DailyCloses, Gas, HourlyCloses, Quote, ValueLocked};
use risk_engine::position::{Block, LendingAccount, Provenance, Reading, WalletPositions};
use risk_model::request::Scope;
use risk_model::{
    Address, Affects, Asset, B256, ChainId, ChannelId, ChannelKind, Gap, GapReason, Protocol, Severity,
    Timestamp, U256, Wallet,
};
use risk_store::{LocalQuota, MemoryEvents, MemoryStore};

use crate::{ApiSettings, AuthMode, mint_key, router};

pub(crate) const NOW: Timestamp = Timestamp::new(1_700_000_000);

/// The one channel.
static DESK: LazyLock<[Channel; 1]> = LazyLock::new(|| {
    let id = "desk".parse().unwrap();
    [Channel { id, kind: ChannelKind::Slack, min_severity: Severity::Low }]
});

/// How the provider of positions behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Answers,
    Dead,
    Hangs,
    Panics,
}

/// What the fakes share.
pub(crate) struct Fake {
    mode: Mutex<Mode>,
    now: AtomicU64,
    pub(crate) reads: AtomicUsize,
}

/// A router and what it stands on.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) service: Arc<Service>,
    pub(crate) fake: Arc<Fake>,
}

pub(crate) fn account_wallet() -> Wallet {
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap()
}

pub(crate) fn other_wallet() -> Wallet {
    Wallet::new(Address::repeat_byte(0x22))
}

impl World {
    /// Everybody may ask.
    pub(crate) fn open() -> Self {
        Self::of(|_| ())
    }

    /// Only holders of keys may ask.
    pub(crate) fn with_keys() -> Self {
        Self::of(|settings| settings.auth_mode = AuthMode::Keys)
    }

    pub(crate) fn of(change: impl FnOnce(&mut ApiSettings)) -> Self {
        Self::over(Arc::new(MemoryStore::new()), change)
    }

    pub(crate) fn over(store: Arc<dyn Store>, change: impl FnOnce(&mut ApiSettings)) -> Self {
        let fake = Arc::new(Fake {
            mode: Mutex::new(Mode::Answers),
            now: AtomicU64::new(NOW.seconds()),
            reads: AtomicUsize::new(0),
        });
        let ports = Ports {
            positions: fake.clone(),
            prices: fake.clone(),
            histories: fake.clone(),
            gas: fake.clone(),
            locked: fake.clone(),
            channels: fake.clone(),
            upstreams: fake.clone(),
            events: Arc::new(MemoryEvents::new()),
            store,
            clock: fake.clone(),
        };
        let service = Arc::new(Service::new(ports, service_settings()));
        let mut settings = api_settings();
        change(&mut settings);
        let metrics = Arc::new(|| "metrics_are_here 1\n".to_owned());
        let router = router(Arc::clone(&service), metrics, Arc::new(LocalQuota::new()), settings);
        Self { router, service, fake }
    }

    /// Keeps a key and answers its text.
    pub(crate) async fn key(&self, scopes: &[&str], change: impl FnOnce(&mut ApiKey)) -> String {
        let (text, mut key) = mint_key("test", scopes, NOW).unwrap();
        change(&mut key);
        self.service.store().put_key(&key).await.unwrap();
        text
    }
}

impl Fake {
    pub(crate) fn behave(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn block(&self) -> Block {
        Block { number: 18_000_000, hash: B256::repeat_byte(1), timestamp: self.now() }
    }

    fn positions(&self, wallet: Wallet) -> WalletPositions {
        let block = self.block();
        let account = LendingAccount {
            account: Account::Aave(aave::Account { market: Arc::new(market(block)), position: position() }),
            provenance: Provenance::Chain,
        };
        let reading = Reading {
            what: "aave_v3 account".into(),
            source: "alchemy",
            chain: Some(ChainId::Ethereum),
            block: Some(block),
            observed_at: block.timestamp,
        };
        let accounts = if wallet == account_wallet() { vec![account] } else { Vec::new() };
        WalletPositions { accounts, readings: vec![reading], gaps: Vec::new(), ..Self::nothing(wallet) }
    }

    fn nothing(wallet: Wallet) -> WalletPositions {
        let gap = Gap {
            what: "aave_v3 account on ethereum".into(),
            source: "alchemy",
            reason: GapReason::Unavailable,
            affects: Affects::Liquidation,
            since: Some(Timestamp::new(1_699_999_000)),
        };
        WalletPositions {
            wallet,
            accounts: Vec::new(),
            holdings: Vec::new(),
            pools: Vec::new(),
            readings: Vec::new(),
            gaps: vec![gap],
            markets: Vec::new(),
        }
    }
}

impl Clock for Fake {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Positions for Fake {
    async fn read(&self, wallets: &[WalletQuery], _: Depth, _: &Scope) -> Vec<WalletPositions> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Answers => wallets.iter().map(|query| self.positions(query.wallet)).collect(),
            Mode::Dead => wallets.iter().map(|query| Self::nothing(query.wallet)).collect(),
            Mode::Hangs => std::future::pending().await,
            Mode::Panics => panic!("the fake was told to panic"),
        }
    }
}

#[async_trait]
impl Prices for Fake {
    async fn quotes(&self, assets: &[Asset]) -> Found<Quote> {
        let quote = |asset: &Asset| {
            let usd = if *asset == weth() { 2_000.0 } else { 1.0 };
            let volume_24h_usd = Some(1e9);
            (
                *asset,
                Quote {
                    usd,
                    source: "coingecko",
                    observed_at: self.now(),
                    volume_24h_usd,
                    confirmed_by: None,
                },
            )
        };
        Found { values: assets.iter().map(quote).collect(), ..Found::default() }
    }
}

#[async_trait]
impl Histories for Fake {
    async fn daily(&self, assets: &[Asset], days: u32) -> Found<Arc<DailyCloses>> {
        let closes = |asset: &Asset| {
            let level = if *asset == weth() { 2_000.0 } else { 1.0 };
            let swing = if *asset == weth() { 0.03 } else { 0.0005 };
            let close = |day: u32| Some(level * (1.0 + swing * f64::from(day * 7_919 % 13 % 7) / 7.0));
            let first_day = self.now().day() - u64::from(days);
            let closes = (0..days).map(close).collect();
            (*asset, Arc::new(DailyCloses { first_day, closes, source: "coingecko" }))
        };
        Found { values: assets.iter().map(closes).collect(), ..Found::default() }
    }

    async fn hourly(&self, _: &[Asset], _: u32) -> Found<Arc<HourlyCloses>> {
        // One asset against another needs none.
        Found::default()
    }
}

#[async_trait]
impl Channels for Fake {
    fn list(&self) -> &[Channel] {
        &*DESK
    }

    async fn send(&self, _: &Message) -> Receipt {
        Receipt::Accepted
    }

    async fn test(&self, _: &ChannelId, _: Timestamp) -> Receipt {
        Receipt::Later { why: "it sleeps".into(), after_seconds: Some(30) }
    }
}

#[async_trait]
impl GasPrices for Fake {
    async fn gas(&self, _: &[ChainId]) -> (HashMap<ChainId, Gas>, Vec<Gap>, Vec<Reading>) {
        (HashMap::new(), Vec::new(), Vec::new())
    }
}

#[async_trait]
impl ValuesLocked for Fake {
    async fn locked(&self, _: &[Protocol]) -> HashMap<Protocol, Result<ValueLocked, Gap>> {
        HashMap::new()
    }
}

impl Upstreams for Fake {
    fn health(&self) -> Vec<UpstreamHealth> {
        let is_dead = *self.mode.lock().unwrap() == Mode::Dead;
        vec![UpstreamHealth {
            name: "alchemy".into(),
            breaker: if is_dead { "open" } else { "closed" },
            calls: 7,
            failures: 2,
            last_success_age_seconds: Some(3),
            last_failure: Some("timeout".into()),
        }]
    }
}

pub(crate) fn weth() -> Asset {
    Asset::contract(ChainId::Ethereum, Address::repeat_byte(0xe1))
}

/// 10 WETH at $2,000 and 83 % against 16,000 USDC: a health factor of 1.0375.
fn position() -> Position {
    let part = |reserve, supplied: u128, owed: u128, is_collateral| ReservePosition {
        reserve,
        scaled_a_token: U256::from(supplied),
        scaled_variable_debt: U256::from(owed),
        stable_debt: None,
        is_collateral,
    };
    let reserves = vec![part(0, 10_000_000_000_000_000_000, 0, true), part(1, 0, 16_000_000_000, false)];
    Position { reserves, ..Position::default() }
}

fn market(block: Block) -> Market {
    Market {
        protocol: Protocol::AaveV3,
        unit: Unit::Usd,
        chain: ChainId::Ethereum,
        pool: Address::repeat_byte(0x87),
        revision: Some(7),
        rounding: Rounding::AgainstUser,
        block,
        base_unit: U256::from(100_000_000),
        reserves: vec![
            reserve(0, weth(), "WETH", 18, 200_000_000_000, 8_300, block),
            reserve(
                1,
                Asset::contract(ChainId::Ethereum, Address::repeat_byte(0xc1)),
                "USDC",
                6,
                100_000_000,
                7_800,
                block,
            ),
        ],
        e_modes: Vec::new(),
    }
}

fn reserve(
    id: u16,
    asset: Asset,
    symbol: &str,
    decimals: u8,
    price: u64,
    threshold: u16,
    block: Block,
) -> Reserve {
    let ray = U256::from(10).pow(U256::from(27));
    let token = |byte: u8| Address::repeat_byte(byte + u8::try_from(id).unwrap());
    Reserve {
        id,
        asset,
        symbol: symbol.into(),
        decimals,
        a_token: token(0xa0),
        variable_debt_token: token(0xd0),
        liquidity_index: ray,
        liquidity_rate: U256::ZERO,
        variable_borrow_index: ray,
        variable_borrow_rate: U256::ZERO,
        last_update: block.timestamp.seconds(),
        price: Some(U256::from(price)),
        price_updated_at: Some(block.timestamp.seconds()),
        ltv_bps: threshold - 300,
        liquidation_threshold_bps: threshold,
        liquidation_bonus_bps: 10_500,
        liquidation_protocol_fee_bps: Some(1_000),
        is_active: true,
        is_frozen: false,
        is_paused: false,
        available_liquidity: Some(U256::MAX),
    }
}

fn service_settings() -> Settings {
    Settings {
        parameters: Parameters::default(),
        thresholds: Thresholds::default(),
        chains: vec![ChainId::Ethereum],
        protocols: Protocol::ALL.to_vec(),
        fresh_seconds: 60,
        shards: 1,
        page_size: 100,
        lease_seconds: 120,
        discoveries_per_sweep: 10,
        sweep_interval_seconds: 600,
        delivery_hold_seconds: 90,
        near: NearLine::default(),
        cached_summaries: 100,
    }
}

fn api_settings() -> ApiSettings {
    ApiSettings {
        auth_mode: AuthMode::Open,
        admin_key_hash: None,
        rate_limit_per_minute: 1_000,
        rate_limit_per_minute_per_client: 1_000,
        trusted_proxies: Vec::new(),
        cors_origins: Vec::new(),
        environment: "development".into(),
        version: "1.2.3".into(),
        commit: Some("abc1234".into()),
        started_at: Timestamp::new(NOW.seconds() - 100),
        sandbox_catalogue: vec![("near".into(), account_wallet().to_string())],
        page_module: None,
        streams: None,
        unshared: Vec::new(),
        request_timeout: Duration::from_secs(30),
    }
}
