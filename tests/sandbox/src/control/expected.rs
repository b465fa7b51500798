//! The truth about an address, computed here and nowhere else.

mod curve;
mod fork;
mod morpho;
mod pools;

use std::sync::Arc;

use alloy_primitives::Address;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::{self, Holding};
use crate::compound;
use crate::control::{Answer, refuse};
use crate::faults::Effects;
use crate::wallets::{Account, Held};
use crate::world::World;
use crate::world::view::View;

/// Which block.
#[derive(Deserialize)]
pub(super) struct At {
    /// A block number; the newest when not given.
    block: Option<u64>,
    /// The chain whose number it is; Ethereum when not given. Other chains are taken at the same time.
    chain: Option<u64>,
}

/// `GET /control/expected/{address}?block=&chain=`. Faults do not touch it.
pub(super) async fn answer(
    State(world): State<Arc<World>>,
    Path(address): Path<String>,
    Query(at): Query<At>,
) -> Answer {
    let address: Address =
        address.parse().map_err(|_| refuse(StatusCode::UNPROCESSABLE_ENTITY, "not an address"))?;
    let numbered = world
        .chain_by_id(at.chain.unwrap_or(1))
        .ok_or_else(|| refuse(StatusCode::NOT_FOUND, "no such chain"))?;
    let time = at.block.map_or_else(|| world.clock.now(), |number| numbered.timestamp(number));
    let effects = Effects::default();
    let wallet = world.wallet(address);
    let mut sums = Sums::default();
    let chains = wallet.held.iter().filter_map(|held| {
        let chain = world.chain_by_id(held.chain_id)?;
        let exact = at.block.filter(|_| chain.facts.id == numbered.facts.id);
        let number = exact.unwrap_or_else(|| chain.head(time));
        Some(chain_value(&View::new(&world, chain, number, &effects), held, &mut sums))
    });
    let chains: Vec<Value> = chains.collect();
    Ok(Json(json!({
        "address": address.to_checksum(None),
        "is_contract": wallet.has_code,
        "chains": chains,
        "totals": {
            "tokens_usd": sums.tokens_usd,
            "supplied_usd": sums.supplied_usd,
            "debt_usd": sums.debt_usd,
            "liquidity_usd": sums.liquidity_usd,
            "net_usd": sums.tokens_usd + sums.supplied_usd + sums.liquidity_usd - sums.debt_usd,
        },
    })))
}

/// Values in USD at market prices.
#[derive(Default)]
pub(crate) struct Sums {
    /// Tokens in the wallet.
    pub(crate) tokens_usd: f64,
    /// Supplies.
    pub(crate) supplied_usd: f64,
    /// Debts.
    pub(crate) debt_usd: f64,
    /// Liquidity provided.
    pub(crate) liquidity_usd: f64,
}

fn chain_value(view: &View<'_>, held: &Held, sums: &mut Sums) -> Value {
    let chain = view.chain;
    let mut tokens = Vec::new();
    let native = asset_value(view, chain.native_asset, &BigUint::from(held.native_wei), 18);
    sums.tokens_usd += native.1;
    for (place, raw) in &held.tokens {
        let Some(token) = view.token(*place) else { continue };
        let (mut row, value) = asset_value(view, token.asset, &BigUint::from(*raw), token.decimals);
        row["symbol"] = json!(token.symbol);
        row["contract"] = json!(token.underlying.to_checksum(None));
        sums.tokens_usd += value;
        tokens.push(row);
    }
    let unpriced = held.spam.iter().filter(|(_, raw)| !raw.is_zero());
    let unpriced: Vec<String> = unpriced
        .filter_map(|(place, _)| chain.spam.get(*place).map(|address| address.to_checksum(None)))
        .collect();
    let pools = held.liquidity.iter().filter_map(|position| pools::value(view, position));
    let pools = pools.chain(held.curve.iter().filter_map(|held| curve::value(view, *held)));
    let (pools, values): (Vec<Value>, Vec<f64>) = pools.unzip();
    sums.liquidity_usd += values.iter().sum::<f64>();
    let mut markets: Vec<Value> =
        held.account.iter().map(|account| market_value(view, account, sums)).collect();
    markets.extend(held.forks.iter().filter_map(|account| fork::market_value(view, account, sums)));
    markets.extend(compound::expected::accounts(view, &held.compound, sums));
    markets.extend(held.morpho.iter().filter_map(|position| morpho::market_value(view, position, sums)));
    json!({
        "chain_id": chain.facts.id,
        "block_number": view.number,
        "block_timestamp": view.timestamp,
        "native": native.0,
        "tokens": tokens,
        "unpriced_tokens": unpriced,
        "markets": markets,
        "pools": pools,
    })
}

/// An amount with its market price and value in USD.
pub(crate) fn asset_value(view: &View<'_>, asset: usize, raw: &BigUint, decimals: u8) -> (Value, f64) {
    let price = view.world.market.price_usd(asset, view.timestamp);
    let units = raw.to_f64().unwrap_or(f64::INFINITY) / 10f64.powi(i32::from(decimals));
    let symbol = view.world.market.assets().get(asset).map(|asset| asset.symbol.clone());
    let row = json!({"symbol": symbol, "amount_raw": raw.to_string(), "decimals": decimals,
                     "price_usd": price, "value_usd": units * price});
    (row, units * price)
}

fn market_value(view: &View<'_>, account: &Account, sums: &mut Sums) -> Value {
    let holdings = view.holdings(account);
    let totals = account::totals(&holdings);
    let rows = account.positions.iter().zip(&holdings);
    let positions: Vec<Value> = rows
        .filter_map(|(position, holding)| position_value(view, position.reserve, holding, sums))
        .collect();
    json!({
        "protocol": "aave_v3",
        "pool": view.chain.facts.pool.to_checksum(None),
        "base_unit": 1e8,
        "unit_usd": 1.0,
        "e_mode": account.e_mode,
        "total_collateral_base": totals.collateral_base.to_string(),
        "total_debt_base": totals.debt_base.to_string(),
        "available_borrows_base": totals.available_borrows_base.to_string(),
        "current_liquidation_threshold_bps": totals.threshold_bps.to_string(),
        "ltv_bps": totals.ltv_bps.to_string(),
        "health_factor_wad": totals.health_factor_wad.as_ref().map(ToString::to_string),
        "positions": positions,
    })
}

fn position_value(view: &View<'_>, reserve: usize, holding: &Holding, sums: &mut Sums) -> Option<Value> {
    let token = view.token(reserve)?;
    let supplied = account::balance(holding.scaled_supply, &holding.income);
    let owed = account::owed(holding.scaled_debt, &holding.debt_index);
    sums.supplied_usd += asset_value(view, token.asset, &supplied, token.decimals).1;
    sums.debt_usd += asset_value(view, token.asset, &owed, token.decimals).1;
    Some(json!({
        "symbol": token.symbol,
        "underlying": token.underlying.to_checksum(None),
        "decimals": token.decimals,
        "supplied_raw": supplied.to_string(),
        "borrowed_raw": owed.to_string(),
        "used_as_collateral": holding.collateral,
        "oracle_price_e8": holding.price_e8.to_string(),
        "market_price_usd": view.world.market.price_usd(token.asset, view.timestamp),
        "liquidation_threshold_bps": holding.threshold_bps,
        "ltv_bps": holding.ltv_bps,
    }))
}
