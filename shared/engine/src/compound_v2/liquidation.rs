//! The largest single liquidation: how much of a debt may be repaid, and which cTokens are seized for it.
//!
//! Source: compound-protocol, `Comptroller.liquidateBorrowAllowed`, `liquidateCalculateSeizeTokens` and
//! `CToken.seizeInternal`. Any market's cTokens may be seized, entered or not; more than the wallet has may not, so a
//! thin collateral bounds the repayment.

use risk_model::U256;

use super::lending::usd;
use super::{Account, Market, MarketPosition, liquidity};
use crate::aave::{Overflow, WAD, add, mul, mul_div_floor};
use crate::lending::Liquidation;
use crate::quantity::whole;

/// Of every pair of a debt and a supply, the liquidation that costs the wallet most; `None` where none is allowed or
/// the account cannot be computed.
pub(super) fn largest(account: &Account) -> Option<Liquidation> {
    let has_shortfall = !liquidity(account).ok()?.shortfall().is_zero();
    let loss = |one: &Liquidation| one.seized_value - one.repaid_value;
    let mut found: Option<Liquidation> = None;
    for debt in account.positions.iter().filter(|part| !part.owed.is_zero()) {
        let Ok(market) = account.market(debt) else { continue };
        let most = if market.is_deprecated {
            debt.owed
        } else if has_shortfall {
            mul_div_floor(account.comptroller.close_factor, debt.owed, WAD).ok()?
        } else {
            continue;
        };
        for supply in account.positions.iter().filter(|part| !part.c_tokens.is_zero()) {
            let pair = pair(account, (market, most), supply);
            found = found.into_iter().chain(pair).max_by(|a, b| loss(a).total_cmp(&loss(b)));
        }
    }
    found
}

fn pair(account: &Account, (debt, most): (&Market, U256), supply: &MarketPosition) -> Option<Liquidation> {
    let collateral = account.market(supply).ok()?;
    let ratio = seize_ratio(account.comptroller.liquidation_incentive, debt, collateral)?;
    let repaid = most.min(affordable(supply.c_tokens, ratio).ok()?);
    let seized = mul_div_floor(ratio, repaid, WAD).ok()?;
    if repaid.is_zero() || seized.is_zero() {
        return None;
    }
    let kept = mul_div_floor(seized, collateral.protocol_seize_share, WAD).ok()?;
    let value =
        |market: &Market, amount| Some(whole(amount, market.decimals) * usd(market.price?, market.decimals)?);
    let (seized_amount, fee) = (collateral.underlying(seized).ok()?, collateral.underlying(kept).ok()?);
    let seized_value = value(collateral, seized_amount)?;
    Some(Liquidation {
        debt_asset: debt.asset,
        repaid,
        collateral_asset: collateral.asset,
        seized: seized_amount,
        protocol_fee: fee,
        repaid_value: value(debt, repaid)?,
        seized_value,
        liquidator_value: seized_value - value(collateral, fee)?,
    })
}

/// cTokens seized for one base unit repaid, wad: `incentive × price of the debt ÷ (price of the collateral × rate)`,
/// each step truncated as in the contract.
fn seize_ratio(incentive: U256, debt: &Market, collateral: &Market) -> Option<U256> {
    let numerator = mul_div_floor(incentive, debt.price?, WAD).ok()?;
    let denominator = mul_div_floor(collateral.price?, collateral.exchange_rate, WAD).ok()?;
    mul_div_floor(numerator, WAD, denominator).ok()
}

/// The most that can be repaid before the seized cTokens, floored, exceed the balance.
fn affordable(c_tokens: U256, ratio: U256) -> Result<U256, Overflow> {
    let bound = mul(add(c_tokens, U256::ONE)?, WAD)?.saturating_sub(U256::ONE);
    Ok(bound.checked_div(ratio).unwrap_or(U256::MAX))
}
