//! Shares and wads as the contract has them.
//!
//! Source: morpho-org/morpho-blue, `SharesMathLib.sol` (virtual assets and shares against share inflation),
//! `MathLib.sol`, `ConstantsLib.sol` (risk-math C.1.5).

use risk_model::U256;

use crate::aave::fixed::{Overflow, WAD, add, mul, mul_div_ceil, mul_div_floor};

/// 1e36: what a price is scaled by.
pub const ORACLE_PRICE_SCALE: U256 = U256::from_limbs([0xb34b_9f10_0000_0000, 0x00c0_97ce_7bc9_0715, 0, 0]);
/// Assets and shares that every market has beside the real ones: 1 and 1e6.
const VIRTUAL_ASSETS: U256 = U256::ONE;
const VIRTUAL_SHARES: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);
/// 0.3 in wad: how much of a market's margin the incentive takes.
const LIQUIDATION_CURSOR: U256 = U256::from_limbs([300_000_000_000_000_000, 0, 0, 0]);
/// 1.15 in wad.
const MAX_LIQUIDATION_INCENTIVE_FACTOR: U256 = U256::from_limbs([1_150_000_000_000_000_000, 0, 0, 0]);

/// `toAssetsDown`: what shares are worth, floored.
pub(super) fn to_assets_down(shares: U256, assets: U256, total_shares: U256) -> Result<U256, Overflow> {
    mul_div_floor(shares, add(assets, VIRTUAL_ASSETS)?, add(total_shares, VIRTUAL_SHARES)?)
}

/// `toAssetsUp`: what shares are worth, ceiled.
pub(super) fn to_assets_up(shares: U256, assets: U256, total_shares: U256) -> Result<U256, Overflow> {
    mul_div_ceil(shares, add(assets, VIRTUAL_ASSETS)?, add(total_shares, VIRTUAL_SHARES)?)
}

/// `toSharesDown`: shares for an amount, floored.
pub(super) fn to_shares_down(amount: U256, assets: U256, total_shares: U256) -> Result<U256, Overflow> {
    mul_div_floor(amount, add(total_shares, VIRTUAL_SHARES)?, add(assets, VIRTUAL_ASSETS)?)
}

/// `toSharesUp`: shares for an amount, ceiled.
pub(super) fn to_shares_up(amount: U256, assets: U256, total_shares: U256) -> Result<U256, Overflow> {
    mul_div_ceil(amount, add(total_shares, VIRTUAL_SHARES)?, add(assets, VIRTUAL_ASSETS)?)
}

/// `wMulDown`.
pub(super) fn w_mul_down(a: U256, b: U256) -> Result<U256, Overflow> {
    mul_div_floor(a, b, WAD)
}

/// `wDivDown`.
pub(super) fn w_div_down(a: U256, b: U256) -> Result<U256, Overflow> {
    mul_div_floor(a, WAD, b)
}

/// `wDivUp`.
pub(super) fn w_div_up(a: U256, b: U256) -> Result<U256, Overflow> {
    mul_div_ceil(a, WAD, b)
}

/// `wTaylorCompounded`: the first three terms of `e^(rate × seconds) − 1`, wad.
pub(super) fn taylor_compounded(rate: U256, seconds: U256) -> Result<U256, Overflow> {
    let first = mul(rate, seconds)?;
    let second = mul_div_floor(first, first, WAD * U256::from(2))?;
    let third = mul_div_floor(second, first, WAD * U256::from(3))?;
    add(add(first, second)?, third)
}

/// The liquidation incentive factor of a threshold: what is seized for what is repaid, wad (1.05e18 is 5 % more).
/// `min(1.15, 1 ÷ (1 − 0.3 × (1 − lltv)))`, floored as the contract does.
///
/// A threshold of 1 or more, which no market has, gives 1.
#[must_use]
pub fn incentive_factor(lltv: U256) -> U256 {
    // Neither product can overflow: both factors are at most a wad.
    let taken = LIQUIDATION_CURSOR * WAD.saturating_sub(lltv) / WAD;
    (WAD * WAD / (WAD - taken)).min(MAX_LIQUIDATION_INCENTIVE_FACTOR)
}
