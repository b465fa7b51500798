//! An account's numbers as the contract computes them: interest first, then the debt rounded up, then the comparison.
//!
//! Source: morpho-org/morpho-blue, `Morpho.sol` (`_accrueInterest`, `_isHealthy`, `liquidate`) and
//! `periphery/MorphoBalancesLib.sol` (`expectedMarketBalances`); risk-math C.1.5.

use risk_model::U256;

use super::shares::{
    ORACLE_PRICE_SCALE, incentive_factor, taylor_compounded, to_assets_down, to_assets_up, to_shares_down,
    to_shares_up, w_div_down, w_div_up, w_mul_down,
};
use super::{Market, MarketError, Position, Totals};
use crate::aave::fixed::{Overflow, add, mul_div_ceil, mul_div_floor};

/// The contract keeps assets and shares in 128 bits and reverts above.
const MOST: U256 = U256::from_limbs([u64::MAX, u64::MAX, 0, 0]);

/// An account that has a debt or collateral, by the market's oracle. Amounts in base units of the loan token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is owed, ceiled: zero exactly where there are no borrow shares.
    pub borrowed: U256,
    /// The collateral's value.
    pub collateral_value: U256,
    /// The most that may be owed against it.
    pub max_borrow: U256,
    /// `max_borrow ÷ borrowed`, wad, floored; [`U256::MAX`] without debt. Under 1e18 exactly where it is unhealthy.
    pub health_factor: U256,
    /// `borrowed ÷ collateral value`, wad, ceiled; `None` without debt, [`U256::MAX`] without value.
    pub ltv: Option<U256>,
}

impl Standing {
    /// Whether the contract lets it be liquidated: `maxBorrow < borrowed`, so equality is healthy.
    #[must_use]
    pub fn is_liquidatable(&self) -> bool {
        self.max_borrow < self.borrowed
    }
}

/// What the whole liquidation of an account moves, base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidated {
    /// Paid by the liquidator, loan token.
    pub repaid: U256,
    /// Taken from the wallet, collateral token.
    pub seized: U256,
    /// Owed still when no collateral is left, which the market's lenders lose, loan token.
    pub bad_debt: U256,
}

/// `expectedMarketBalances`: the market's totals with interest to its block, the fee's shares included.
///
/// # Errors
/// [`MarketError::UnreadRate`] where interest is due and the rate was not read, [`MarketError::BlockBeforeUpdate`]
/// where the two cannot be of one state, [`MarketError::Overflow`] where the contract would revert.
pub fn accrued(market: &Market) -> Result<Totals, MarketError> {
    let totals = market.totals;
    let now = market.block.timestamp.seconds();
    let elapsed = now.checked_sub(totals.last_update).ok_or(MarketError::BlockBeforeUpdate)?;
    if elapsed == 0 || totals.borrow_assets.is_zero() {
        return fits(Totals { last_update: now, ..totals });
    }
    let rate = market.borrow_rate.ok_or(MarketError::UnreadRate)?;
    grown(&totals, rate, U256::from(elapsed), market.fee)
        .map_err(|Overflow| MarketError::Overflow)
        .and_then(|totals| fits(Totals { last_update: now, ..totals }))
}

fn grown(totals: &Totals, rate: U256, elapsed: U256, fee: U256) -> Result<Totals, Overflow> {
    let interest = w_mul_down(totals.borrow_assets, taylor_compounded(rate, elapsed)?)?;
    let supply_assets = add(totals.supply_assets, interest)?;
    let mut supply_shares = totals.supply_shares;
    if !fee.is_zero() {
        let part = w_mul_down(interest, fee)?;
        // The supply already holds the whole interest, the fee's part of it included.
        let before = supply_assets.checked_sub(part).ok_or(Overflow)?;
        supply_shares = add(supply_shares, to_shares_down(part, before, supply_shares)?)?;
    }
    let borrow_assets = add(totals.borrow_assets, interest)?;
    Ok(Totals { supply_assets, supply_shares, borrow_assets, ..*totals })
}

fn fits(totals: Totals) -> Result<Totals, MarketError> {
    let all = [totals.supply_assets, totals.supply_shares, totals.borrow_assets, totals.borrow_shares];
    if all.iter().all(|number| *number <= MOST) { Ok(totals) } else { Err(MarketError::Overflow) }
}

impl Totals {
    /// What supply shares are worth now, base units of the loan token, floored.
    ///
    /// # Errors
    /// [`MarketError::Overflow`].
    pub fn supplied(&self, shares: U256) -> Result<U256, MarketError> {
        to_assets_down(shares, self.supply_assets, self.supply_shares)
            .map_err(|Overflow| MarketError::Overflow)
    }

    /// What borrow shares owe now, base units of the loan token, ceiled.
    ///
    /// # Errors
    /// [`MarketError::Overflow`].
    pub fn borrowed(&self, shares: U256) -> Result<U256, MarketError> {
        to_assets_up(shares, self.borrow_assets, self.borrow_shares).map_err(|Overflow| MarketError::Overflow)
    }

    /// Loan tokens that could be withdrawn or borrowed now, base units.
    #[must_use]
    pub fn liquidity(&self) -> U256 {
        self.supply_assets.saturating_sub(self.borrow_assets)
    }
}

/// An account by the market's oracle, with interest to its block.
///
/// # Errors
/// Any [`MarketError`]. The price is needed only where there is a debt or collateral.
pub fn standing(market: &Market, position: &Position) -> Result<Standing, MarketError> {
    let borrowed = if position.borrow_shares.is_zero() {
        U256::ZERO
    } else {
        accrued(market)?.borrowed(position.borrow_shares)?
    };
    if borrowed.is_zero() && position.collateral.is_zero() {
        let health_factor = U256::MAX;
        let none = U256::ZERO;
        return Ok(Standing { borrowed, collateral_value: none, max_borrow: none, health_factor, ltv: None });
    }
    let price = market.price.ok_or(MarketError::Unpriced)?;
    valued(market, position, borrowed, price).map_err(|Overflow| MarketError::Overflow)
}

fn valued(market: &Market, position: &Position, borrowed: U256, price: U256) -> Result<Standing, Overflow> {
    let collateral_value = mul_div_floor(position.collateral, price, ORACLE_PRICE_SCALE)?;
    let max_borrow = w_mul_down(collateral_value, market.lltv)?;
    let (health_factor, ltv) = if borrowed.is_zero() {
        (U256::MAX, None)
    } else if collateral_value.is_zero() {
        (w_div_down(max_borrow, borrowed)?, Some(U256::MAX))
    } else {
        (w_div_down(max_borrow, borrowed)?, Some(w_div_up(borrowed, collateral_value)?))
    };
    Ok(Standing { borrowed, collateral_value, max_borrow, health_factor, ltv })
}

/// The oracle price under which the account is unhealthy, as [`Market::price`] is scaled, ceiled:
/// `borrowed × 1e36 ÷ (collateral × lltv)`. `None` without a debt or without collateral that counts.
///
/// # Errors
/// Any [`MarketError`] but [`MarketError::Unpriced`].
pub fn liquidation_price(market: &Market, position: &Position) -> Result<Option<U256>, MarketError> {
    let power = w_mul_down(position.collateral, market.lltv).map_err(|Overflow| MarketError::Overflow)?;
    if position.borrow_shares.is_zero() || power.is_zero() {
        return Ok(None);
    }
    let borrowed = accrued(market)?.borrowed(position.borrow_shares)?;
    mul_div_ceil(borrowed, ORACLE_PRICE_SCALE, power).map(Some).map_err(|Overflow| MarketError::Overflow)
}

/// The largest liquidation that the contract allows now: there is no close factor, so all of the debt, or all of the
/// collateral where that is worth less. `None` where the account is healthy.
///
/// # Errors
/// Any [`MarketError`].
pub fn liquidated(market: &Market, position: &Position) -> Result<Option<Liquidated>, MarketError> {
    let standing = standing(market, position)?;
    if !standing.is_liquidatable() {
        return Ok(None);
    }
    let price = market.price.ok_or(MarketError::Unpriced)?;
    let totals = accrued(market)?;
    largest(market, &totals, position, price).map(Some).map_err(|Overflow| MarketError::Overflow)
}

fn largest(
    market: &Market,
    totals: &Totals,
    position: &Position,
    price: U256,
) -> Result<Liquidated, Overflow> {
    let (assets, shares) = (totals.borrow_assets, totals.borrow_shares);
    let factor = incentive_factor(market.lltv);
    let all = position.borrow_shares;
    if !price.is_zero() {
        let quoted = w_mul_down(to_assets_down(all, assets, shares)?, factor)?;
        let seized = mul_div_floor(quoted, ORACLE_PRICE_SCALE, price)?;
        if seized <= position.collateral {
            let repaid = to_assets_up(all, assets, shares)?;
            return Ok(Liquidated { repaid, seized, bad_debt: U256::ZERO });
        }
    }
    let quoted = mul_div_ceil(position.collateral, price, ORACLE_PRICE_SCALE)?;
    // The contract would revert where the collateral buys more shares than are owed; a liquidator then takes less.
    let repaid_shares = to_shares_up(w_div_up(quoted, factor)?, assets, shares)?.min(all);
    let repaid = to_assets_up(repaid_shares, assets, shares)?;
    let left = all.saturating_sub(repaid_shares);
    let rest_assets = assets.saturating_sub(repaid);
    let rest_shares = shares.saturating_sub(repaid_shares);
    let bad_debt = to_assets_up(left, rest_assets, rest_shares)?.min(rest_assets);
    Ok(Liquidated { repaid, seized: position.collateral, bad_debt })
}
