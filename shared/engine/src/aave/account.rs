//! An account's data as the Pool computes it: `getUserAccountData` on a market and a position, to the last digit.
//!
//! Source: aave-v3-origin, `GenericLogic.sol` and `TokenMath.sol` (risk-math C.1.1). The generations differ:
//! * against the user (3.5 and later): balances and collateral are floored, debts are ceiled, and the health factor is
//!   taken from the sum of collateral × threshold;
//! * half up (V2 and 3.0 to 3.4): half-up ray products, floored base values, and the health factor is taken from the average
//!   threshold cut to whole basis points, so that it is up to 1 bps of threshold lower.
//!
//! Until 3.5 a reserve without threshold outside an e-mode was no collateral inside one either, and one without loan
//! to value outside had none inside; since 3.6 (revision 10) the e-mode stands for itself.

use std::fmt;
use std::sync::Arc;

use risk_model::U256;

use super::fixed::{
    BPS, Overflow, RAY, add, mul, mul_div_ceil, mul_div_floor, percent_mul, ray_mul, unit, wad_div,
};
use super::{
    EModeCategory, Market, Position, Reserve, ReservePosition, Rounding, normalized_debt, normalized_income,
    stable_debt,
};

/// First `POOL_REVISION` in which an e-mode's configuration stands for itself (3.6).
const DECOUPLED_E_MODES: u64 = 10;

/// What `Pool.getUserAccountData` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountData {
    /// Flagged supplies with a threshold, base units.
    pub total_collateral_base: U256,
    /// All debts, base units.
    pub total_debt_base: U256,
    /// What could still be borrowed, base units.
    pub available_borrows_base: U256,
    /// Average threshold, bps, cut to whole ones: for display only.
    pub current_liquidation_threshold: U256,
    /// Average loan to value, bps, cut to whole ones.
    pub ltv: U256,
    /// Wad; [`U256::MAX`] without debt. Liquidatable strictly under 1e18.
    pub health_factor: U256,
    /// Σ collateral × threshold, base units × bps: the numerator of the health factor before any rounding.
    pub weighted_collateral: U256,
}

/// A wallet's part of one reserve in amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReserveAmounts {
    /// Supplied, base units of the token, with interest.
    pub supplied: U256,
    /// Owed, base units of the token, with interest.
    pub owed: U256,
    /// What counts as collateral, base units of the currency.
    pub collateral_base: U256,
    /// What counts as debt, base units of the currency.
    pub debt_base: U256,
    /// The threshold in force for this wallet, bps; 0 where it is no collateral.
    pub threshold_bps: u16,
}

/// Why an account cannot be computed. Never a reason to call it healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// The position names a reserve that the market does not have.
    UnknownReserve,
    /// The position names a reserve twice.
    RepeatedReserve {
        /// Which.
        symbol: Arc<str>,
    },
    /// The protocol's oracle gave no price for a reserve in use.
    Unpriced {
        /// Which.
        symbol: Arc<str>,
    },
    /// The wallet is in an e-mode category that was not read.
    UnknownEMode {
        /// Which.
        category: u8,
    },
    /// A number does not fit 256 bits: the contract would revert.
    Overflow {
        /// Of which reserve, or `the account`.
        symbol: Arc<str>,
    },
    /// The market's block is older than the reserve's last update.
    BlockBeforeUpdate {
        /// Which.
        symbol: Arc<str>,
    },
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownReserve => write!(f, "the position names a reserve that the market does not have"),
            Self::RepeatedReserve { symbol } => write!(f, "the position names {symbol} twice"),
            Self::Unpriced { symbol } => write!(f, "the protocol's oracle has no price for {symbol}"),
            Self::UnknownEMode { category } => write!(f, "e-mode category {category} was not read"),
            Self::Overflow { symbol } => write!(f, "the numbers of {symbol} do not fit 256 bits"),
            Self::BlockBeforeUpdate { symbol } => {
                write!(f, "the block is older than the last update of {symbol}")
            }
        }
    }
}

impl std::error::Error for AccountError {}

/// Supplied and owed of one reserve, base units of the token with interest to the block; needs no price.
///
/// # Errors
/// [`AccountError::UnknownReserve`], [`AccountError::Overflow`], [`AccountError::BlockBeforeUpdate`].
pub fn balances(market: &Market, part: &ReservePosition) -> Result<(U256, U256), AccountError> {
    let reserve = market.reserves.get(part.reserve).ok_or(AccountError::UnknownReserve)?;
    let overflow = |_: Overflow| AccountError::Overflow { symbol: reserve.symbol.clone() };
    let supplied = if part.scaled_a_token.is_zero() {
        U256::ZERO
    } else {
        let income = normalized_income(market, reserve)?;
        match market.rounding {
            Rounding::PerSecond | Rounding::HalfUp => ray_mul(part.scaled_a_token, income),
            Rounding::AgainstUser => mul_div_floor(part.scaled_a_token, income, RAY),
        }
        .map_err(overflow)?
    };
    let variable = variable_debt(market, reserve, part)?;
    let stable =
        part.stable_debt.as_ref().map_or(Ok(U256::ZERO), |debt| stable_debt(market, reserve, debt))?;
    Ok((supplied, add(variable, stable).map_err(overflow)?))
}

/// What is owed at the reserve's variable rate, base units of the token with interest to the block.
///
/// # Errors
/// As [`balances`].
pub fn variable_debt(
    market: &Market,
    reserve: &Reserve,
    part: &ReservePosition,
) -> Result<U256, AccountError> {
    if part.scaled_variable_debt.is_zero() {
        return Ok(U256::ZERO);
    }
    let debt = normalized_debt(market, reserve)?;
    match market.rounding {
        Rounding::PerSecond | Rounding::HalfUp => ray_mul(part.scaled_variable_debt, debt),
        Rounding::AgainstUser => mul_div_ceil(part.scaled_variable_debt, debt, RAY),
    }
    .map_err(|_| AccountError::Overflow { symbol: reserve.symbol.clone() })
}

/// The liquidation threshold of a reserve in force for a wallet in `e_mode` (0 for none), bps.
///
/// # Errors
/// [`AccountError::UnknownEMode`] where the category is not among the market's.
pub fn threshold_bps(market: &Market, e_mode: u8, reserve: &Reserve) -> Result<u16, AccountError> {
    let category = category(market, e_mode)?;
    let base = reserve.liquidation_threshold_bps;
    if base == 0 && base_supersedes(market) {
        return Ok(0);
    }
    Ok(member(category, reserve).map_or(base, |category| category.liquidation_threshold_bps))
}

/// Every part of a position in amounts, in its order.
///
/// # Errors
/// Any [`AccountError`]. A reserve without a price is one only where it is collateral or owed.
pub fn reserve_amounts(market: &Market, position: &Position) -> Result<Vec<ReserveAmounts>, AccountError> {
    category(market, position.e_mode)?;
    let mut seen = vec![false; market.reserves.len()];
    position
        .reserves
        .iter()
        .map(|part| {
            let reserve = market.reserves.get(part.reserve).ok_or(AccountError::UnknownReserve)?;
            let repeated = seen.get_mut(part.reserve).is_none_or(|seen| std::mem::replace(seen, true));
            if repeated {
                return Err(AccountError::RepeatedReserve { symbol: reserve.symbol.clone() });
            }
            amounts(market, position.e_mode, part, reserve)
        })
        .collect()
}

fn amounts(
    market: &Market,
    e_mode: u8,
    part: &ReservePosition,
    reserve: &Reserve,
) -> Result<ReserveAmounts, AccountError> {
    let overflow = |_: Overflow| AccountError::Overflow { symbol: reserve.symbol.clone() };
    let (supplied, owed) = balances(market, part)?;
    let threshold_bps = if part.is_collateral { threshold_bps(market, e_mode, reserve)? } else { 0 };
    let counts = threshold_bps != 0 && !supplied.is_zero();
    let mut found =
        ReserveAmounts { supplied, owed, collateral_base: U256::ZERO, debt_base: U256::ZERO, threshold_bps };
    if !counts && owed.is_zero() {
        return Ok(found);
    }
    let price = reserve.price.filter(|price| !price.is_zero());
    let price = price.ok_or_else(|| AccountError::Unpriced { symbol: reserve.symbol.clone() })?;
    let one = unit(reserve.decimals).map_err(overflow)?;
    if counts {
        found.collateral_base = mul_div_floor(supplied, price, one).map_err(overflow)?;
    }
    if !owed.is_zero() {
        found.debt_base = match market.rounding {
            Rounding::PerSecond | Rounding::HalfUp => mul_div_floor(owed, price, one),
            Rounding::AgainstUser => mul_div_ceil(owed, price, one),
        }
        .map_err(overflow)?;
    }
    Ok(found)
}

/// `Pool.getUserAccountData` at the market's block.
///
/// A reserve in use without an oracle price is an error here, although the contract would take it for worthless: a
/// health factor made of a missing price is not known. The zero-LTV flags that 3.6 and 3.7 added to e-modes are not
/// part of the market, so `ltv` and `available_borrows_base` may be too high for a wallet in such an e-mode; the
/// health factor does not depend on them.
///
/// # Errors
/// Any [`AccountError`].
pub fn account_data(market: &Market, position: &Position) -> Result<AccountData, AccountError> {
    let parts = reserve_amounts(market, position)?;
    let category = category(market, position.e_mode)?;
    sum(market, position, &parts, category)
        .map_err(|_| AccountError::Overflow { symbol: "the account".into() })
}

fn sum(
    market: &Market,
    position: &Position,
    parts: &[ReserveAmounts],
    category: Option<&EModeCategory>,
) -> Result<AccountData, Overflow> {
    let (mut collateral, mut debt) = (U256::ZERO, U256::ZERO);
    let (mut weighted, mut weighted_ltv) = (U256::ZERO, U256::ZERO);
    for (part, amounts) in position.reserves.iter().zip(parts) {
        collateral = add(collateral, amounts.collateral_base)?;
        debt = add(debt, amounts.debt_base)?;
        weighted = add(weighted, mul(amounts.collateral_base, U256::from(amounts.threshold_bps))?)?;
        let ltv = market.reserves.get(part.reserve).map_or(0, |reserve| ltv_bps(market, category, reserve));
        weighted_ltv = add(weighted_ltv, mul(amounts.collateral_base, U256::from(ltv))?)?;
    }
    // Without collateral the averages are zero, as in the contract.
    let average = |sum: U256| sum.checked_div(collateral).unwrap_or(U256::ZERO);
    let (threshold, ltv) = (average(weighted), average(weighted_ltv));
    let (health_factor, borrowable) = match market.rounding {
        Rounding::AgainstUser => (wad_over(weighted, debt)?, mul(collateral, ltv)? / BPS),
        _ if debt.is_zero() => (U256::MAX, percent_mul(collateral, ltv)?),
        Rounding::PerSecond | Rounding::HalfUp => {
            (wad_div(percent_mul(collateral, threshold)?, debt)?, percent_mul(collateral, ltv)?)
        }
    };
    Ok(AccountData {
        total_collateral_base: collateral,
        total_debt_base: debt,
        available_borrows_base: borrowable.saturating_sub(debt),
        current_liquidation_threshold: threshold,
        ltv,
        health_factor,
        weighted_collateral: weighted,
    })
}

fn wad_over(weighted: U256, debt: U256) -> Result<U256, Overflow> {
    if debt.is_zero() { Ok(U256::MAX) } else { Ok(wad_div(weighted, debt)? / BPS) }
}

pub(super) fn ltv_bps(market: &Market, category: Option<&EModeCategory>, reserve: &Reserve) -> u16 {
    if reserve.ltv_bps == 0 && base_supersedes(market) {
        return 0;
    }
    member(category, reserve).map_or(reserve.ltv_bps, |category| category.ltv_bps)
}

/// Whether the configuration outside an e-mode still rules inside it: the lines until 3.5.
fn base_supersedes(market: &Market) -> bool {
    market.rounding != Rounding::AgainstUser
        || market.revision.is_some_and(|revision| revision < DECOUPLED_E_MODES)
}

pub(super) fn category(market: &Market, e_mode: u8) -> Result<Option<&EModeCategory>, AccountError> {
    if e_mode == 0 {
        return Ok(None);
    }
    let found = market.e_modes.iter().find(|category| category.id == e_mode);
    found.map(Some).ok_or(AccountError::UnknownEMode { category: e_mode })
}

/// The category, if the reserve is collateral of it.
pub(super) fn member<'a>(
    category: Option<&'a EModeCategory>,
    reserve: &Reserve,
) -> Option<&'a EModeCategory> {
    let bit = 1_u128.checked_shl(u32::from(reserve.id)).unwrap_or(0);
    category.filter(|category| category.collateral_bitmap & bit != 0)
}
