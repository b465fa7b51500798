//! The largest single liquidation that a pool would allow, in exact integers, by its version's rules.
//!
//! Sources (risk-math C.1.1):
//! * V2: aave/protocol-v2, `LendingPoolCollateralManager.sol`: half of the reserve's debt, always.
//! * 3.0 to 3.2 and Spark: aave-v3-core and sparkdotfi/sparklend-v1-core, `LiquidationLogic.sol`: half of the
//!   reserve's debt, all of it at a health factor of 0.95 and under.
//! * 3.3 and later: aave-v3-origin, `LiquidationLogic.sol`: the reserve's debt, capped at half of the user's total
//!   while both sides of the pair are worth $2,000 or more and the factor is over 0.95; nothing under $1,000 may be
//!   left on either side unless one is cleared. 3.5 ceils debts, 3.7 rounds every step against the liquidator
//!   (docs/3.7/liquidation-rounding.md).

use risk_model::{Protocol, U256};

use super::account::{category, member};
use super::fixed::{
    Overflow, RAY, WAD, add, mul, mul_div_ceil, mul_div_floor, percent_div, percent_div_ceil,
    percent_div_floor, percent_mul, percent_mul_ceil, percent_mul_floor, ray_div, ray_mul, unit,
};
use super::{
    Account, AccountData, Market, Reserve, ReserveAmounts, Rounding, account_data, normalized_income,
    reserve_amounts,
};
use crate::lending::Liquidation;
use crate::quantity::{base_usd, whole};

/// Health factor at and under which all of a debt may be repaid: 0.95 wad.
const CLOSE_FACTOR_HF_THRESHOLD: U256 = U256::from_limbs([950_000_000_000_000_000, 0, 0, 0]);
/// Half, bps.
const DEFAULT_CLOSE_FACTOR: U256 = U256::from_limbs([5_000, 0, 0, 0]);
/// All, bps.
const MAX_CLOSE_FACTOR: U256 = U256::from_limbs([10_000, 0, 0, 0]);
/// $2,000 with 8 decimals: under it on either side the cap does not hold.
const MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD: U256 = U256::from_limbs([200_000_000_000, 0, 0, 0]);
/// $1,000 with 8 decimals: the least that may be left on either side.
const MIN_LEFTOVER_BASE: U256 = U256::from_limbs([100_000_000_000, 0, 0, 0]);

/// First `POOL_REVISION` that caps by the whole position (3.3).
const WHOLE_POSITION: u64 = 7;
/// First `POOL_REVISION` that rounds every step against the liquidator (3.7).
const AGAINST_LIQUIDATOR: u64 = 11;

/// What a version lets one liquidation take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    /// V2.
    Half,
    /// 3.0 to 3.2 and Spark.
    ByReserve,
    /// 3.3 and later.
    ByPosition {
        /// Whether seizure and fee are rounded against the liquidator, not half up.
        directed: bool,
    },
}

/// One side of a pair.
#[derive(Clone, Copy)]
struct Side {
    /// Owed or supplied, base units of the token.
    amount: U256,
    /// Base currency for one whole token.
    price: U256,
    /// Base units of one whole token.
    unit: U256,
}

/// A debt, a collateral, and the terms that they liquidate on.
struct Pair {
    rules: Rules,
    rounding: Rounding,
    debt: Side,
    collateral: Side,
    bonus: U256,
    fee: U256,
}

/// What a liquidation moves, base units: the debt's for `repaid`, the collateral's for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seizure {
    repaid: U256,
    seized: U256,
    fee: U256,
}

/// The liquidation of the pair that costs the wallet most; `None` where there is none or it cannot be computed.
pub(super) fn largest(account: &Account) -> Option<Liquidation> {
    let (market, position) = (&*account.market, &account.position);
    let data = account_data(market, position).ok()?;
    if data.total_debt_base.is_zero() || data.health_factor >= WAD {
        return None;
    }
    let amounts = reserve_amounts(market, position).ok()?;
    let parts = || {
        let parts = position.reserves.iter().zip(&amounts);
        parts.filter_map(|(part, amounts)| Some((market.reserves.get(part.reserve)?, part, amounts)))
    };
    let e_mode = category(market, position.e_mode).ok()?;
    let mut worst: Option<Liquidation> = None;
    for (owed, _, debt) in
        parts().filter(|(reserve, _, amounts)| can_move(reserve) && !amounts.owed.is_zero())
    {
        for (held, part, collateral) in parts().filter(|(reserve, _, amounts)| is_seizable(reserve, amounts))
        {
            let bonus =
                member(e_mode, held).map_or(held.liquidation_bonus_bps, |mode| mode.liquidation_bonus_bps);
            // Without the fee's share the pair is not known, and a smaller one must not stand for it.
            let fee = held.liquidation_protocol_fee_bps?;
            let pair = Pair {
                rules: rules(market),
                rounding: market.rounding,
                debt: side(owed, debt.owed)?,
                collateral: side(held, collateral.supplied)?,
                bonus: U256::from(bonus),
                fee: U256::from(fee),
            };
            let Some(seizure) = pair.largest(&data).ok()? else { continue };
            let index = normalized_income(market, held).ok()?;
            let seizure = pair.settled(seizure, part.scaled_a_token, index).ok()?;
            let found = liquidation(market, &pair, owed, held, seizure)?;
            if worst.as_ref().is_none_or(|worst| cost(&found) > cost(worst)) {
                worst = Some(found);
            }
        }
    }
    worst
}

const fn rules(market: &Market) -> Rules {
    match (market.protocol, market.revision) {
        (Protocol::AaveV2, _) => Rules::Half,
        (Protocol::Spark, _) => Rules::ByReserve,
        (_, Some(..WHOLE_POSITION)) => Rules::ByReserve,
        (_, Some(WHOLE_POSITION..AGAINST_LIQUIDATOR)) => Rules::ByPosition { directed: false },
        (_, Some(AGAINST_LIQUIDATOR..) | None) => Rules::ByPosition { directed: true },
    }
}

const fn can_move(reserve: &Reserve) -> bool {
    reserve.is_active && !reserve.is_paused
}

fn is_seizable(reserve: &Reserve, amounts: &ReserveAmounts) -> bool {
    can_move(reserve) && amounts.threshold_bps != 0 && !amounts.supplied.is_zero()
}

fn side(reserve: &Reserve, amount: U256) -> Option<Side> {
    let price = reserve.price.filter(|price| !price.is_zero())?;
    Some(Side { amount, price, unit: unit(reserve.decimals).ok()? })
}

/// What the wallet loses by it, in the account's unit.
fn cost(liquidation: &Liquidation) -> f64 {
    liquidation.seized_value - liquidation.repaid_value
}

fn liquidation(
    market: &Market,
    pair: &Pair,
    owed: &Reserve,
    held: &Reserve,
    seizure: Seizure,
) -> Option<Liquidation> {
    let price = |side: &Side| base_usd(side.price, market.base_unit);
    let (debt_price, collateral_price) = (price(&pair.debt)?, price(&pair.collateral)?);
    let value = |amount| whole(amount, held.decimals) * collateral_price;
    Some(Liquidation {
        debt_asset: owed.asset,
        repaid: seizure.repaid,
        collateral_asset: held.asset,
        seized: seizure.seized,
        protocol_fee: seizure.fee,
        repaid_value: whole(seizure.repaid, owed.decimals) * debt_price,
        seized_value: value(seizure.seized),
        liquidator_value: value(seizure.seized.saturating_sub(seizure.fee)),
    })
}

impl Side {
    fn base_floor(&self, amount: U256) -> Result<U256, Overflow> {
        mul_div_floor(amount, self.price, self.unit)
    }
}

impl Pair {
    /// The most that one call may take of this pair; `None` where any of it would leave dust.
    fn largest(&self, data: &AccountData) -> Result<Option<Seizure>, Overflow> {
        let most = self.largest_debt(data)?;
        let seizure = self.seize(most)?;
        if self.is_allowed(seizure)? {
            return Ok(Some(seizure));
        }
        // What is left on both sides only grows as less is repaid: the most that leaves enough is found by halving.
        let (mut allowed, mut refused) = (U256::ZERO, most);
        while refused.saturating_sub(allowed) > U256::ONE {
            let middle = allowed + (refused - allowed) / U256::from(2);
            if self.is_allowed(self.seize(middle)?)? { allowed = middle } else { refused = middle }
        }
        if allowed.is_zero() { Ok(None) } else { self.seize(allowed).map(Some) }
    }

    /// `maxLiquidatableDebt`.
    fn largest_debt(&self, data: &AccountData) -> Result<U256, Overflow> {
        let owed = self.debt.amount;
        let is_early = data.health_factor > CLOSE_FACTOR_HF_THRESHOLD;
        match self.rules {
            Rules::Half => percent_mul(owed, DEFAULT_CLOSE_FACTOR),
            Rules::ByReserve if is_early => percent_mul(owed, DEFAULT_CLOSE_FACTOR),
            Rules::ByReserve => percent_mul(owed, MAX_CLOSE_FACTOR),
            Rules::ByPosition { .. } => {
                let debt_base = self.debt_base(owed)?;
                let is_large = |base: U256| base >= MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD;
                let collateral_base = self.collateral.base_floor(self.collateral.amount)?;
                let cap = percent_mul(data.total_debt_base, DEFAULT_CLOSE_FACTOR)?;
                if is_early && is_large(collateral_base) && is_large(debt_base) && debt_base > cap {
                    mul_div_floor(cap, self.debt.unit, self.debt.price)
                } else {
                    Ok(owed)
                }
            }
        }
    }

    fn debt_base(&self, amount: U256) -> Result<U256, Overflow> {
        match self.rounding {
            Rounding::AgainstUser => mul_div_ceil(amount, self.debt.price, self.debt.unit),
            Rounding::PerSecond | Rounding::HalfUp => self.debt.base_floor(amount),
        }
    }

    /// `_calculateAvailableCollateralToLiquidate`: what repaying `debt` seizes, and the fee out of it.
    fn seize(&self, debt: U256) -> Result<Seizure, Overflow> {
        let (from, to) = (&self.debt, &self.collateral);
        let worth = mul(mul(from.price, debt)?, to.unit)?;
        let ratio = mul(to.price, from.unit)?;
        let divide = |value: U256| value.checked_div(ratio).ok_or(Overflow);
        let wanted = match self.rules {
            Rules::Half => divide(percent_mul(worth, self.bonus)?)?,
            Rules::ByPosition { directed: true } => percent_mul_floor(divide(worth)?, self.bonus)?,
            Rules::ByReserve | Rules::ByPosition { directed: false } => {
                percent_mul(divide(worth)?, self.bonus)?
            }
        };
        let (seized, repaid) =
            if wanted > to.amount { (to.amount, self.debt_needed(debt)?) } else { (wanted, debt) };
        Ok(Seizure { repaid, seized, fee: self.fee_of(seized)? })
    }

    /// The debt that all of the collateral pays for.
    fn debt_needed(&self, debt: U256) -> Result<U256, Overflow> {
        let (from, to) = (&self.debt, &self.collateral);
        let worth = mul(mul(to.price, to.amount)?, from.unit)?;
        let worth = worth.checked_div(mul(from.price, to.unit)?).ok_or(Overflow)?;
        match (self.rules, self.rounding) {
            (Rules::Half, _) => Ok(percent_div(worth, self.bonus)?.min(debt)),
            (_, Rounding::AgainstUser) => percent_div_ceil(worth, self.bonus),
            (_, Rounding::PerSecond | Rounding::HalfUp) => percent_div(worth, self.bonus),
        }
    }

    fn fee_of(&self, seized: U256) -> Result<U256, Overflow> {
        if self.fee.is_zero() {
            return Ok(U256::ZERO);
        }
        if self.rules == (Rules::ByPosition { directed: true }) {
            let bonus = seized.saturating_sub(percent_div_floor(seized, self.bonus)?);
            return percent_mul_ceil(bonus, self.fee);
        }
        percent_mul(seized.saturating_sub(percent_div(seized, self.bonus)?), self.fee)
    }

    /// What the contract then moves: the liquidator's part is burned first, and where its rounding leaves fewer deposit
    /// tokens than the fee, they are the fee ("1 wei imprecision").
    fn settled(&self, seizure: Seizure, scaled: U256, index: U256) -> Result<Seizure, Overflow> {
        let to_scaled = |amount: U256| match self.rounding {
            Rounding::AgainstUser => mul_div_ceil(amount, RAY, index),
            Rounding::PerSecond | Rounding::HalfUp => ray_div(amount, index),
        };
        let taken = seizure.seized.saturating_sub(seizure.fee);
        let left = scaled.saturating_sub(to_scaled(taken)?);
        if to_scaled(seizure.fee)? <= left {
            return Ok(seizure);
        }
        let fee = match self.rounding {
            Rounding::AgainstUser => mul_div_floor(left, index, RAY),
            Rounding::PerSecond | Rounding::HalfUp => ray_mul(left, index),
        }?;
        Ok(Seizure { seized: add(taken, fee)?, fee, ..seizure })
    }

    /// Whether the contract lets it through: either side cleared, or enough left on both.
    fn is_allowed(&self, seizure: Seizure) -> Result<bool, Overflow> {
        let is_checked = matches!(self.rules, Rules::ByPosition { .. });
        let debt_left = self.debt.amount.saturating_sub(seizure.repaid);
        let collateral_left = self.collateral.amount.saturating_sub(seizure.seized);
        if !is_checked || debt_left.is_zero() || collateral_left.is_zero() {
            return Ok(true);
        }
        Ok(self.debt_base(debt_left)? >= MIN_LEFTOVER_BASE
            && self.collateral.base_floor(collateral_left)? >= MIN_LEFTOVER_BASE)
    }
}
