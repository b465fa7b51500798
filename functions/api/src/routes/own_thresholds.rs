//! The thresholds of a watch, as they are asked for and answered.

use risk_app::records::Watch;
use risk_model::ThresholdName;
use serde::Serialize;
use utoipa::ToSchema;

/// Thresholds of a watch's own. An alert closes as far beyond its line as the service's own does.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(default)]
pub(crate) struct OwnThresholdsBody {
    /// `liquidation_risk`: health factor under which it opens whatever the chance; above 1 and at most 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_factor: Option<f64>,
    /// `liquidation_risk`: chance of liquidation within 24 h from which it opens, fraction.
    #[schema(minimum = 0.001, maximum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability_24h: Option<f64>,
    /// `health_factor_drop`: fall of a health factor from its highest of the last day, fraction.
    #[schema(minimum = 0.001, maximum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_factor_fall: Option<f64>,
    /// `high_volatility`: points of the volatility component.
    #[schema(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volatility_points: Option<f64>,
    /// `value_at_risk`: one-day VaR 99 % ÷ net worth, fraction.
    #[schema(minimum = 0.001, maximum = 10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_at_risk_share: Option<f64>,
    /// `over_exposure`: share of the largest asset, fraction.
    #[schema(minimum = 0.001, maximum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_share: Option<f64>,
    /// `low_liquidity`: days to sell.
    #[schema(minimum = 0.1, maximum = 3650)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liquidity_days: Option<f64>,
    /// `stablecoin_depeg`: |price − 1|.
    #[schema(minimum = 0.0001, maximum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depeg: Option<f64>,
    /// `oracle_divergence`: |oracle − market| ÷ market, fraction.
    #[schema(minimum = 0.001, maximum = 10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergence: Option<f64>,
    /// `oracle_stale`: age of an oracle's last update, seconds.
    #[schema(minimum = 60, maximum = 2592000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oracle_age_seconds: Option<f64>,
    /// `carry_liquidation`: days until interest alone liquidates.
    #[schema(minimum = 0.1, maximum = 3650)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carry_days: Option<f64>,
    /// `gas_spike`: gas price ÷ the normal one.
    #[schema(minimum = 1.1, maximum = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_multiple: Option<f64>,
    /// How long an alert that resolved by itself does not open again at the same severity, seconds.
    #[schema(minimum = 0, maximum = 604800)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_down_seconds: Option<f64>,
    /// How long the wallet may be unreadable before `data_blind` opens, seconds.
    #[schema(minimum = 0, maximum = 604800)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blindness_budget_seconds: Option<f64>,
}

impl From<&Watch> for OwnThresholdsBody {
    fn from(watch: &Watch) -> Self {
        let own = |name| watch.thresholds.of(name);
        Self {
            health_factor: watch.health_factor_threshold,
            probability_24h: own(ThresholdName::Probability24h),
            health_factor_fall: own(ThresholdName::HealthFactorFall),
            volatility_points: own(ThresholdName::VolatilityPoints),
            value_at_risk_share: own(ThresholdName::ValueAtRiskShare),
            asset_share: own(ThresholdName::AssetShare),
            liquidity_days: own(ThresholdName::LiquidityDays),
            depeg: own(ThresholdName::Depeg),
            divergence: own(ThresholdName::Divergence),
            oracle_age_seconds: own(ThresholdName::OracleAgeSeconds),
            carry_days: own(ThresholdName::CarryDays),
            gas_multiple: own(ThresholdName::GasMultiple),
            cool_down_seconds: own(ThresholdName::CoolDownSeconds),
            blindness_budget_seconds: own(ThresholdName::BlindnessBudgetSeconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use risk_model::{OwnThresholds, Timestamp, Wallet};
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn every_threshold_is_documented_with_its_bounds_and_answered_as_it_was_set() {
        let schema = serde_json::to_value(OwnThresholdsBody::schema()).unwrap();
        let mut own = OwnThresholds::new();
        for name in ThresholdName::ALL {
            let (least, most) = name.bounds();
            let documented = &schema["properties"][name.name()];
            assert_eq!(documented["minimum"].as_f64(), Some(least), "{name}");
            assert_eq!(documented["maximum"].as_f64(), Some(most), "{name}");
            own.set(*name, most).unwrap();
        }
        let watch = Watch {
            wallet: Wallet::new([7; 20].into()),
            label: None,
            health_factor_threshold: Some(1.5),
            thresholds: own,
            channels: None,
            min_severity: None,
            created_at: Timestamp::new(1),
            updated_at: Timestamp::new(1),
        };
        let body = serde_json::to_value(OwnThresholdsBody::from(&watch)).unwrap();
        for name in ThresholdName::ALL {
            assert_eq!(body[name.name()].as_f64(), Some(name.bounds().1), "{name}");
        }
        assert_eq!(body.as_object().unwrap().len(), ThresholdName::ALL.len() + 1);
    }
}
