//! Aave accounts in exact integers: the market's reserves, a wallet's part of them, and the contract's own maths.
//!
//! V2, every line of V3, and Spark, which forked V3.

mod account;
pub(crate) mod fixed;
mod interest;
mod lending;
mod liquidation;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use risk_model::{Address, Asset, ChainId, Protocol, U256};

use crate::lending::Unit;
use crate::position::Block;

pub use account::{
    AccountData, AccountError, ReserveAmounts, account_data, balances, reserve_amounts, threshold_bps,
    variable_debt,
};
pub use fixed::{BPS, Overflow, RAY, WAD};
pub(crate) use fixed::{add, mul, mul_div_floor, unit};
pub use interest::{SECONDS_PER_YEAR, normalized_debt, normalized_income, stable_debt};

/// How a deployed pool rounds: by its revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Half-up ray maths everywhere, and yearly rates cut to whole rays a second before they compound: V2.
    PerSecond,
    /// Half-up ray maths everywhere: pools of the 3.0 to 3.4 lines.
    HalfUp,
    /// Balances rounded against the user, floors for collateral and ceils for debt: 3.5 and later.
    AgainstUser,
}

/// One reserve of a market, its configuration and its state at the market's block.
#[derive(Clone, Debug, PartialEq)]
pub struct Reserve {
    /// Bit of the reserve in every bitmap (`reserve.id`).
    pub id: u16,
    /// The underlying token.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: Arc<str>,
    /// Decimals of the underlying.
    pub decimals: u8,
    /// The interest-bearing token: never a holding of its own.
    pub a_token: Address,
    /// The variable debt token: never a holding of its own.
    pub variable_debt_token: Address,
    /// Ray (1e27), at `last_update`.
    pub liquidity_index: U256,
    /// Ray a year.
    pub liquidity_rate: U256,
    /// Ray, at `last_update`.
    pub variable_borrow_index: U256,
    /// Ray a year.
    pub variable_borrow_rate: U256,
    /// Unix seconds of the last index update.
    pub last_update: u64,
    /// The protocol oracle's price in base units for one whole token; `None` where the oracle gave none (0 or revert).
    pub price: Option<U256>,
    /// When the oracle's source was last updated, Unix seconds, where it could be read.
    pub price_updated_at: Option<u64>,
    /// Loan to value outside an e-mode, bps.
    pub ltv_bps: u16,
    /// Liquidation threshold outside an e-mode, bps; 0 is no collateral outside an e-mode.
    pub liquidation_threshold_bps: u16,
    /// Liquidation bonus outside an e-mode, bps (10500 = 5 %).
    pub liquidation_bonus_bps: u16,
    /// Share of a liquidation's bonus that the protocol keeps, bps, where it could be read; 0 on V2, which knows none.
    pub liquidation_protocol_fee_bps: Option<u16>,
    /// Not active, frozen or paused reserves.
    pub is_active: bool,
    /// No new supply or borrow.
    pub is_frozen: bool,
    /// Nothing at all, liquidations included.
    pub is_paused: bool,
    /// Underlying that could be withdrawn now, base units, where it could be read.
    pub available_liquidity: Option<U256>,
}

/// One e-mode category.
#[derive(Clone, Debug, PartialEq)]
pub struct EModeCategory {
    /// Its id, 1 to 255.
    pub id: u8,
    /// Loan to value, bps.
    pub ltv_bps: u16,
    /// Liquidation threshold, bps.
    pub liquidation_threshold_bps: u16,
    /// Liquidation bonus, bps.
    pub liquidation_bonus_bps: u16,
    /// Bit `reserve.id` set: collateral of the category.
    pub collateral_bitmap: u128,
    /// Bit `reserve.id` set: collateral of the category that lends nothing in it (3.6 and later; 0 before).
    pub ltv_zero_bitmap: u128,
    /// What the protocol calls it.
    pub label: Arc<str>,
}

/// One market of Aave V3, or of a protocol of the same shape, at one block.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// Whose: Aave V3, Aave V2 or Spark.
    pub protocol: Protocol,
    /// What its oracle prices in.
    pub unit: Unit,
    /// Its chain.
    pub chain: ChainId,
    /// The Pool contract.
    pub pool: Address,
    /// The Pool's `POOL_REVISION`, where it could be read.
    pub revision: Option<u64>,
    /// How this revision rounds.
    pub rounding: Rounding,
    /// The block everything here was read at.
    pub block: Block,
    /// Base units of one of the unit: 1e8 of a USD on every V3 market, 1e18 of an ether on V2.
    pub base_unit: U256,
    /// Every reserve, by position.
    pub reserves: Vec<Reserve>,
    /// Every e-mode category that a wallet of the batch is in.
    pub e_modes: Vec<EModeCategory>,
}

/// A wallet's part of one reserve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservePosition {
    /// Index into `Market::reserves`.
    pub reserve: usize,
    /// Scaled aToken balance, base units at index 1.
    pub scaled_a_token: U256,
    /// Scaled variable debt, base units at index 1.
    pub scaled_variable_debt: U256,
    /// Debt at a rate of the wallet's own, where it has any: V2, and V3 before 3.2.
    pub stable_debt: Option<StableDebt>,
    /// Whether the wallet uses the supply as collateral.
    pub is_collateral: bool,
}

/// A debt that grows at the rate it was taken at, apart from the reserve's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StableDebt {
    /// Owed at `last_update`, base units.
    pub principal: U256,
    /// The wallet's own rate, ray a year.
    pub rate: U256,
    /// Unix seconds of the wallet's last change of it.
    pub last_update: u64,
}

/// A wallet's account in one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The wallet's e-mode category, 0 for none.
    pub e_mode: u8,
    /// The reserves it supplies to or borrows from; all others are zero.
    pub reserves: Vec<ReservePosition>,
}

/// A wallet's account with the market it is in, shared by every account of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The market.
    pub market: Arc<Market>,
    /// The wallet's part of it.
    pub position: Position,
}
