//! The truth about accounts in the markets beside Aave V3.

use num_traits::ToPrimitive;
use serde_json::{Value, json};

use super::{Sums, asset_value};
use crate::account::half_up;
use crate::wallets::fork::ForkAccount;
use crate::world::fork::Kind;
use crate::world::fork::state::amounts;
use crate::world::view::View;

/// An account's totals in its market's own base units, of which `base_unit` are worth `unit_usd`.
pub(super) fn market_value(view: &View<'_>, account: &ForkAccount, sums: &mut Sums) -> Option<Value> {
    let fork = view.chain.forks.get(account.fork)?;
    let amounts = amounts(view, fork, account);
    let totals = half_up::totals(&amounts);
    let positions: Vec<Value> = account
        .positions
        .iter()
        .zip(&amounts)
        .filter_map(|(position, amounts)| {
            let token = view.token(fork.reserves.get(position.reserve)?.token)?;
            let value = |amount| asset_value(view, token.asset, amount, token.decimals).1;
            sums.supplied_usd += value(&amounts.supplied);
            sums.debt_usd += value(&amounts.owed);
            Some(json!({
                "symbol": token.symbol,
                "underlying": token.underlying.to_checksum(None),
                "decimals": token.decimals,
                "supplied_raw": amounts.supplied.to_string(),
                "borrowed_raw": amounts.owed.to_string(),
                "used_as_collateral": amounts.collateral,
                "liquidation_threshold_bps": amounts.threshold_bps,
                "ltv_bps": amounts.ltv_bps,
            }))
        })
        .collect();
    let (base_unit, unit_usd) = match fork.kind {
        Kind::AaveV2 => {
            (1e18, view.world.market.price_usd(view.chain.native_asset, view.timestamp).to_f64()?)
        }
        Kind::Spark => (1e8, 1.0),
    };
    Some(json!({
        "protocol": fork.name(),
        "pool": fork.pool.to_checksum(None),
        "base_unit": base_unit,
        "unit_usd": unit_usd,
        "e_mode": account.e_mode,
        "total_collateral_base": totals.collateral_base.to_string(),
        "total_debt_base": totals.debt_base.to_string(),
        "available_borrows_base": totals.available_borrows_base.to_string(),
        "current_liquidation_threshold_bps": totals.threshold_bps.to_string(),
        "ltv_bps": totals.ltv_bps.to_string(),
        "health_factor_wad": totals.health_factor_wad.as_ref().map(ToString::to_string),
        "positions": positions,
    }))
}
