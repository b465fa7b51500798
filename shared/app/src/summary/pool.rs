//! Wire forms of positions in liquidity pools.

use risk_engine::report::{PoolLegReport, PoolReport, RangeReport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::{FigureBody, number, rfc3339, usd};

/// One position in a liquidity pool. Value, concentration and market risk count it token by token, at the least that
/// it is worth at market prices whatever price the pool itself shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PoolBody {
    /// Stable name within the wallet.
    pub key: String,
    /// The protocol.
    pub protocol: String,
    /// The chain.
    pub chain: String,
    /// The pool contract.
    pub pool: String,
    /// The block it was read at.
    pub block: u64,
    /// The block's own time, RFC 3339.
    pub observed_at: String,
    /// What is counted, fees included, by market prices.
    pub value_usd: FigureBody<f64>,
    /// What the contracts would pay out now, fees included, by market prices.
    pub claim_value_usd: FigureBody<f64>,
    /// Fees earned and not collected, by market prices.
    pub fees_usd: FigureBody<f64>,
    /// Where the liquidity lies, for pools in which it has a range of prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeBody>,
    /// Its tokens, in the pool's order.
    pub legs: Vec<PoolLegBody>,
}

/// One token of a position in a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PoolLegBody {
    /// Chain and contract.
    pub asset: String,
    /// Symbol as the contract gives it.
    pub symbol: String,
    /// Of the amounts.
    pub decimals: u8,
    /// What the contract would pay out for the liquidity now, base units.
    pub amount: FigureBody<String>,
    /// Fees earned and not collected, base units.
    pub fees: FigureBody<String>,
    /// What is counted, whole tokens, fees included.
    pub counted: FigureBody<f64>,
    /// The market, USD.
    pub price_usd: FigureBody<f64>,
    /// What is counted, by the market's price.
    pub value_usd: FigureBody<f64>,
}

/// A range of prices that liquidity lies in: whole second tokens for one whole first token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RangeBody {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// The pool's price now, which anyone can move for the length of a transaction.
    pub price: f64,
    /// The pool's mean price over the half hour before the block.
    pub average_price: FigureBody<f64>,
    /// The market's price.
    pub market_price: FigureBody<f64>,
    /// Whether the pool's price is inside, so that the position earns fees.
    pub is_in_range: bool,
}

impl From<&PoolReport> for PoolBody {
    fn from(pool: &PoolReport) -> Self {
        Self {
            key: pool.key.clone(),
            protocol: pool.protocol.to_string(),
            chain: pool.chain.to_string(),
            pool: pool.pool.to_checksum(None),
            block: pool.block.number,
            observed_at: rfc3339(pool.block.timestamp),
            value_usd: usd(&pool.value),
            claim_value_usd: usd(&pool.claim_value),
            fees_usd: usd(&pool.fees_value),
            range: pool.range.as_ref().map(Into::into),
            legs: pool.legs.iter().map(Into::into).collect(),
        }
    }
}

impl From<&PoolLegReport> for PoolLegBody {
    fn from(leg: &PoolLegReport) -> Self {
        Self {
            asset: leg.asset.to_string(),
            symbol: leg.symbol.clone(),
            decimals: leg.decimals,
            amount: leg.amount.clone().map(|amount| amount.to_string()).into(),
            fees: leg.fees.clone().map(|fees| fees.to_string()).into(),
            counted: number(&leg.counted),
            price_usd: usd(&leg.price),
            value_usd: usd(&leg.value),
        }
    }
}

impl From<&RangeReport> for RangeBody {
    fn from(range: &RangeReport) -> Self {
        Self {
            lower: range.lower,
            upper: range.upper,
            price: range.price,
            average_price: number(&range.average_price),
            market_price: number(&range.market_price),
            is_in_range: range.is_in_range,
        }
    }
}
