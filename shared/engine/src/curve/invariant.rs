//! The StableSwap invariant, by Newton's method in the contract's own integers.
//!
//! Source: curvefi/curve-contract, `SwapTemplateBase.vy` (`_get_D`, `_get_y_D`, `_calc_withdraw_one_coin`); risk-math
//! C.1.9. The older pools are the same with an amplification that is not scaled by 100.

use risk_model::U256;

use crate::aave::fixed::{Overflow, WAD, add, mul, mul_div_floor};

/// 1e10: the unit of fees.
pub const FEE_DENOMINATOR: U256 = U256::from_limbs([10_000_000_000, 0, 0, 0]);
/// Steps that the contract takes before it gives up.
const STEPS: usize = 255;

/// The amplification `A × n^(n−1)` as the pool keeps it, and what it is scaled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amplification {
    /// `A_precise()`, or `A()` of a pool that has none.
    pub value: U256,
    /// 100 for `A_precise()`, 1 for `A()`.
    pub precision: u8,
}

fn sub(a: U256, b: U256) -> Result<U256, Overflow> {
    a.checked_sub(b).ok_or(Overflow)
}

fn div(a: U256, b: U256) -> Result<U256, Overflow> {
    a.checked_div(b).ok_or(Overflow)
}

fn is_settled(a: U256, b: U256) -> bool {
    a.abs_diff(b) <= U256::ONE
}

/// D: what balances in one precision are worth together when they are equal. Zero for an empty pool.
///
/// # Errors
/// [`Overflow`] where the contract would revert: a coin has run out, a number does not fit, or no step settles.
pub fn invariant(balances: &[U256], amp: Amplification) -> Result<U256, Overflow> {
    let coins = U256::from(balances.len());
    let precision = U256::from(amp.precision);
    let sum = balances.iter().try_fold(U256::ZERO, |sum, balance| add(sum, *balance))?;
    if sum.is_zero() {
        return Ok(U256::ZERO);
    }
    let ann = mul(amp.value, coins)?;
    let mut d = sum;
    for _ in 0..STEPS {
        let mut product = d;
        for balance in balances {
            product = mul_div_floor(product, d, mul(*balance, coins)?)?;
        }
        let before = d;
        let above = mul(add(mul_div_floor(ann, sum, precision)?, mul(product, coins)?)?, d)?;
        let below =
            add(mul_div_floor(sub(ann, precision)?, d, precision)?, mul(add(coins, U256::ONE)?, product)?)?;
        d = div(above, below)?;
        if is_settled(d, before) {
            return Ok(d);
        }
    }
    Err(Overflow)
}

/// The balance of one coin at which the others have the invariant `d`.
fn balance_at(balances: &[U256], coin: usize, d: U256, amp: Amplification) -> Result<U256, Overflow> {
    let coins = U256::from(balances.len());
    let precision = U256::from(amp.precision);
    let ann = mul(amp.value, coins)?;
    let (mut c, mut sum) = (d, U256::ZERO);
    for (_, balance) in balances.iter().enumerate().filter(|(place, _)| *place != coin) {
        sum = add(sum, *balance)?;
        c = mul_div_floor(c, d, mul(*balance, coins)?)?;
    }
    c = div(mul(mul(c, d)?, precision)?, mul(ann, coins)?)?;
    let b = add(sum, mul_div_floor(d, precision, ann)?)?;
    let mut y = d;
    for _ in 0..STEPS {
        let before = y;
        let below = sub(add(mul(y, U256::from(2))?, b)?, d)?;
        y = div(add(mul(y, y)?, c)?, below)?;
        if is_settled(y, before) {
            return Ok(y);
        }
    }
    Err(Overflow)
}

/// What a withdrawal in one coin pays, fees taken, in the coin's own base units. `rates` bring each coin's balance to
/// the common precision: `balance × rate ÷ 1e18`.
///
/// # Errors
/// [`Overflow`] where the contract would revert.
pub fn withdraw_one_coin(
    balances: &[U256],
    rates: &[U256],
    (amp, fee): (Amplification, U256),
    (amount, supply): (U256, U256),
    coin: usize,
) -> Result<U256, Overflow> {
    let coins = U256::from(balances.len());
    let rate = *rates.get(coin).ok_or(Overflow)?;
    let before = invariant(balances, amp)?;
    let after = sub(before, mul_div_floor(amount, before, supply)?)?;
    let new = balance_at(balances, coin, after, amp)?;
    let fee = div(mul(fee, coins)?, mul(U256::from(4), sub(coins, U256::ONE)?)?)?;
    let mut reduced = Vec::with_capacity(balances.len());
    for (place, balance) in balances.iter().enumerate() {
        let left = mul_div_floor(*balance, after, before)?;
        let moved = if place == coin { sub(left, new)? } else { sub(*balance, left)? };
        reduced.push(sub(*balance, mul_div_floor(fee, moved, FEE_DENOMINATOR)?)?);
    }
    let paid = sub(*reduced.get(coin).ok_or(Overflow)?, balance_at(&reduced, coin, after, amp)?)?;
    // One less, for what rounding may have taken.
    mul_div_floor(sub(paid, U256::ONE)?, WAD, rate)
}
