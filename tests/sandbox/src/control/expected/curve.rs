//! The truth about Curve's LP tokens.

use num_traits::ToPrimitive;
use serde_json::{Value, json};

use crate::world::view::View;

/// LP tokens as the pool would pay them out, and their value in the coin in which they are worth least; USD.
pub(super) fn value(view: &View<'_>, (place, amount): (usize, u128)) -> Option<(Value, f64)> {
    let pool = view.chain.curve.get(place)?;
    let tokens = pool.coins.iter().map(|place| view.token(*place)).collect::<Option<Vec<_>>>()?;
    let decimals: Vec<u8> = tokens.iter().map(|token| token.decimals).collect();
    let prices: Vec<f64> =
        tokens.iter().map(|token| view.world.market.price_usd(token.asset, view.timestamp)).collect();
    let units = pool.virtual_price().to_f64()? / 1e18 * (amount.to_f64()? / 1e18);
    let worth = pool.coins_per_unit(&decimals).into_iter().zip(&prices).map(|(coins, price)| coins * price);
    let total = units * worth.fold(f64::INFINITY, f64::min);
    let legs = tokens.iter().zip(pool.share(amount)).zip(&prices).map(|((token, share), price)| {
        json!({
            "symbol": token.symbol,
            "underlying": token.underlying.to_checksum(None),
            "decimals": token.decimals,
            "amount_raw": share.to_string(),
            "fees_raw": "0",
            "price_usd": price,
        })
    });
    let row = json!({
        "protocol": "curve",
        "pool": pool.address.to_checksum(None),
        "lp_token": pool.lp_token.to_checksum(None),
        "lp_raw": amount.to_string(),
        "virtual_price_wad": pool.virtual_price().to_string(),
        "is_open": amount > 0,
        "value_usd": total,
        "legs": legs.collect::<Vec<Value>>(),
    });
    Some((row, total))
}
