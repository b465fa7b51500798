//! Which days of the window would have cost the positions of today most.

use libm::expm1;

use crate::prepared::Prepared;
use crate::report::Exposure;
use crate::returns::{Series, combine};

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
    let shared = combine(&series, least, |_| 0.0).ok()?.len();
    let first = series.iter().map(|(series, _)| series.first_day()).max()?;
    let mut profits = vec![0.0; shared.checked_sub(days.checked_sub(1)?)?];
    for (series, net) in &series {
        let skip = usize::try_from(first.checked_sub(series.first_day())?).ok()?;
        let returns = series.returns().get(skip..skip.checked_add(shared)?)?;
        for (profit, stretch) in profits.iter_mut().zip(returns.windows(days)) {
            *profit += net * expm1(stretch.iter().sum());
        }
    }
    let (start, worst) = profits.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
    let from = first.checked_sub(1)?.checked_add(u64::try_from(start).ok()?)?;
    Some(Replay { from, to: from.checked_add(u64::try_from(days).ok()?)?, loss_usd: -worst })
}
