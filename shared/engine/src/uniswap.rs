//! Uniswap V3: a position of the `NonfungiblePositionManager` in its pool, in the contracts' own integers.
//!
//! Source: Uniswap v3-core and v3-periphery; the golden amounts are those of `@uniswap/v3-sdk`.

pub mod liquidity;
#[cfg(test)]
mod tests;
pub mod tick;

use std::sync::Arc;

use risk_model::{Address, ChainId, GapReason, Protocol, U256};

use self::liquidity::{Q96, amounts, fee_growth_inside, fees_owed};
use self::tick::{MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at};
use crate::lending::Fault;
use crate::pool::{Claim, Counted, Facts, Liquidity, PoolToken, PriceRange};
use crate::position::Block;
use crate::quantity::{power_of_ten, whole};

/// Seconds that a pool's average price is taken over.
pub const AVERAGE_SECONDS: u32 = 1_800;

/// The price that the next swap begins at.
const SPOT: &str = "price in slot0";
/// The mean over the half hour before the block.
const AVERAGE: &str = "30-minute average price";

/// A pool at one block, shared by every position in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The chain.
    pub chain: ChainId,
    /// The pool contract.
    pub address: Address,
    /// Fee of a swap, millionths of its input.
    pub fee_pips: u32,
    /// `token0` and `token1`.
    pub tokens: [PoolToken; 2],
    /// `slot0.sqrtPriceX96`: square root of base units of `token1` for one of `token0`, Q64.96.
    pub sqrt_price: U256,
    /// `slot0.tick`.
    pub tick: i32,
    /// `feeGrowthGlobal0X128` and `feeGrowthGlobal1X128`.
    pub fee_growth_global: [U256; 2],
    /// Mean tick of the last [`AVERAGE_SECONDS`], rounded down; `None` where the pool keeps no record as long.
    pub average_tick: Option<i32>,
    /// The block everything was read at.
    pub block: Block,
}

/// One end of a position's range, as the pool keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickState {
    /// The tick.
    pub tick: i32,
    /// `feeGrowthOutside0X128` and `feeGrowthOutside1X128`; zero for a tick that no liquidity ends at.
    pub fee_growth_outside: [U256; 2],
}

/// One NFT: liquidity in a range of prices, with fees.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Its pool.
    pub pool: Arc<Pool>,
    /// The NFT's number.
    pub token_id: U256,
    /// Liquidity, in the contract's own unit.
    pub liquidity: u128,
    /// Lower end of the range.
    pub lower: TickState,
    /// Upper end of the range.
    pub upper: TickState,
    /// `feeGrowthInside0LastX128` and `feeGrowthInside1LastX128`: what was inside when fees were last counted.
    pub fee_growth_inside_last: [U256; 2],
    /// `tokensOwed0` and `tokensOwed1`: counted then and not collected, base units.
    pub tokens_owed: [u128; 2],
}

impl Pool {
    /// Base units of `token1` for one of `token0`, as whole tokens of each.
    fn price_of(&self, sqrt_price: U256) -> f64 {
        let root = f64::from(sqrt_price) / f64::from(Q96);
        let [first, second] = &self.tokens;
        root * root * power_of_ten(first.decimals) / power_of_ten(second.decimals)
    }

    /// The square root price at which nobody could profit from the pool while its tokens trade at `usd`, within the
    /// prices a pool can have; `None` where the ratio is no number.
    fn market_sqrt_price(&self, [first, second]: [f64; 2]) -> Option<U256> {
        let base = |usd: f64, token: &PoolToken| usd / power_of_ten(token.decimals);
        let ratio = base(first, &self.tokens[0]) / base(second, &self.tokens[1]);
        let scaled = libm::sqrt(ratio) * f64::from(Q96);
        let (least, most) = (f64::from(MIN_SQRT_RATIO), f64::from(MAX_SQRT_RATIO));
        let scaled = (!scaled.is_nan()).then(|| scaled.clamp(least, most))?;
        U256::try_from(scaled).ok()
    }

    fn is_possible(&self) -> bool {
        self.sqrt_price >= MIN_SQRT_RATIO && self.sqrt_price < MAX_SQRT_RATIO
    }
}

impl Position {
    /// Whether the pool's price is in the range, by the contract's own comparison of ticks.
    #[must_use]
    pub fn is_in_range(&self) -> bool {
        self.lower.tick <= self.pool.tick && self.pool.tick < self.upper.tick
    }

    /// The square root prices at the ends of the range.
    fn ends(&self) -> Result<[U256; 2], Fault> {
        let ends = sqrt_ratio_at(self.lower.tick).zip(sqrt_ratio_at(self.upper.tick));
        let ends = ends.filter(|_| self.lower.tick < self.upper.tick);
        ends.map(|(lower, upper)| [lower, upper]).ok_or_else(|| self.fault("its range of ticks is none"))
    }

    fn amounts_at(&self, sqrt_price: U256) -> Result<[U256; 2], Fault> {
        let [lower, upper] = self.ends()?;
        amounts(self.liquidity, lower, upper, sqrt_price)
            .ok_or_else(|| self.fault("its liquidity does not fit"))
    }

    /// Fees of both tokens that `collect` would pay.
    fn fees(&self) -> Result<[u128; 2], Fault> {
        let fees = |token: usize| {
            let lower = (self.lower.fee_growth_outside[token], self.pool.tick >= self.lower.tick);
            let upper = (self.upper.fee_growth_outside[token], self.pool.tick < self.upper.tick);
            let inside = fee_growth_inside(self.pool.fee_growth_global[token], lower, upper);
            fees_owed(self.liquidity, inside, self.fee_growth_inside_last[token], self.tokens_owed[token])
                .ok_or_else(|| self.fault("its fees do not fit"))
        };
        Ok([fees(0)?, fees(1)?])
    }

    fn claims(&self) -> Result<Vec<Claim>, Fault> {
        if !self.pool.is_possible() {
            return Err(self.fault("its pool's price is none that a pool can have"));
        }
        let (amounts, fees) = (self.amounts_at(self.pool.sqrt_price)?, self.fees()?);
        Ok(amounts
            .into_iter()
            .zip(fees)
            .map(|(amount, fees)| Claim { amount, fees: U256::from(fees) })
            .collect())
    }

    fn range(&self) -> Option<PriceRange> {
        let [lower, upper] = self.ends().ok()?.map(|end| self.pool.price_of(end));
        let average = self.pool.average_tick.and_then(sqrt_ratio_at);
        Some(PriceRange {
            lower,
            upper,
            price: self.pool.price_of(self.pool.sqrt_price),
            average_price: average.map(|root| self.pool.price_of(root)),
            is_in_range: self.is_in_range(),
        })
    }

    fn fault(&self, what: &str) -> Fault {
        Fault { reason: GapReason::Malformed, message: format!("{}: {what}", self.key()) }
    }

    fn key(&self) -> String {
        let pool = &self.pool;
        format!("{}:{}:{:#x}:{}", Protocol::UniswapV3, pool.chain, pool.address, self.token_id)
    }
}

impl Liquidity for Position {
    fn facts(&self) -> Facts {
        Facts {
            key: self.key(),
            protocol: Protocol::UniswapV3,
            chain: self.pool.chain,
            contract: self.pool.address,
            block: self.pool.block,
            tokens: self.pool.tokens.to_vec(),
            claims: self.claims(),
            range: self.range(),
            stuck_share: 0.0,
        }
    }

    /// At market prices p₀ and p₁ the amounts at a square root price s are worth `L(1/s − 1/B)p₀ + L(s − A)p₁`, which
    /// is least where s² = p₀ ÷ p₁: there they are counted, so that no price a pool is moved to makes them worth more.
    fn counted(&self, usd: &[f64]) -> Result<Counted, Fault> {
        let &[first, second] = usd else {
            return Err(self.fault("a pool of two tokens has two prices"));
        };
        if !self.pool.is_possible() {
            return Err(self.fault("its pool's price is none that a pool can have"));
        }
        let market = self.pool.market_sqrt_price([first, second]);
        let market = market.ok_or_else(|| self.fault("its tokens' prices cannot be divided"))?;
        let (amounts, fees) = (self.amounts_at(market)?, self.fees()?);
        let counted = amounts.into_iter().zip(fees).zip(&self.pool.tokens);
        let counted = counted.map(|((amount, fees), token)| {
            whole(amount, token.decimals) + whole(U256::from(fees), token.decimals)
        });
        let average = self.pool.average_tick.and_then(sqrt_ratio_at);
        let prices = [(SPOT, Some(self.pool.sqrt_price)), (AVERAGE, average)];
        let market_price = first / second;
        let distance = |root: U256| (self.pool.price_of(root) / market_price - 1.0).abs();
        let distances = prices.into_iter().filter_map(|(name, root)| Some((name, distance(root?))));
        Ok(Counted { amounts: counted.collect(), distances: distances.collect() })
    }
}
