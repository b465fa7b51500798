//! Curve pools by their LP tokens: the invariant, what a withdrawal pays, and the least that an LP token is worth.
//!
//! `virtual price × 1 USD` hides a depeg: a pool whose one coin fails is drained of the others, and its LP token is worth
//! the failed coin. So what is counted is the virtual price in the cheapest coin (risk-math C.1.9).

mod invariant;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use risk_model::{Address, ChainId, GapReason, Protocol, U256};

use crate::aave::fixed::{Overflow, WAD, mul_div_floor};
use crate::lending::Fault;
use crate::pool::{Claim, Counted, Facts, Liquidity, PoolToken};
use crate::position::Block;
use crate::quantity::whole;

pub use invariant::{Amplification, FEE_DENOMINATOR, invariant, withdraw_one_coin};

/// Decimals of every LP token and of the common precision.
const DECIMALS: u8 = 18;
/// Most by which the virtual price that a pool answers may differ from the one that its balances give, fraction: more
/// means that its rules are not the ones computed with here.
const MAX_DIFFERENCE: f64 = 1e-6;

/// What a pool's kind adds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// StableSwap (v1): coins that are meant to trade at their rates.
    Stable {
        /// The amplification now.
        amp: Amplification,
        /// 1e18 for 1: brings each coin's balance to 18 decimals and to what it stands for.
        rates: Vec<U256>,
        /// Fee of an exchange, of 1e10.
        fee: U256,
        /// `get_virtual_price()`: D for one LP token, wad.
        virtual_price: U256,
    },
    /// CryptoSwap (v2): coins that trade at any price.
    Crypto {
        /// `lp_price()`: the first coin for one LP token, wad, by the pool's own moving average.
        lp_price: U256,
    },
}

/// A pool at one block, shared by every position in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The chain.
    pub chain: ChainId,
    /// The pool contract.
    pub address: Address,
    /// Its LP token, of 18 decimals.
    pub lp_token: Address,
    /// Its coins.
    pub tokens: Vec<PoolToken>,
    /// What it holds of each, base units, in that order.
    pub balances: Vec<U256>,
    /// LP tokens in all.
    pub supply: U256,
    /// What its kind adds.
    pub kind: Kind,
    /// The block everything was read at.
    pub block: Block,
}

/// LP tokens of a wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The pool.
    pub pool: Arc<Pool>,
    /// How many, base units.
    pub amount: U256,
}

impl Pool {
    /// Each balance in the common precision, by the rates of a stable pool.
    fn scaled(&self, rates: &[U256]) -> Result<Vec<U256>, Overflow> {
        if rates.len() != self.balances.len() || self.balances.len() < 2 {
            return Err(Overflow);
        }
        self.balances.iter().zip(rates).map(|(balance, rate)| mul_div_floor(*balance, *rate, WAD)).collect()
    }

    /// The virtual price that a stable pool's balances give, wad: `D × 1e18 ÷ supply`. `None` for other kinds.
    ///
    /// # Errors
    /// Why it cannot be computed.
    pub fn virtual_price(&self) -> Result<Option<U256>, Fault> {
        let Kind::Stable { amp, rates, .. } = &self.kind else { return Ok(None) };
        let price = self
            .scaled(rates)
            .and_then(|balances| invariant(&balances, *amp))
            .and_then(|d| mul_div_floor(d, WAD, self.supply));
        price.map(Some).map_err(|Overflow| too_large())
    }
}

impl Position {
    /// What leaving in one coin would pay now, fees taken, base units of the coin: `calc_withdraw_one_coin`. `None` for
    /// pools that are not stable.
    ///
    /// # Errors
    /// The contract would revert.
    pub fn exit(&self, coin: usize) -> Result<Option<U256>, Fault> {
        let pool = &*self.pool;
        let Kind::Stable { amp, rates, fee, .. } = &pool.kind else { return Ok(None) };
        let paid = pool.scaled(rates).and_then(|balances| {
            withdraw_one_coin(&balances, rates, (*amp, *fee), (self.amount, pool.supply), coin)
        });
        paid.map(Some).map_err(|Overflow| too_large())
    }

    /// `remove_liquidity`: the wallet's share of each balance, floored.
    fn claims(&self) -> Result<Vec<Claim>, Overflow> {
        let share = |balance: &U256| mul_div_floor(*balance, self.amount, self.pool.supply);
        // Fees stay in the pool: they are part of its balances.
        let claim = |balance| share(balance).map(|amount| Claim { amount, fees: U256::ZERO });
        self.pool.balances.iter().map(claim).collect()
    }

    /// The virtual price to count with: the lower of what the pool answers and what its balances give.
    fn stable_price(&self, read: U256) -> Result<U256, Fault> {
        let computed = self.pool.virtual_price()?.unwrap_or(read);
        let difference = f64::from(read.abs_diff(computed)) / f64::from(computed);
        // Written so that a difference that is no number is one too.
        let agrees = difference <= MAX_DIFFERENCE;
        if agrees {
            return Ok(read.min(computed));
        }
        let message = "the pool's virtual price is not the one that its balances give".to_owned();
        Err(Fault { reason: GapReason::Malformed, message })
    }

    /// All of it in the coin in which it is worth least.
    fn in_cheapest(&self, usd: &[f64], rates: &[U256], price: U256) -> Result<Vec<f64>, Fault> {
        let units = whole(price, DECIMALS) * whole(self.amount, DECIMALS);
        // Whole coins for one unit of D: 1 where a coin stands for itself.
        let coins =
            |(token, rate): (&PoolToken, &U256)| 1.0 / whole(*rate, 36_u8.saturating_sub(token.decimals));
        let each: Vec<f64> = self.pool.tokens.iter().zip(rates).map(coins).collect();
        let worth = each.iter().zip(usd).map(|(coins, usd)| coins * usd);
        let (cheapest, _) = worth.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).ok_or_else(too_large)?;
        let amounts = each.iter().enumerate();
        Ok(amounts.map(|(place, coins)| if place == cheapest { units * coins } else { 0.0 }).collect())
    }

    /// The lower of the pool's own price in its first coin and the wallet's share of what it holds.
    fn crypto(&self, usd: &[f64], lp_price: U256) -> Result<Counted, Fault> {
        let pool = &*self.pool;
        let claims = self.claims().map_err(|Overflow| too_large())?;
        let share: Vec<f64> = claims
            .iter()
            .zip(&pool.tokens)
            .map(|(claim, token)| whole(claim.amount, token.decimals))
            .collect();
        let share_usd: f64 = share.iter().zip(usd).map(|(amount, usd)| amount * usd).sum();
        let first = whole(lp_price, DECIMALS) * whole(self.amount, DECIMALS);
        let first_usd = first * usd.first().copied().unwrap_or(f64::NAN);
        let distance = (first_usd / share_usd - 1.0).abs();
        let in_first = (0..share.len()).map(|place| if place == 0 { first } else { 0.0 });
        let amounts = if first_usd <= share_usd { in_first.collect() } else { share };
        Ok(Counted { amounts, distances: vec![("price of its LP token", distance)] })
    }
}

impl Liquidity for Position {
    fn facts(&self) -> Facts {
        let pool = &*self.pool;
        Facts {
            key: format!("{}:{}:{:#x}", Protocol::Curve, pool.chain, pool.address),
            protocol: Protocol::Curve,
            chain: pool.chain,
            contract: pool.address,
            block: pool.block,
            tokens: pool.tokens.clone(),
            claims: self.claims().map_err(|Overflow| too_large()),
            range: None,
            stuck_share: 0.0,
        }
    }

    fn counted(&self, usd: &[f64]) -> Result<Counted, Fault> {
        if usd.len() != self.pool.tokens.len() || self.pool.balances.len() != usd.len() {
            return Err(too_large());
        }
        match &self.pool.kind {
            Kind::Crypto { lp_price } => self.crypto(usd, *lp_price),
            Kind::Stable { rates, virtual_price, .. } => {
                let amounts = self.in_cheapest(usd, rates, self.stable_price(*virtual_price)?)?;
                if amounts.iter().all(|amount| amount.is_finite()) {
                    Ok(Counted { amounts, distances: Vec::new() })
                } else {
                    Err(too_large())
                }
            }
        }
    }
}

fn too_large() -> Fault {
    Fault {
        reason: GapReason::Malformed,
        message: "the numbers of the pool do not fit the contract's".to_owned(),
    }
}
