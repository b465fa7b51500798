//! The parameters of the maths, each with its default, and the version of the formulas.

use crate::filtered::FilterParameters;
use crate::simulation::Draws;

/// Version of the formulas: it changes whenever the same inputs would give another report.
pub const MODEL: &str = "risk-engine/4";

/// What the maths can be tuned by. Everything else is fixed by the formulas.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Days of daily closes to look back on: 365.
    pub window_days: u32,
    /// Fewest daily returns a statistic is made of: 60.
    pub min_observations: usize,
    /// Most missing days in a row that the last close stands in for: 2.
    pub max_fill_days: u64,
    /// Oldest last close, in days before today: 2 (yesterday's may not be out yet).
    pub closes_max_age_days: u64,
    /// Hours of hourly closes to look back on: 2,160 (90 days).
    pub window_hours: u32,
    /// Fewest hourly returns that paths are drawn from: 720 (30 days).
    pub min_hourly_observations: usize,
    /// Most missing hours in a row that the last close stands in for: 2.
    pub max_fill_hours: u64,
    /// Oldest last hourly close, hours before now: 24. They are read anew every six.
    pub hourly_max_age_hours: u64,
    /// Seed of the market paths: 1. The same seed and closes give the same chances.
    pub seed: u64,
    /// Oldest block that positions are taken from, seconds: 300.
    pub block_max_age_seconds: u64,
    /// Oldest update of a protocol's oracle, seconds: 90,000 (a day's heartbeat and an hour of slack).
    pub oracle_max_age_seconds: u64,
    /// Oldest market quote, seconds: 900.
    pub quote_max_age_seconds: u64,
    /// Furthest a time may lie in the future before it is refused, seconds: 120.
    pub max_clock_skew_seconds: u64,
    /// |oracle − market| ÷ market from which the two are said to differ, fraction: 0.05.
    pub max_divergence: f64,
    /// Share of an asset's daily volume that can be sold without moving its price, fraction: 0.10.
    pub participation: f64,
    /// Health factor under which a cure is recommended: 1.25.
    pub cure_below: f64,
    /// Health factor that a cure leads to: 1.5.
    pub cure_target: f64,
    /// Share of a sale's value that fees and slippage take, fraction: 0.01.
    pub swap_cost: f64,
    /// How filtered historical simulation follows the volatility.
    pub filter: FilterParameters,
    /// Seed, paths and tails of the simulations.
    pub draws: Draws,
    /// Gas that a liquidation takes with the swaps around it, units: 600,000. Receipts of one each on Ethereum say
    /// 612,229 (Aave V3) and 411,930 (Aave V2); what a rollup pays for its data on Ethereum is not in it.
    pub liquidation_gas_units: f64,
    /// Gas that a repayment takes with the approval before it, units: 300,000. A repayment alone is about 200,000 on
    /// Aave V3; it only tells what a cure costs.
    pub repayment_gas_units: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            window_days: 365,
            min_observations: 60,
            max_fill_days: 2,
            closes_max_age_days: 2,
            window_hours: 2_160,
            min_hourly_observations: 720,
            max_fill_hours: 2,
            hourly_max_age_hours: 24,
            seed: 1,
            block_max_age_seconds: 300,
            oracle_max_age_seconds: 90_000,
            quote_max_age_seconds: 900,
            max_clock_skew_seconds: 120,
            max_divergence: 0.05,
            participation: 0.10,
            cure_below: 1.25,
            cure_target: 1.5,
            swap_cost: 0.01,
            filter: FilterParameters::default(),
            draws: Draws::default(),
            liquidation_gas_units: 600_000.0,
            repayment_gas_units: 300_000.0,
        }
    }
}
