//! An account of a Comet as the contract weighs it: `isLiquidatable` and `isBorrowCollateralized`, to the last digit.
//!
//! Source: compound-finance/comet, `Comet.sol`, `CometWithExtendedAssetList.sol` and `CometCore.sol` (risk-math C.1.4).
//! The contract stops summing as soon as the debt is covered; every later term is positive, so the whole sum compares
//! alike. It weighs by the stored index, which `absorb` accrues first: here it is accrued to the block.

use std::fmt;
use std::sync::Arc;

use risk_model::U256;

use super::interest::{Indexes, indexes};
use super::{Account, Collateral, INDEX_SCALE, Position};
use crate::aave::{Overflow, WAD, add, mul, mul_div_floor, unit};

/// Bits of a present value (`uint104`), and of the principal beside its sign.
const BASE_BITS: usize = 104;
/// Bits of a collateral balance (`uint128`).
const COLLATERAL_BITS: usize = 128;

/// What a Comet weighs, in units of its feeds' quote with 8 decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Base tokens supplied, base units, with interest.
    pub supplied: U256,
    /// Base tokens owed, base units, with interest.
    pub owed: U256,
    /// The debt.
    pub debt: U256,
    /// Value of all collateral.
    pub collateral: U256,
    /// Σ collateral × borrow collateral factor.
    pub borrowable: U256,
    /// Σ collateral × liquidate collateral factor.
    pub safe: U256,
    /// Σ collateral × liquidation factor: what an absorption credits.
    pub credited: U256,
}

impl Sums {
    /// `isLiquidatable`: strictly under water.
    #[must_use]
    pub fn is_liquidatable(&self) -> bool {
        self.safe < self.debt
    }

    /// `isBorrowCollateralized`: whether the contract would let it borrow or withdraw as it is.
    #[must_use]
    pub fn is_borrow_collateralized(&self) -> bool {
        self.borrowable >= self.debt
    }
}

/// Why an account cannot be computed. Never a reason to call it healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// The position names a collateral that the Comet does not have.
    UnknownCollateral,
    /// The position names a collateral twice.
    RepeatedCollateral {
        /// Which.
        symbol: Arc<str>,
    },
    /// A feed in use gave no price: the contract reverts for the whole account.
    Unpriced {
        /// Which.
        symbol: Arc<str>,
    },
    /// A number does not fit its word: the contract would revert.
    Overflow {
        /// Of which asset.
        symbol: Arc<str>,
    },
    /// The Comet's block is older than its last accrual.
    BlockBeforeAccrual,
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCollateral => {
                write!(f, "the position names a collateral that the Comet does not have")
            }
            Self::RepeatedCollateral { symbol } => write!(f, "the position names {symbol} twice"),
            Self::Unpriced { symbol } => write!(f, "the Comet's feed has no price for {symbol}"),
            Self::Overflow { symbol } => write!(f, "the numbers of {symbol} do not fit the contract's words"),
            Self::BlockBeforeAccrual => write!(f, "the block is older than the Comet's last accrual"),
        }
    }
}

impl std::error::Error for AccountError {}

/// `presentValue`: supplied and owed, base units with interest to the block; at most one is not zero.
pub(super) fn present(principal: i128, indexes: &Indexes) -> Result<(U256, U256), Overflow> {
    let index = if principal < 0 { indexes.borrow } else { indexes.supply };
    let value = within(mul_div_floor(U256::from(principal.unsigned_abs()), index, INDEX_SCALE)?, BASE_BITS)?;
    Ok(if principal < 0 { (U256::ZERO, value) } else { (value, U256::ZERO) })
}

/// `principalValue`: a supply floored, a debt ceiled, so that neither gains by rounding.
pub(super) fn principal(supplied: U256, owed: U256, indexes: &Indexes) -> Result<i128, Overflow> {
    if owed.is_zero() {
        return signed(mul_div_floor(supplied, INDEX_SCALE, indexes.supply)?);
    }
    let rounding = indexes.borrow.saturating_sub(U256::ONE);
    let scaled = add(mul(owed, INDEX_SCALE)?, rounding)?;
    signed(scaled.checked_div(indexes.borrow).ok_or(Overflow)?).map(|value| -value)
}

fn signed(value: U256) -> Result<i128, Overflow> {
    i128::try_from(within(value, BASE_BITS - 1)?).map_err(|_| Overflow)
}

/// A value that fits its word.
pub(super) fn within(value: U256, bits: usize) -> Result<U256, Overflow> {
    if value.bit_len() <= bits { Ok(value) } else { Err(Overflow) }
}

/// Weighs an account at its Comet's block.
///
/// # Errors
/// Any [`AccountError`]. A collateral without a price is one although the contract may stop before it asks: a margin
/// made of a missing price is not known. The base token's price is asked only where something is owed.
pub fn sums(account: &Account) -> Result<Sums, AccountError> {
    let Account { comet, position } = account;
    let base_overflow = |_| AccountError::Overflow { symbol: comet.base.symbol.clone() };
    let (supplied, owed) = present(position.principal, &indexes(comet)?).map_err(base_overflow)?;
    let zero = U256::ZERO;
    let mut sums =
        Sums { supplied, owed, debt: zero, collateral: zero, borrowable: zero, safe: zero, credited: zero };
    if position.principal < 0 {
        let price = comet.base.price;
        let price = price.ok_or_else(|| AccountError::Unpriced { symbol: comet.base.symbol.clone() })?;
        let one = unit(comet.base.decimals).map_err(base_overflow)?;
        sums.debt = mul_div_floor(owed, price, one).map_err(base_overflow)?;
    }
    for (collateral, balance) in collaterals(account)? {
        let symbol = || collateral.symbol.clone();
        let price = collateral.price.ok_or_else(|| AccountError::Unpriced { symbol: symbol() })?;
        sums.add(collateral, balance, price).map_err(|_| AccountError::Overflow { symbol: symbol() })?;
    }
    Ok(sums)
}

impl Sums {
    fn add(&mut self, collateral: &Collateral, balance: U256, price: U256) -> Result<(), Overflow> {
        let balance = within(balance, COLLATERAL_BITS)?;
        let value = mul_div_floor(balance, price, unit(collateral.decimals)?)?;
        let factored = |factor| mul_div_floor(value, factor, WAD);
        self.collateral = add(self.collateral, value)?;
        self.borrowable = add(self.borrowable, factored(collateral.borrow_factor)?)?;
        self.safe = add(self.safe, factored(collateral.liquidate_factor)?)?;
        self.credited = add(self.credited, factored(collateral.liquidation_factor)?)?;
        Ok(())
    }
}

/// The account's collaterals that are not zero, each once.
pub(super) fn collaterals(account: &Account) -> Result<Vec<(&Collateral, U256)>, AccountError> {
    let Position { collaterals, .. } = &account.position;
    let mut seen = vec![false; account.comet.collaterals.len()];
    let mut found = Vec::with_capacity(collaterals.len());
    for (place, balance) in collaterals {
        let collateral = account.comet.collaterals.get(*place).ok_or(AccountError::UnknownCollateral)?;
        if seen.get_mut(*place).is_none_or(|seen| std::mem::replace(seen, true)) {
            return Err(AccountError::RepeatedCollateral { symbol: collateral.symbol.clone() });
        }
        if !balance.is_zero() {
            found.push((collateral, *balance));
        }
    }
    Ok(found)
}
