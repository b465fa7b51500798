//! Rolling one-day-ahead VaR of one asset: every day of a period, from the closes before it alone.

use std::ops::Range;

use libm::log;

use crate::filtered::{FilterParameters, filter, predictive_tail};
use crate::market::DailyCloses;
use crate::market_risk::{historical_tail, normal_quantile};
use crate::parameters::Parameters;
use crate::returns::{BELIEVABLE, Series, Window};

/// How a VaR is made of past changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// Filtered historical simulation: [`filter`] and [`predictive_tail`].
    FilteredHistorical(FilterParameters),
    /// Plain historical simulation: [`historical_tail`].
    Historical,
    /// RiskMetrics: the normal quantile of an exponentially weighted volatility, `σ²' = decay·σ² + (1 − decay)·r²` from
    /// the mean square of the first 20 changes.
    EwmaNormal {
        /// 0.94 for RiskMetrics' daily one.
        decay: f64,
    },
}

/// Log returns of tomorrow, each as likely as the other, by the day in the past that it is drawn from: of several assets
/// those of the same day belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenarios {
    /// The days.
    pub window: Window,
    /// One a day, oldest first, fractions.
    pub log_returns: Vec<f64>,
}

impl Scenarios {
    /// Those of some of the days; `None` where they do not all lie inside.
    #[must_use]
    pub fn of(&self, window: Window) -> Option<&[f64]> {
        let from = usize::try_from(window.first_day.checked_sub(self.window.first_day)?).ok()?;
        let to = usize::try_from(window.end_day.checked_sub(self.window.first_day)?).ok()?;
        self.log_returns.get(from..to)
    }
}

/// Changes that the volatility of [`Model::EwmaNormal`] begins with.
const EWMA_SEED: usize = 20;

impl Model {
    /// An asset's past as the model takes tomorrow to be drawn from it. `None` where it cannot tell: too few returns, or
    /// none that is not zero.
    #[must_use]
    pub fn scenarios(&self, series: &Series) -> Option<Scenarios> {
        let window = series.window();
        Some(match self {
            Self::FilteredHistorical(parameters) => {
                let filtered = filter(series.returns(), parameters)?;
                let first_day = window.first_day.checked_add(u64::try_from(filtered.burn_in).ok()?)?;
                Scenarios {
                    window: Window { first_day, ..window },
                    log_returns: filtered.scenarios().collect(),
                }
            }
            Self::Historical | Self::EwmaNormal { .. } => {
                Scenarios { window, log_returns: series.returns().to_vec() }
            }
        })
    }

    /// The losses that tomorrow passes with the chances `tails_bps`, in their order, from the changes (oldest first, of
    /// any unit, gains positive) that [`Model::scenarios`] make of one asset or several. `None` where the model cannot
    /// tell: too few changes, one that is not finite, a tail that it has no quantile of.
    #[must_use]
    pub fn values_at_risk(&self, changes: &[f64], tails_bps: &[u16]) -> Option<Vec<f64>> {
        let tails = tails_bps.iter();
        match self {
            Self::FilteredHistorical(_) => {
                tails.map(|tail| Some(predictive_tail(changes, *tail)?.var)).collect()
            }
            Self::Historical => tails.map(|tail| Some(historical_tail(changes, *tail)?.var)).collect(),
            Self::EwmaNormal { decay } => {
                let parameters =
                    FilterParameters { decay: *decay, burn_in: EWMA_SEED, floor: f64::MIN_POSITIVE };
                let volatility = filter(changes, &parameters)?.volatility;
                tails.map(|tail| Some(-volatility * normal_quantile(f64::from(*tail) / 10_000.0)?)).collect()
            }
        }
    }

    /// Fewest scenarios that several assets must share: as many as `min_observations` returns leave.
    pub(super) fn fewest_scenarios(&self, parameters: &Parameters) -> usize {
        match self {
            Self::FilteredHistorical(filter) => parameters.min_observations.saturating_sub(filter.burn_in),
            Self::Historical | Self::EwmaNormal { .. } => parameters.min_observations,
        }
    }

    /// The name used in answers and tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::FilteredHistorical(_) => "filtered_historical",
            Self::Historical => "historical",
            Self::EwmaNormal { .. } => "ewma_normal",
        }
    }
}

/// One day's VaR and what then happened; both in the unit of the changes, a loss positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Days since the epoch of the day it was made for.
    pub day: u64,
    /// The loss that was to be passed with the tail's chance.
    pub value_at_risk: f64,
    /// The loss that came, negative for a gain.
    pub loss: f64,
}

impl Forecast {
    /// Whether the loss passed the VaR.
    #[must_use]
    pub fn exceeded(&self) -> bool {
        self.loss > self.value_at_risk
    }
}

/// One-day VaR of log returns for each day of `period` (days since the epoch), one row of forecasts per entry of
/// `tails_bps`, oldest first.
///
/// A day counts where it and the day before have a believable close and the model can tell the VaR from the returns up
/// to the day before, taken as [`Series::of`] takes them.
#[must_use]
pub fn rolling(
    closes: &DailyCloses,
    period: Range<u64>,
    model: &Model,
    tails_bps: &[u16],
    parameters: &Parameters,
) -> Vec<Vec<Forecast>> {
    let mut rows = vec![Vec::new(); tails_bps.len()];
    let end = closes.first_day.saturating_add(u64::try_from(closes.closes.len()).unwrap_or(u64::MAX));
    for day in period.start.max(closes.first_day)..period.end.min(end) {
        let Some(loss) = log_loss(closes, day) else { continue };
        // The series of `day` ends with the close before it.
        let Ok(series) = Series::of(closes, day, parameters) else { continue };
        let values = model
            .scenarios(&series)
            .and_then(|scenarios| model.values_at_risk(&scenarios.log_returns, tails_bps))
            .unwrap_or_default();
        for (row, value_at_risk) in rows.iter_mut().zip(values) {
            row.push(Forecast { day, value_at_risk, loss });
        }
    }
    rows
}

/// Minus the log return of a day; `None` without both closes.
fn log_loss(closes: &DailyCloses, day: u64) -> Option<f64> {
    let believable = |day| closes.on(day).filter(|close| BELIEVABLE.contains(close));
    Some(log(believable(day.checked_sub(1)?)?) - log(believable(day)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_DAY: u64 = 18_000;

    fn closes(values: impl IntoIterator<Item = Option<f64>>) -> DailyCloses {
        DailyCloses { first_day: FIRST_DAY, closes: values.into_iter().collect(), source: "test" }
    }

    /// A price that rises and falls by 1 % in turn, with a fall by `last` at the end.
    fn saw(days: usize, last: f64) -> DailyCloses {
        let step = |day: usize| if day.is_multiple_of(2) { 1.0 } else { 1.01 };
        closes((0..days).map(|day| Some(step(day))).chain([Some(step(days - 1) * (1.0 - last))]))
    }

    #[test]
    fn the_normal_model_is_the_quantile_of_its_volatility() {
        let changes = [0.02, -0.02].repeat(50);
        let values = Model::EwmaNormal { decay: 0.94 }.values_at_risk(&changes, &[500, 100]).unwrap();
        assert!((values[0] - 0.02 * 1.644_853_626_951_472_2).abs() < 1e-12);
        assert!((values[1] - 0.02 * 2.326_347_874_040_840_8).abs() < 1e-12);
    }

    #[test]
    fn a_forecast_knows_nothing_of_its_own_day_or_of_later_ones() {
        let parameters = Parameters::default();
        for model in [
            Model::FilteredHistorical(FilterParameters::default()),
            Model::Historical,
            Model::EwmaNormal { decay: 0.94 },
        ] {
            let all = |closes: &DailyCloses| rolling(closes, 0..u64::MAX, &model, &[500, 100], &parameters);
            let calm = all(&saw(200, 0.01));
            let crashed = all(&saw(200, 0.9));
            for (calm, crashed) in calm.iter().zip(&crashed) {
                // The first return is on the second day, and 60 of them are needed.
                assert_eq!(calm.len(), 200 - 60);
                let forecasts =
                    |row: &[Forecast]| row.iter().map(|one| one.value_at_risk).collect::<Vec<_>>();
                assert_eq!(forecasts(calm), forecasts(crashed));
                assert!(crashed.last().unwrap().exceeded());
            }
        }
    }

    #[test]
    fn the_last_forecast_is_the_one_of_the_series_before_it() {
        let parameters = Parameters::default();
        let closes = saw(100, 0.5);
        let row = &rolling(&closes, 0..u64::MAX, &Model::Historical, &[500], &parameters)[0];
        let last = row.last().unwrap();
        assert_eq!(last.day, FIRST_DAY + 100);
        assert!((last.loss - log(2.0)).abs() < 1e-12);
        assert!((last.value_at_risk - log(1.01)).abs() < 1e-12);
    }

    #[test]
    fn a_hole_is_no_observation_and_no_zero_return() {
        let mut holed = saw(200, 0.01);
        for day in [150, 151, 152] {
            holed.closes[day] = None;
        }
        let parameters = Parameters::default();
        let row = &rolling(&holed, 0..u64::MAX, &Model::Historical, &[500], &parameters)[0];
        let days: Vec<u64> = row.iter().map(|one| one.day - FIRST_DAY).collect();
        assert!(!days.iter().any(|day| (150..=153).contains(day)));
        // Too long to fill: the series starts anew behind it, and 48 days are too few for it.
        assert_eq!(days.last(), Some(&149));
    }

    #[test]
    fn a_price_that_never_moved_has_no_filtered_forecast() {
        let still = closes(vec![Some(1.0); 200]);
        let model = Model::FilteredHistorical(FilterParameters::default());
        assert_eq!(rolling(&still, 0..u64::MAX, &model, &[500], &Parameters::default()), [vec![]]);
        assert_eq!(model.values_at_risk(&[f64::NAN; 100], &[500]), None);
        let ewma = Model::EwmaNormal { decay: 0.94 };
        assert_eq!(rolling(&still, 0..u64::MAX, &ewma, &[500], &Parameters::default()), [vec![]]);
    }
}
