//! Daily log returns on UTC closes, aligned by day, with short holes filled and long ones refused (risk-math C.4).

mod hourly;

use libm::{exp, expm1, log};

use crate::market::DailyCloses;
use crate::parameters::Parameters;

pub use hourly::HourlyReturns;

/// Log returns of one asset on consecutive UTC days.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Days since the epoch of the first return; it is the move from the close of the day before.
    first_day: u64,
    /// One log return a day, fraction.
    returns: Vec<f64>,
    /// The same as simple returns, fraction.
    simple: Vec<f64>,
    /// Simple return of the seven days that begin with each day, fraction.
    weekly: Vec<f64>,
    /// Price before each return and after the last, as a multiple of the last.
    levels: Vec<f64>,
    /// The first day after a hole too long to fill, where there was one: older closes were left out.
    restarted_on: Option<u64>,
}

/// Closes that are believed, USD: any token's, and narrow enough that no statistic of them can overflow.
pub const BELIEVABLE: std::ops::RangeInclusive<f64> = 1e-18..=1e12;

/// Why there is no series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// There is no usable close in the window.
    Empty,
    /// The last close is too old.
    Stale {
        /// Its day since the epoch.
        last_day: u64,
    },
    /// There are too few returns.
    TooShort {
        /// How many there are.
        observations: usize,
    },
}

impl Series {
    /// The returns of the `window_days` days before `today` (days since the epoch); today itself is not over and is
    /// left out. A hole of up to `max_fill_days` is filled with the last close; a longer one starts the series anew
    /// behind it, which [`Series::restarted_on`] tells. A close outside [`BELIEVABLE`] is a hole.
    ///
    /// # Errors
    /// [`Shortage`] where the closes are too few, too old or not there.
    pub fn of(closes: &DailyCloses, today: u64, parameters: &Parameters) -> Result<Self, Shortage> {
        let window_start = today.saturating_sub(u64::from(parameters.window_days).saturating_add(1));
        let run = latest_run(|day| closes.on(day), window_start..today, parameters.max_fill_days)
            .ok_or(Shortage::Empty)?;
        let last_day = run.last_day();
        if last_day.saturating_add(parameters.closes_max_age_days) < today {
            return Err(Shortage::Stale { last_day });
        }
        let returns: Vec<f64> = run.closes.windows(2).map(log_return).collect();
        if returns.len() < parameters.min_observations.max(2) {
            return Err(Shortage::TooShort { observations: returns.len() });
        }
        let sums = returns.windows(WEEK).map(|week| expm1(week.iter().sum()));
        Ok(Self {
            first_day: run.first_day.saturating_add(1),
            simple: returns.iter().map(|one| expm1(*one)).collect(),
            weekly: sums.collect(),
            levels: levels(&returns),
            returns,
            restarted_on: run.restarted.then_some(run.first_day),
        })
    }

    /// The days that it has returns of.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { first_day: self.first_day, end_day: self.end_day() }
    }

    /// The log returns of some of its days; `None` where they do not all lie inside.
    #[must_use]
    pub fn log_returns(&self, window: Window) -> Option<&[f64]> {
        self.between(window.first_day, window.end_day)
    }

    /// The simple returns of some of its days.
    #[must_use]
    pub fn simple_returns(&self, window: Window) -> Option<&[f64]> {
        self.simple.get(self.places(window.first_day, window.end_day)?)
    }

    /// The simple returns of every seven days in a row among some of its days, by the first of them.
    #[must_use]
    pub fn weekly_returns(&self, window: Window) -> Option<&[f64]> {
        let places = self.places(window.first_day, window.end_day)?;
        let end = (places.end + 1).saturating_sub(WEEK).max(places.start);
        self.weekly.get(places.start..end)
    }

    /// The price before each of some of its days and after the last of them, as a multiple of the series' last price.
    fn levels(&self, window: Window) -> Option<&[f64]> {
        let places = self.places(window.first_day, window.end_day)?;
        self.levels.get(places.start..=places.end)
    }

    /// The first day after a hole that was too long to fill.
    #[must_use]
    pub const fn restarted_on(&self) -> Option<u64> {
        self.restarted_on
    }

    /// Day since the epoch of the first return: the move from the close of the day before.
    #[must_use]
    pub const fn first_day(&self) -> u64 {
        self.first_day
    }

    /// One log return a day, oldest first.
    #[must_use]
    pub fn returns(&self) -> &[f64] {
        &self.returns
    }

    /// The day after the last return.
    fn end_day(&self) -> u64 {
        self.first_day.saturating_add(days(self.returns.len()))
    }

    /// The returns of the days from `first` to before `end`, which must lie inside.
    fn between(&self, first: u64, end: u64) -> Option<&[f64]> {
        self.returns.get(self.places(first, end)?)
    }

    fn places(&self, first: u64, end: u64) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(first.checked_sub(self.first_day)?).ok()?;
        let to = usize::try_from(end.checked_sub(self.first_day)?).ok()?;
        (from <= to && to <= self.returns.len()).then_some(from..to)
    }
}

/// Days of a week.
pub(crate) const WEEK: usize = 7;

/// Consecutive UTC days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first, in days since the epoch.
    pub first_day: u64,
    /// The day after the last.
    pub end_day: u64,
}

impl Window {
    /// How many there are.
    #[must_use]
    pub fn days(&self) -> usize {
        usize::try_from(self.end_day.saturating_sub(self.first_day)).unwrap_or(usize::MAX)
    }

    /// The days that both have; none where there are none.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let first_day = self.first_day.max(other.first_day);
        Self { first_day, end_day: self.end_day.min(other.end_day).max(first_day) }
    }
}

/// The days that all series have returns of; `None` for no series.
///
/// # Errors
/// [`Shortage::TooShort`] where they share fewer than `min_observations`.
pub fn shared_window<'a>(
    series: impl IntoIterator<Item = &'a Series>,
    min_observations: usize,
) -> Result<Option<Window>, Shortage> {
    let Some(window) = series.into_iter().map(Series::window).reduce(Window::and) else { return Ok(None) };
    let observations = window.days();
    if observations < min_observations.max(2) {
        return Err(Shortage::TooShort { observations });
    }
    Ok(Some(window))
}

/// `Σ weight × column` of each row, columns added in their order; the rows end with the shortest column.
#[must_use]
pub fn weighted_sum(parts: &[(&[f64], f64)]) -> Vec<f64> {
    let rows = parts.iter().map(|(column, _)| column.len()).min().unwrap_or(0);
    let mut sums = vec![0.0; rows];
    for (column, weight) in parts {
        for (sum, value) in sums.iter_mut().zip(*column) {
            *sum += weight * value;
        }
    }
    sums
}

/// `Σ weight × f(return)` of each day that all series share, oldest first.
///
/// # Errors
/// [`Shortage::TooShort`] where they share fewer than `min_observations` days. No series at all is no error: an empty
/// combination has no days.
pub fn combine(
    parts: &[(&Series, f64)],
    min_observations: usize,
    f: impl Fn(f64) -> f64,
) -> Result<Vec<f64>, Shortage> {
    let first = parts.iter().map(|(series, _)| series.first_day).max().unwrap_or(0);
    let end = parts.iter().map(|(series, _)| series.end_day()).min().unwrap_or(0);
    let days = usize::try_from(end.saturating_sub(first)).unwrap_or(0);
    if !parts.is_empty() && days < min_observations.max(2) {
        return Err(Shortage::TooShort { observations: days });
    }
    let mut sums = vec![0.0; days];
    for (series, weight) in parts {
        let returns = series.between(first, end).ok_or(Shortage::TooShort { observations: 0 })?;
        for (sum, one) in sums.iter_mut().zip(returns) {
            *sum += weight * f(*one);
        }
    }
    Ok(sums)
}

/// What today's amounts were worth on each close that all series share, oldest first: `values` are today's, and one
/// more point than there are returns comes back. Empty for no series.
///
/// # Errors
/// [`Shortage::TooShort`] as for [`combine`].
pub fn value_path(parts: &[(&Series, f64)], min_observations: usize) -> Result<Vec<f64>, Shortage> {
    let Some(window) = shared_window(parts.iter().map(|(series, _)| *series), min_observations)? else {
        return Ok(Vec::new());
    };
    let mut columns = Vec::with_capacity(parts.len());
    for (series, value) in parts {
        let levels = series.levels(window).ok_or(Shortage::TooShort { observations: 0 })?;
        columns.push((levels, value / levels.last().copied().unwrap_or(1.0)));
    }
    Ok(weighted_sum(&columns))
}

/// Prices before each log return and after the last, as multiples of the last.
fn levels(returns: &[f64]) -> Vec<f64> {
    let mut log_level = 0.0;
    let back = returns.iter().rev().map(|one| {
        log_level -= one;
        exp(log_level)
    });
    let mut levels: Vec<f64> = std::iter::once(1.0).chain(back).collect();
    levels.reverse();
    levels
}

/// Consecutive closes without a hole too long to fill.
struct Run {
    first_day: u64,
    closes: Vec<f64>,
    restarted: bool,
}

impl Run {
    fn last_day(&self) -> u64 {
        self.first_day.saturating_add(days(self.closes.len()).saturating_sub(1))
    }
}

/// The run of closes (of days or of hours) that reaches furthest towards the end of the window. A hole at the very
/// end is not filled.
fn latest_run(
    on: impl Fn(u64) -> Option<f64>,
    window: std::ops::Range<u64>,
    max_fill_days: u64,
) -> Option<Run> {
    let mut run: Option<Run> = None;
    for day in window {
        let Some(close) = on(day).filter(|close| BELIEVABLE.contains(close)) else {
            continue;
        };
        let missing = run.as_ref().map(|run| day.saturating_sub(run.last_day()).saturating_sub(1));
        match (run.as_mut(), missing) {
            (Some(run), Some(missing)) if missing <= max_fill_days => {
                let last = run.closes.last().copied().unwrap_or(close);
                run.closes.extend((0..missing).map(|_| last));
                run.closes.push(close);
            }
            (started, _) => {
                let restarted = started.is_some();
                run = Some(Run { first_day: day, closes: vec![close], restarted });
            }
        }
    }
    run
}

fn log_return(pair: &[f64]) -> f64 {
    match pair {
        // A difference of logarithms cannot overflow where the quotient could.
        [before, after] => log(*after) - log(*before),
        _ => 0.0,
    }
}

fn days(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
