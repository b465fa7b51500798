//! Morpho Blue accounts as every measure sees them: counted in the loan token, in which the market's oracle quotes.

use std::sync::Arc;

use libm::floor;
use risk_model::{Asset, GapReason, HealthFactor, Protocol, U256};

use super::shares::{incentive_factor, to_shares_down, to_shares_up};
use super::{Account, Market, MarketError, Position, Token, Totals, accrued, liquidated, standing};
use crate::aave::fixed::Overflow;
use crate::lending::{Change, Facts, Fault, Lending, Liquidation, Part, Standing, Terms, Unit};
use crate::quantity::whole;

/// Wad of one basis point.
const WAD_PER_BPS: U256 = U256::from_limbs([100_000_000_000_000, 0, 0, 0]);
/// Seconds of a year of 365 days, in which rates are told.
const SECONDS_PER_YEAR: f64 = 31_536_000.0;

impl Lending for Account {
    fn facts(&self) -> Facts {
        let (market, position) = (&*self.market, &self.position);
        let totals = accrued(market);
        let mut parts: Vec<Part> = collateral(market, position).into_iter().collect();
        let mut unreadable_parts = 0;
        match totals.and_then(|totals| loan(market, position, &totals)) {
            Ok(part) if part.supplied.is_zero() && part.owed.is_zero() => {}
            Ok(part) => parts.push(part),
            Err(_) => unreadable_parts = usize::from(lends_or_owes(position)),
        }
        Facts {
            key: format!("{}:{}:{:#x}:{:#x}", Protocol::MorphoBlue, market.chain, market.morpho, market.id),
            protocol: Protocol::MorphoBlue,
            chain: market.chain,
            contract: market.morpho,
            block: market.block,
            unit: Unit::Asset(market.loan.asset),
            e_mode: 0,
            standing: standing(market, position).map_err(fault).map(|found| told(market, position, &found)),
            // Borrow shares never come to nothing: their amount is rounded up.
            owes: Some(!position.borrow_shares.is_zero()),
            parts,
            unreadable_parts,
        }
    }

    fn changed(&self, change: &Change) -> Result<Self, Fault> {
        let mut market = Market::clone(&self.market);
        let mut position = self.position;
        // The contract accrues before it changes anything, except when collateral is supplied, where it changes nothing.
        market.totals = accrued(&market).map_err(fault)?;
        match *change {
            Change::EMode(_) => return Err(missing("Morpho Blue has no e-modes".to_owned())),
            Change::Supply { asset, amount } if is_collateral(&market, asset) => {
                position.collateral = position.collateral.checked_add(amount).ok_or_else(too_large)?;
            }
            Change::Withdraw { asset, amount } if is_collateral(&market, asset) => {
                position.collateral = position.collateral.saturating_sub(amount);
            }
            Change::Supply { asset, .. }
            | Change::Withdraw { asset, .. }
            | Change::Borrow { asset, .. }
            | Change::Repay { asset, .. }
                if asset != market.loan.asset =>
            {
                return Err(missing(format!("{asset} is not of the market")));
            }
            Change::Supply { amount, .. } => lend(&mut market.totals, &mut position, amount)?,
            Change::Withdraw { amount, .. } => take_out(&mut market.totals, &mut position, amount)?,
            Change::Borrow { amount, .. } => borrow(&mut market.totals, &mut position, amount)?,
            Change::Repay { amount, .. } => repay(&mut market.totals, &mut position, amount)?,
        }
        Ok(Self { market: Arc::new(market), position })
    }

    /// The one price is of the collateral in the loan token, so what counts is the ratio of their factors: a loan token
    /// that falls alone raises it.
    fn repriced(&self, factor: &dyn Fn(&Asset) -> f64) -> Self {
        let mut market = Market::clone(&self.market);
        if let Some(collateral) = &market.collateral {
            let ratio = factor(&collateral.asset) / factor(&market.loan.asset);
            market.price = market.price.map(|price| scaled(price, ratio));
        }
        Self { market: Arc::new(market), position: self.position }
    }

    fn liquidation(&self) -> Option<Liquidation> {
        let market = &*self.market;
        let moved = liquidated(market, &self.position).ok()??;
        let collateral = market.collateral.as_ref()?;
        let seized_value =
            whole(moved.seized, collateral.decimals) * price(market, collateral).unwrap_or(0.0);
        Some(Liquidation {
            debt_asset: market.loan.asset,
            repaid: moved.repaid,
            collateral_asset: collateral.asset,
            seized: moved.seized,
            protocol_fee: U256::ZERO,
            repaid_value: whole(moved.repaid, market.loan.decimals),
            seized_value,
            liquidator_value: seized_value,
        })
    }
}

/// A price times a ratio; what is no number is no price that anything may count on, and what does not fit the largest.
fn scaled(price: U256, ratio: f64) -> U256 {
    if ratio.to_bits() == 1.0_f64.to_bits() {
        return price;
    }
    let moved = f64::from(price) * ratio;
    if moved.is_nan() { U256::ZERO } else { U256::try_from(floor(moved)).unwrap_or(U256::MAX) }
}

fn lends_or_owes(position: &Position) -> bool {
    !position.supply_shares.is_zero() || !position.borrow_shares.is_zero()
}

fn is_collateral(market: &Market, asset: Asset) -> bool {
    market.collateral.as_ref().is_some_and(|token| token.asset == asset)
}

fn lend(totals: &mut Totals, position: &mut Position, amount: U256) -> Result<(), Fault> {
    let shares =
        to_shares_down(amount, totals.supply_assets, totals.supply_shares).map_err(|Overflow| too_large())?;
    position.supply_shares = plus(position.supply_shares, shares)?;
    totals.supply_shares = plus(totals.supply_shares, shares)?;
    totals.supply_assets = plus(totals.supply_assets, amount)?;
    Ok(())
}

fn take_out(totals: &mut Totals, position: &mut Position, amount: U256) -> Result<(), Fault> {
    let held = totals.supplied(position.supply_shares).map_err(fault)?;
    let (shares, amount) = if amount >= held {
        (position.supply_shares, held)
    } else {
        let shares = to_shares_up(amount, totals.supply_assets, totals.supply_shares);
        (shares.map_err(|Overflow| too_large())?, amount)
    };
    position.supply_shares = position.supply_shares.saturating_sub(shares);
    totals.supply_shares = totals.supply_shares.saturating_sub(shares);
    totals.supply_assets = totals.supply_assets.saturating_sub(amount);
    Ok(())
}

fn borrow(totals: &mut Totals, position: &mut Position, amount: U256) -> Result<(), Fault> {
    let shares =
        to_shares_up(amount, totals.borrow_assets, totals.borrow_shares).map_err(|Overflow| too_large())?;
    position.borrow_shares = plus(position.borrow_shares, shares)?;
    totals.borrow_shares = plus(totals.borrow_shares, shares)?;
    totals.borrow_assets = plus(totals.borrow_assets, amount)?;
    Ok(())
}

fn repay(totals: &mut Totals, position: &mut Position, amount: U256) -> Result<(), Fault> {
    let owed = totals.borrowed(position.borrow_shares).map_err(fault)?;
    let (shares, amount) = if amount >= owed {
        (position.borrow_shares, owed)
    } else {
        let shares = to_shares_down(amount, totals.borrow_assets, totals.borrow_shares);
        (shares.map_err(|Overflow| too_large())?, amount)
    };
    position.borrow_shares = position.borrow_shares.saturating_sub(shares);
    totals.borrow_shares = totals.borrow_shares.saturating_sub(shares);
    // `assets` may be more than the total by one for rounding.
    totals.borrow_assets = totals.borrow_assets.saturating_sub(amount);
    Ok(())
}

fn plus(a: U256, b: U256) -> Result<U256, Fault> {
    a.checked_add(b).ok_or_else(too_large)
}

/// One whole collateral token in whole loan tokens, by the oracle, above zero.
fn price(market: &Market, collateral: &Token) -> Option<f64> {
    // Scaled by 36 + the loan's decimals − the collateral's.
    let places = 36_u8.saturating_add(market.loan.decimals).checked_sub(collateral.decimals)?;
    market.price.map(|price| whole(price, places)).filter(|price| *price > 0.0)
}

fn collateral(market: &Market, position: &Position) -> Option<Part> {
    let token = market.collateral.as_ref().filter(|_| !position.collateral.is_zero())?;
    Some(Part {
        asset: token.asset,
        symbol: Arc::clone(&token.symbol),
        decimals: token.decimals,
        supplied: position.collateral,
        owed: U256::ZERO,
        is_collateral: true,
        threshold: whole(market.lltv, 18),
        price: price(market, token),
        price_updated_at: market.price_updated_at,
        // Collateral is not lent: it earns nothing and all of it is there.
        supply_rate: Some(0.0),
        borrow_rate: None,
        available_liquidity: Some(position.collateral),
        can_supply: true,
        can_move: true,
        // A market's parameters are part of its id: they cannot change.
        terms: Terms {
            loan_to_value: Some(whole(market.lltv, 18)),
            liquidation_bonus: Some(whole(incentive_factor(market.lltv), 18) - 1.0),
            is_frozen: false,
            is_paused: false,
        },
    })
}

fn loan(market: &Market, position: &Position, totals: &Totals) -> Result<Part, MarketError> {
    let rate = market.borrow_rate.map(|rate| whole(rate, 18) * SECONDS_PER_YEAR);
    let lent = f64::from(totals.supply_assets);
    let used = if lent > 0.0 { f64::from(totals.borrow_assets) / lent } else { 0.0 };
    Ok(Part {
        asset: market.loan.asset,
        symbol: Arc::clone(&market.loan.symbol),
        decimals: market.loan.decimals,
        supplied: totals.supplied(position.supply_shares)?,
        owed: totals.borrowed(position.borrow_shares)?,
        is_collateral: false,
        threshold: 0.0,
        // One of the unit is one of it, at the block itself.
        price: Some(1.0),
        price_updated_at: Some(market.block.timestamp.seconds()),
        supply_rate: rate.map(|rate| rate * used * (1.0 - whole(market.fee, 18))),
        borrow_rate: rate,
        available_liquidity: Some(totals.liquidity()),
        can_supply: true,
        can_move: true,
        terms: Terms { loan_to_value: None, liquidation_bonus: None, is_frozen: false, is_paused: false },
    })
}

fn told(market: &Market, position: &Position, found: &super::Standing) -> Standing {
    let value = |amount| whole(amount, market.loan.decimals);
    let owes = !found.borrowed.is_zero();
    let lltv_bps = u16::try_from(market.lltv / WAD_PER_BPS).ok().filter(|_| !position.collateral.is_zero());
    Standing {
        health_factor: if owes { HealthFactor::Known(found.health_factor) } else { HealthFactor::NoDebt },
        is_liquidatable: found.is_liquidatable(),
        collateral: value(found.collateral_value),
        debt: value(found.borrowed),
        available_borrows: Some(value(found.max_borrow.saturating_sub(found.borrowed))),
        // One threshold serves both: borrowing and liquidation.
        liquidation_threshold_bps: lltv_bps,
        ltv_bps: lltv_bps,
    }
}

fn fault(error: MarketError) -> Fault {
    let reason = match error {
        MarketError::Unpriced | MarketError::UnreadRate => GapReason::Missing,
        MarketError::Overflow | MarketError::BlockBeforeUpdate => GapReason::Malformed,
    };
    Fault { reason, message: error.to_string() }
}

fn missing(message: String) -> Fault {
    Fault { reason: GapReason::Missing, message }
}

fn too_large() -> Fault {
    fault(MarketError::Overflow)
}
