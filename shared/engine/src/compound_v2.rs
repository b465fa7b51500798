//! Compound V2 in exact integers: the cToken markets of one Comptroller, a wallet's part of them, and the contract's maths.

mod account;
mod lending;
mod liquidation;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use risk_model::{Address, Asset, ChainId, U256};

use crate::position::Block;

pub use account::{AccountError, Liquidity, liquidity};

/// One cToken market, accrued to the block of its [`Comptroller`].
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// The cToken: a deposit, never a holding of its own.
    pub c_token: Address,
    /// The underlying.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: Arc<str>,
    /// Decimals of the underlying.
    pub decimals: u8,
    /// `exchangeRateCurrent`: underlying base units for one cToken base unit, wad.
    pub exchange_rate: U256,
    /// `getUnderlyingPrice`: USD of one base unit of the underlying, scaled by 1e36 (1e18 of a USD × 1e18), so that a
    /// whole token's price has `36 − decimals` decimals; `None` where the oracle gave none (0 or revert).
    pub price: Option<U256>,
    /// When the oracle's source was last updated, Unix seconds, where it could be read.
    pub price_updated_at: Option<u64>,
    /// Share of the value that may be borrowed against, and that liquidates: wad; 0 is no collateral.
    pub collateral_factor: U256,
    /// Interest on debts, wad a block, where it could be read.
    pub borrow_rate: Option<U256>,
    /// Interest on supplies, wad a block, where it could be read.
    pub supply_rate: Option<U256>,
    /// Underlying in the contract, base units, where it could be read.
    pub cash: Option<U256>,
    /// The share of seized cTokens that goes to the reserves, wad; 0 in cTokens of before that share.
    pub protocol_seize_share: U256,
    /// No new supply (`mintGuardianPaused`).
    pub is_mint_paused: bool,
    /// Whether any debt in it may be liquidated in full, with a shortfall or without (`isDeprecated`).
    pub is_deprecated: bool,
}

/// The Comptroller and its markets at one block.
#[derive(Clone, Debug, PartialEq)]
pub struct Comptroller {
    /// Its chain.
    pub chain: ChainId,
    /// The Comptroller (Unitroller).
    pub address: Address,
    /// The block everything here was read at.
    pub block: Block,
    /// The share of a debt that one liquidation may repay, wad.
    pub close_factor: U256,
    /// What a liquidator gets for the value repaid, wad (1.08e18 is 8 % more).
    pub liquidation_incentive: U256,
    /// Every market, by position.
    pub markets: Vec<Market>,
}

/// A wallet's part of one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketPosition {
    /// Index into `Comptroller::markets`.
    pub market: usize,
    /// Balance of the cToken, its base units (8 decimals).
    pub c_tokens: U256,
    /// `borrowBalanceCurrent`: owed with interest to the block, base units of the underlying.
    pub owed: U256,
    /// Whether the wallet has entered the market (`getAssetsIn`): only then does anything of it count.
    pub is_entered: bool,
}

/// A wallet's account with the Comptroller it is in, shared by every account of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The Comptroller.
    pub comptroller: Arc<Comptroller>,
    /// The wallet's part of each market that it has entered or holds cTokens of.
    pub positions: Vec<MarketPosition>,
}
