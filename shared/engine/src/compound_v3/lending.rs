//! Comet accounts as every measure sees them.

use std::sync::Arc;

use risk_model::{Asset, GapReason, HealthFactor, Protocol, U256};

use super::account::{collaterals, present, principal};
use super::{Account, AccountError, Collateral, Comet, Indexes, Position, Quote, Sums, indexes, sums};
use crate::aave::{BPS, SECONDS_PER_YEAR, WAD, mul_div_floor, unit};
use crate::lending::{Change, Facts, Fault, Lending, Liquidation, Part, Standing, Terms, Unit};
use crate::quantity::{scaled_price, whole};

/// Decimals of every price.
const PRICE_DECIMALS: u8 = 8;

impl Lending for Account {
    fn facts(&self) -> Facts {
        let comet = &*self.comet;
        let (parts, unreadable_parts) = self.parts();
        Facts {
            key: format!("{}:{}:{:#x}", Protocol::CompoundV3, comet.chain, comet.address),
            protocol: Protocol::CompoundV3,
            chain: comet.chain,
            contract: comet.address,
            block: comet.block,
            unit: match comet.quote {
                Quote::Usd => Unit::Usd,
                Quote::Base => Unit::Asset(comet.base.asset),
            },
            e_mode: 0,
            owes: Some(self.position.principal < 0),
            standing: sums(self).map_err(|error| fault(&error)).and_then(|sums| self.standing(&sums)),
            parts,
            unreadable_parts,
        }
    }

    /// The base token is supplied and repaid by one function of the contract, and withdrawn and borrowed by another: a
    /// supply pays a debt back first, and a borrow takes a supply out first.
    fn changed(&self, change: &Change) -> Result<Self, Fault> {
        let position = match *change {
            Change::EMode(0) => self.position.clone(),
            Change::EMode(_) => return Err(missing("Compound III has no e-modes".to_owned())),
            Change::Supply { asset, amount } if asset == self.comet.base.asset => self.paid(amount)?,
            Change::Supply { asset, amount } => {
                self.moved(asset, |balance| balance.checked_add(amount).filter(|sum| sum.bit_len() <= 128))?
            }
            Change::Withdraw { asset, amount } if asset == self.comet.base.asset => {
                self.taken(amount.min(self.base()?.0))?
            }
            Change::Withdraw { asset, amount } => {
                self.moved(asset, |balance| Some(balance.saturating_sub(amount)))?
            }
            Change::Borrow { asset, amount } => {
                self.is_base(asset)?;
                self.taken(amount)?
            }
            Change::Repay { asset, amount } => {
                self.is_base(asset)?;
                self.paid(amount.min(self.base()?.1))?
            }
        };
        Ok(Self { comet: Arc::clone(&self.comet), position })
    }

    fn repriced(&self, factor: &dyn Fn(&Asset) -> f64) -> Self {
        let mut comet = Comet::clone(&self.comet);
        let base = &mut comet.base;
        base.price = base.price.map(|price| scaled_price(price, factor(&base.asset)));
        for collateral in &mut comet.collaterals {
            collateral.price = collateral.price.map(|price| scaled_price(price, factor(&collateral.asset)));
        }
        Self { comet: Arc::new(comet), position: self.position.clone() }
    }

    /// An absorption: all collateral goes to the Comet, which cancels the debt and credits what is left after the
    /// liquidation factors. `repaid` is what it pays for that, the credit included; the liquidator gets none of it.
    fn liquidation(&self) -> Option<Liquidation> {
        let sums = sums(self).ok().filter(Sums::is_liquidatable)?;
        let comet = &*self.comet;
        let one = unit(comet.base.decimals).ok()?;
        let credited = mul_div_floor(sums.credited, one, comet.base.price?).ok()?;
        let repaid = sums.owed.max(credited);
        let value = |(collateral, balance): &(&Collateral, U256)| {
            mul_div_floor(*balance, collateral.price?, unit(collateral.decimals).ok()?).ok()
        };
        let held = collaterals(self).ok()?;
        let (largest, seized) = held.iter().max_by_key(|one| value(one))?;
        Some(Liquidation {
            debt_asset: comet.base.asset,
            repaid,
            collateral_asset: largest.asset,
            seized: *seized,
            protocol_fee: *seized,
            repaid_value: self.value(mul_div_floor(repaid, comet.base.price?, one).ok()?)?,
            seized_value: self.value(sums.collateral)?,
            liquidator_value: 0.0,
        })
    }
}

impl Account {
    /// An amount of the quote, 8 decimals, in the account's unit.
    fn value(&self, quoted: U256) -> Option<f64> {
        let value = whole(quoted, PRICE_DECIMALS);
        let value = match self.comet.quote {
            Quote::Usd => value,
            Quote::Base => value / whole(self.comet.base.price?, PRICE_DECIMALS),
        };
        value.is_finite().then_some(value)
    }

    fn standing(&self, sums: &Sums) -> Result<Standing, Fault> {
        let owes = self.position.principal < 0;
        let health_factor = match owes {
            true => HealthFactor::Known(ratio(sums.safe, sums.debt, WAD)?),
            false => HealthFactor::NoDebt,
        };
        // Without the base token's price nothing can be told in base tokens, and nothing is owed either.
        let unpriced = || fault(&AccountError::Unpriced { symbol: self.comet.base.symbol.clone() });
        let value = |quoted| self.value(quoted).ok_or_else(unpriced);
        let average = |weighted| {
            let is_any = !sums.collateral.is_zero();
            is_any.then(|| ratio(weighted, sums.collateral, BPS).ok()?.try_into().ok()).flatten()
        };
        Ok(Standing {
            health_factor,
            is_liquidatable: owes && sums.is_liquidatable(),
            collateral: value(sums.collateral)?,
            debt: value(sums.debt)?,
            available_borrows: Some(value(sums.borrowable.saturating_sub(sums.debt))?),
            liquidation_threshold_bps: average(sums.safe),
            ltv_bps: average(sums.borrowable),
        })
    }

    /// The base part where it is not zero, then the collaterals; and how many could not be told.
    fn parts(&self) -> (Vec<Part>, usize) {
        let comet = &*self.comet;
        let mut parts = Vec::new();
        let mut unreadable = 0;
        match indexes(comet).and_then(|indexes| self.base_part(&indexes)) {
            Ok(part) if part.supplied.is_zero() && part.owed.is_zero() => {}
            Ok(part) => parts.push(part),
            Err(_) if self.position.principal == 0 => {}
            Err(_) => unreadable += 1,
        }
        match collaterals(self) {
            Ok(found) => {
                parts.extend(found.into_iter().map(|(collateral, balance)| self.part(collateral, balance)));
            }
            Err(_) => unreadable += self.position.collaterals.len(),
        }
        (parts, unreadable)
    }

    fn base_part(&self, indexes: &Indexes) -> Result<Part, AccountError> {
        let comet = &*self.comet;
        let overflow = |_| AccountError::Overflow { symbol: comet.base.symbol.clone() };
        let (supplied, owed) = present(self.position.principal, indexes).map_err(overflow)?;
        let yearly = |rate: U256| Some(whole(rate, 18) * f64::from(SECONDS_PER_YEAR));
        Ok(Part {
            asset: comet.base.asset,
            symbol: Arc::clone(&comet.base.symbol),
            decimals: comet.base.decimals,
            supplied,
            owed,
            // A supply of the base token earns interest and secures nothing.
            is_collateral: false,
            threshold: 0.0,
            price: self.price(comet.base.price),
            price_updated_at: comet.base.price_updated_at,
            supply_rate: yearly(indexes.supply_rate),
            borrow_rate: yearly(indexes.borrow_rate),
            available_liquidity: comet.base.available,
            can_supply: !comet.is_supply_paused,
            can_move: !comet.is_supply_paused && !comet.is_withdraw_paused,
            terms: Terms {
                loan_to_value: None,
                liquidation_bonus: None,
                is_frozen: comet.is_supply_paused,
                // A repayment is a supply of the base token: either pause keeps the owner from one way out.
                is_paused: comet.is_supply_paused || comet.is_withdraw_paused,
            },
        })
    }

    fn part(&self, collateral: &Collateral, balance: U256) -> Part {
        let comet = &*self.comet;
        let has_room = collateral.supplied.is_some_and(|supplied| supplied < collateral.supply_cap);
        Part {
            asset: collateral.asset,
            symbol: Arc::clone(&collateral.symbol),
            decimals: collateral.decimals,
            supplied: balance,
            owed: U256::ZERO,
            is_collateral: true,
            threshold: whole(collateral.liquidate_factor, 18),
            price: self.price(collateral.price),
            price_updated_at: collateral.price_updated_at,
            // Collateral is not lent on: it earns nothing and can always be paid out.
            supply_rate: Some(0.0),
            borrow_rate: None,
            available_liquidity: Some(balance),
            can_supply: !comet.is_supply_paused && has_room,
            can_move: !comet.is_withdraw_paused,
            terms: Terms {
                loan_to_value: Some(whole(collateral.borrow_factor, 18)),
                // An absorption credits the liquidation factor: the rest is lost.
                liquidation_bonus: Some(1.0 - whole(collateral.liquidation_factor, 18)),
                is_frozen: comet.is_supply_paused,
                is_paused: comet.is_withdraw_paused,
            },
        }
    }

    fn price(&self, price: Option<U256>) -> Option<f64> {
        self.value(price?).filter(|price| *price > 0.0)
    }

    fn is_base(&self, asset: Asset) -> Result<(), Fault> {
        if asset == self.comet.base.asset {
            return Ok(());
        }
        Err(missing(format!("{asset} is not what this Comet lends")))
    }

    /// Supplied and owed of the base token.
    fn base(&self) -> Result<(U256, U256), Fault> {
        let indexes = indexes(&self.comet).map_err(|error| fault(&error))?;
        present(self.position.principal, &indexes).map_err(|_| too_large())
    }

    /// The position after the base token was paid in.
    fn paid(&self, amount: U256) -> Result<Position, Fault> {
        let (supplied, owed) = self.base()?;
        let left = owed.saturating_sub(amount);
        let over = amount.saturating_sub(owed);
        self.with_base(supplied.checked_add(over).ok_or_else(too_large)?, left)
    }

    /// The position after the base token was taken out.
    fn taken(&self, amount: U256) -> Result<Position, Fault> {
        let (supplied, owed) = self.base()?;
        let left = supplied.saturating_sub(amount);
        let over = amount.saturating_sub(supplied);
        self.with_base(left, owed.checked_add(over).ok_or_else(too_large)?)
    }

    fn with_base(&self, supplied: U256, owed: U256) -> Result<Position, Fault> {
        let indexes = indexes(&self.comet).map_err(|error| fault(&error))?;
        let principal = principal(supplied, owed, &indexes).map_err(|_| too_large())?;
        Ok(Position { principal, collaterals: self.position.collaterals.clone() })
    }

    /// The position after a collateral's balance changed.
    fn moved(&self, asset: Asset, change: impl Fn(U256) -> Option<U256>) -> Result<Position, Fault> {
        let place = self.comet.collaterals.iter().position(|collateral| collateral.asset == asset);
        let place = place.ok_or_else(|| missing(format!("{asset} is no asset of this Comet")))?;
        let mut position = self.position.clone();
        match position.collaterals.iter_mut().find(|(one, _)| *one == place) {
            Some((_, balance)) => *balance = change(*balance).ok_or_else(too_large)?,
            None => position.collaterals.push((place, change(U256::ZERO).ok_or_else(too_large)?)),
        }
        Ok(position)
    }
}

/// `floor(a × scale ÷ b)`; the largest there is for a `b` of zero, which is nothing to be worth less than.
fn ratio(a: U256, b: U256, scale: U256) -> Result<U256, Fault> {
    if b.is_zero() {
        return Ok(U256::MAX);
    }
    mul_div_floor(a, scale, b).map_err(|_| too_large())
}

fn fault(error: &AccountError) -> Fault {
    let reason = match error {
        AccountError::Unpriced { .. } => GapReason::Missing,
        AccountError::UnknownCollateral
        | AccountError::RepeatedCollateral { .. }
        | AccountError::Overflow { .. }
        | AccountError::BlockBeforeAccrual => GapReason::Malformed,
    };
    Fault { reason, message: error.to_string() }
}

fn missing(message: String) -> Fault {
    Fault { reason: GapReason::Missing, message }
}

fn too_large() -> Fault {
    Fault { reason: GapReason::Malformed, message: "the amounts do not fit the contract's words".to_owned() }
}
