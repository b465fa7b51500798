//! Specimens for the tests: a market of three reserves, wallets in it, and a year of closes that move.

use std::sync::Arc;

use risk_model::{Address, Asset, B256, ChainId, Protocol, Timestamp, U256, Wallet};

use crate::aave::{self, EModeCategory, Market, Position, RAY, Reserve, ReservePosition, Rounding};
use crate::lending::{Account, Unit};
use crate::market::{DailyCloses, HourlyCloses, MarketData, Quote};
use crate::position::{Block, Holding, LendingAccount, Provenance, WalletPositions};

/// The day that the specimens live on.
pub(crate) const TODAY: u64 = 20_000;
/// Index of each reserve in [`market`].
pub(crate) const WETH: usize = 0;
/// Wrapped bitcoin, 8 decimals.
pub(crate) const WBTC: usize = 1;
/// A dollar, 6 decimals.
pub(crate) const USDC: usize = 2;

/// Ten in the morning of the day.
pub(crate) fn now() -> Timestamp {
    Timestamp::new(TODAY * 86_400 + 36_000)
}

pub(crate) fn block() -> Block {
    Block { number: 19_000_000, hash: B256::repeat_byte(7), timestamp: Timestamp::new(now().seconds() - 12) }
}

pub(crate) fn wallet() -> Wallet {
    Wallet::new(Address::repeat_byte(0xAB))
}

pub(crate) fn asset(byte: u8) -> Asset {
    Asset::contract(ChainId::Ethereum, Address::repeat_byte(byte))
}

pub(crate) fn reserve(
    id: u16,
    symbol: &str,
    decimals: u8,
    usd: u64,
    ltv_bps: u16,
    threshold_bps: u16,
) -> Reserve {
    let byte = u8::try_from(id).unwrap() + 1;
    Reserve {
        id,
        asset: asset(byte),
        symbol: symbol.into(),
        decimals,
        a_token: Address::repeat_byte(byte + 100),
        variable_debt_token: Address::repeat_byte(byte + 200),
        liquidity_index: RAY,
        liquidity_rate: U256::ZERO,
        variable_borrow_index: RAY,
        variable_borrow_rate: U256::ZERO,
        last_update: block().timestamp.seconds(),
        price: Some(U256::from(usd) * U256::from(100_000_000)),
        price_updated_at: Some(now().seconds() - 600),
        ltv_bps,
        liquidation_threshold_bps: threshold_bps,
        liquidation_bonus_bps: 10_500,
        liquidation_protocol_fee_bps: Some(1_000),
        is_active: true,
        is_frozen: false,
        is_paused: false,
        available_liquidity: Some(U256::MAX),
    }
}

pub(crate) fn market() -> Market {
    Market {
        protocol: Protocol::AaveV3,
        unit: Unit::Usd,
        chain: ChainId::Ethereum,
        pool: Address::repeat_byte(0x87),
        revision: Some(11),
        rounding: Rounding::AgainstUser,
        block: block(),
        base_unit: U256::from(100_000_000),
        reserves: vec![
            reserve(0, "WETH", 18, 2_000, 8_050, 8_300),
            reserve(1, "WBTC", 8, 60_000, 7_300, 7_800),
            reserve(2, "USDC", 6, 1, 7_500, 7_800),
        ],
        e_modes: vec![EModeCategory {
            id: 1,
            ltv_bps: 9_000,
            liquidation_threshold_bps: 9_300,
            liquidation_bonus_bps: 10_100,
            collateral_bitmap: 1,
            ltv_zero_bitmap: 0,
            label: "ETH correlated".into(),
        }],
    }
}

/// Whole tokens in base units.
pub(crate) fn tokens(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}

pub(crate) fn supply(reserve: usize, amount: U256) -> ReservePosition {
    ReservePosition {
        reserve,
        scaled_a_token: amount,
        scaled_variable_debt: U256::ZERO,
        stable_debt: None,
        is_collateral: true,
    }
}

pub(crate) fn debt(reserve: usize, amount: U256) -> ReservePosition {
    ReservePosition {
        reserve,
        scaled_a_token: U256::ZERO,
        scaled_variable_debt: amount,
        stable_debt: None,
        is_collateral: false,
    }
}

/// Ten WETH against so many USDC: HF = 16,600 ÷ debt.
pub(crate) fn borrower(usdc: u64) -> Position {
    Position { e_mode: 0, reserves: vec![supply(WETH, tokens(10, 18)), debt(USDC, tokens(usdc, 6))] }
}

pub(crate) fn account(market: Market, position: Position) -> LendingAccount {
    let account = Account::Aave(aave::Account { market: Arc::new(market), position });
    LendingAccount { account, provenance: Provenance::Chain }
}

pub(crate) fn positions(accounts: Vec<LendingAccount>, holdings: Vec<Holding>) -> WalletPositions {
    WalletPositions {
        wallet: wallet(),
        accounts,
        holdings,
        pools: Vec::new(),
        readings: Vec::new(),
        gaps: Vec::new(),
        markets: Vec::new(),
    }
}

pub(crate) fn holding(byte: u8, symbol: &str, whole: u64) -> Holding {
    Holding {
        asset: asset(byte),
        symbol: symbol.into(),
        decimals: 18,
        amount: tokens(whole, 18),
        block: block(),
    }
}

pub(crate) fn quote(usd: f64) -> Quote {
    Quote {
        usd,
        source: "coingecko",
        observed_at: Timestamp::new(now().seconds() - 30),
        volume_24h_usd: Some(1e9),
        confirmed_by: None,
    }
}

/// A year of closes that end at `usd` and swing by about `amplitude` a day, differently for each `phase`.
pub(crate) fn closes(usd: f64, amplitude: f64, phase: f64) -> DailyCloses {
    let closes =
        (0..400_u32).map(|day| Some(usd * (1.0 + amplitude * libm::sin(f64::from(day) * 2.1 + phase))));
    DailyCloses { first_day: TODAY - 400, closes: closes.collect(), source: "coingecko" }
}

/// Ninety days of hourly closes that end at `usd`, likewise.
pub(crate) fn hourly(usd: f64, amplitude: f64, phase: f64) -> HourlyCloses {
    let closes =
        (0..2_161_u32).map(|hour| Some(usd * (1.0 + amplitude * libm::sin(f64::from(hour) * 2.1 + phase))));
    HourlyCloses { first_hour: TODAY * 24 + 10 - 2_161, closes: closes.collect(), source: "coingecko" }
}

/// Prices and histories of the market's reserves, equal to their oracle.
pub(crate) fn market_data() -> MarketData {
    let mut data = MarketData::default();
    for (byte, usd, amplitude) in [(1, 2_000.0, 0.03), (2, 60_000.0, 0.02), (3, 1.0, 0.000_5)] {
        data.quotes.insert(asset(byte), quote(usd));
        data.closes.insert(asset(byte), Arc::new(closes(usd, amplitude, f64::from(byte))));
        data.hourly.insert(asset(byte), Arc::new(hourly(usd, amplitude / 5.0, f64::from(byte))));
    }
    data
}
