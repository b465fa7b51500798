//! Wire forms of each method's tails, with what it takes to compute them again, and of the assets' correlation.

use risk_engine::report::{Correlation, MethodRisk};
use risk_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::summary::figures::{FigureBody, rfc3339};

/// VaR and expected shortfall by one method over one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MethodBody {
    /// `historical`, `ewma`, `cornish_fisher`, `filtered_historical` or `monte_carlo`.
    pub method: String,
    /// Days ahead.
    pub horizon_days: u32,
    /// First UTC day whose return went in, `YYYY-MM-DD`; null where none did.
    pub from: Option<String>,
    /// Last UTC day whose return went in.
    pub to: Option<String>,
    /// n: the days, windows of days or paths that the tails are of.
    pub n: usize,
    /// What is done, in words.
    pub basis: String,
    /// Seed of the generator (Philox4x32-10), where one was used.
    pub seed: Option<u64>,
    /// Every parameter.
    pub parameters: Vec<ParameterBody>,
    /// The figures, or why there are none.
    pub tails: FigureBody<TailsBody>,
}

/// A parameter by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParameterBody {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// Losses in USD, positive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TailsBody {
    /// Value at risk at 95 %.
    pub var_95_usd: f64,
    /// Value at risk at 99 %.
    pub var_99_usd: f64,
    /// Expected shortfall at 95 %.
    pub es_95_usd: f64,
    /// Expected shortfall at 99 %.
    pub es_99_usd: f64,
}

/// Correlation of daily log returns from the wallet's Ledoit-Wolf covariance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CorrelationBody {
    /// The assets with the largest exposures, ten at most, largest first.
    pub assets: Vec<String>,
    /// Rows in the assets' order.
    pub matrix: Vec<Vec<f64>>,
    /// Weight of the shrinkage's target, 0 to 1.
    pub shrinkage: f64,
    /// Daily returns used.
    pub observations: usize,
}

impl MethodBody {
    /// A method of a report.
    pub(super) fn of(risk: &MethodRisk) -> Self {
        Self {
            method: risk.method.name().to_owned(),
            horizon_days: risk.horizon_days,
            from: risk.window.map(|window| date(window.first_day)),
            to: risk.window.map(|window| date(window.end_day.saturating_sub(1))),
            n: risk.scenarios,
            basis: risk.basis.to_owned(),
            seed: risk.seed,
            parameters: risk
                .parameters
                .iter()
                .map(|(name, value)| ParameterBody { name: (*name).to_owned(), value: *value })
                .collect(),
            tails: risk
                .tails
                .clone()
                .map(|tails| TailsBody {
                    var_95_usd: tails.var_95.value(),
                    var_99_usd: tails.var_99.value(),
                    es_95_usd: tails.es_95.value(),
                    es_99_usd: tails.es_99.value(),
                })
                .into(),
        }
    }
}

impl CorrelationBody {
    /// The correlation of a report.
    pub(super) fn of(correlation: &Correlation) -> Self {
        let assets = correlation.assets.iter().map(|(asset, symbol)| format!("{symbol} ({asset})"));
        let matrix = &correlation.matrix;
        Self {
            assets: assets.collect(),
            matrix: (0..matrix.size()).map(|row| matrix.row(row).to_vec()).collect(),
            shrinkage: correlation.shrinkage,
            observations: correlation.observations,
        }
    }
}

/// A day since the epoch as a date.
fn date(day: u64) -> String {
    let text = rfc3339(Timestamp::new(day.saturating_mul(86_400)));
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date() {
        assert_eq!([date(0), date(19_782)], ["1970-01-01", "2024-02-29"]);
    }
}
