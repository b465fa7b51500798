//! The truth about an address's Compound accounts, for `/control/expected`.

use num_bigint::BigUint;
use serde_json::{Value, json};

use crate::compound::{COMPTROLLER, Held, v2, v3};
use crate::control::expected::{Sums, asset_value};
use crate::world::view::View;

/// Every account, with what it adds to the sums.
pub(crate) fn accounts(view: &View<'_>, held: &Held, sums: &mut Sums) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    if !held.markets.is_empty() {
        all.push(comptroller(view, &held.markets, sums));
    }
    all.extend(held.comets.iter().filter_map(|position| comet(view, position, sums)));
    all
}

fn comptroller(view: &View<'_>, positions: &[v2::Position], sums: &mut Sums) -> Value {
    let totals = v2::totals(view, positions);
    let rows: Vec<Value> = positions.iter().filter_map(|position| market(view, position, sums)).collect();
    let available =
        if totals.weighted > totals.debt { &totals.weighted - &totals.debt } else { BigUint::default() };
    json!({
        "protocol": "compound_v2",
        "pool": COMPTROLLER.to_checksum(None),
        "base_unit": v2::WAD.to_string(),
        "unit_usd": 1.0,
        "total_collateral_base": totals.collateral.to_string(),
        "total_debt_base": totals.debt.to_string(),
        "available_borrows_base": available.to_string(),
        "current_liquidation_threshold_bps": totals.average_bps(),
        "ltv_bps": totals.average_bps(),
        "health_factor_wad": totals.health().map(|health| health.to_string()),
        "positions": rows,
    })
}

fn market(view: &View<'_>, position: &v2::Position, sums: &mut Sums) -> Option<Value> {
    let market = view.chain.compound.markets.get(position.market)?;
    let accrued = market.accrued(view.number);
    let supplied = &accrued.exchange_rate * position.c_tokens / v2::WAD;
    let owed = position.owed(&accrued.index);
    sums.supplied_usd += asset_value(view, market.asset, &supplied, market.decimals).1;
    sums.debt_usd += asset_value(view, market.asset, &owed, market.decimals).1;
    Some(json!({
        "symbol": market.symbol,
        "contract": market.address.to_checksum(None),
        "decimals": market.decimals,
        "supplied_raw": supplied.to_string(),
        "borrowed_raw": owed.to_string(),
        "used_as_collateral": position.entered,
    }))
}

fn comet(view: &View<'_>, position: &v3::Position, sums: &mut Sums) -> Option<Value> {
    let comet = view.chain.compound.comets.get(position.comet)?;
    let totals = v3::totals(view, comet, position)?;
    let base = comet.token(view, None)?;
    sums.supplied_usd += asset_value(view, base.asset, &totals.supplied, base.decimals).1;
    sums.debt_usd += asset_value(view, base.asset, &totals.owed, base.decimals).1;
    let mut rows = vec![json!({
        "symbol": base.symbol,
        "decimals": base.decimals,
        "supplied_raw": totals.supplied.to_string(),
        "borrowed_raw": totals.owed.to_string(),
        "used_as_collateral": false,
    })];
    for (offset, balance) in &position.balances {
        let token = comet.token(view, Some(*offset))?;
        let amount = BigUint::from(*balance);
        sums.supplied_usd += asset_value(view, token.asset, &amount, token.decimals).1;
        rows.push(
            json!({"symbol": token.symbol, "decimals": token.decimals, "supplied_raw": amount.to_string(),
                         "borrowed_raw": "0", "used_as_collateral": true}),
        );
    }
    let unit_usd =
        if comet.is_in_base { view.world.market.price_usd(base.asset, view.timestamp) } else { 1.0 };
    let available =
        if totals.borrowable > totals.debt { &totals.borrowable - &totals.debt } else { BigUint::default() };
    Some(json!({
        "protocol": "compound_v3",
        "pool": comet.address.to_checksum(None),
        "base_unit": v3::PRICE.to_string(),
        "unit_usd": unit_usd,
        "total_collateral_base": totals.collateral.to_string(),
        "total_debt_base": totals.debt.to_string(),
        "available_borrows_base": available.to_string(),
        "current_liquidation_threshold_bps": totals.average_bps(&totals.safe),
        "ltv_bps": totals.average_bps(&totals.borrowable),
        "health_factor_wad": totals.health().map(|health| health.to_string()),
        "positions": rows,
    }))
}
