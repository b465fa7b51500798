//! The thresholds of every alert, with their defaults: a line to open at and a safer one to close at.

use risk_model::ThresholdName;

use crate::stablecoin::Band;

/// An opening and a closing line. The band between them keeps a figure that trembles from opening an alert twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The alert opens from here on.
    pub open: f64,
    /// The alert closes only beyond here.
    pub close: f64,
}

impl Line {
    fn move_to(&mut self, open: f64) {
        if open.is_finite() && open > 0.0 {
            *self = Self { open, close: open * self.close / self.open };
        }
    }
}

/// Whole seconds, cut; none for what is no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a u32 holds")]
fn seconds(value: f64) -> u64 {
    value.clamp(0.0, f64::from(u32::MAX)) as u64
}

/// When alerts open, close, and how bad they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// `liquidation_risk`, health factor of an account whose chance of liquidation is not known: opens under 1.20
    /// (medium), closes above 1.25.
    pub health_factor: Line,
    /// `liquidation_risk`, health factor of any account: opens under 1.05, closes above 1.07.
    pub health_factor_always: Line,
    /// `liquidation_risk`, health factor that a watch asked to be told under; `None` unless it did.
    pub own_health_factor: Option<Line>,
    /// Health factor under which `liquidation_risk` is high: 1.10.
    pub health_factor_high: f64,
    /// Health factor under which `liquidation_risk` is critical: 1.05.
    pub health_factor_critical: f64,
    /// `liquidation_risk`, chance of liquidation within 24 h, fraction: opens (high) from 0.10, closes under 0.02.
    /// The band is wide so that one episode is one alert.
    pub probability_24h: Line,
    /// Chance within 24 h from which `liquidation_risk` is critical: 0.25.
    pub probability_24h_critical: f64,
    /// `high_volatility`, points of the volatility component: opens from 80, closes under 70.
    pub volatility_points: Line,
    /// `value_at_risk`, one-day VaR 99 ÷ net worth: opens from 0.25, closes under 0.20.
    pub var_99_share: Line,
    /// `over_exposure`, share of the largest asset: opens from 0.90, closes under 0.85.
    pub asset_share: Line,
    /// `over_exposure` is only for a largest asset worth at least this, USD: 10,000.
    pub over_exposure_min_usd: f64,
    /// `low_liquidity`, days to sell: opens from 5, closes under 4.
    pub liquidity_days: Line,
    /// `stablecoin_depeg`, |price − 1|: opens (medium) from 0.005, closes under 0.003.
    pub depeg: Line,
    /// Depeg that is high: 0.02.
    pub depeg_high: f64,
    /// Depeg that is critical: 0.05.
    pub depeg_critical: f64,
    /// `stablecoin_depeg` is only for an exposure (held, supplied or owed) of at least this, USD: 100.
    pub depeg_min_usd: f64,
    /// `oracle_divergence`, |oracle − market| ÷ market: opens from 0.05, closes under 0.03.
    pub divergence: Line,
    /// `health_factor_drop`, fall from the highest of the window, fraction: opens from 0.15, closes under 0.10.
    pub health_factor_fall: Line,
    /// `health_factor_drop`, where a fall matters: opens under 1.50, closes above 1.55.
    pub fall_matters_under: Line,
    /// `health_factor_drop`, how far back the highest is looked for: a day. In halves: between half of it and all.
    pub fall_window_seconds: u64,
    /// `oracle_stale`, age of an oracle's last update: opens from 90,000 s (a day's heartbeat and an hour of slack, as
    /// [`crate::Parameters::oracle_max_age_seconds`]), closes under 86,400 s.
    pub oracle_age_seconds: Line,
    /// `carry_liquidation`, days until interest alone liquidates: opens under 30, closes above 45.
    pub carry_days: Line,
    /// `gas_spike`, gas price ÷ the normal one: opens from 3, closes under 2.
    pub gas_multiple: Line,
    /// `gas_spike` is only for a repayment whose gas costs at least this, USD: 10. It closes where it costs two thirds.
    pub gas_min_usd: f64,
    /// `protocol_tvl_drop`, fall of the value locked in a protocol from its highest of the window, fraction: opens from
    /// 0.25, closes under 0.15.
    pub locked_fall: Line,
    /// `parameter_change` stands until the new terms have stood for so long: a day.
    pub parameter_notice_seconds: u64,
    /// `data_blind` opens after a wallet could not be read for so long: 1,200 s, two sweep intervals of 600 s.
    pub blindness_budget_seconds: u64,
    /// An alert that resolved by itself does not open again at the same severity for so long: 1,800 s, three sweep
    /// intervals of 600 s.
    pub cool_down_seconds: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            health_factor: Line { open: 1.20, close: 1.25 },
            health_factor_always: Line { open: 1.05, close: 1.07 },
            own_health_factor: None,
            health_factor_high: 1.10,
            health_factor_critical: 1.05,
            probability_24h: Line { open: 0.10, close: 0.02 },
            probability_24h_critical: 0.25,
            volatility_points: Line { open: 80.0, close: 70.0 },
            var_99_share: Line { open: 0.25, close: 0.20 },
            asset_share: Line { open: 0.90, close: 0.85 },
            over_exposure_min_usd: 10_000.0,
            liquidity_days: Line { open: 5.0, close: 4.0 },
            depeg: Line { open: Band::Warning.from(), close: 0.003 },
            depeg_high: Band::High.from(),
            depeg_critical: Band::Critical.from(),
            depeg_min_usd: 100.0,
            divergence: Line { open: 0.05, close: 0.03 },
            health_factor_fall: Line { open: 0.15, close: 0.10 },
            fall_matters_under: Line { open: 1.50, close: 1.55 },
            fall_window_seconds: 86_400,
            oracle_age_seconds: Line { open: 90_000.0, close: 86_400.0 },
            carry_days: Line { open: 30.0, close: 45.0 },
            gas_multiple: Line { open: 3.0, close: 2.0 },
            gas_min_usd: 10.0,
            locked_fall: Line { open: 0.25, close: 0.15 },
            parameter_notice_seconds: 86_400,
            blindness_budget_seconds: 1_200,
            cool_down_seconds: 1_800,
        }
    }
}

impl Thresholds {
    /// Sets a watch's own threshold: the opening line moves there, and the closing line keeps its ratio to it.
    pub fn set(&mut self, name: ThresholdName, value: f64) {
        let line = match name {
            ThresholdName::Probability24h => &mut self.probability_24h,
            ThresholdName::HealthFactorFall => &mut self.health_factor_fall,
            ThresholdName::VolatilityPoints => &mut self.volatility_points,
            ThresholdName::ValueAtRiskShare => &mut self.var_99_share,
            ThresholdName::AssetShare => &mut self.asset_share,
            ThresholdName::LiquidityDays => &mut self.liquidity_days,
            ThresholdName::Depeg => &mut self.depeg,
            ThresholdName::Divergence => &mut self.divergence,
            ThresholdName::OracleAgeSeconds => &mut self.oracle_age_seconds,
            ThresholdName::CarryDays => &mut self.carry_days,
            ThresholdName::GasMultiple => &mut self.gas_multiple,
            ThresholdName::CoolDownSeconds => {
                self.cool_down_seconds = seconds(value);
                return;
            }
            ThresholdName::BlindnessBudgetSeconds => {
                self.blindness_budget_seconds = seconds(value);
                return;
            }
        };
        line.move_to(value);
    }

    /// Opens `liquidation_risk` under another health factor too (a watch's own), with a band to the closing line as
    /// wide as the service's. The lines of high and critical stay, so an alert that opens late opens with the severity
    /// it has.
    pub fn open_liquidation_under(&mut self, health_factor: f64) {
        if health_factor.is_finite() {
            let band = self.health_factor.close - self.health_factor.open;
            self.own_health_factor = Some(Line { open: health_factor, close: health_factor + band });
        }
    }
}
