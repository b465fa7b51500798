//! Interest from a reserve's last update to the market's block.
//!
//! Source: aave-v3-origin, `MathUtils.sol` and `ReserveLogic.sol` (risk-math C.1.1). Income grows linearly, debt is
//! compounded by a third-order polynomial that changed its form between generations (they agree to about 1e-9 over
//! weeks): a Taylor series of e^x since the balances are rounded against the user, a binomial before, which V2
//! (aave/protocol-v2, `MathUtils.sol`) evaluates at a rate cut to whole rays a second.

use risk_model::U256;

use super::fixed::{Overflow, RAY, add, mul, ray_mul};
use super::{AccountError, Market, Reserve, Rounding, StableDebt};

/// Seconds of the contracts' year: 365 days.
pub const SECONDS_PER_YEAR: U256 = U256::from_limbs([31_536_000, 0, 0, 0]);

/// `getReserveNormalizedIncome`: underlying per scaled aToken at the market's block, ray.
///
/// # Errors
/// [`AccountError::Overflow`] where the contract would revert, [`AccountError::BlockBeforeUpdate`] where the block is
/// older than the reserve's last update, so that the two cannot be of one state.
pub fn normalized_income(market: &Market, reserve: &Reserve) -> Result<U256, AccountError> {
    let seconds = elapsed(market, reserve)?;
    if seconds.is_zero() {
        return Ok(reserve.liquidity_index);
    }
    let grown =
        linear(reserve.liquidity_rate, seconds).and_then(|factor| ray_mul(factor, reserve.liquidity_index));
    grown.map_err(|_| AccountError::Overflow { symbol: reserve.symbol.clone() })
}

/// `getReserveNormalizedVariableDebt`: underlying per scaled debt token at the market's block, ray.
///
/// # Errors
/// As [`normalized_income`].
pub fn normalized_debt(market: &Market, reserve: &Reserve) -> Result<U256, AccountError> {
    let seconds = elapsed(market, reserve)?;
    if seconds.is_zero() {
        return Ok(reserve.variable_borrow_index);
    }
    let grown = compounded(market.rounding, reserve.variable_borrow_rate, seconds)
        .and_then(|factor| ray_mul(factor, reserve.variable_borrow_index));
    grown.map_err(|_| AccountError::Overflow { symbol: reserve.symbol.clone() })
}

/// `StableDebtToken.balanceOf`: a stable debt with its interest to the market's block, base units.
///
/// Source: aave/protocol-v2 and aave-v3-core, `StableDebtToken.sol`.
///
/// # Errors
/// As [`normalized_income`], with the debt's own update in the place of the reserve's.
pub fn stable_debt(market: &Market, reserve: &Reserve, debt: &StableDebt) -> Result<U256, AccountError> {
    let seconds = seconds_since(market, reserve, debt.last_update)?;
    let grown =
        compounded(market.rounding, debt.rate, seconds).and_then(|factor| ray_mul(debt.principal, factor));
    grown.map_err(|_| AccountError::Overflow { symbol: reserve.symbol.clone() })
}

fn elapsed(market: &Market, reserve: &Reserve) -> Result<U256, AccountError> {
    seconds_since(market, reserve, reserve.last_update)
}

fn seconds_since(market: &Market, reserve: &Reserve, update: u64) -> Result<U256, AccountError> {
    let seconds = market.block.timestamp.seconds().checked_sub(update);
    seconds.map(U256::from).ok_or_else(|| AccountError::BlockBeforeUpdate { symbol: reserve.symbol.clone() })
}

/// `calculateCompoundedInterest` as the generation has it, ray.
fn compounded(rounding: Rounding, rate: U256, seconds: U256) -> Result<U256, Overflow> {
    match rounding {
        Rounding::AgainstUser => compounded_taylor(rate, seconds),
        Rounding::HalfUp => compounded_binomial(rate, seconds),
        Rounding::PerSecond => compounded_per_second(rate, seconds),
    }
}

/// `calculateLinearInterest`: `1 + rate × t`, ray.
pub(super) fn linear(rate: U256, seconds: U256) -> Result<U256, Overflow> {
    add(RAY, mul(rate, seconds)? / SECONDS_PER_YEAR)
}

/// `calculateCompoundedInterest` at HEAD: `1 + x + x·(x/2 + x·x/6)`, ray.
pub(super) fn compounded_taylor(rate: U256, seconds: U256) -> Result<U256, Overflow> {
    let x = mul(rate, seconds)? / SECONDS_PER_YEAR;
    let inner = add(x / U256::from(2), ray_mul(x, x / U256::from(6))?)?;
    add(add(RAY, x)?, ray_mul(x, inner)?)
}

/// `calculateCompoundedInterest` of the 3.0 line: the first terms of `(1 + rate/year)^seconds`, ray.
pub(super) fn compounded_binomial(rate: U256, seconds: U256) -> Result<U256, Overflow> {
    let minus_one = seconds.saturating_sub(U256::ONE);
    let minus_two = seconds.saturating_sub(U256::from(2));
    let power_two = ray_mul(rate, rate)? / mul(SECONDS_PER_YEAR, SECONDS_PER_YEAR)?;
    let power_three = ray_mul(power_two, rate)? / SECONDS_PER_YEAR;
    let first = mul(rate, seconds)? / SECONDS_PER_YEAR;
    let second = mul(mul(seconds, minus_one)?, power_two)? / U256::from(2);
    let third = mul(mul(mul(seconds, minus_one)?, minus_two)?, power_three)? / U256::from(6);
    add(add(add(RAY, first)?, second)?, third)
}

/// `calculateCompoundedInterest` of V2: the same terms at a rate cut to whole rays a second, ray.
pub(super) fn compounded_per_second(rate: U256, seconds: U256) -> Result<U256, Overflow> {
    if seconds.is_zero() {
        return Ok(RAY);
    }
    let minus_one = seconds.saturating_sub(U256::ONE);
    let minus_two = seconds.saturating_sub(U256::from(2));
    let per_second = rate / SECONDS_PER_YEAR;
    let power_two = ray_mul(per_second, per_second)?;
    let power_three = ray_mul(power_two, per_second)?;
    let second = mul(mul(seconds, minus_one)?, power_two)? / U256::from(2);
    let third = mul(mul(mul(seconds, minus_one)?, minus_two)?, power_three)? / U256::from(6);
    add(add(add(RAY, mul(per_second, seconds)?)?, second)?, third)
}
