//! An indexer's rows as a market and positions: the declared fallback, which may show danger and never safety.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use risk_engine::aave::{Market, Position, Reserve, ReservePosition, Rounding};
use risk_engine::lending::Unit;
use risk_engine::position::Block;
use risk_model::{Address, Asset, Protocol, U256, Wallet};

use super::IndexedAccounts;
use super::query::{self, UserReserve};
use crate::erc20::{nameless, shown};
use crate::markets::MarketAddresses;

/// Most reserves: ids are given by place, and an e-mode's bitmap has this many bits.
const MAX_RESERVES: usize = 128;
/// Most decimals taken: amounts of more could not be scaled within a word.
const MAX_DECIMALS: u8 = 77;

/// Puts the rows of the wallets together. Rows of others and rows of nothing are ignored; a wallet with a row that
/// cannot be read is reported as such. `None` where the rows cannot be of one market.
pub(super) fn build(
    addresses: &MarketAddresses,
    block: Block,
    wallets: &[Wallet],
    rows: &[UserReserve],
) -> Option<IndexedAccounts> {
    let asked: HashSet<Wallet> = wallets.iter().copied().collect();
    let mut units = HashSet::new();
    let mut reserves: BTreeMap<Address, Reserve> = BTreeMap::new();
    let mut used = Vec::new();
    for row in rows {
        let wallet = Wallet::new(row.user.id);
        if !asked.contains(&wallet) || is_unused(row) {
            continue;
        }
        units.insert(row.reserve.price.oracle.base_currency_unit.as_str());
        let asset = row.reserve.underlying_asset;
        if let std::collections::btree_map::Entry::Vacant(place) = reserves.entry(asset)
            && let Some(reserve) = read_reserve(addresses, &row.reserve, block)
        {
            place.insert(reserve);
        }
        used.push((wallet, row));
    }
    let base_unit = match (units.len(), units.iter().next()) {
        // Without rows nothing is priced; every production market counts in 1e-8 USD.
        (0, _) => U256::from(100_000_000u64),
        (1, Some(unit)) => number(unit).filter(|unit| !unit.is_zero())?,
        _ => return None,
    };
    if reserves.len() > MAX_RESERVES {
        return None;
    }
    let places: HashMap<Address, usize> = reserves.keys().copied().zip(0..).collect();
    let (positions, unreadable) = read_positions(&used, &places);
    let market = Market {
        protocol: Protocol::AaveV3,
        unit: Unit::Usd,
        chain: addresses.chain,
        pool: addresses.pool,
        revision: None,
        rounding: Rounding::AgainstUser,
        block,
        base_unit,
        reserves: reserves.into_values().zip(0..).map(|(reserve, id)| Reserve { id, ..reserve }).collect(),
        // Which assets a category covers is not known here, so a wallet in one is not computed.
        e_modes: Vec::new(),
    };
    Some(IndexedAccounts { market: Arc::new(market), positions, unreadable })
}

fn read_positions(
    rows: &[(Wallet, &UserReserve)],
    places: &HashMap<Address, usize>,
) -> (HashMap<Wallet, Position>, HashSet<Wallet>) {
    let mut positions: HashMap<Wallet, Position> = HashMap::new();
    let mut unreadable = HashSet::new();
    for (wallet, row) in rows {
        let position = positions.entry(*wallet).or_default();
        let read = read_position(row, places).and_then(|part| Some((e_mode(row)?, part)));
        match read {
            Some((e_mode, part)) if position.reserves.iter().all(|other| other.reserve != part.reserve) => {
                position.e_mode = e_mode;
                position.reserves.push(part);
            }
            _ => {
                unreadable.insert(*wallet);
            }
        }
    }
    positions.retain(|wallet, _| !unreadable.contains(wallet));
    (positions, unreadable)
}

/// Whether a row says that the wallet has nothing of the reserve. One that cannot be read counts as used.
fn is_unused(row: &UserReserve) -> bool {
    [&row.scaled_a_token, &row.scaled_variable_debt, &row.principal_stable_debt]
        .into_iter()
        .all(|amount| number(amount) == Some(U256::ZERO))
}

/// `None` too for a stable debt, whose interest this build does not know.
fn read_position(row: &UserReserve, places: &HashMap<Address, usize>) -> Option<ReservePosition> {
    let has_stable_debt = number(&row.principal_stable_debt)? != U256::ZERO;
    (!has_stable_debt).then_some(())?;
    Some(ReservePosition {
        reserve: *places.get(&row.reserve.underlying_asset)?,
        scaled_a_token: number(&row.scaled_a_token)?,
        scaled_variable_debt: number(&row.scaled_variable_debt)?,
        stable_debt: None,
        is_collateral: row.usage_as_collateral_enabled_on_user,
    })
}

fn e_mode(row: &UserReserve) -> Option<u8> {
    row.user.e_mode_category_id.as_ref().map_or(Some(0), |category| category.id.parse().ok())
}

fn read_reserve(addresses: &MarketAddresses, raw: &query::Reserve, block: Block) -> Option<Reserve> {
    let index = |text: &str| number(text).filter(|index| !index.is_zero());
    let is_possible = raw.decimals <= MAX_DECIMALS && raw.last_update_timestamp <= block.timestamp.seconds();
    is_possible.then_some(())?;
    Some(Reserve {
        id: 0,
        asset: Asset::contract(addresses.chain, raw.underlying_asset),
        symbol: shown(&raw.symbol).map_or_else(|| nameless(raw.underlying_asset), Into::into),
        decimals: raw.decimals,
        a_token: raw.a_token.id.parse().ok()?,
        variable_debt_token: raw.v_token.id.parse().ok()?,
        liquidity_index: index(&raw.liquidity_index)?,
        liquidity_rate: number(&raw.liquidity_rate)?,
        variable_borrow_index: index(&raw.variable_borrow_index)?,
        variable_borrow_rate: number(&raw.variable_borrow_rate)?,
        last_update: raw.last_update_timestamp,
        price: number(&raw.price.price_in_eth).filter(|price| !price.is_zero()),
        price_updated_at: Some(raw.price.last_update_timestamp).filter(|seconds| *seconds > 0),
        ltv_bps: raw.base_ltv.parse().ok()?,
        liquidation_threshold_bps: raw.reserve_liquidation_threshold.parse().ok()?,
        liquidation_bonus_bps: raw.reserve_liquidation_bonus.parse().ok()?,
        liquidation_protocol_fee_bps: None,
        is_active: raw.is_active,
        is_frozen: raw.is_frozen,
        is_paused: raw.is_paused,
        available_liquidity: None,
    })
}

/// A whole number as the subgraph writes it; negative, fractional and hex ones are none.
fn number(text: &str) -> Option<U256> {
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_decimal.then(|| U256::from_str_radix(text, 10).ok()).flatten()
}

#[cfg(test)]
pub(crate) mod tests;
