//! Filtered historical simulation of every asset, computed once for a batch: tomorrow's returns, and paths of a week.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use libm::expm1;
use risk_model::Asset;

use crate::filtered::{FilterParameters, Filtered, filter};
use crate::returns::{Series, Window};
use crate::simulation::{Column, Draws, PathDraws, weekly_column};

/// Columns of a week that are kept: with 10,000 paths each, 40 MB. Further ones are computed for each wallet.
const MOST_KEPT: usize = 1_024;

/// An asset's standardised returns and what they mean for tomorrow.
#[derive(Debug)]
pub(crate) struct FilteredHistory {
    /// The days of the standardised returns.
    window: Window,
    filtered: Filtered,
    /// Tomorrow's simple return by each of them.
    tomorrow: Vec<f64>,
}

impl FilteredHistory {
    /// The filtered returns of a series; `None` where it cannot be filtered.
    pub(super) fn of(series: &Series, parameters: &FilterParameters) -> Option<Self> {
        let filtered = filter(series.returns(), parameters)?;
        let Window { first_day, end_day } = series.window();
        let first_day = first_day.saturating_add(u64::try_from(filtered.burn_in).ok()?);
        let tomorrow: Vec<f64> = filtered.scenarios().map(expm1).collect();
        let finite = tomorrow.iter().all(|one| one.is_finite());
        finite.then_some(Self { window: Window { first_day, end_day }, filtered, tomorrow })
    }

    /// The days that tomorrow can be drawn from.
    pub(crate) const fn window(&self) -> Window {
        self.window
    }

    /// Tomorrow's simple return by each of some of those days.
    pub(crate) fn tomorrow(&self, window: Window) -> Option<&[f64]> {
        self.tomorrow.get(self.places(window)?)
    }

    fn week(&self, window: Window, draws: &PathDraws) -> Option<Column> {
        let surprises = self.filtered.standardised.get(self.places(window)?)?;
        weekly_column(draws, self.filtered.volatility, |volatility, day| {
            let surprise = usize::try_from(day).ok().and_then(|day| surprises.get(day));
            let log_return = surprise.map_or(f64::NAN, |surprise| surprise * volatility);
            (log_return, self.filtered.next_volatility(volatility, log_return))
        })
    }

    fn places(&self, window: Window) -> Option<std::ops::Range<usize>> {
        let from = usize::try_from(window.first_day.checked_sub(self.window.first_day)?).ok()?;
        let to = usize::try_from(window.end_day.checked_sub(self.window.first_day)?).ok()?;
        (from <= to && to <= self.tomorrow.len()).then_some(from..to)
    }
}

/// A column of a week's paths, or that there is none.
type Week = Option<Arc<Column>>;

/// Paths of a week by asset and by the days that they are drawn from, each computed when a wallet first needs it.
#[derive(Debug, Default)]
pub(super) struct Weeks {
    columns: Mutex<HashMap<(Asset, Window), Week>>,
    draws: Mutex<HashMap<usize, Arc<PathDraws>>>,
}

impl Weeks {
    /// An asset's simple return of a week on every path; `None` where one is not finite, or no day can be drawn.
    pub(super) fn column(
        &self,
        asset: Asset,
        history: &FilteredHistory,
        window: Window,
        draws: &Draws,
    ) -> Week {
        let kept = |weeks: &Self| lock(&weeks.columns).get(&(asset, window)).cloned();
        if let Some(column) = kept(self) {
            return column;
        }
        // Two threads may compute the same column, to the same bits; neither waits for the other.
        let days = self.draws(window.days(), draws)?;
        let column = history.week(window, &days).map(Arc::new);
        let mut columns = lock(&self.columns);
        if columns.len() < MOST_KEPT {
            columns.insert((asset, window), column.clone());
        }
        column
    }

    fn draws(&self, days: usize, draws: &Draws) -> Option<Arc<PathDraws>> {
        if let Some(kept) = lock(&self.draws).get(&days) {
            return Some(Arc::clone(kept));
        }
        let drawn = Arc::new(PathDraws::new(draws.seed, draws.paths, days)?);
        lock(&self.draws).insert(days, Arc::clone(&drawn));
        Some(drawn)
    }
}

/// What a panicking thread left behind is still whole: entries are only ever added.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
