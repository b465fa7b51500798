//! Wire form of what sudden moves would leave.

use risk_engine::report::StressReport;
use risk_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::{FigureBody, HealthFactorBody, rfc3339, usd};

/// What a sudden move of prices would leave of the wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StressBody {
    /// The shock's name.
    pub name: String,
    /// For a replay of past closes: when it began, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For a replay of past closes: when it ended, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Gain of the net worth by market prices; a loss is negative.
    pub change_usd: FigureBody<f64>,
    /// Net worth after it.
    pub net_worth_usd: FigureBody<f64>,
    /// The worst account's after it, by its protocol's oracle.
    pub health_factor: HealthFactorBody,
    /// The worst account's after it, by market prices.
    pub market_health_factor: HealthFactorBody,
    /// Accounts that could then be liquidated.
    pub liquidated: Vec<String>,
}

impl From<&StressReport> for StressBody {
    fn from(stress: &StressReport) -> Self {
        // The close of a day is the last moment of it.
        let close = |day: u64| rfc3339(Timestamp::new(day.saturating_add(1).saturating_mul(86_400)));
        Self {
            name: stress.name.clone(),
            from: stress.days.map(|(from, _)| close(from)),
            to: stress.days.map(|(_, to)| close(to)),
            change_usd: usd(&stress.change),
            net_worth_usd: usd(&stress.net_worth),
            health_factor: (&stress.health_factor).into(),
            market_health_factor: (&stress.market_health_factor).into(),
            liquidated: stress.liquidated.clone(),
        }
    }
}
