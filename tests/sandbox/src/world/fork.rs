//! Markets of Aave's shape beside Aave V3: Aave V2 and Spark on Ethereum, with a few reserves each.

pub(crate) mod state;

use alloy_primitives::{Address, address, keccak256};

use crate::draw::Draw;
use crate::world::chain::{Chain, Contract};
use crate::world::token::{RAY, base_units};

/// Whose market it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Aave V2: prices in wei of an ether, stable debts, no e-mode.
    AaveV2,
    /// SparkLend 1.0.0: Aave's 3.0 line.
    Spark,
}

/// A market: its contracts and reserves.
#[derive(Debug)]
pub(crate) struct Fork {
    /// Whose it is.
    pub(crate) kind: Kind,
    /// LendingPool or Pool.
    pub(crate) pool: Address,
    /// The addresses provider.
    pub(crate) provider: Address,
    /// Its oracle.
    pub(crate) oracle: Address,
    /// UiPoolDataProviderV2V3 or UiPoolDataProviderV3.
    pub(crate) ui_data: Address,
    /// Its reserves by id.
    pub(crate) reserves: Vec<ForkReserve>,
}

/// One reserve of it. Indexes and rates are RAY, as of `last_update`.
#[derive(Clone, Debug)]
pub(crate) struct ForkReserve {
    /// Place of the underlying in [`Chain::tokens`].
    pub(crate) token: usize,
    /// The interest-bearing token. This and the next three addresses are the sandbox's own.
    pub(crate) a_token: Address,
    /// The variable debt token.
    pub(crate) debt_token: Address,
    /// The stable debt token.
    pub(crate) stable_token: Address,
    /// The price source; zero for ether in V2.
    pub(crate) source: Address,
    /// Loan to value in bps.
    pub(crate) ltv_bps: u16,
    /// Liquidation threshold in bps.
    pub(crate) threshold_bps: u16,
    /// Liquidation bonus in bps.
    pub(crate) bonus_bps: u16,
    /// The one e-mode category it belongs to, 0 for none.
    pub(crate) e_mode: u8,
    /// Liquidity index.
    pub(crate) liquidity_index: u128,
    /// Variable borrow index.
    pub(crate) borrow_index: u128,
    /// Liquidity rate a year.
    pub(crate) supply_rate: u128,
    /// Variable borrow rate a year.
    pub(crate) borrow_rate: u128,
    /// Seconds since the epoch.
    pub(crate) last_update: u64,
    /// Idle underlying held by the aToken, in base units.
    pub(crate) available: u128,
}

/// What a contract of a market is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The pool.
    Pool,
    /// Its oracle.
    Oracle,
    /// Its UI data provider.
    UiData,
    /// The aToken of a reserve.
    AToken(usize),
    /// The variable debt token of a reserve.
    DebtToken(usize),
    /// The stable debt token of a reserve.
    StableToken(usize),
    /// The price source of a reserve.
    Source(usize),
}

/// Thresholds of Spark's one e-mode category: LTV, threshold and bonus in bps.
pub(crate) const SPARK_E_MODE: (u8, u16, u16, u16) = (1, 9_200, 9_300, 10_100);

/// Symbol, LTV, threshold and bonus in bps, e-mode, idle tokens.
type Row = (&'static str, u16, u16, u16, u8, f64);

const V2_ROWS: [Row; 6] = [
    ("USDT", 0, 0, 0, 0, 4_000_000.0),
    ("WBTC", 7_200, 8_200, 10_650, 0, 900.0),
    ("WETH", 8_250, 8_600, 10_450, 0, 21_000.0),
    ("USDC", 8_000, 8_750, 10_450, 0, 6_000_000.0),
    ("DAI", 7_500, 8_700, 10_500, 0, 3_000_000.0),
    ("LINK", 5_000, 6_500, 10_750, 0, 150_000.0),
];

const SPARK_ROWS: [Row; 5] = [
    ("DAI", 0, 1, 10_450, 0, 30_000_000.0),
    ("USDC", 0, 0, 0, 0, 5_000_000.0),
    ("WETH", 8_200, 8_300, 10_500, 1, 60_000.0),
    ("wstETH", 7_900, 8_000, 10_700, 1, 90_000.0),
    ("WBTC", 7_400, 7_500, 10_700, 0, 1_200.0),
];

impl Fork {
    /// What the market is called in answers.
    pub(crate) const fn name(&self) -> &'static str {
        match self.kind {
            Kind::AaveV2 => "aave_v2",
            Kind::Spark => "spark",
        }
    }

    /// Every contract of the market with its role.
    fn contracts(&self) -> Vec<(Address, Role)> {
        let mut all =
            vec![(self.pool, Role::Pool), (self.oracle, Role::Oracle), (self.ui_data, Role::UiData)];
        for (id, reserve) in self.reserves.iter().enumerate() {
            all.push((reserve.a_token, Role::AToken(id)));
            all.push((reserve.debt_token, Role::DebtToken(id)));
            all.push((reserve.stable_token, Role::StableToken(id)));
            if !reserve.source.is_zero() {
                all.push((reserve.source, Role::Source(id)));
            }
        }
        all
    }
}

/// Builds the markets of a chain over its tokens and puts their contracts in place.
pub(crate) fn place(chain: &mut Chain, seed: u64, now: u64) {
    if chain.facts.id != 1 {
        return;
    }
    let build = |kind, rows: &[Row]| -> Vec<ForkReserve> {
        rows.iter().filter_map(|row| reserve(chain, kind, row, seed, now)).collect()
    };
    let forks = vec![
        Fork {
            kind: Kind::AaveV2,
            pool: address!("7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9"),
            provider: address!("B53C1a33016B2DC2fF3653530bfF1848a515c8c5"),
            oracle: address!("A50ba011c48153De246E5192C8f9258A2ba79Ca9"),
            ui_data: address!("00e50FAB64eBB37b87df06Aa46b8B35d5f1A4e1A"),
            reserves: build(Kind::AaveV2, &V2_ROWS),
        },
        Fork {
            kind: Kind::Spark,
            pool: address!("C13e21B648A5Ee794902342038FF3aDAB66BE987"),
            provider: address!("02C3eA4e34C0cBd694D2adFa2c690EECbC1793eE"),
            oracle: address!("8105f69D9C41644c6A0803fDA7D03Aa70996cFD9"),
            ui_data: address!("F028c2F4b19898718fD0F77b9b881CbfdAa5e8Bb"),
            reserves: build(Kind::Spark, &SPARK_ROWS),
        },
    ];
    for (place, fork) in forks.iter().enumerate() {
        let contracts = fork.contracts().into_iter();
        chain.contracts.extend(contracts.map(|(at, role)| (at, Contract::Fork(place, role))));
    }
    chain.forks = forks;
}

fn reserve(chain: &Chain, kind: Kind, row: &Row, seed: u64, now: u64) -> Option<ForkReserve> {
    let &(symbol, ltv_bps, threshold_bps, bonus_bps, e_mode, idle) = row;
    let token = chain.token_named(symbol)?;
    let decimals = chain.tokens.get(token)?.decimals;
    let own =
        |role: &str| Address::from_slice(&keccak256(format!("risk-sandbox {kind:?} {symbol} {role}"))[12..]);
    let mut draw = Draw::new(seed, &[b"fork", format!("{kind:?}").as_bytes(), symbol.as_bytes()]);
    let mut odd = |units: u128, per: u128| units * (RAY / per) + u128::from(draw.next());
    let liquidity_index = RAY + odd(61, 1_000);
    let has_source = kind == Kind::Spark || symbol != "WETH";
    Some(ForkReserve {
        token,
        a_token: own("aToken"),
        debt_token: own("variable debt"),
        stable_token: own("stable debt"),
        source: if has_source { own("price source") } else { Address::ZERO },
        ltv_bps,
        threshold_bps,
        bonus_bps,
        e_mode,
        liquidity_index,
        borrow_index: liquidity_index + odd(47, 1_000),
        supply_rate: odd(173, 10_000),
        borrow_rate: odd(319, 10_000),
        last_update: now.saturating_sub(600 + draw.next() % 90_000),
        available: base_units(idle, decimals).ok()?,
    })
}
