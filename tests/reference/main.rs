//! Differential tests: the engine against reference implementations from npm and PyPI, on thousands of random cases.
//!
//! `make test-reference` installs the references at pinned versions and runs this target. Without them (a plain
//! `cargo test`) nothing is compared, and every test says so on stderr. `REFERENCE_SEED` sets the seed of the cases;
//! a failure prints it.

#![cfg(test)]

mod aave_contract;
mod aave_liquidation;
mod aave_market;
mod aave_sdk;
mod backtests;
mod compound;
mod covariance;
mod curve;
mod depeg;
mod draw;
mod driver;
mod filtered;
mod gauge;
mod joint;
mod liquidation;
mod monte_carlo;
mod morpho;
mod parametric;
mod passage;
mod paths;
mod philox;
mod returns;
mod statistics;
mod uniswap;
mod volatility;
mod webhooks;
