//! A position in a liquidity pool of any protocol, as every measure sees it: the same questions, answered by its own
//! protocol's maths.
//!
//! A pool's own price can be moved for one transaction by anyone with a flash loan, and what a position holds of each
//! token follows that price. So two amounts are kept apart: the claim, which the contract would pay out now, and what
//! is counted, which is the least that the position is worth at market prices whatever price the pool shows.

use std::sync::Arc;

use risk_model::{Address, Asset, ChainId, Protocol, U256};

use crate::curve;
use crate::lending::Fault;
use crate::position::Block;
use crate::uniswap;

/// One of the tokens that a pool trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolToken {
    /// Which token.
    pub asset: Asset,
    /// Its symbol as the contract gives it.
    pub symbol: Arc<str>,
    /// Decimals of its amounts.
    pub decimals: u8,
}

/// What the contracts would pay out of one token now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// For the liquidity, at the pool's own price, base units, rounded as the contract rounds it.
    pub amount: U256,
    /// Fees earned and not collected, base units.
    pub fees: U256,
}

/// A position as its protocol's own maths gives it at its block.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Stable name within the wallet: protocol, chain, contract, and what tells it from others there.
    pub key: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The chain.
    pub chain: ChainId,
    /// The pool.
    pub contract: Address,
    /// The block everything was read at.
    pub block: Block,
    /// The tokens of the pool, in its own order.
    pub tokens: Vec<PoolToken>,
    /// One claim for each token, in that order, or why they cannot be computed.
    pub claims: Result<Vec<Claim>, Fault>,
    /// Where the liquidity lies, for pools in which it has a range of prices.
    pub range: Option<PriceRange>,
    /// Share of the claims that the pool could not pay out now, fraction: 0 for pools that always pay.
    pub stuck_share: f64,
}

/// A range of prices that liquidity lies in. Prices are of whole first tokens in whole second tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceRange {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// The pool's price now. Anyone can move it for the length of a transaction.
    pub price: f64,
    /// The pool's mean price over the half hour before the block; `None` where the pool keeps no record as long.
    pub average_price: Option<f64>,
    /// Whether the pool's price is inside, so that the position earns fees.
    pub is_in_range: bool,
}

/// The least that a position is worth at market prices, and how far the pool's own price is from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Whole tokens of each token, fees included, in the pool's order.
    pub amounts: Vec<f64>,
    /// Each price that the pool itself gives, by name, and its distance from the market's: |pool ÷ market − 1|.
    pub distances: Vec<(&'static str, f64)>,
}

/// What every liquidity pool answers about a position in it.
pub trait Liquidity {
    /// The position by the contracts' own maths.
    fn facts(&self) -> Facts;

    /// The least that the position is worth when its tokens trade at `usd` (USD of one whole token, finite and above
    /// zero, in the pool's order), whatever price the pool shows at its block.
    ///
    /// # Errors
    /// The amounts cannot be computed: a number of the position is impossible or does not fit.
    fn counted(&self, usd: &[f64]) -> Result<Counted, Fault>;
}

/// A position in a pool of one of the protocols.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a wallet has a handful of positions, read far more often than moved"
)]
pub enum PoolPosition {
    /// Concentrated liquidity held as an NFT of Uniswap V3's `NonfungiblePositionManager`.
    UniswapV3(uniswap::Position),
    /// LP tokens of a Curve pool.
    Curve(curve::Position),
}

impl PoolPosition {
    /// The protocol that the pool is of.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::UniswapV3(_) => Protocol::UniswapV3,
            Self::Curve(_) => Protocol::Curve,
        }
    }

    /// The tokens of the pool: what must be priced.
    pub fn tokens(&self) -> impl Iterator<Item = &PoolToken> {
        match self {
            Self::UniswapV3(position) => position.pool.tokens.iter(),
            Self::Curve(position) => position.pool.tokens.iter(),
        }
    }

    /// The token that stands for the position where there is one: no holding of its own, and to be kept among the
    /// wallet's known tokens, by which the position is found again.
    #[must_use]
    pub fn receipt(&self) -> Option<Asset> {
        match self {
            Self::UniswapV3(_) => None,
            Self::Curve(position) => Some(Asset::contract(position.pool.chain, position.pool.lp_token)),
        }
    }
}

impl Liquidity for PoolPosition {
    fn facts(&self) -> Facts {
        match self {
            Self::UniswapV3(position) => position.facts(),
            Self::Curve(position) => position.facts(),
        }
    }

    fn counted(&self, usd: &[f64]) -> Result<Counted, Fault> {
        match self {
            Self::UniswapV3(position) => position.counted(usd),
            Self::Curve(position) => position.counted(usd),
        }
    }
}
