//! Aave accounts as every measure sees them.

use std::sync::Arc;

use risk_model::{Asset, GapReason, HealthFactor, U256};

use super::account::{category, ltv_bps, member};
use super::fixed::{RAY, mul_div_ceil, mul_div_floor, ray_div};
use super::{
    Account, AccountData, AccountError, Market, Position, Reserve, ReservePosition, Rounding, StableDebt,
    account_data, balances, liquidation, normalized_debt, normalized_income, stable_debt, threshold_bps,
    variable_debt,
};
use crate::lending::{Change, Facts, Fault, Lending, Liquidation, Part, Standing, Terms};
use crate::quantity::{base_usd, scaled_price};

impl Lending for Account {
    fn facts(&self) -> Facts {
        let (market, position) = (&*self.market, &self.position);
        let data = account_data(market, position);
        let mut parts = Vec::with_capacity(position.reserves.len());
        let mut unreadable_parts = 0;
        for one in &position.reserves {
            match part(market, position, one) {
                Some(part) if part.supplied.is_zero() && part.owed.is_zero() => {}
                Some(part) => parts.push(part),
                None => unreadable_parts += 1,
            }
        }
        Facts {
            key: format!("{}:{}:{:#x}", market.protocol, market.chain, market.pool),
            protocol: market.protocol,
            chain: market.chain,
            contract: market.pool,
            block: market.block,
            unit: market.unit,
            e_mode: position.e_mode,
            owes: owes(market, position, data.as_ref()),
            standing: data.map_err(|error| fault(&error)).and_then(|data| standing(market, &data)),
            parts,
            unreadable_parts,
        }
    }

    fn changed(&self, change: &Change) -> Result<Self, Fault> {
        let mut position = self.position.clone();
        match *change {
            Change::EMode(category) => position.e_mode = category,
            Change::Supply { asset, amount } => {
                let reserve = place(&self.market, asset)?;
                let minted = self.scaled(reserve, amount, normalized_income, Direction::Down)?;
                let part = entry(&mut position, reserve);
                // The contract flags a first supply as collateral where it can be one.
                part.is_collateral |= part.scaled_a_token.is_zero();
                part.scaled_a_token = part.scaled_a_token.checked_add(minted).ok_or_else(too_large)?;
            }
            Change::Withdraw { asset, amount } => {
                let reserve = place(&self.market, asset)?;
                let burned = self.scaled(reserve, amount, normalized_income, Direction::Up)?;
                let part = entry(&mut position, reserve);
                part.scaled_a_token = part.scaled_a_token.saturating_sub(burned);
            }
            Change::Borrow { asset, amount } => {
                let reserve = place(&self.market, asset)?;
                let minted = self.scaled(reserve, amount, normalized_debt, Direction::Up)?;
                let part = entry(&mut position, reserve);
                part.scaled_variable_debt =
                    part.scaled_variable_debt.checked_add(minted).ok_or_else(too_large)?;
            }
            Change::Repay { asset, amount } => self.repay(&mut position, asset, amount)?,
        }
        Ok(Self { market: Arc::clone(&self.market), position })
    }

    fn repriced(&self, factor: &dyn Fn(&Asset) -> f64) -> Self {
        let mut market = Market::clone(&self.market);
        for reserve in &mut market.reserves {
            reserve.price = reserve.price.map(|price| scaled_price(price, factor(&reserve.asset)));
        }
        Self { market: Arc::new(market), position: self.position.clone() }
    }

    fn decimals(&self, asset: &Asset) -> Option<u8> {
        self.market.reserves.iter().find(|reserve| reserve.asset == *asset).map(|reserve| reserve.decimals)
    }

    fn liquidation(&self) -> Option<Liquidation> {
        liquidation::largest(self)
    }
}

/// Where a scaled amount is rounded to.
#[derive(Clone, Copy)]
enum Direction {
    Down,
    Up,
}

impl Account {
    /// Deposit tokens of reserves that the wallet neither owes nor has as collateral: the pool's bitmap of the wallet
    /// (`UserConfiguration`) does not name them.
    #[must_use]
    pub fn unlisted_deposits(&self) -> Vec<Asset> {
        let is_unlisted = |part: &&ReservePosition| {
            let owes = !part.scaled_variable_debt.is_zero() || part.stable_debt.is_some();
            !part.is_collateral && !owes && !part.scaled_a_token.is_zero()
        };
        let parts = self.position.reserves.iter().filter(is_unlisted);
        let reserves = parts.filter_map(|part| self.market.reserves.get(part.reserve));
        reserves.map(|reserve| Asset::contract(self.market.chain, reserve.a_token)).collect()
    }

    fn reserve(&self, place: usize) -> Result<&Reserve, Fault> {
        self.market.reserves.get(place).ok_or_else(|| fault(&AccountError::UnknownReserve))
    }

    /// An amount at index 1: to the wallet's disadvantage since 3.5 (`TokenMath.sol`), half up before.
    fn scaled(
        &self,
        place: usize,
        amount: U256,
        index: fn(&Market, &Reserve) -> Result<U256, AccountError>,
        direction: Direction,
    ) -> Result<U256, Fault> {
        let index = index(&self.market, self.reserve(place)?).map_err(|error| fault(&error))?;
        let scaled = match (self.market.rounding, direction) {
            (Rounding::AgainstUser, Direction::Down) => mul_div_floor(amount, RAY, index),
            (Rounding::AgainstUser, Direction::Up) => mul_div_ceil(amount, RAY, index),
            (Rounding::PerSecond | Rounding::HalfUp, _) => ray_div(amount, index),
        };
        scaled.map_err(|_| too_large())
    }

    fn repay(&self, position: &mut Position, asset: Asset, amount: U256) -> Result<(), Fault> {
        let reserve = place(&self.market, asset)?;
        let part = entry(position, reserve);
        let of = self.reserve(reserve)?;
        let owed = variable_debt(&self.market, of, part).map_err(|error| fault(&error))?;
        // The pool burns no more than what was paid for, and all of it when all is paid.
        let burned = if amount >= owed {
            part.scaled_variable_debt
        } else {
            self.scaled(reserve, amount, normalized_debt, Direction::Down)?
        };
        part.scaled_variable_debt = part.scaled_variable_debt.saturating_sub(burned);
        part.stable_debt = match &part.stable_debt {
            Some(debt) => self.repay_stable(of, debt, amount.saturating_sub(owed))?,
            None => None,
        };
        Ok(())
    }

    /// What is left of a stable debt: a call of its own on the contract, made with what the variable debt left over.
    fn repay_stable(
        &self,
        reserve: &Reserve,
        debt: &StableDebt,
        amount: U256,
    ) -> Result<Option<StableDebt>, Fault> {
        if amount.is_zero() {
            return Ok(Some(*debt));
        }
        let owed = stable_debt(&self.market, reserve, debt).map_err(|error| fault(&error))?;
        let left = owed.saturating_sub(amount);
        let last_update = self.market.block.timestamp.seconds();
        Ok((!left.is_zero()).then_some(StableDebt { principal: left, rate: debt.rate, last_update }))
    }
}

fn place(market: &Market, asset: Asset) -> Result<usize, Fault> {
    let found = market.reserves.iter().position(|reserve| reserve.asset == asset);
    found.ok_or_else(|| Fault {
        reason: GapReason::Missing,
        message: format!("{asset} is no reserve of the market"),
    })
}

fn entry(position: &mut Position, reserve: usize) -> &mut ReservePosition {
    let at = position.reserves.iter().position(|part| part.reserve == reserve).unwrap_or_else(|| {
        position.reserves.push(ReservePosition {
            reserve,
            scaled_a_token: U256::ZERO,
            scaled_variable_debt: U256::ZERO,
            stable_debt: None,
            is_collateral: false,
        });
        position.reserves.len() - 1
    });
    &mut position.reserves[at]
}

fn part(market: &Market, position: &Position, one: &ReservePosition) -> Option<Part> {
    let reserve = market.reserves.get(one.reserve)?;
    let (supplied, owed) = balances(market, one).ok()?;
    // Without the e-mode's category the account is unknown as a whole; the reserve's own threshold is no answer.
    let threshold = threshold_bps(market, position.e_mode, reserve).unwrap_or(0);
    let price = reserve.price.filter(|price| !price.is_zero());
    let price = price.and_then(|price| base_usd(price, market.base_unit)).filter(|price| *price > 0.0);
    Some(Part {
        asset: reserve.asset,
        symbol: Arc::clone(&reserve.symbol),
        decimals: reserve.decimals,
        supplied,
        owed,
        is_collateral: one.is_collateral,
        threshold: f64::from(threshold) / 10_000.0,
        price,
        price_updated_at: reserve.price_updated_at,
        supply_rate: Some(fraction(reserve.liquidity_rate)),
        borrow_rate: borrow_rate(market, reserve, one),
        available_liquidity: reserve.available_liquidity,
        can_supply: reserve.is_active && !reserve.is_frozen && !reserve.is_paused,
        can_move: reserve.is_active && !reserve.is_paused,
        terms: terms(market, position.e_mode, reserve),
    })
}

/// The terms in force for a wallet in `e_mode`.
fn terms(market: &Market, e_mode: u8, reserve: &Reserve) -> Terms {
    let mode = member(category(market, e_mode).ok().flatten(), reserve);
    let bonus = mode.map_or(reserve.liquidation_bonus_bps, |mode| mode.liquidation_bonus_bps);
    let is_collateral = threshold_bps(market, e_mode, reserve).is_ok_and(|threshold| threshold > 0);
    let ltv = category(market, e_mode).ok().map(|mode| ltv_bps(market, mode, reserve));
    Terms {
        loan_to_value: ltv.filter(|_| is_collateral).map(|ltv| f64::from(ltv) / 10_000.0),
        // The contract's number is the whole that is seized: 10500 is 5 % more than what is repaid.
        liquidation_bonus: is_collateral.then(|| (f64::from(bonus) - 10_000.0) / 10_000.0),
        is_frozen: reserve.is_frozen,
        is_paused: reserve.is_paused || !reserve.is_active,
    }
}

fn fraction(rate: U256) -> f64 {
    f64::from(rate) / f64::from(RAY)
}

/// What the debt costs a year: the reserve's variable rate, and the wallet's own for the part that is stable.
fn borrow_rate(market: &Market, reserve: &Reserve, part: &ReservePosition) -> Option<f64> {
    let variable = fraction(reserve.variable_borrow_rate);
    let Some(debt) = &part.stable_debt else { return Some(variable) };
    let stable_amount = f64::from(stable_debt(market, reserve, debt).ok()?);
    let variable_amount = f64::from(variable_debt(market, reserve, part).ok()?);
    let total = stable_amount + variable_amount;
    let mean = (stable_amount * fraction(debt.rate) + variable_amount * variable) / total;
    mean.is_finite().then_some(mean)
}

fn standing(market: &Market, data: &AccountData) -> Result<Standing, Fault> {
    let value = |base| {
        base_usd(base, market.base_unit).ok_or_else(|| Fault {
            reason: GapReason::Malformed,
            message: "the base currency's unit is not usable".to_owned(),
        })
    };
    let bps = |average: U256| u16::try_from(average).ok();
    let owes = !data.total_debt_base.is_zero();
    Ok(Standing {
        health_factor: if owes { HealthFactor::Known(data.health_factor) } else { HealthFactor::NoDebt },
        is_liquidatable: owes && data.health_factor < HealthFactor::WAD,
        collateral: value(data.total_collateral_base)?,
        debt: value(data.total_debt_base)?,
        available_borrows: Some(value(data.available_borrows_base)?),
        liquidation_threshold_bps: bps(data.current_liquidation_threshold),
        ltv_bps: bps(data.ltv),
    })
}

fn owes(market: &Market, position: &Position, data: Result<&AccountData, &AccountError>) -> Option<bool> {
    if let Ok(data) = data {
        return Some(!data.total_debt_base.is_zero());
    }
    let mut owed = position.reserves.iter().map(|part| balances(market, part).map(|(_, owed)| owed));
    owed.try_fold(false, |any, owed| owed.ok().map(|owed| any || !owed.is_zero()))
}

fn fault(error: &AccountError) -> Fault {
    let reason = match error {
        AccountError::Unpriced { .. } | AccountError::UnknownEMode { .. } => GapReason::Missing,
        AccountError::UnknownReserve
        | AccountError::RepeatedReserve { .. }
        | AccountError::Overflow { .. }
        | AccountError::BlockBeforeUpdate { .. } => GapReason::Malformed,
    };
    Fault { reason, message: error.to_string() }
}

fn too_large() -> Fault {
    Fault { reason: GapReason::Malformed, message: "the amounts do not fit 256 bits".to_owned() }
}
