//! Thresholds that a watch may set for itself: their names, units and bounds.

use crate::named::named;
use crate::rejection::Code;

named! {
    /// A number that a watch may set in place of the service's own.
    ThresholdName {
        /// `liquidation_risk`: chance of liquidation within 24 h from which it opens, fraction.
        Probability24h = "probability_24h",
        /// `health_factor_drop`: fall of a health factor from its highest of the last day, fraction.
        HealthFactorFall = "health_factor_fall",
        /// `high_volatility`: points of the volatility component.
        VolatilityPoints = "volatility_points",
        /// `value_at_risk`: one-day VaR 99 ÷ net worth, fraction.
        ValueAtRiskShare = "value_at_risk_share",
        /// `over_exposure`: share of the largest asset, fraction.
        AssetShare = "asset_share",
        /// `low_liquidity`: days to sell.
        LiquidityDays = "liquidity_days",
        /// `stablecoin_depeg`: |price − 1|.
        Depeg = "depeg",
        /// `oracle_divergence`: |oracle − market| ÷ market, fraction.
        Divergence = "divergence",
        /// `oracle_stale`: age of an oracle's last update, seconds.
        OracleAgeSeconds = "oracle_age_seconds",
        /// `carry_liquidation`: days until interest alone liquidates.
        CarryDays = "carry_days",
        /// `gas_spike`: gas price ÷ the normal one.
        GasMultiple = "gas_multiple",
        /// How long an alert that resolved by itself does not open again at the same severity, seconds.
        CoolDownSeconds = "cool_down_seconds",
        /// How long a wallet may be unreadable before `data_blind` opens, seconds.
        BlindnessBudgetSeconds = "blindness_budget_seconds",
    }
}

impl ThresholdName {
    /// The smallest and the largest value that is taken.
    #[must_use]
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Self::Probability24h | Self::HealthFactorFall | Self::AssetShare => (0.001, 1.0),
            Self::VolatilityPoints => (1.0, 100.0),
            Self::ValueAtRiskShare | Self::Divergence => (0.001, 10.0),
            Self::Depeg => (0.000_1, 1.0),
            Self::LiquidityDays | Self::CarryDays => (0.1, 3_650.0),
            Self::OracleAgeSeconds => (60.0, 2_592_000.0),
            Self::GasMultiple => (1.1, 1_000.0),
            Self::CoolDownSeconds | Self::BlindnessBudgetSeconds => (0.0, 604_800.0),
        }
    }
}

/// The thresholds that a watch has set, each within its bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnThresholds([Option<f64>; ThresholdName::ALL.len()]);

impl OwnThresholds {
    /// None set.
    #[must_use]
    pub const fn new() -> Self {
        Self([None; ThresholdName::ALL.len()])
    }

    /// Sets one.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] outside [`ThresholdName::bounds`], and for NaN.
    pub fn set(&mut self, name: ThresholdName, value: f64) -> Result<(), Code> {
        let (least, most) = name.bounds();
        if !(least..=most).contains(&value) {
            return Err(Code::OutOfRange);
        }
        self.0[name as usize] = Some(value);
        Ok(())
    }

    /// The value of one that is set.
    #[must_use]
    pub fn of(&self, name: ThresholdName) -> Option<f64> {
        self.0[name as usize]
    }

    /// Those that are set, in the order of their names' declaration.
    pub fn iter(&self) -> impl Iterator<Item = (ThresholdName, f64)> {
        ThresholdName::ALL.iter().filter_map(|name| Some((*name, self.of(*name)?)))
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_takes_its_bounds_and_nothing_beyond() {
        for name in ThresholdName::ALL {
            let (least, most) = name.bounds();
            let mut own = OwnThresholds::new();
            assert!(least < most, "{name}");
            for good in [least, most] {
                assert_eq!(own.set(*name, good), Ok(()), "{name}");
                assert_eq!(own.of(*name), Some(good));
            }
            for bad in [least - 0.000_1, most + 0.001, f64::NAN, f64::INFINITY, -1.0] {
                assert_eq!(own.set(*name, bad), Err(Code::OutOfRange), "{name} {bad}");
            }
            assert_eq!(own.of(*name), Some(most), "a refused value changes nothing");
        }
    }
}
