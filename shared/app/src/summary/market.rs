//! Wire forms of market risk.

use risk_engine::report::Report;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::{FigureBody, number, usd};

/// Market risk, one day, current positions, losses positive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketBody {
    /// Daily returns used.
    pub observations: usize,
    /// Days asked for.
    pub window_days: u32,
    /// Annualised over 365 days, fraction of net worth.
    pub volatility: FigureBody<f64>,
    /// Historical VaR at 95 %, USD.
    pub var_95_usd: FigureBody<f64>,
    /// Historical VaR at 99 %, USD.
    pub var_99_usd: FigureBody<f64>,
    /// Historical expected shortfall at 95 %, USD.
    pub es_95_usd: FigureBody<f64>,
    /// Historical expected shortfall at 99 %, USD.
    pub es_99_usd: FigureBody<f64>,
    /// Fraction, from a running peak that includes the start.
    pub max_drawdown: FigureBody<f64>,
    /// Gwei by chain, where known.
    pub gas_gwei: Vec<GasBody>,
}

/// Gas of one chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GasBody {
    /// The chain.
    pub chain: String,
    /// Gwei per gas.
    pub gwei: f64,
}

impl MarketBody {
    /// The market risk of a report.
    pub(super) fn of(report: &Report) -> Self {
        let market = &report.market;
        Self {
            observations: market.observations,
            window_days: market.window_days,
            volatility: number(&market.volatility),
            var_95_usd: usd(&market.var_95),
            var_99_usd: usd(&market.var_99),
            es_95_usd: usd(&market.es_95),
            es_99_usd: usd(&market.es_99),
            max_drawdown: number(&market.max_drawdown),
            gas_gwei: report
                .gas
                .iter()
                .map(|(chain, gwei)| GasBody { chain: chain.to_string(), gwei: *gwei })
                .collect(),
        }
    }
}
