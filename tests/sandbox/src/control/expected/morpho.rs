//! The truth about a part of one of Morpho Blue's markets.

use num_bigint::BigUint;
use serde_json::{Value, json};

use super::{Sums, asset_value};
use crate::morpho::{self, Position};
use crate::world::view::View;

/// One market with its values in the loan token's base units, and in USD by the loan token's market price.
pub(super) fn market_value(view: &View<'_>, position: &Position, sums: &mut Sums) -> Option<Value> {
    let market = view.chain.morpho.get(position.market)?;
    let (loan, collateral) = (view.token(market.loan)?, view.token(market.collateral)?);
    let standing = market.standing(view, position);
    let secured = BigUint::from(position.collateral);
    sums.supplied_usd += asset_value(view, collateral.asset, &secured, collateral.decimals).1;
    sums.supplied_usd += asset_value(view, loan.asset, &standing.supplied, loan.decimals).1;
    sums.debt_usd += asset_value(view, loan.asset, &standing.borrowed, loan.decimals).1;
    let available = if standing.max_borrow > standing.borrowed {
        &standing.max_borrow - &standing.borrowed
    } else {
        BigUint::default()
    };
    let usd = |amount: &BigUint| asset_value(view, loan.asset, amount, loan.decimals).1;
    Some(json!({
        "protocol": "morpho_blue",
        "pool": morpho::contract(view.chain.facts.id).to_checksum(None),
        "market": market.id().to_string(),
        "loan": loan.symbol,
        "collateral": collateral.symbol,
        "supplied_raw": standing.supplied.to_string(),
        "borrowed_raw": standing.borrowed.to_string(),
        "collateral_raw": position.collateral.to_string(),
        "collateral_usd": usd(&standing.collateral_value),
        "debt_usd": usd(&standing.borrowed),
        "available_borrows_usd": usd(&available),
        "lltv_bps": market.lltv_bps,
        "health_factor_wad": standing.health_factor_wad.as_ref().map(ToString::to_string),
    }))
}
