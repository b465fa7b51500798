//! The truth about liquidity positions.

use num_bigint::BigUint;
use num_traits::ToPrimitive;
use serde_json::{Value, json};

use crate::liquidity::{amounts, tick_at};
use crate::wallets::liquidity::Provided;
use crate::world::pool::{PoolView, deployment};
use crate::world::view::View;

/// A position as the contracts would pay it out, and its value at the market's own price, which nobody moves; USD.
pub(super) fn value(view: &View<'_>, position: &Provided) -> Option<(Value, f64)> {
    let pool = PoolView::new(view, position.pool)?;
    let (shown, fair) = (pool.sqrt_price(view.timestamp), pool.fair_sqrt_price(view.timestamp));
    let paid = amounts(position.liquidity, position.ticks, &shown);
    let counted = amounts(position.liquidity, position.ticks, &fair);
    let fees = position.fees(view);
    let mut total = 0.0;
    let mut legs = Vec::new();
    for (((place, paid), counted), fees) in pool.pool.tokens.iter().zip(&paid).zip(&counted).zip(&fees) {
        let token = view.token(*place)?;
        let price = view.world.market.price_usd(token.asset, view.timestamp);
        let whole =
            |raw: &BigUint| raw.to_f64().unwrap_or(f64::INFINITY) / 10f64.powi(i32::from(token.decimals));
        total += (whole(counted) + whole(fees)) * price;
        legs.push(json!({
            "symbol": token.symbol,
            "underlying": token.underlying.to_checksum(None),
            "decimals": token.decimals,
            "amount_raw": paid.to_string(),
            "fees_raw": fees.to_string(),
            "price_usd": price,
        }));
    }
    let tick = tick_at(&shown);
    let [lower, upper] = position.ticks;
    let row = json!({
        "protocol": "uniswap_v3",
        "manager": deployment(view.chain.facts.id).1.to_checksum(None),
        "pool": pool.pool.address.to_checksum(None),
        "token_id": position.id.to_string(),
        "is_open": position.liquidity > 0 || position.counted != [0, 0],
        "is_in_range": lower <= tick && tick < upper,
        "value_usd": total,
        "legs": legs,
    });
    Some((row, total))
}
