//! Which days of the window would have cost the positions of today most.

use std::borrow::Cow;

use libm::expm1;

use crate::prepared::Prepared;
use crate::report::Exposure;
use crate::returns::{Series, WEEK, Window, shared_window, weighted_sum};

/// A stretch of past days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replay {
    /// Day since the epoch whose close is the start.
    pub from: u64,
    /// Day since the epoch whose close is the end.
    pub to: u64,
    /// What it would have cost, USD; negative where even the worst stretch gained.
    pub loss_usd: f64,
}

/// The worst stretch of so many days for these exposures, over the days that all their histories share; the earliest of
/// equals. `None` without exposures, where a history is missing, or where they share too few days.
#[must_use]
pub fn replay(exposures: &[Exposure], prepared: &Prepared<'_>, days: usize) -> Option<Replay> {
    let mut series: Vec<(&Series, f64)> = Vec::with_capacity(exposures.len());
    for one in exposures {
        let net = one.held_usd - one.owed_usd;
        if net != 0.0 {
            series.push((prepared.returns(&one.asset).ok()?, net));
        }
    }
    let least = prepared.parameters().min_observations;
    let window = shared_window(series.iter().map(|(series, _)| *series), least).ok()??;
    let first = window.first_day;
    let mut columns = Vec::with_capacity(series.len());
    for (series, net) in series {
        columns.push((stretches(series, window, days)?, net));
    }
    let columns: Vec<(&[f64], f64)> = columns.iter().map(|(column, net)| (column.as_ref(), *net)).collect();
    let profits = weighted_sum(&columns);
    let (start, worst) = profits.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
    let from = first.checked_sub(1)?.checked_add(u64::try_from(start).ok()?)?;
    Some(Replay { from, to: from.checked_add(u64::try_from(days).ok()?)?, loss_usd: -worst })
}

/// The simple return of every so many days in a row; a day's and a week's are kept by the series.
fn stretches(series: &Series, window: Window, days: usize) -> Option<Cow<'_, [f64]>> {
    match days {
        0 => None,
        1 => series.simple_returns(window).map(Cow::Borrowed),
        WEEK => series.weekly_returns(window).map(Cow::Borrowed),
        _ => {
            let returns = series.log_returns(window)?.windows(days);
            Some(Cow::Owned(returns.map(|stretch| expm1(stretch.iter().sum())).collect()))
        }
    }
}
