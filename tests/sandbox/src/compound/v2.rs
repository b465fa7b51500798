//! Compound V2 arithmetic in arbitrary-precision integers, after the contracts' source (compound-protocol:
//! CToken, Comptroller, ExponentialNoError). It shares no code with the service.

use alloy_primitives::Address;
use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use crate::world::view::View;

/// 1e18.
pub(crate) const WAD: u64 = 1_000_000_000_000_000_000;

/// A cToken market; amounts in base units of the underlying, rates and factors wad, as of block `accrued_at`.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    /// Symbol of the cToken.
    pub(crate) symbol: String,
    /// Where it lives.
    pub(crate) address: Address,
    /// Place of the underlying on the chain; none for the chain's own coin.
    pub(crate) token: Option<usize>,
    /// Place of the underlying in the asset table.
    pub(crate) asset: usize,
    /// Decimals of the underlying.
    pub(crate) decimals: u8,
    /// Collateral factor.
    pub(crate) factor: u128,
    /// The protocol's share of seized cTokens; none in old code, which has no such function.
    pub(crate) seize_share: Option<u128>,
    /// The reserves' share of interest.
    pub(crate) reserve_factor: u128,
    /// Interest a block.
    pub(crate) borrow_rate: u64,
    /// The block of the last accrual.
    pub(crate) accrued_at: u64,
    /// Index of debts.
    pub(crate) borrow_index: u128,
    /// Underlying in the contract.
    pub(crate) cash: u128,
    /// All debts.
    pub(crate) borrows: u128,
    /// What belongs to the protocol.
    pub(crate) reserves: u128,
    /// All cTokens, 8 decimals.
    pub(crate) total_supply: u128,
    /// Whether every debt in it may be liquidated.
    pub(crate) is_deprecated: bool,
    /// Whether it takes no supply.
    pub(crate) is_paused: bool,
}

/// A wallet's part of a market.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    /// Place of the market.
    pub(crate) market: usize,
    /// cTokens, 8 decimals.
    pub(crate) c_tokens: u128,
    /// Debt when it was last touched.
    pub(crate) principal: u128,
    /// The index then.
    pub(crate) index: u128,
    /// Whether the market is entered.
    pub(crate) entered: bool,
}

/// A market accrued to a block.
pub(crate) struct Accrued {
    /// Index of debts.
    pub(crate) index: BigUint,
    /// Underlying of one cToken base unit, wad.
    pub(crate) exchange_rate: BigUint,
    /// All debts.
    pub(crate) borrows: BigUint,
}

impl Market {
    /// `accrueInterest` at a block.
    pub(crate) fn accrued(&self, number: u64) -> Accrued {
        let factor = BigUint::from(self.borrow_rate) * number.saturating_sub(self.accrued_at);
        let interest = &factor * self.borrows / WAD;
        let borrows = &interest + self.borrows;
        let reserves = BigUint::from(self.reserve_factor) * &interest / WAD + self.reserves;
        let index = &factor * self.borrow_index / WAD + self.borrow_index;
        let owned = &borrows + self.cash - reserves;
        Accrued { index, exchange_rate: owned * WAD / self.total_supply, borrows }
    }

    /// `getUnderlyingPrice` of a USD price with 8 decimals: 36 decimals less the underlying's.
    pub(crate) fn price(&self, price_e8: u128) -> BigUint {
        BigUint::from(price_e8) * BigUint::from(10u8).pow(28 - u32::from(self.decimals))
    }

    /// `supplyRatePerBlock`, wad.
    pub(crate) fn supply_rate(&self, number: u64) -> BigUint {
        let accrued = self.accrued(number);
        let used = &accrued.borrows * WAD / (&accrued.borrows + self.cash - self.reserves);
        let kept = BigUint::from(u128::from(WAD) - self.reserve_factor);
        used * (kept * self.borrow_rate / WAD) / WAD
    }
}

impl Position {
    /// `borrowBalanceCurrent` at an index.
    pub(crate) fn owed(&self, index: &BigUint) -> BigUint {
        if self.principal == 0 { BigUint::zero() } else { index * self.principal / self.index }
    }
}

/// What an account adds up to, in USD wad.
pub(crate) struct Totals {
    /// Σ collateral × factor.
    pub(crate) weighted: BigUint,
    /// Collateral of the entered markets that have a factor.
    pub(crate) collateral: BigUint,
    /// Debt.
    pub(crate) debt: BigUint,
}

impl Totals {
    /// Weighted collateral ÷ debt, wad; none without debt.
    pub(crate) fn health(&self) -> Option<BigUint> {
        (!self.debt.is_zero()).then(|| &self.weighted * WAD / &self.debt)
    }

    /// Weighted ÷ collateral in whole bps; none without collateral.
    pub(crate) fn average_bps(&self) -> Option<u64> {
        if self.collateral.is_zero() {
            return None;
        }
        (&self.weighted * 10_000u32 / &self.collateral).to_u64()
    }
}

/// `getHypotheticalAccountLiquidityInternal` at a block, over accrued markets.
pub(crate) fn totals(view: &View<'_>, positions: &[Position]) -> Totals {
    let zero = BigUint::zero;
    let mut totals = Totals { weighted: zero(), collateral: zero(), debt: zero() };
    for position in positions.iter().filter(|position| position.entered) {
        let Some(market) = view.chain.compound.markets.get(position.market) else { continue };
        let accrued = market.accrued(view.number);
        let price = market.price(view.oracle_e8(market.asset));
        let factored = BigUint::from(market.factor) * &accrued.exchange_rate / WAD;
        totals.weighted += factored * &price / WAD * position.c_tokens / WAD;
        totals.debt += &price * position.owed(&accrued.index) / WAD;
        if market.factor > 0 {
            totals.collateral += &price * (&accrued.exchange_rate * position.c_tokens / WAD) / WAD;
        }
    }
    totals
}
