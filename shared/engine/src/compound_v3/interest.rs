//! Interest of a Comet from its last accrual to its block.
//!
//! Source: compound-finance/comet, `Comet.accruedInterestIndices`, `getUtilization`, `getSupplyRate`, `getBorrowRate`
//! and `CometCore.sol` (risk-math C.1.4). Both rates are of the utilization before the accrual.

use risk_model::U256;

use super::{AccountError, Comet, Curve, INDEX_SCALE};
use crate::aave::{Overflow, WAD, add, mul, mul_div_floor};

/// A Comet's indexes at its block, and the rates that lead on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexes {
    /// Base units for one of supplied principal, 1e15.
    pub supply: U256,
    /// Base units for one of owed principal, 1e15.
    pub borrow: U256,
    /// What suppliers earn, wad a second.
    pub supply_rate: U256,
    /// What borrowers pay, wad a second.
    pub borrow_rate: U256,
}

/// `accruedInterestIndices` at the Comet's block.
///
/// # Errors
/// [`AccountError::Overflow`] where the contract would revert, [`AccountError::BlockBeforeAccrual`] where the block is
/// older than the last accrual, so that the two cannot be of one state.
pub fn indexes(comet: &Comet) -> Result<Indexes, AccountError> {
    let now = comet.block.timestamp.seconds();
    let seconds = now.checked_sub(comet.last_accrual).ok_or(AccountError::BlockBeforeAccrual)?;
    accrued(comet, U256::from(seconds))
        .map_err(|_| AccountError::Overflow { symbol: comet.base.symbol.clone() })
}

fn accrued(comet: &Comet, seconds: U256) -> Result<Indexes, Overflow> {
    let utilization = utilization(comet)?;
    let supply_rate = rate(&comet.supply_curve, utilization)?;
    let borrow_rate = rate(&comet.borrow_curve, utilization)?;
    Ok(Indexes {
        supply: grown(comet.supply_index, supply_rate, seconds)?,
        borrow: grown(comet.borrow_index, borrow_rate, seconds)?,
        supply_rate,
        borrow_rate,
    })
}

/// `getUtilization`: debts ÷ supplies by the stored indexes, wad; 0 where nothing is supplied.
fn utilization(comet: &Comet) -> Result<U256, Overflow> {
    let supply = mul_div_floor(comet.total_supply, comet.supply_index, INDEX_SCALE)?;
    let borrow = mul_div_floor(comet.total_borrow, comet.borrow_index, INDEX_SCALE)?;
    if supply.is_zero() { Ok(U256::ZERO) } else { mul_div_floor(borrow, WAD, supply) }
}

fn rate(curve: &Curve, utilization: U256) -> Result<U256, Overflow> {
    let low = mul_div_floor(curve.slope_low, utilization.min(curve.kink), WAD)?;
    let beyond = utilization.saturating_sub(curve.kink);
    let rate = add(add(curve.base, low)?, mul_div_floor(curve.slope_high, beyond, WAD)?)?;
    word_64(rate)
}

fn grown(index: U256, rate: U256, seconds: U256) -> Result<U256, Overflow> {
    let growth = word_64(mul_div_floor(index, mul(rate, seconds)?, WAD)?)?;
    word_64(add(index, growth)?)
}

/// `safe64`: the contract reverts on more.
fn word_64(value: U256) -> Result<U256, Overflow> {
    if value <= U256::from(u64::MAX) { Ok(value) } else { Err(Overflow) }
}
