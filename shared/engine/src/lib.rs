//! The risk maths: positions and market data in; a report, its gaps and alarms out.
//!
//! No I/O, no clock and no randomness of its own. Every measure is a pure function of its arguments, so the same
//! inputs give the same report to the last bit.

pub mod aave;
pub mod alarm;
pub mod assess;
pub mod backtest;
pub mod compound_v2;
pub mod compound_v3;
pub mod concentration;
pub mod covariance;
pub mod cure;
pub mod curve;
pub mod filtered;
pub mod issuer;
pub mod lending;
pub mod liquidation;
pub mod loss;
pub mod market;
pub mod market_risk;
pub mod morpho;
pub mod parameters;
pub mod pool;
pub mod position;
pub mod prepared;
pub mod probability;
pub mod random;
pub mod report;
pub mod returns;
pub mod score;
pub mod simulate;
pub mod simulation;
pub mod stablecoin;
pub mod stress;
pub mod uniswap;

mod quantity;
#[cfg(test)]
mod specimen;

pub use assess::{account_key, assess, assess_one};
pub use parameters::{MODEL, Parameters};
pub use prepared::Prepared;
