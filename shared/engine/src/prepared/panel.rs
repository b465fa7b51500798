//! The assets of a market that share the same days, with the moments of every pair of them computed once.

use std::collections::HashMap;
use std::sync::OnceLock;

use risk_model::Asset;

use crate::covariance::{Pair, Shrunk, centred, ledoit_wolf};
use crate::returns::{Series, Window};

/// Assets whose pairs are kept; those of any further asset are computed when they are asked for.
const MOST_KEPT: usize = 256;

/// Centred log returns over the days that most assets of a market have, and the moments of their pairs. It saves time
/// and changes no bit: a set of assets has the same covariance without it.
#[derive(Debug, Default)]
pub(super) struct Panel {
    window: Option<Window>,
    places: HashMap<Asset, usize>,
    columns: Vec<Vec<f64>>,
    /// By the lower half of the first assets' matrix, row by row.
    pairs: Vec<OnceLock<Pair>>,
}

impl Panel {
    /// The panel of all series that have the days that most of them have exactly.
    pub(super) fn of<'a>(series: impl Iterator<Item = (&'a Asset, &'a Series)>) -> Self {
        let mut all: Vec<(&Asset, &Series)> = series.collect();
        all.sort_by_key(|(asset, _)| **asset);
        let mut counts: HashMap<Window, usize> = HashMap::new();
        for (_, series) in &all {
            *counts.entry(series.window()).or_default() += 1;
        }
        let order = |(window, count): &(Window, usize)| (*count, window.days(), window.end_day);
        let Some((window, _)) = counts.into_iter().max_by_key(order) else { return Self::default() };
        let inside = all.iter().filter_map(|(asset, series)| Some((**asset, series.log_returns(window)?)));
        let (assets, columns): (Vec<Asset>, Vec<Vec<f64>>) =
            inside.map(|(asset, returns)| (asset, centred(returns))).unzip();
        let kept = columns.len().min(MOST_KEPT);
        Self {
            window: Some(window),
            places: assets.into_iter().enumerate().map(|(place, asset)| (asset, place)).collect(),
            columns,
            pairs: (0..kept * (kept + 1) / 2).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The shrunk covariance of one day's log returns of some assets over a window that all of them have.
    pub(super) fn covariance(&self, parts: &[(Asset, &Series)], window: Window) -> Option<Shrunk> {
        if self.window == Some(window) {
            let places: Option<Vec<usize>> =
                parts.iter().map(|(asset, _)| self.places.get(asset).copied()).collect();
            if let Some(places) = places {
                let pair = |a: usize, b: usize| self.pair(places[a], places[b]);
                return ledoit_wolf(parts.len(), window.days(), pair);
            }
        }
        let columns: Option<Vec<Vec<f64>>> =
            parts.iter().map(|(_, series)| series.log_returns(window).map(centred)).collect();
        let columns = columns?;
        ledoit_wolf(parts.len(), window.days(), |a, b| Pair::of(&columns[a], &columns[b]))
    }

    fn pair(&self, a: usize, b: usize) -> Pair {
        let (row, column) = (a.max(b), a.min(b));
        let compute = || Pair::of(&self.columns[row], &self.columns[column]);
        let kept = self.pairs.get(row * (row + 1) / 2 + column);
        kept.map_or_else(compute, |kept| *kept.get_or_init(compute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::DailyCloses;
    use crate::parameters::Parameters;
    use crate::specimen::{TODAY, asset};

    fn series(days: u64, phase: f64) -> Series {
        let close = |day: u64| 10.0 + libm::sin(f64::from(u32::try_from(day).unwrap()) * 0.7 + phase);
        let closes = (TODAY - days..TODAY).map(|day| Some(close(day))).collect();
        let closes = DailyCloses { first_day: TODAY - days, closes, source: "test" };
        Series::of(&closes, TODAY, &Parameters::default()).unwrap()
    }

    #[test]
    fn a_set_of_assets_has_the_same_covariance_with_the_panel_and_without_it() {
        let all: Vec<(Asset, Series)> = [(1, 300), (2, 300), (3, 300), (4, 350), (5, 100)]
            .map(|(byte, days)| (asset(byte), series(days, f64::from(byte))))
            .to_vec();
        let panel = Panel::of(all.iter().map(|(asset, series)| (asset, series)));
        let whole = all[0].1.window();
        assert_eq!((panel.window, panel.columns.len()), (Some(whole), 4));
        let parts: Vec<(Asset, &Series)> = all[..4].iter().map(|(asset, series)| (*asset, series)).collect();
        let shared = panel.covariance(&parts, whole).unwrap();
        assert_eq!(Panel::default().covariance(&parts, whole), Some(shared.clone()));
        assert_eq!(panel.covariance(&parts, whole), Some(shared));
        let short = [parts[0], (all[4].0, &all[4].1)];
        assert!(panel.covariance(&short, all[4].1.window()).is_some());
        assert_eq!(panel.covariance(&short, whole), None);
    }
}
