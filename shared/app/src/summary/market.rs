//! Wire forms of market risk.

mod methods;

use risk_engine::report::Report;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::{FigureBody, number, usd};

pub use methods::{CorrelationBody, MethodBody, ParameterBody, TailsBody};

/// Market risk at current positions, losses positive; one day where nothing else is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketBody {
    /// Daily returns used.
    pub observations: usize,
    /// Days asked for.
    pub window_days: u32,
    /// Annualised over 365 days, fraction of net worth.
    pub volatility: FigureBody<f64>,
    /// The same by RiskMetrics' exponentially weighted variance, which looks at the last weeks.
    #[serde(default = "FigureBody::not_told")]
    pub ewma_volatility: FigureBody<f64>,
    /// The volatility in a crisis: every two assets that promise no dollar correlated at 0.9 at least.
    #[serde(default = "FigureBody::not_told")]
    pub stressed_volatility: FigureBody<f64>,
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
    /// VaR and expected shortfall by every method, for 1 and 7 days.
    #[serde(default)]
    pub methods: Vec<MethodBody>,
    /// How the largest assets move together.
    #[serde(default = "FigureBody::not_told")]
    pub correlation: FigureBody<CorrelationBody>,
    /// Effective number of bets: exp of the entropy of the principal components' shares of the variance; null for a
    /// wallet that does not move.
    #[serde(default = "FigureBody::not_told")]
    pub effective_bets: FigureBody<Option<f64>>,
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
            ewma_volatility: number(&market.ewma_volatility),
            stressed_volatility: number(&market.stressed_volatility),
            var_95_usd: usd(&market.var_95),
            var_99_usd: usd(&market.var_99),
            es_95_usd: usd(&market.es_95),
            es_99_usd: usd(&market.es_99),
            max_drawdown: number(&market.max_drawdown),
            methods: market.methods.iter().map(MethodBody::of).collect(),
            correlation: market.correlation.clone().map(|one| CorrelationBody::of(&one)).into(),
            effective_bets: market.effective_bets.clone().into(),
            gas_gwei: report
                .gas
                .iter()
                .map(|(chain, gwei)| GasBody { chain: chain.to_string(), gwei: *gwei })
                .collect(),
        }
    }
}
