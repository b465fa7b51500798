//! The report on a position in a liquidity pool.

use risk_model::{Address, Asset, ChainId, Figure, Protocol, U256, Usd};

use crate::position::Block;

/// One position in a liquidity pool. What is counted in the wallet's value, concentration and market risk is the
/// least that the position is worth at market prices, token by token.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolReport {
    /// Stable name of the position within its wallet, e.g. `uniswap_v3:ethereum:0x88e6…:1234`.
    pub key: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The chain.
    pub chain: ChainId,
    /// The pool contract.
    pub pool: Address,
    /// The block it was read at.
    pub block: Block,
    /// What is counted, fees included, at market prices.
    pub value: Figure<Usd>,
    /// What the contracts would pay out now, fees included, at market prices: more than what is counted where the pool
    /// is away from the market, because that would be gone after the first trade that brings it back.
    pub claim_value: Figure<Usd>,
    /// Fees earned and not collected, at market prices.
    pub fees_value: Figure<Usd>,
    /// Where the liquidity lies, for pools in which it has a range of prices.
    pub range: Option<RangeReport>,
    /// Its tokens, in the pool's order.
    pub legs: Vec<PoolLegReport>,
}

/// One token of a position in a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolLegReport {
    /// Which.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// Decimals of the amounts.
    pub decimals: u8,
    /// What the contract would pay out for the liquidity now, base units.
    pub amount: Figure<U256>,
    /// Fees earned and not collected, base units.
    pub fees: Figure<U256>,
    /// What is counted, whole tokens, fees included.
    pub counted: Figure<f64>,
    /// Market price, USD.
    pub price: Figure<Usd>,
    /// What is counted, at the market price.
    pub value: Figure<Usd>,
}

/// A range of prices that liquidity lies in: whole second tokens for one whole first token.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeReport {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// The pool's price now.
    pub price: f64,
    /// The pool's mean price over the half hour before the block.
    pub average_price: Figure<f64>,
    /// The market's price.
    pub market_price: Figure<f64>,
    /// Whether the pool's price is inside.
    pub is_in_range: bool,
}
