//! The cure of an account near liquidation: how much to repay, to add or to sell, to reach a target health factor.
//!
//! With E = HF × D, the part of the collateral that counts, a repayment of `D − E/target`, an addition of
//! `(target·D − E) ÷ LT`, or a sale of `(target·D − E) ÷ (target·(1 − cost) − LT)` of collateral into debt reaches the
//! target. The amounts are rounded up at the token's last place, and what they lead to is computed again by the
//! account's own maths, never assumed.

use libm::ceil;
use risk_model::{Figure, HealthFactor, Severity, U256, Usd};

use crate::lending::{Account, Change, Facts, Lending, Part};
use crate::parameters::Parameters;
use crate::quantity::{decimal_text, wad_from, whole};
use crate::report::{Action, Proceeds, Recommendation};

/// How far under the target an amount may fall for rounding, fraction: 1e-9.
const TOLERANCE: f64 = 1e-9;
/// Times an amount is corrected for a contract's rounding before it is told with what it reaches.
const CORRECTIONS: usize = 6;

/// What brings an account whose health factor is under `cure_below` to `cure_target`: the cheapest repayment, the
/// cheapest addition of collateral and the cheapest sale of collateral into debt, least value first. Nothing for an
/// account that is above, owes nothing or cannot be computed. Where no debt alone is large enough, repaying all of the
/// largest is told with the factor that it leads to.
///
/// `unit_usd` is what one of the account's unit is worth, USD, where that is known.
#[must_use]
pub fn recommend(
    account: &Account,
    facts: &Facts,
    unit_usd: Option<f64>,
    parameters: &Parameters,
) -> Vec<Recommendation> {
    let Ok(standing) = &facts.standing else { return Vec::new() };
    let below = wad_from(parameters.cure_below).unwrap_or(U256::ZERO);
    let is_near = matches!(standing.health_factor, HealthFactor::Known(factor) if factor < below);
    let Some(factor) = standing.health_factor.ratio().filter(|_| is_near && parameters.cure_target > 0.0)
    else {
        return Vec::new();
    };
    let case = Case {
        account,
        facts,
        unit_usd,
        debt: standing.debt,
        counting: factor * standing.debt,
        factor,
        target: parameters.cure_target,
        swap_cost: parameters.swap_cost,
    };
    let mut found: Vec<Cure> =
        [case.repay(), case.add_collateral(), case.sell()].into_iter().flatten().collect();
    found.sort_by(|a, b| {
        (b.reaches, a.value).partial_cmp(&(a.reaches, b.value)).unwrap_or(std::cmp::Ordering::Equal)
    });
    found.into_iter().map(|cure| case.recommendation(cure)).collect()
}

/// How urgent a health factor under `cure_below` is: the lines of the liquidation alert.
fn severity(health_factor: f64) -> Severity {
    match health_factor {
        factor if factor < 1.05 => Severity::Critical,
        factor if factor < 1.10 => Severity::High,
        _ => Severity::Medium,
    }
}

struct Case<'a> {
    account: &'a Account,
    facts: &'a Facts,
    unit_usd: Option<f64>,
    /// D and E, in the account's unit.
    debt: f64,
    counting: f64,
    factor: f64,
    target: f64,
    swap_cost: f64,
}

/// One way out, tried on the account.
struct Cure<'a> {
    action: Action,
    part: &'a Part,
    amount: U256,
    proceeds: Option<(&'a Part, U256)>,
    /// In the account's unit.
    value: f64,
    after: HealthFactor,
    reaches: bool,
}

impl<'a> Case<'a> {
    /// Of the debts that are large enough the largest, all being equally dear; otherwise all of the largest.
    fn repay(&self) -> Option<Cure<'a>> {
        let part = self.largest(|part| if part.can_move { value(part, part.owed) } else { None })?;
        let missing = self.debt - self.counting / self.target;
        let mut amount = tokens(missing, part)?.min(part.owed);
        let mut after = self.after(&[Change::Repay { asset: part.asset, amount }])?;
        for _ in 0..CORRECTIONS {
            if self.reaches(&after) || amount >= part.owed {
                break;
            }
            let left = self.debt - value(part, amount)?;
            let short = left * (1.0 - after.ratio()? / self.target);
            amount = amount.checked_add(tokens(short, part)?.max(nudge(amount)))?.min(part.owed);
            after = self.after(&[Change::Repay { asset: part.asset, amount }])?;
        }
        self.cure(Action::Repay, part, amount, None, after)
    }

    /// The collateral with the highest threshold: the least value of it is needed.
    fn add_collateral(&self) -> Option<Cure<'a>> {
        let part =
            self.best(|part| part.counts_as_collateral() && part.can_supply && part.price.is_some())?;
        let missing = (self.target * self.debt - self.counting) / part.threshold;
        let mut amount = tokens(missing, part)?;
        let mut after = self.after(&[Change::Supply { asset: part.asset, amount }])?;
        for _ in 0..CORRECTIONS {
            if self.reaches(&after) {
                break;
            }
            let short = (self.target - after.ratio()?) * self.debt / part.threshold;
            amount = amount.checked_add(tokens(short, part)?.max(nudge(amount)))?;
            after = self.after(&[Change::Supply { asset: part.asset, amount }])?;
        }
        self.reaches(&after).then_some(())?;
        self.cure(Action::AddCollateral, part, amount, None, after)
    }

    /// Selling the collateral that counts least into the largest debt, the swap's cost taken from the proceeds.
    fn sell(&self) -> Option<Cure<'a>> {
        let debt = self.largest(|part| if part.can_move { value(part, part.owed) } else { None })?;
        let sellable =
            |part: &&Part| part.counts_as_collateral() && part.can_move && part.asset != debt.asset;
        let parts = self.facts.parts.iter().filter(sellable);
        let (part, worth) = parts
            .filter_map(|part| {
                let slope = self.target * (1.0 - self.swap_cost) - part.threshold;
                let worth = (self.target * self.debt - self.counting) / slope;
                let held = value(
                    part,
                    part.available_liquidity.map_or(part.supplied, |most| most.min(part.supplied)),
                )?;
                let fits =
                    slope > 0.0 && worth <= held && worth * (1.0 - self.swap_cost) <= value(debt, debt.owed)?;
                fits.then_some((part, worth))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        let mut amount = tokens(worth, part)?;
        for _ in 0..CORRECTIONS {
            let bought = floor_tokens(value(part, amount)? * (1.0 - self.swap_cost), debt)?;
            let after = self.after(&[
                Change::Withdraw { asset: part.asset, amount },
                Change::Repay { asset: debt.asset, amount: bought },
            ])?;
            if self.reaches(&after) && amount <= part.supplied {
                return self.cure(Action::SellCollateral, part, amount, Some((debt, bought)), after);
            }
            let short = (self.target - after.ratio()?) * self.debt;
            amount = amount.checked_add(tokens(short, part)?.max(nudge(amount)))?;
        }
        None
    }

    fn largest(&self, value: impl Fn(&Part) -> Option<f64>) -> Option<&'a Part> {
        let valued = self.facts.parts.iter().filter_map(|part| Some((value(part)?, part)));
        // The earliest of equals.
        let best = valued.filter(|(value, _)| *value > 0.0).rev().max_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|(_, part)| part)
    }

    fn best(&self, usable: impl Fn(&Part) -> bool) -> Option<&'a Part> {
        let most = |part: &Part| (part.threshold, value(part, part.supplied).unwrap_or(0.0));
        let usable = self.facts.parts.iter().filter(|part| usable(part)).rev();
        usable.max_by(|a, b| most(a).partial_cmp(&most(b)).unwrap_or(std::cmp::Ordering::Equal))
    }

    /// The health factor after the changes, by the account's own maths.
    fn after(&self, changes: &[Change]) -> Option<HealthFactor> {
        let mut account = self.account.clone();
        for change in changes {
            account = account.changed(change).ok()?;
        }
        let standing = account.facts().standing.ok()?;
        (!matches!(standing.health_factor, HealthFactor::Unknown(_))).then_some(standing.health_factor)
    }

    fn reaches(&self, after: &HealthFactor) -> bool {
        match after {
            HealthFactor::NoDebt => true,
            HealthFactor::Unknown(_) => false,
            HealthFactor::Known(_) => after.ratio().is_some_and(|factor| factor + TOLERANCE >= self.target),
        }
    }

    fn cure(
        &self,
        action: Action,
        part: &'a Part,
        amount: U256,
        proceeds: Option<(&'a Part, U256)>,
        after: HealthFactor,
    ) -> Option<Cure<'a>> {
        let reaches = self.reaches(&after);
        Some(Cure { action, part, amount, proceeds, value: value(part, amount)?, after, reaches })
    }

    fn recommendation(&self, cure: Cure<'_>) -> Recommendation {
        let usd = self.unit_usd.and_then(|unit| Usd::new(cure.value * unit));
        let no_usd = || Figure::Unknown("what the account is quoted in has no price".to_owned());
        Recommendation {
            account: self.facts.key.clone(),
            severity: severity(self.factor),
            action: cure.action,
            asset: cure.part.asset,
            symbol: cure.part.symbol.to_string(),
            amount: decimal_text(cure.amount, cure.part.decimals),
            value: usd.map_or_else(no_usd, Figure::Known),
            proceeds: cure.proceeds.map(|(part, amount)| Proceeds {
                asset: part.asset,
                symbol: part.symbol.to_string(),
                amount: decimal_text(amount, part.decimals),
            }),
            health_factor_after: cure.after,
        }
    }
}

/// What an amount of a part is worth, in the account's unit.
fn value(part: &Part, amount: U256) -> Option<f64> {
    part.price.map(|price| whole(amount, part.decimals) * price)
}

/// Base units of the token worth at least so much, rounded up.
fn tokens(worth: f64, part: &Part) -> Option<U256> {
    base_units(ceil(worth / part.price? * one(part)))
}

/// Base units of the token worth at most so much.
fn floor_tokens(worth: f64, part: &Part) -> Option<U256> {
    base_units(worth / part.price? * one(part))
}

fn base_units(amount: f64) -> Option<U256> {
    (amount.is_finite() && amount >= 0.0).then(|| U256::try_from(amount).ok()).flatten()
}

fn one(part: &Part) -> f64 {
    1.0 / whole(U256::ONE, part.decimals)
}

/// A millionth of a millionth, at least one unit: enough for what rounding takes.
fn nudge(amount: U256) -> U256 {
    (amount / U256::from(1_000_000_000_000_u64)).saturating_add(U256::ONE)
}

#[cfg(test)]
mod tests;
