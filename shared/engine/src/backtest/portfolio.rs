//! Replay of a portfolio: its profit of every day of a period beside the VaR of that day, at fixed amounts of tokens.

use std::ops::Range;

use libm::expm1;

use super::forecast::{Forecast, Model};
use super::shortage::{MOST_STEPS, Missing, Shortage};
use super::verdict::Verdict;
use crate::market::DailyCloses;
use crate::parameters::Parameters;
use crate::returns::{BELIEVABLE, Series, Window};

/// An amount of one asset that is held, or owed, over the whole period.
#[derive(Clone, Copy, Debug)]
pub struct Position<'a> {
    /// Whole tokens, negative for a debt.
    pub amount: f64,
    /// Its closes, with those before the period that the VaR is made of.
    pub closes: &'a DailyCloses,
}

/// What happened to a portfolio, and what its VaR said.
#[derive(Clone, Debug, PartialEq)]
pub struct PortfolioReplay {
    /// `(day since the epoch, profit in USD)` of each day whose closes and whose eve's are there, oldest first.
    pub profits: Vec<(u64, f64)>,
    /// One row an entry of the tails asked for, in their order; days without enough closes before them have none.
    pub tails: Vec<TailReplay>,
    /// Which closes are missing.
    pub missing: Vec<Missing>,
}

/// The VaR of one tail over the period.
#[derive(Clone, Debug, PartialEq)]
pub struct TailReplay {
    /// Share of the days that are to pass it, bps.
    pub tail_bps: u16,
    /// Each day's VaR and loss, USD.
    pub forecasts: Vec<Forecast>,
    /// Kupiec, Christoffersen and the zone; `None` without forecasts.
    pub verdict: Option<Verdict>,
}

/// Replays the days of `period` (days since the epoch). The VaR of a day is the model's, of what the amounts at the prices
/// of its eve gain in its scenarios: `Σ amount × price × (exp(r) − 1)` of each day before it that all assets share, so
/// that what moved together stays together. Each asset's returns are taken as [`Series::of`] takes them.
///
/// # Errors
/// [`Shortage`] where there is nothing to replay or an asset has no close in the period at all.
pub fn replay_portfolio(
    positions: &[Position<'_>],
    period: Range<u64>,
    model: &Model,
    tails_bps: &[u16],
    parameters: &Parameters,
) -> Result<PortfolioReplay, Shortage> {
    let days = usize::try_from(period.end.saturating_sub(period.start)).unwrap_or(usize::MAX);
    check(positions, &period, days)?;
    let mut profits = Vec::with_capacity(days);
    let mut rows: Vec<Vec<Forecast>> = vec![Vec::new(); tails_bps.len()];
    for day in period.clone() {
        let Some(profit) = profit(positions, day) else { continue };
        profits.push((day, profit));
        let values = changes(positions, day, model, parameters)
            .and_then(|changes| model.values_at_risk(&changes, tails_bps))
            .unwrap_or_default();
        for (row, value_at_risk) in rows.iter_mut().zip(values) {
            row.push(Forecast { day, value_at_risk, loss: -profit });
        }
    }
    let tails = rows.into_iter().zip(tails_bps).map(|(forecasts, tail_bps)| {
        let days: Vec<(u64, bool)> = forecasts.iter().map(|one| (one.day, one.exceeded())).collect();
        let verdict = Verdict::of(&days, f64::from(*tail_bps) / 10_000.0);
        TailReplay { tail_bps: *tail_bps, forecasts, verdict }
    });
    Ok(PortfolioReplay { profits, tails: tails.collect(), missing: missing(positions, &period) })
}

fn check(positions: &[Position<'_>], period: &Range<u64>, days: usize) -> Result<(), Shortage> {
    if positions.is_empty() {
        return Err(Shortage::NoPositions);
    }
    if !(1..=MOST_STEPS).contains(&days) {
        return Err(Shortage::ImpossiblePeriod);
    }
    for (asset, position) in positions.iter().enumerate() {
        if !position.amount.is_finite() {
            return Err(Shortage::ImpossibleAmount { asset });
        }
        if !period.clone().any(|day| close(position.closes, day).is_some()) {
            return Err(Shortage::NoCloses { asset });
        }
    }
    Ok(())
}

/// Profit of a day, USD; `None` where a close of it or of its eve is missing.
fn profit(positions: &[Position<'_>], day: u64) -> Option<f64> {
    let eve = day.checked_sub(1)?;
    let mut sum = 0.0;
    for position in positions {
        sum += position.amount * (close(position.closes, day)? - close(position.closes, eve)?);
    }
    sum.is_finite().then_some(sum)
}

/// What the amounts at the prices of the eve of `day` gain in each of the model's scenarios, USD.
fn changes(positions: &[Position<'_>], day: u64, model: &Model, parameters: &Parameters) -> Option<Vec<f64>> {
    let eve = day.checked_sub(1)?;
    let mut parts = Vec::with_capacity(positions.len());
    for position in positions {
        let value = position.amount * close(position.closes, eve)?;
        let past = Series::of(position.closes, day, parameters).ok()?;
        parts.push((model.scenarios(&past)?, value));
    }
    let window = parts.iter().map(|(scenarios, _)| scenarios.window).reduce(Window::and)?;
    if window.days() < model.fewest_scenarios(parameters) {
        return None;
    }
    let mut sums = vec![0.0; window.days()];
    for (scenarios, value) in &parts {
        for (sum, log_return) in sums.iter_mut().zip(scenarios.of(window)?) {
            *sum += value * expm1(*log_return);
        }
    }
    Some(sums)
}

fn close(closes: &DailyCloses, day: u64) -> Option<f64> {
    closes.on(day).filter(|close| BELIEVABLE.contains(close))
}

fn missing(positions: &[Position<'_>], period: &Range<u64>) -> Vec<Missing> {
    let counts = positions.iter().enumerate().map(|(asset, position)| Missing {
        asset,
        steps: period.clone().filter(|day| close(position.closes, *day).is_none()).count(),
    });
    counts.filter(|missing| missing.steps > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filtered::FilterParameters;

    const MODEL: Model = Model::Historical;

    fn closes(first_day: u64, values: impl IntoIterator<Item = Option<f64>>) -> DailyCloses {
        DailyCloses { first_day, closes: values.into_iter().collect(), source: "test" }
    }

    /// 100 days that rise and fall by 10 % in turn, then these.
    fn saw(then: &[f64]) -> DailyCloses {
        let teeth = (0..100_u32).map(|day| if day.is_multiple_of(2) { 1.0 } else { 1.1 });
        closes(1_000, teeth.chain(then.iter().copied()).map(Some))
    }

    fn replay(positions: &[Position<'_>], period: Range<u64>) -> Result<PortfolioReplay, Shortage> {
        replay_portfolio(positions, period, &MODEL, &[500], &Parameters::default())
    }

    #[test]
    fn a_fall_beyond_every_day_before_it_is_an_exceedance_and_one_like_them_is_none() {
        let closes = saw(&[1.0, 0.5]);
        let seen = replay(&[Position { amount: 10.0, closes: &closes }], 1_100..1_102).unwrap();
        assert_eq!(seen.profits.len(), 2);
        assert!((seen.profits[0].1 + 1.0).abs() < 1e-12 && (seen.profits[1].1 + 5.0).abs() < 1e-12);
        let row = &seen.tails[0];
        // At 1.1 the same fall as on the days before costs 11 × (1 − 1/1.1) = 1 USD: the loss is the VaR.
        assert!((row.forecasts[0].value_at_risk - 1.0).abs() < 1e-9);
        assert!(row.forecasts[1].exceeded());
        assert_eq!(row.verdict.as_ref().unwrap().observations, 2);
        assert_eq!(seen.missing, []);
    }

    #[test]
    fn what_is_held_and_owed_in_equal_amounts_of_the_same_asset_never_moves() {
        let closes = saw(&[1.0, 0.5]);
        let both = [Position { amount: 10.0, closes: &closes }, Position { amount: -10.0, closes: &closes }];
        let seen = replay(&both, 1_100..1_102).unwrap();
        assert!(seen.profits.iter().all(|(_, profit)| profit.abs() < 1e-12));
        let model = Model::FilteredHistorical(FilterParameters::default());
        let filtered = replay_portfolio(&both, 1_100..1_102, &model, &[500], &Parameters::default()).unwrap();
        assert!(filtered.tails[0].forecasts.iter().all(|one| one.value_at_risk.abs() < 1e-12));
        assert_eq!(filtered.tails[0].forecasts.len(), 2);
    }

    #[test]
    fn a_day_without_a_close_is_left_out_and_counted_and_so_is_the_day_after_it() {
        let mut closes = saw(&[1.0, 1.1, 1.0, 1.1, 1.0]);
        closes.closes[102] = None;
        let seen = replay(&[Position { amount: 1.0, closes: &closes }], 1_100..1_105).unwrap();
        assert_eq!(seen.profits.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [1_100, 1_101, 1_104]);
        assert_eq!(seen.missing, [Missing { asset: 0, steps: 1 }]);
    }

    #[test]
    fn too_short_a_history_has_profits_and_no_forecast() {
        let closes = saw(&[]);
        let seen = replay(&[Position { amount: 1.0, closes: &closes }], 1_001..1_061).unwrap();
        assert_eq!(seen.profits.len(), 60);
        // 60 returns are there for the first time before the day 1,061.
        assert_eq!(seen.tails[0].forecasts, []);
    }

    #[test]
    fn what_cannot_be_replayed_is_named() {
        let closes = saw(&[]);
        let one = |amount| [Position { amount, closes: &closes }];
        assert_eq!(replay(&[], 1_000..1_010), Err(Shortage::NoPositions));
        assert_eq!(replay(&one(1.0), 1_010..1_010), Err(Shortage::ImpossiblePeriod));
        assert_eq!(replay(&one(1.0), 0..u64::MAX), Err(Shortage::ImpossiblePeriod));
        assert_eq!(replay(&one(f64::NAN), 1_000..1_010), Err(Shortage::ImpossibleAmount { asset: 0 }));
        assert_eq!(replay(&one(1.0), 5_000..5_010), Err(Shortage::NoCloses { asset: 0 }));
    }
}
