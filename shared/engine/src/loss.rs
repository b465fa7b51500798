//! Loss given liquidation: what one liquidation takes from the owner at the line, and whether anyone gains by it
//! (risk-math C.6).
//!
//! The line is where every collateral has fallen by the same share until the contract would just let the account be
//! liquidated; an account that is under it already is taken as it stands. What may be taken there is the protocol's own
//! answer ([`Lending::liquidation`]), so that this knows no protocol.

use risk_model::{Asset, U256};

use crate::lending::{Account, Facts, Lending, Liquidation, Part};
use crate::quantity::whole;

/// How much further than the computed line a price is moved until the contract agrees that it was passed: prices are
/// whole units of the oracle's, and the contract's own rounding decides.
const STEPS: [f64; 7] = [0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-4, 1e-3];

/// One liquidation at the line. Values are in the account's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The debt repaid.
    pub debt_asset: Asset,
    /// How much of it, base units.
    pub repaid: U256,
    /// The collateral seized.
    pub collateral_asset: Asset,
    /// How much of it the owner loses, base units.
    pub seized: U256,
    /// What is repaid.
    pub repaid_value: f64,
    /// Everything that is seized.
    pub seized_value: f64,
    /// What the liquidator gets of it.
    pub liquidator_value: f64,
    /// Fall of every collateral that leads to the line, fraction; 0 where the account is under it already.
    pub drop: f64,
    /// What is left of the account's supplies, counted as collateral or not; `None` where one has no price.
    pub supply_left: Option<f64>,
    /// What is left of its debts; `None` where one has no price.
    pub debt_left: Option<f64>,
}

impl Loss {
    /// What the owner is poorer by: seized less repaid, in the account's unit.
    #[must_use]
    pub fn owner_loss(&self) -> f64 {
        self.seized_value - self.repaid_value
    }

    /// The owner's loss as a share of what the account was worth just before, fraction; `None` where it was worth
    /// nothing, or that is not known.
    #[must_use]
    pub fn owner_loss_share(&self) -> Option<f64> {
        let equity = self.supply_left? - self.debt_left? + self.owner_loss();
        let share = self.owner_loss() / equity;
        (equity > 0.0 && share.is_finite()).then_some(share)
    }

    /// What the liquidator gains before gas, in the account's unit.
    #[must_use]
    pub fn liquidator_gain(&self) -> f64 {
        self.liquidator_value - self.repaid_value
    }
}

/// USD that so many units of gas cost: `gwei` a unit, `coin_usd` for one whole coin of the chain.
#[must_use]
pub fn gas_usd(units: f64, gwei: f64, coin_usd: f64) -> f64 {
    units * gwei * 1e-9 * coin_usd
}

/// Why there is no loss to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLoss {
    /// Nothing is owed: nothing can be liquidated.
    NoDebt,
    /// It is not known, and why.
    Unknown(String),
}

/// What one liquidation takes at the line.
///
/// # Errors
/// [`NoLoss::NoDebt`] where nothing is owed; [`NoLoss::Unknown`] where the account cannot be computed, no common fall of
/// its collateral leads to the line, or the protocol cannot tell what it would take there.
pub fn at_the_line(account: &Account, facts: &Facts) -> Result<Loss, NoLoss> {
    if facts.owes == Some(false) {
        return Err(NoLoss::NoDebt);
    }
    let unknown = |why: &str| NoLoss::Unknown(why.to_owned());
    let standing = facts.standing.as_ref().map_err(|fault| NoLoss::Unknown(fault.to_string()))?;
    if standing.is_liquidatable {
        let taken = account.liquidation().ok_or_else(|| unknown(NO_RULE))?;
        return Ok(loss(facts, &taken, 1.0));
    }
    let line = line(facts).ok_or_else(|| unknown("no common fall of its collateral liquidates it"))?;
    for step in STEPS {
        let factor = line * (1.0 - step);
        let fallen = account.repriced(&|asset| if is_collateral(facts, asset) { factor } else { 1.0 });
        let at = fallen.facts();
        if at.standing.as_ref().is_ok_and(|standing| standing.is_liquidatable) {
            let taken = fallen.liquidation().ok_or_else(|| unknown(NO_RULE))?;
            return Ok(loss(&at, &taken, factor));
        }
    }
    Err(unknown("the line could not be found"))
}

const NO_RULE: &str = "what a liquidation would take cannot be computed";

fn is_collateral(facts: &Facts, asset: &Asset) -> bool {
    facts.parts.iter().any(|part| part.asset == *asset && part.counts_as_collateral())
}

/// Factor on every collateral's price at which Σ threshold × collateral equals the debt, part of which may be in the
/// same assets: `D_other ÷ (N − D_same)`.
fn line(facts: &Facts) -> Option<f64> {
    let (mut weighted, mut same, mut other) = (0.0, 0.0, 0.0);
    for part in facts.parts.iter().filter(|part| part.counts()) {
        let price = part.price?;
        let owed = whole(part.owed, part.decimals) * price;
        if part.counts_as_collateral() {
            weighted += whole(part.supplied, part.decimals) * price * part.threshold;
        }
        if is_collateral(facts, &part.asset) { same += owed } else { other += owed }
    }
    let factor = other / (weighted - same);
    (factor.is_finite() && factor > 0.0).then(|| factor.min(1.0))
}

fn loss(at: &Facts, taken: &Liquidation, factor: f64) -> Loss {
    Loss {
        debt_asset: taken.debt_asset,
        repaid: taken.repaid,
        collateral_asset: taken.collateral_asset,
        seized: taken.seized,
        repaid_value: taken.repaid_value,
        seized_value: taken.seized_value,
        liquidator_value: taken.liquidator_value,
        drop: 1.0 - factor,
        supply_left: total(at, |part| part.supplied).map(|value| value - taken.seized_value),
        debt_left: total(at, |part| part.owed).map(|value| value - taken.repaid_value),
    }
}

fn total(facts: &Facts, amount: fn(&Part) -> U256) -> Option<f64> {
    if facts.unreadable_parts > 0 {
        return None;
    }
    let parts = facts.parts.iter().filter(|part| !amount(part).is_zero());
    parts.map(|part| Some(whole(amount(part), part.decimals) * part.price?)).sum()
}

#[cfg(test)]
mod tests;
