//! Aave V3 account arithmetic in arbitrary-precision integers, after the contracts' source
//! (aave-v3-origin: GenericLogic, MathUtils, WadRayMath, TokenMath). It shares no code with the service.

pub(crate) mod half_up;

use num_bigint::BigUint;
use num_traits::{One, Zero};

use crate::world::token::RAY;

/// Seconds of a year, as the contracts count it.
const SECONDS_PER_YEAR: u64 = 31_536_000;
const WAD: u64 = 1_000_000_000_000_000_000;

/// One reserve as an account sees it at a block.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    /// Scaled aToken balance in base units.
    pub(crate) scaled_supply: u128,
    /// Scaled variable debt in base units.
    pub(crate) scaled_debt: u128,
    /// Whether the owner uses the supply as collateral.
    pub(crate) collateral: bool,
    /// Normalized income, RAY.
    pub(crate) income: BigUint,
    /// Normalized variable debt, RAY.
    pub(crate) debt_index: BigUint,
    /// Oracle price in USD with 8 decimals.
    pub(crate) price_e8: u128,
    /// Decimals of the token.
    pub(crate) decimals: u8,
    /// LTV in force for this account, in bps.
    pub(crate) ltv_bps: u16,
    /// Liquidation threshold in force for this account, in bps.
    pub(crate) threshold_bps: u16,
}

/// What `Pool.getUserAccountData` returns. Base amounts are USD with 8 decimals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Collateral that counts.
    pub(crate) collateral_base: BigUint,
    /// Debt.
    pub(crate) debt_base: BigUint,
    /// What may still be borrowed.
    pub(crate) available_borrows_base: BigUint,
    /// Average liquidation threshold in bps, rounded down.
    pub(crate) threshold_bps: BigUint,
    /// Average LTV in bps, rounded down.
    pub(crate) ltv_bps: BigUint,
    /// Health factor with 18 decimals; none without debt.
    pub(crate) health_factor_wad: Option<BigUint>,
}

/// Adds an account up.
pub(crate) fn totals(holdings: &[Holding]) -> Totals {
    let (mut collateral, mut debt) = (BigUint::zero(), BigUint::zero());
    let (mut sum_threshold, mut sum_ltv) = (BigUint::zero(), BigUint::zero());
    for holding in holdings {
        let unit = BigUint::from(10u8).pow(u32::from(holding.decimals));
        if holding.collateral && holding.scaled_supply > 0 {
            let value = balance(holding.scaled_supply, &holding.income) * holding.price_e8 / &unit;
            sum_threshold += &value * holding.threshold_bps;
            sum_ltv += &value * holding.ltv_bps;
            collateral += value;
        }
        if holding.scaled_debt > 0 {
            let owed = owed(holding.scaled_debt, &holding.debt_index) * holding.price_e8;
            debt += ceil_div(&owed, &unit);
        }
    }
    let average = |sum: &BigUint| {
        if collateral.is_zero() { BigUint::zero() } else { sum / &collateral }
    };
    let (threshold_bps, ltv_bps) = (average(&sum_threshold), average(&sum_ltv));
    let borrowable = &collateral * &ltv_bps / 10_000u32;
    let available = if borrowable > debt { borrowable - &debt } else { BigUint::zero() };
    let health = (!debt.is_zero()).then(|| ((&sum_threshold * WAD + &debt / 2u32) / &debt) / 10_000u32);
    Totals {
        collateral_base: collateral,
        debt_base: debt,
        available_borrows_base: available,
        threshold_bps,
        ltv_bps,
        health_factor_wad: health,
    }
}

/// aToken balance: the scaled balance times normalized income, rounded down.
pub(crate) fn balance(scaled: u128, income: &BigUint) -> BigUint {
    income * scaled / RAY
}

/// Variable debt: the scaled debt times normalized debt, rounded up.
pub(crate) fn owed(scaled: u128, debt_index: &BigUint) -> BigUint {
    ceil_div(&(debt_index * scaled), &BigUint::from(RAY))
}

/// Normalized income: linear interest over `seconds` at a yearly RAY rate.
pub(crate) fn normalized_income(index: u128, rate: u128, seconds: u64) -> BigUint {
    let interest = BigUint::from(rate) * seconds / SECONDS_PER_YEAR;
    ray_mul(&(interest + RAY), &BigUint::from(index))
}

/// Normalized variable debt: compounded interest, in the three-term form of `MathUtils`.
pub(crate) fn normalized_debt(index: u128, rate: u128, seconds: u64) -> BigUint {
    let x = BigUint::from(rate) * seconds / SECONDS_PER_YEAR;
    let inner = &x / 2u32 + ray_mul(&x, &(&x / 6u32));
    let growth = BigUint::from(RAY) + &x + ray_mul(&x, &inner);
    ray_mul(&growth, &BigUint::from(index))
}

/// RAY product, rounded half up.
fn ray_mul(a: &BigUint, b: &BigUint) -> BigUint {
    (a * b + RAY / 2) / RAY
}

fn ceil_div(a: &BigUint, b: &BigUint) -> BigUint {
    if a.is_zero() { BigUint::zero() } else { (a - BigUint::one()) / b + BigUint::one() }
}

#[cfg(test)]
mod tests;
