//! The benchmark's wallets: eight assets over 365 days, in one lending account and as tokens.

use std::collections::HashMap;
use std::sync::Arc;

use risk_engine::aave::{self, Market, Position, Reserve, ReservePosition, Rounding};
use risk_engine::lending::{Account, Unit};
use risk_engine::market::{DailyCloses, MarketData, Quote};
use risk_engine::position::{Block, Holding, LendingAccount, Provenance, WalletPositions};
use risk_engine::random::normals;
use risk_model::{Address, Asset, B256, ChainId, Protocol, Timestamp, U256, Wallet};

pub(crate) const ASSETS: u8 = 8;
pub(crate) const DAYS: u32 = 365;
pub(crate) const NOW: Timestamp = Timestamp::new(1_760_000_000);
const BLOCK: Block = Block { number: 1, hash: B256::ZERO, timestamp: NOW };

/// The lending market, so many wallets in it that differ in their amounts, and the market data of their assets.
pub(crate) fn page(wallets: u16) -> (Vec<WalletPositions>, MarketData) {
    let market = Arc::new(lending_market());
    ((0..wallets).map(|index| wallet(index, &market)).collect(), market_data())
}

pub(crate) fn asset(index: u8) -> Asset {
    Asset::contract(ChainId::Ethereum, Address::repeat_byte(index + 1))
}

pub(crate) fn lending_market() -> Market {
    let ray = U256::from(10).pow(U256::from(27));
    let reserve = |index: u8| Reserve {
        id: index.into(),
        asset: asset(index),
        symbol: format!("A{index}").into(),
        decimals: 18,
        a_token: Address::repeat_byte(index + 101),
        variable_debt_token: Address::repeat_byte(index + 201),
        liquidity_index: ray,
        liquidity_rate: ray / U256::from(50),
        variable_borrow_index: ray,
        variable_borrow_rate: ray / U256::from(25),
        last_update: NOW.seconds() - 3_600,
        price: Some(U256::from(100_000_000_u64 * (u64::from(index) + 1))),
        price_updated_at: Some(NOW.seconds() - 60),
        ltv_bps: 7_500,
        liquidation_threshold_bps: 8_000,
        liquidation_bonus_bps: 10_500,
        liquidation_protocol_fee_bps: Some(1_000),
        is_active: true,
        is_frozen: false,
        is_paused: false,
        available_liquidity: Some(U256::MAX >> 64),
    };
    Market {
        protocol: Protocol::AaveV3,
        unit: Unit::Usd,
        chain: ChainId::Ethereum,
        pool: Address::ZERO,
        revision: Some(9),
        rounding: Rounding::AgainstUser,
        block: BLOCK,
        base_unit: U256::from(100_000_000),
        reserves: (0..ASSETS).map(reserve).collect(),
        e_modes: Vec::new(),
    }
}

fn wallet(index: u16, market: &Arc<Market>) -> WalletPositions {
    let unit = U256::from(10).pow(U256::from(18));
    let amount = |place: u8| unit * U256::from(u32::from(index) + u32::from(place) + 10);
    let part = |place: u8| ReservePosition {
        reserve: place.into(),
        scaled_a_token: if place < 5 { amount(place) } else { U256::ZERO },
        scaled_variable_debt: if place < 5 { U256::ZERO } else { amount(place) / U256::from(4) },
        stable_debt: None,
        is_collateral: place < 5,
    };
    let holding = |place: u8| Holding {
        asset: asset(place),
        symbol: format!("A{place}").into(),
        decimals: 18,
        amount: amount(place),
        block: BLOCK,
    };
    WalletPositions {
        wallet: Wallet::new(Address::left_padding_from(&index.to_be_bytes())),
        accounts: vec![LendingAccount {
            account: Account::Aave(aave::Account {
                market: Arc::clone(market),
                position: Position { e_mode: 0, reserves: (0..ASSETS).map(part).collect() },
            }),
            provenance: Provenance::Chain,
        }],
        holdings: (0..ASSETS).map(holding).collect(),
        pools: Vec::new(),
        readings: Vec::new(),
        gaps: Vec::new(),
        markets: Vec::new(),
    }
}

/// Closes of assets that move with a common market and on their own, drawn once and for all.
pub(crate) fn market_data() -> MarketData {
    let first_day = NOW.day() - u64::from(DAYS) - 1;
    let series = |index: u8| {
        let mut log_price = 0.0;
        let closes = (0..=DAYS).map(|day| {
            let [common, ..] = normals(1, [day, 0, 0, 0]);
            let [own, ..] = normals(1, [day, 1, index.into(), 0]);
            log_price += 0.03 * common + (0.01 + 0.002 * f64::from(index)) * own;
            Some(f64::from(index + 1) * log_price.exp())
        });
        DailyCloses { first_day, closes: closes.collect(), source: "bench" }
    };
    let quote = |index: u8| Quote {
        usd: f64::from(index) + 1.0,
        source: "bench",
        observed_at: NOW,
        volume_24h_usd: Some(1e9),
        confirmed_by: None,
    };
    let quotes: HashMap<Asset, Quote> = (0..ASSETS).map(|index| (asset(index), quote(index))).collect();
    let closes = (0..ASSETS).map(|index| (asset(index), Arc::new(series(index)))).collect();
    MarketData { quotes, closes, ..MarketData::default() }
}
