//! Coverage of one-day VaR 95 and 99 on recorded prices: forecasts, verdicts, and how many assets pass.

use std::ops::Range;

use jiff::civil::date;
use risk_engine::Parameters;
use risk_engine::backtest::{Forecast, LikelihoodRatio, Model, Verdict, rolling};
use risk_engine::filtered::FilterParameters;
use risk_engine::market::DailyCloses;

use crate::prices::day;

/// The tails that are told, bps: VaR 95 and VaR 99.
pub(crate) const TAILS_BPS: [u16; 2] = [500, 100];

/// A VaR is refused where a right one would look as wrong less often than this.
pub(crate) const SIGNIFICANCE: f64 = 0.05;

/// The model of the service.
pub(crate) fn filtered() -> Model {
    Model::FilteredHistorical(FilterParameters::default())
}

/// Forecasts of one asset, by tail.
pub(crate) type Forecasts = Vec<Vec<Forecast>>;

/// Every asset's forecasts of a period, two assets at a time.
pub(crate) fn forecasts(
    closes: &[(String, DailyCloses)],
    model: &Model,
    period: &Range<u64>,
) -> Vec<Forecasts> {
    let parameters = Parameters::default();
    let one =
        |(_, closes): &(String, DailyCloses)| rolling(closes, period.clone(), model, &TAILS_BPS, &parameters);
    let (left, right) = closes.split_at(closes.len() / 2);
    std::thread::scope(|scope| {
        let left = scope.spawn(|| left.iter().map(one).collect::<Vec<_>>());
        let right: Vec<_> = right.iter().map(one).collect();
        let mut all = left.join().unwrap_or_default();
        all.extend(right);
        all
    })
}

/// The verdict on the forecasts of a period; `None` where there are none.
pub(crate) fn verdict(forecasts: &[Forecast], tail_bps: u16, period: &Range<u64>) -> Option<Verdict> {
    let inside = forecasts.iter().filter(|forecast| period.contains(&forecast.day));
    let days: Vec<(u64, bool)> = inside.map(|forecast| (forecast.day, forecast.exceeded())).collect();
    Verdict::of(&days, f64::from(tail_bps) / 10_000.0)
}

/// How many assets a test does not refuse, of how many with forecasts, at one of the tails.
pub(crate) fn passes(
    all: &[Forecasts],
    tail: usize,
    period: &Range<u64>,
    test: impl Fn(&Verdict) -> Option<LikelihoodRatio>,
) -> (usize, usize) {
    let rows = all.iter().filter_map(|rows| rows.get(tail));
    let verdicts: Vec<Verdict> = rows.filter_map(|row| verdict(row, TAILS_BPS[tail], period)).collect();
    let kept = verdicts.iter().filter(|one| test(one).is_some_and(|test| !test.rejects(SIGNIFICANCE)));
    (kept.count(), verdicts.len())
}

/// The years 2021 to 2023.
pub(crate) fn period() -> Range<u64> {
    // Both are after the epoch, where no date fails.
    day(date(2021, 1, 1)).unwrap_or(0)..day(date(2024, 1, 1)).unwrap_or(0)
}
