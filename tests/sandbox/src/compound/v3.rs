//! Comet arithmetic in arbitrary-precision integers, after the contracts' source (comet: Comet, CometCore). It shares
//! no code with the service.

use alloy_primitives::Address;
use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use crate::compound::made_address;
use crate::compound::v2::WAD;
use crate::world::token::Token;
use crate::world::view::View;

/// 1e15, the unit of indexes.
pub(crate) const INDEX: u64 = 1_000_000_000_000_000;
/// 1e8, the unit of prices.
pub(crate) const PRICE: u128 = 100_000_000;

/// Rates a second of suppliers, wad: base, slope, slope beyond the kink, kink.
pub(crate) const SUPPLY_CURVE: [u64; 4] = [0, 1_141_552_511, 101_344_495_433, 900_000_000_000_000_000];
/// Rates of borrowers, likewise.
pub(crate) const BORROW_CURVE: [u64; 4] =
    [475_646_879, 1_189_117_199, 107_306_342_364, 850_000_000_000_000_000];

/// A Comet; indexes 1e15, totals in principal, as of `last_accrual`.
#[derive(Clone, Debug)]
pub(crate) struct Comet {
    /// Its chain.
    pub(crate) chain_id: u64,
    /// Where it lives.
    pub(crate) address: Address,
    /// Place of the base token on the chain.
    pub(crate) base: usize,
    /// Whether its feeds quote the base token rather than USD.
    pub(crate) is_in_base: bool,
    /// Collaterals by offset.
    pub(crate) collaterals: Vec<Collateral>,
    /// `baseSupplyIndex`.
    pub(crate) supply_index: u128,
    /// `baseBorrowIndex`.
    pub(crate) borrow_index: u128,
    /// `totalSupplyBase`.
    pub(crate) total_supply: u128,
    /// `totalBorrowBase`.
    pub(crate) total_borrow: u128,
    /// Base tokens in the contract.
    pub(crate) available: u128,
    /// Seconds since the epoch.
    pub(crate) last_accrual: u64,
}

/// A collateral of a Comet; factors wad.
#[derive(Clone, Debug)]
pub(crate) struct Collateral {
    /// Place of the token on the chain.
    pub(crate) token: usize,
    /// Share that may be borrowed against.
    pub(crate) borrow_factor: u128,
    /// Share that keeps from liquidation.
    pub(crate) liquidate_factor: u128,
    /// Share credited by an absorption.
    pub(crate) liquidation_factor: u128,
    /// What the Comet has of it.
    pub(crate) supplied: u128,
    /// What it takes of it.
    pub(crate) supply_cap: u128,
}

/// A wallet's part of a Comet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Position {
    /// Place of the Comet.
    pub(crate) comet: usize,
    /// Signed principal of the base token.
    pub(crate) principal: i128,
    /// Balances by offset.
    pub(crate) balances: Vec<(usize, u128)>,
}

/// What an account adds up to, in the quote of the feeds with 8 decimals.
pub(crate) struct Totals {
    /// Base tokens supplied, base units.
    pub(crate) supplied: BigUint,
    /// Base tokens owed, base units.
    pub(crate) owed: BigUint,
    /// Debt.
    pub(crate) debt: BigUint,
    /// Collateral.
    pub(crate) collateral: BigUint,
    /// Σ collateral × borrow factor.
    pub(crate) borrowable: BigUint,
    /// Σ collateral × liquidate factor.
    pub(crate) safe: BigUint,
}

impl Comet {
    /// The feed of a collateral, or of the base token.
    pub(crate) fn feed(&self, of: Option<usize>) -> Address {
        made_address(&format!("feed {} {:#x} {of:?}", self.chain_id, self.address))
    }

    /// `getUtilization`.
    pub(crate) fn utilization(&self) -> BigUint {
        let supply = BigUint::from(self.supply_index) * self.total_supply / INDEX;
        let borrow = BigUint::from(self.borrow_index) * self.total_borrow / INDEX;
        if supply.is_zero() { supply } else { borrow * WAD / supply }
    }

    /// `accruedInterestIndices` at a time: of supplies and of debts.
    pub(crate) fn indexes(&self, timestamp: u64) -> (BigUint, BigUint) {
        let seconds = timestamp.saturating_sub(self.last_accrual);
        let grow = |index: u128, curve: &[u64; 4]| {
            let rate = rate(curve, &self.utilization()) * seconds;
            BigUint::from(index) * rate / WAD + index
        };
        (grow(self.supply_index, &SUPPLY_CURVE), grow(self.borrow_index, &BORROW_CURVE))
    }

    /// The token of a feed.
    pub(crate) fn token<'a>(&self, view: &View<'a>, of: Option<usize>) -> Option<&'a Token> {
        let place = match of {
            None => self.base,
            Some(offset) => self.collaterals.get(offset)?.token,
        };
        view.token(place)
    }

    /// What a feed says, 8 decimals.
    pub(crate) fn price(&self, view: &View<'_>, of: Option<usize>) -> Option<u128> {
        let price = view.oracle_e8(self.token(view, of)?.asset);
        if !self.is_in_base {
            return Some(price);
        }
        let base = view.oracle_e8(self.token(view, None)?.asset);
        (price * PRICE).checked_div(base)
    }
}

/// `getSupplyRate` and `getBorrowRate`: wad a second.
pub(crate) fn rate([base, low, high, kink]: &[u64; 4], utilization: &BigUint) -> BigUint {
    let kink = BigUint::from(*kink);
    if *utilization <= kink {
        return BigUint::from(*base) + BigUint::from(*low) * utilization / WAD;
    }
    let beyond = BigUint::from(*high) * (utilization - &kink) / WAD;
    BigUint::from(*base) + BigUint::from(*low) * kink / WAD + beyond
}

/// Adds an account up at a block.
pub(crate) fn totals(view: &View<'_>, comet: &Comet, position: &Position) -> Option<Totals> {
    let (supply_index, borrow_index) = comet.indexes(view.timestamp);
    let size = position.principal.unsigned_abs();
    let is_debt = position.principal < 0;
    let present = if is_debt { borrow_index } else { supply_index } * size / INDEX;
    let zero = BigUint::zero;
    let (supplied, owed) = if is_debt { (zero(), present) } else { (present, zero()) };
    let unit = |token: &Token| BigUint::from(10u8).pow(u32::from(token.decimals));
    let debt = &owed * comet.price(view, None)? / unit(comet.token(view, None)?);
    let mut totals = Totals { supplied, owed, debt, collateral: zero(), borrowable: zero(), safe: zero() };
    for (offset, balance) in &position.balances {
        let collateral = comet.collaterals.get(*offset)?;
        let price = comet.price(view, Some(*offset))?;
        let value = BigUint::from(*balance) * price / unit(view.token(collateral.token)?);
        totals.borrowable += &value * collateral.borrow_factor / WAD;
        totals.safe += &value * collateral.liquidate_factor / WAD;
        totals.collateral += value;
    }
    Some(totals)
}

impl Totals {
    /// Collateral × liquidate factor ÷ debt, wad; none without debt.
    pub(crate) fn health(&self) -> Option<BigUint> {
        (!self.debt.is_zero()).then(|| &self.safe * WAD / &self.debt)
    }

    /// A weighted sum ÷ collateral in whole bps; none without collateral.
    pub(crate) fn average_bps(&self, weighted: &BigUint) -> Option<u64> {
        if self.collateral.is_zero() {
            return None;
        }
        (weighted * 10_000u32 / &self.collateral).to_u64()
    }
}
