//! The cure of an account near liquidation: how much to repay, or to add, to reach a target health factor.
//!
//! With E = HF × D, the part of the collateral that counts, a repayment of `D − E/target` or an addition of
//! `(target·D − E) ÷ LT` reaches the target. The amounts are rounded up at the token's last place, and what they lead
//! to is computed again by the account's own maths, never assumed.

use risk_model::{HealthFactor, Severity, U256, Usd};

use crate::aave::{
    AccountData, BPS, Market, Position, RAY, Reserve, ReserveAmounts, WAD, account_data, normalized_debt,
    normalized_income, reserve_amounts,
};
use crate::parameters::Parameters;
use crate::quantity::{base_usd, decimal_text, wad_from};
use crate::report::{Action, Recommendation};

/// How far under the target an amount may fall for rounding, wad: 1e-9.
const TOLERANCE: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);
/// Times an amount is corrected for a generation's rounding before it is told with what it reaches.
const CORRECTIONS: usize = 4;

/// What brings an account whose health factor is under `cure_below` to `cure_target`: repaying its largest debt, and
/// adding to its largest collateral. Nothing for an account that is above, owes nothing or cannot be computed. Where
/// the largest debt alone is too small, repaying all of it is told with the factor that it leads to.
#[must_use]
pub fn recommend(
    account: &str,
    market: &Market,
    position: &Position,
    parameters: &Parameters,
) -> Vec<Recommendation> {
    let (Ok(data), Ok(parts)) = (account_data(market, position), reserve_amounts(market, position)) else {
        return Vec::new();
    };
    let (Some(below), Some(target)) = (wad_from(parameters.cure_below), wad_from(parameters.cure_target))
    else {
        return Vec::new();
    };
    if data.total_debt_base.is_zero() || data.health_factor >= below || target.is_zero() {
        return Vec::new();
    }
    let case = Case { account, market, position, parts: &parts, data, target };
    [case.repay(), case.add_collateral()].into_iter().flatten().collect()
}

/// How urgent a health factor under `cure_below` is: the lines of the liquidation alert.
fn severity(health_factor: U256) -> Severity {
    let percent = health_factor / (WAD / U256::from(100));
    match percent {
        hundredths if hundredths < U256::from(105) => Severity::Critical,
        hundredths if hundredths < U256::from(110) => Severity::High,
        _ => Severity::Medium,
    }
}

struct Case<'a> {
    account: &'a str,
    market: &'a Market,
    position: &'a Position,
    parts: &'a [ReserveAmounts],
    data: AccountData,
    target: U256,
}

impl Case<'_> {
    fn repay(&self) -> Option<Recommendation> {
        let (index, reserve) = self.largest(|amounts, reserve| {
            (reserve.is_active && !reserve.is_paused).then_some(amounts.debt_base)
        })?;
        let owed = self.parts.get(index)?.owed;
        let counting = self.data.health_factor.checked_mul(self.data.total_debt_base)?;
        let missing = self.data.total_debt_base.checked_sub(counting / self.target)?;
        let mut amount = tokens(missing, reserve)?.min(owed);
        let mut after = self.after_repaying(index, reserve, amount)?;
        for _ in 0..CORRECTIONS {
            if self.reaches(after) || amount >= owed {
                break;
            }
            amount = nudge(amount)?.min(owed);
            after = self.after_repaying(index, reserve, amount)?;
        }
        self.recommendation(Action::Repay, reserve, amount, after)
    }

    fn add_collateral(&self) -> Option<Recommendation> {
        let usable = |reserve: &Reserve| reserve.is_active && !reserve.is_frozen && !reserve.is_paused;
        let (index, reserve) =
            self.largest(|amounts, reserve| usable(reserve).then_some(amounts.collateral_base))?;
        let threshold = U256::from(self.parts.get(index)?.threshold_bps);
        let wanted = self.target.checked_mul(self.data.total_debt_base)?;
        let mut health_factor = self.data.health_factor;
        let mut amount = U256::ZERO;
        let mut after = health_factor;
        for _ in 0..=CORRECTIONS {
            let missing = wanted.checked_sub(health_factor.checked_mul(self.data.total_debt_base)?)?;
            let more = ceil(missing.checked_mul(BPS)?, threshold.checked_mul(WAD)?)?;
            amount = amount.checked_add(tokens(more.max(U256::ONE), reserve)?)?;
            after = self.after_adding(index, reserve, amount)?;
            if self.reaches(after) {
                break;
            }
            health_factor = after;
        }
        self.reaches(after).then_some(())?;
        self.recommendation(Action::AddCollateral, reserve, amount, after)
    }

    /// The part of the position with the largest value by `value`, if any is above zero; the earliest of equals.
    fn largest(
        &self,
        value: impl Fn(&ReserveAmounts, &Reserve) -> Option<U256>,
    ) -> Option<(usize, &Reserve)> {
        let mut best: Option<(U256, usize, &Reserve)> = None;
        for (index, (part, amounts)) in self.position.reserves.iter().zip(self.parts).enumerate() {
            let Some(reserve) = self.market.reserves.get(part.reserve) else {
                continue;
            };
            let found = value(amounts, reserve).unwrap_or(U256::ZERO);
            if found > best.map_or(U256::ZERO, |(most, ..)| most) {
                best = Some((found, index, reserve));
            }
        }
        best.map(|(_, index, reserve)| (index, reserve))
    }

    fn reaches(&self, health_factor: U256) -> bool {
        health_factor.saturating_add(TOLERANCE) >= self.target
    }

    fn after_repaying(&self, index: usize, reserve: &Reserve, amount: U256) -> Option<U256> {
        let debt_index = normalized_debt(self.market, reserve).ok()?;
        let mut position = self.position.clone();
        let part = position.reserves.get_mut(index)?;
        let is_all = self.parts.get(index).is_some_and(|amounts| amount >= amounts.owed);
        // The pool burns no more than what was paid for.
        let burned = if is_all {
            part.scaled_variable_debt
        } else {
            amount.checked_mul(RAY)?.checked_div(debt_index)?
        };
        part.scaled_variable_debt = part.scaled_variable_debt.saturating_sub(burned);
        account_data(self.market, &position).ok().map(|data| data.health_factor)
    }

    fn after_adding(&self, index: usize, reserve: &Reserve, amount: U256) -> Option<U256> {
        let income = normalized_income(self.market, reserve).ok()?;
        let mut position = self.position.clone();
        let part = position.reserves.get_mut(index)?;
        let minted = amount.checked_mul(RAY)?.checked_div(income)?;
        part.scaled_a_token = part.scaled_a_token.checked_add(minted)?;
        account_data(self.market, &position).ok().map(|data| data.health_factor)
    }

    fn recommendation(
        &self,
        action: Action,
        reserve: &Reserve,
        amount: U256,
        after: U256,
    ) -> Option<Recommendation> {
        let price = reserve.price?;
        let value_base = amount.checked_mul(price)?.checked_div(unit(reserve)?)?;
        let value = Usd::new(base_usd(value_base, self.market.base_unit)?)?;
        let health_factor_after =
            if after == U256::MAX { HealthFactor::NoDebt } else { HealthFactor::Known(after) };
        Some(Recommendation {
            account: self.account.to_owned(),
            severity: severity(self.data.health_factor),
            action,
            asset: reserve.asset,
            symbol: reserve.symbol.to_string(),
            amount: decimal_text(amount, reserve.decimals),
            value,
            health_factor_after,
        })
    }
}

/// Base units of the token worth at least so many base units of the currency, rounded up.
fn tokens(base: U256, reserve: &Reserve) -> Option<U256> {
    ceil(base.checked_mul(unit(reserve)?)?, reserve.price?)
}

fn unit(reserve: &Reserve) -> Option<U256> {
    U256::from(10).checked_pow(U256::from(reserve.decimals))
}

fn ceil(a: U256, b: U256) -> Option<U256> {
    let floor = a.checked_div(b)?;
    if a.checked_rem(b)?.is_zero() { Some(floor) } else { floor.checked_add(U256::ONE) }
}

/// A millionth of a millionth more, at least one unit: enough for what rounding takes.
fn nudge(amount: U256) -> Option<U256> {
    amount.checked_add(amount / U256::from(1_000_000_000_000_u64))?.checked_add(U256::ONE)
}

#[cfg(test)]
mod tests;
