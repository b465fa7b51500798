//! Morpho Blue accounts in exact integers: one isolated market, a wallet's part of it, and the contract's own maths.

mod account;
mod lending;
mod shares;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use risk_model::{Address, Asset, B256, ChainId, U256};

use crate::position::Block;

pub use account::{Liquidated, Standing, accrued, liquidated, liquidation_price, standing};
pub use shares::{ORACLE_PRICE_SCALE, incentive_factor};

/// A token of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: Arc<str>,
    /// Decimals of its amounts.
    pub decimals: u8,
}

/// What a market holds in all, as `market(id)` answers: of the last accrual, not of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Supplied, base units of the loan token.
    pub supply_assets: U256,
    /// Shares of it.
    pub supply_shares: U256,
    /// Borrowed, base units of the loan token.
    pub borrow_assets: U256,
    /// Shares of it.
    pub borrow_shares: U256,
    /// Unix seconds of the last accrual.
    pub last_update: u64,
}

/// One market: a loan token, a collateral token, an oracle, an interest rate model and a threshold, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Its chain.
    pub chain: ChainId,
    /// The Morpho contract.
    pub morpho: Address,
    /// `keccak256(abi.encode(loanToken, collateralToken, oracle, irm, lltv))`.
    pub id: B256,
    /// The block everything here was read at.
    pub block: Block,
    /// What is lent and borrowed, and what the oracle quotes in.
    pub loan: Token,
    /// What secures it; `None` in an idle market, which takes no collateral.
    pub collateral: Option<Token>,
    /// `IOracle.price()`: loan tokens for a collateral token, both in base units, × 1e36; `None` where it gave none.
    /// A price of zero is one: the contract takes it, and every debt is then unhealthy.
    pub price: Option<U256>,
    /// When the oracle's source was last updated, Unix seconds, where it could be read.
    pub price_updated_at: Option<u64>,
    /// Liquidation loan to value, wad: the largest debt for a value of collateral.
    pub lltv: U256,
    /// `IIrm.borrowRateView` at the block, wad a second (0 without a model); `None` where it could not be read.
    pub borrow_rate: Option<U256>,
    /// The protocol's part of the interest, wad.
    pub fee: U256,
    /// What it holds.
    pub totals: Totals,
}

/// A wallet's part of a market, as `position(id, user)` answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Shares of what is lent.
    pub supply_shares: U256,
    /// Shares of what is owed.
    pub borrow_shares: U256,
    /// Collateral, base units. It earns nothing.
    pub collateral: U256,
}

/// A wallet's account in one market, shared by every account of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The market.
    pub market: Arc<Market>,
    /// The wallet's part of it.
    pub position: Position,
}

/// Why an account cannot be computed. Never a reason to call it healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketError {
    /// The oracle gave no price.
    Unpriced,
    /// The interest rate was not read and interest is due.
    UnreadRate,
    /// A number does not fit: the contract would revert.
    Overflow,
    /// The market's block is older than its last accrual.
    BlockBeforeUpdate,
}

impl fmt::Display for MarketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unpriced => "the market's oracle has no price",
            Self::UnreadRate => "the market's interest rate was not read",
            Self::Overflow => "the numbers of the market do not fit the contract's",
            Self::BlockBeforeUpdate => "the block is older than the market's last accrual",
        })
    }
}

impl std::error::Error for MarketError {}
