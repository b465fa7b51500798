//! Tokens, the Aave reserves made of them, and the e-mode categories over those.

use std::collections::HashMap;

use alloy_primitives::{Address, U256};
use anyhow::{Context, Result, bail};

use crate::compound;
use crate::curve;
use crate::draw::Draw;
use crate::morpho;
use crate::world::asset::Asset;
use crate::world::chain::{Chain, Contract, FACTS, Facts, MULTICALL3, spam_address};
use crate::world::fork;
use crate::world::pool;

/// 1e27, the unit of rates and indexes.
pub(crate) const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;

/// How many worthless tokens a chain has.
const SPAM_TOKENS: usize = 130;

/// An ERC-20 token that has a price.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// On-chain symbol.
    pub(crate) symbol: String,
    /// On-chain name.
    pub(crate) name: String,
    /// Place in the asset table.
    pub(crate) asset: usize,
    /// Decimals of its base unit.
    pub(crate) decimals: u8,
    /// Where it lives.
    pub(crate) underlying: Address,
}

/// An Aave V3 reserve. Rates and indexes are RAY, thresholds bps, as of `last_update`.
#[derive(Clone, Debug)]
pub(crate) struct Reserve {
    /// Reserve id, also the place in [`Chain::reserves`] and in [`Chain::tokens`].
    pub(crate) id: usize,
    /// The aToken.
    pub(crate) a_token: Address,
    /// The variable debt token.
    pub(crate) debt_token: Address,
    /// The price source that AaveOracle reads.
    pub(crate) source: Address,
    /// Base LTV in bps.
    pub(crate) ltv_bps: u16,
    /// Base liquidation threshold in bps.
    pub(crate) threshold_bps: u16,
    /// Base liquidation bonus in bps (10500 = 5 %).
    pub(crate) bonus_bps: u16,
    /// Reserve factor in bps.
    pub(crate) factor_bps: u16,
    /// Liquidity index.
    pub(crate) liquidity_index: u128,
    /// Variable borrow index.
    pub(crate) borrow_index: u128,
    /// Liquidity rate a year.
    pub(crate) supply_rate: u128,
    /// Variable borrow rate a year.
    pub(crate) borrow_rate: u128,
    /// When index and rates were last written, in seconds since the epoch.
    pub(crate) last_update: u64,
    /// Scaled supply of the aToken, in base units.
    pub(crate) scaled_supply: u128,
    /// Scaled supply of the debt token, in base units.
    pub(crate) scaled_debt: u128,
    /// Idle underlying held by the aToken, in base units.
    pub(crate) available: u128,
    /// Supply cap in whole tokens.
    pub(crate) supply_cap: u64,
    /// Borrow cap in whole tokens.
    pub(crate) borrow_cap: u64,
    /// Whether new borrows and supplies are refused.
    pub(crate) frozen: bool,
    /// Whether nothing moves.
    pub(crate) paused: bool,
    /// Whether it can be borrowed.
    pub(crate) borrowable: bool,
}

/// An e-mode category of a chain's market.
#[derive(Clone, Debug)]
pub(crate) struct EMode {
    /// Category id.
    pub(crate) id: u8,
    /// Label.
    pub(crate) label: &'static str,
    /// LTV in bps.
    pub(crate) ltv_bps: u16,
    /// Liquidation threshold in bps.
    pub(crate) threshold_bps: u16,
    /// Liquidation bonus in bps.
    pub(crate) bonus_bps: u16,
    /// Reserves that count as its collateral, a bit a reserve id.
    pub(crate) collateral: u128,
    /// Reserves that may be borrowed in it, a bit a reserve id.
    pub(crate) borrowable: u128,
}

impl EMode {
    /// Whether a reserve is collateral inside this category.
    pub(crate) fn takes(&self, reserve: usize) -> bool {
        reserve < 128 && self.collateral >> reserve & 1 == 1
    }
}

/// Builds every chain from the tables; reserves were last touched some hours before `now`.
pub(crate) fn load(assets: &[Asset], seed: u64, now: u64) -> Result<Vec<Chain>> {
    FACTS.iter().map(|facts| build(facts, assets, seed, now)).collect()
}

fn build(facts: &'static Facts, assets: &[Asset], seed: u64, now: u64) -> Result<Chain> {
    let mut chain = Chain {
        facts,
        tokens: Vec::new(),
        reserves: Vec::new(),
        e_modes: Vec::new(),
        forks: Vec::new(),
        compound: compound::Deployed::default(),
        spam: (0..SPAM_TOKENS).map(|index| spam_address(facts.id, index)).collect(),
        pools: Vec::new(),
        morpho: Vec::new(),
        curve: Vec::new(),
        native_asset: place_of(assets, facts.native)?,
        contracts: HashMap::new(),
    };
    for line in include_str!("tokens.csv").lines().skip(1) {
        let row: Vec<&str> = line.split(',').collect();
        if row.first().is_some_and(|id| *id == facts.id.to_string()) {
            read_row(&mut chain, &row, assets, seed, now).with_context(|| format!("token row {line}"))?;
        }
    }
    chain.e_modes = e_modes(&chain);
    chain.pools = pool::load(&chain);
    chain.compound = compound::Deployed::load(facts, &chain.tokens, assets, (seed, now))?;
    place_contracts(&mut chain);
    fork::place(&mut chain, seed, now);
    morpho::deploy(&mut chain, now);
    curve::deploy(&mut chain);
    Ok(chain)
}

fn place_of(assets: &[Asset], key: &str) -> Result<usize> {
    assets.iter().position(|asset| asset.key == key).with_context(|| format!("no asset {key}"))
}

fn read_row(chain: &mut Chain, row: &[&str], assets: &[Asset], seed: u64, now: u64) -> Result<()> {
    let [_, symbol, name, asset, decimals, underlying, figures @ ..] = row else { bail!("too short") };
    let place = place_of(assets, asset)?;
    let token = Token {
        symbol: (*symbol).to_owned(),
        name: (*name).to_owned(),
        asset: place,
        decimals: decimals.parse()?,
        underlying: underlying.parse()?,
    };
    let mut draw = Draw::new(seed, &[b"reserve", &chain.facts.id.to_be_bytes(), symbol.as_bytes()]);
    if let Some(asset) = assets.get(place).filter(|_| figures.first().is_some_and(|cell| !cell.is_empty())) {
        let id = chain.tokens.len();
        let reserve = read_reserve(id, &token, asset, figures, (&mut draw, now))?;
        chain.reserves.push(reserve);
    }
    chain.tokens.push(token);
    Ok(())
}

fn read_reserve(
    id: usize,
    token: &Token,
    asset: &Asset,
    figures: &[&str],
    (draw, now): (&mut Draw, u64),
) -> Result<Reserve> {
    let &[a_token, debt_token, source, ltv, threshold, bonus, factor, supply, borrow, size, used, flag] =
        <&[&str; 12]>::try_from(figures)?;
    let units = size.parse::<f64>()? * 1e6 / asset.base_usd;
    let used_share = used.parse::<f64>()? / 100.0;
    let (liquidity_index, borrow_index) = draw_indexes(draw);
    let supplied = base_units(units, token.decimals)?;
    let borrowed = base_units(units * used_share, token.decimals)?;
    Ok(Reserve {
        id,
        a_token: a_token.parse()?,
        debt_token: debt_token.parse()?,
        source: source.parse()?,
        ltv_bps: ltv.parse()?,
        threshold_bps: threshold.parse()?,
        bonus_bps: bonus.parse()?,
        factor_bps: factor.parse()?,
        liquidity_index,
        borrow_index,
        supply_rate: yearly_rate(supply.parse()?, draw),
        borrow_rate: yearly_rate(borrow.parse()?, draw),
        last_update: now.saturating_sub(600 + draw.next() % 14_400),
        scaled_supply: scale_down(supplied, liquidity_index)?,
        scaled_debt: scale_down(borrowed, borrow_index)?,
        available: supplied.saturating_sub(borrowed),
        supply_cap: whole(units * 1.6)?,
        borrow_cap: if flag == "n" { 0 } else { whole(units * 1.2)? },
        frozen: flag == "f",
        paused: false,
        borrowable: flag != "n",
    })
}

/// Indexes of a market some years old: supply has earned up to 9.5 %, and borrowers owe more than that.
fn draw_indexes(draw: &mut Draw) -> (u128, u128) {
    let liquidity = RAY + u128::from(draw.next()) % 95 * (RAY / 1000) + u128::from(draw.next());
    (liquidity, liquidity + u128::from(draw.next()) % 70 * (RAY / 1000) + 1)
}

fn yearly_rate(bps: u128, draw: &mut Draw) -> u128 {
    if bps == 0 { 0 } else { bps * (RAY / 10_000) + u128::from(draw.next()) % (RAY / 20_000) }
}

fn whole(units: f64) -> Result<u64> {
    num_traits::ToPrimitive::to_u64(&units.round()).context("cap out of range")
}

/// `units` of a token in its base units, exact to a billionth of a unit.
pub(crate) fn base_units(units: f64, decimals: u8) -> Result<u128> {
    let billionths = num_traits::ToPrimitive::to_u128(&(units * 1e9).round()).context("negative amount")?;
    let scaled = U256::from(billionths) * U256::from(10u8).pow(U256::from(decimals));
    u128::try_from(scaled / U256::from(1_000_000_000u64)).ok().context("amount above 2^128")
}

/// The scaled balance whose value at `index` is `amount`, rounded down.
pub(crate) fn scale_down(amount: u128, index: u128) -> Result<u128> {
    let scaled = U256::from(amount) * U256::from(RAY) / U256::from(index);
    u128::try_from(scaled).ok().context("scaled balance above 2^128")
}

fn e_modes(chain: &Chain) -> Vec<EMode> {
    let bits = |symbols: &[&str]| {
        symbols
            .iter()
            .filter_map(|symbol| chain.token_named(symbol).filter(|place| *place < chain.reserves.len()))
            .fold(0u128, |bits, place| bits | 1 << place)
    };
    let mut modes = vec![EMode {
        id: 1,
        label: "ETH correlated",
        ltv_bps: 9300,
        threshold_bps: 9500,
        bonus_bps: 10100,
        collateral: bits(&["WETH", "wstETH", "weETH", "cbETH", "rETH"]),
        borrowable: bits(&["WETH", "wstETH"]),
    }];
    if chain.facts.id == 1 {
        modes.push(EMode {
            id: 2,
            label: "sUSDe Stablecoins",
            ltv_bps: 9000,
            threshold_bps: 9200,
            bonus_bps: 10400,
            collateral: bits(&["sUSDe", "USDe"]),
            borrowable: bits(&["USDC", "USDT", "DAI", "GHO"]),
        });
    }
    modes
}

fn place_contracts(chain: &mut Chain) {
    let facts = chain.facts;
    let mut at = HashMap::from([
        (MULTICALL3, Contract::Multicall3),
        (facts.pool, Contract::Pool),
        (facts.provider, Contract::Provider),
        (facts.oracle, Contract::Oracle),
        (facts.ui_data, Contract::UiData),
        (facts.protocol_data, Contract::ProtocolData),
    ]);
    at.extend(
        chain.tokens.iter().enumerate().map(|(place, token)| (token.underlying, Contract::Token(place))),
    );
    for reserve in &chain.reserves {
        at.insert(reserve.a_token, Contract::AToken(reserve.id));
        at.insert(reserve.debt_token, Contract::DebtToken(reserve.id));
        at.insert(reserve.source, Contract::Source(reserve.id));
    }
    at.extend(chain.spam.iter().enumerate().map(|(index, address)| (*address, Contract::Spam(index))));
    let (factory, manager) = pool::deployment(facts.id);
    at.extend([(factory, Contract::PoolFactory), (manager, Contract::PositionManager)]);
    let pools = chain.pools.iter().enumerate();
    at.extend(pools.map(|(place, pool)| (pool.address, Contract::LiquidityPool(place))));
    let compound = chain.compound.contracts().into_iter();
    at.extend(compound.map(|(address, contract)| (address, Contract::Compound(contract))));
    chain.contracts = at;
}
