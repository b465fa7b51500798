//! Compound III in exact integers: one Comet, a wallet's account in it, and the contract's own maths.

mod account;
mod interest;
mod lending;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use risk_model::{Address, Asset, ChainId, U256};

use crate::position::Block;

pub use account::{AccountError, Sums, sums};
pub use interest::{Indexes, indexes};

/// 1e15: the unit of a Comet's indexes.
pub const INDEX_SCALE: U256 = U256::from_limbs([1_000_000_000_000_000, 0, 0, 0]);

/// What a Comet's price feeds quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// US dollars.
    Usd,
    /// Something else: ether, or the base token itself. Prices are then told in whole base tokens, by the feeds alone.
    Base,
}

/// An interest rate by utilization: a base, and a slope on either side of the kink. All wad, rates a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    /// Rate at no utilization.
    pub base: U256,
    /// Slope up to the kink.
    pub slope_low: U256,
    /// Slope beyond it.
    pub slope_high: U256,
    /// Utilization of the kink.
    pub kink: U256,
}

/// The base token: the one that is lent.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// The token.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: Arc<str>,
    /// Its decimals.
    pub decimals: u8,
    /// What the feed says, 8 decimals; `None` where it gave none (0 or revert).
    pub price: Option<U256>,
    /// When the feed was last updated, Unix seconds, where it could be read.
    pub price_updated_at: Option<u64>,
    /// Base tokens in the contract, base units, where it could be read.
    pub available: Option<U256>,
}

/// One collateral asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Collateral {
    /// The token.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: Arc<str>,
    /// Its decimals; its scale is ten to their power.
    pub decimals: u8,
    /// What the feed says, 8 decimals; `None` where it gave none (0 or revert).
    pub price: Option<U256>,
    /// When the feed was last updated, Unix seconds, where it could be read.
    pub price_updated_at: Option<u64>,
    /// Share of the value that may be borrowed against, wad.
    pub borrow_factor: U256,
    /// Share of the value that keeps from liquidation, wad.
    pub liquidate_factor: U256,
    /// Share of the value that is credited when it is absorbed, wad.
    pub liquidation_factor: U256,
    /// Most of it that the Comet takes, base units.
    pub supply_cap: U256,
    /// What the Comet has of it, base units, where it could be read.
    pub supplied: Option<U256>,
}

/// One Comet at one block.
#[derive(Clone, Debug, PartialEq)]
pub struct Comet {
    /// Its chain.
    pub chain: ChainId,
    /// The proxy.
    pub address: Address,
    /// The block everything here was read at.
    pub block: Block,
    /// What its feeds quote.
    pub quote: Quote,
    /// The base token.
    pub base: Base,
    /// Every collateral, by its offset.
    pub collaterals: Vec<Collateral>,
    /// `baseSupplyIndex`, 1e15, at `last_accrual`.
    pub supply_index: U256,
    /// `baseBorrowIndex`, 1e15, at `last_accrual`.
    pub borrow_index: U256,
    /// `totalSupplyBase`: principal of all supplies, base units at index 1.
    pub total_supply: U256,
    /// `totalBorrowBase`: principal of all debts, base units at index 1.
    pub total_borrow: U256,
    /// Unix seconds of the last accrual.
    pub last_accrual: u64,
    /// What suppliers earn.
    pub supply_curve: Curve,
    /// What borrowers pay.
    pub borrow_curve: Curve,
    /// No supply, and so no repayment either.
    pub is_supply_paused: bool,
    /// No withdrawal, and so no borrow either.
    pub is_withdraw_paused: bool,
}

/// A wallet's part of a Comet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// `userBasic.principal`: base units at index 1, above zero for a supply and below for a debt.
    pub principal: i128,
    /// Index into `Comet::collaterals` and balance in base units, those of `assetsIn` only.
    pub collaterals: Vec<(usize, U256)>,
}

/// A wallet's account in one Comet, which is shared by every account of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The Comet.
    pub comet: Arc<Comet>,
    /// The wallet's part of it.
    pub position: Position,
}
