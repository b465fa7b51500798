//! Scenarios of asset prices by column: the same days drawn for every asset, and the tails of a wallet over them.

use libm::expm1;

use super::levels::{Levels, Term, weighted};
use super::single;
use super::tail_filter::{certified, in_full};
use super::vectors::at_the_widest;
use crate::market_risk::Tails;
use crate::random::{choice, philox};

/// Days of a path.
const DAYS: usize = 7;
/// Third word of the counters of drawn days, apart from those of the innovations.
const DRAWN_DAYS: u32 = 1 << 17;

/// The days of one path, as places among the days that are drawn from.
pub type Path = [u32; DAYS];

/// Seven days drawn with replacement for every path, the same for every asset: what moved together stays together.
#[derive(Clone, Debug, PartialEq)]
pub struct PathDraws(Vec<Path>);

impl PathDraws {
    /// Draws from `days` days; `None` where there are none, or more than 2³².
    #[must_use]
    pub fn new(seed: u64, paths: u32, days: usize) -> Option<Self> {
        if days == 0 || u32::try_from(days).is_err() {
            return None;
        }
        let place = |word: u32| u32::try_from(choice(word, days)).unwrap_or(0);
        let draw = |path: u32| {
            let [a, b, c, d] = philox(seed, [path, 0, DRAWN_DAYS, 0]).map(place);
            let [e, f, g, _] = philox(seed, [path, 1, DRAWN_DAYS, 0]).map(place);
            [a, b, c, d, e, f, g]
        };
        Some(Self((0..paths).map(draw).collect()))
    }

    /// The paths.
    #[must_use]
    pub fn paths(&self) -> &[Path] {
        &self.0
    }
}

/// One asset's simple return in every scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    rows: Vec<f32>,
    /// The largest of them, whatever its sign.
    furthest: f32,
    /// The same in 16 bits.
    levels: Levels,
}

impl Column {
    /// A column; `None` where a return is not finite.
    #[must_use]
    pub fn new(rows: Vec<f32>) -> Option<Self> {
        let furthest = rows.iter().fold(0.0_f32, |most, one| most.max(one.abs()));
        let finite = rows.iter().all(|one| one.is_finite());
        finite.then(|| Self { levels: Levels::of(&rows, furthest), rows, furthest })
    }

    /// By scenario.
    #[must_use]
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }
}

/// An asset's seven-day simple return on every path: `step(state, day)` gives the log return of a drawn day and the state
/// that the next day begins with (its volatility, say). `None` where a return is not finite.
#[must_use]
pub fn weekly_column<S: Copy>(
    draws: &PathDraws,
    start: S,
    mut step: impl FnMut(S, u32) -> (f64, S),
) -> Option<Column> {
    let mut rows = Vec::with_capacity(draws.0.len());
    for path in &draws.0 {
        let (mut state, mut sum) = (start, 0.0);
        for day in path {
            let (log_return, next) = step(state, *day);
            sum += log_return;
            state = next;
        }
        rows.push(single(expm1(sum)));
    }
    Column::new(rows)
}

/// Tails of a wallet over scenarios of simple returns, in the exposures' currency: each column is an asset's. The sums in
/// 16 bits only choose which scenarios are added up in 64, and the choice is proven.
///
/// `None` for no rows, or numbers that are not finite.
#[must_use]
pub fn linear_tails(columns: &[&Column], exposures: &[f64]) -> Option<Tails> {
    let most = reach(columns, exposures);
    if columns.len() != exposures.len() || !most.is_finite() {
        return None;
    }
    let rows = columns.iter().map(|column| column.rows.len()).min()?;
    let losses = |rows: &[u32]| added_up(columns, exposures, rows);
    match weighted(&terms(columns, exposures), most) {
        Some(bounds) => certified(&bounds, None, losses),
        // Nothing moves, or too little or too many for 16 bits.
        None => in_full(rows, losses),
    }
}

/// What of every scenario the choice is made by: sums in 16 bits, of losses. For measuring what bounds it.
///
/// `None` where [`linear_tails`] adds every scenario up, or has nothing to add.
#[must_use]
pub fn linear_sums(columns: &[&Column], exposures: &[f64]) -> Option<Vec<i16>> {
    let most = reach(columns, exposures);
    weighted(&terms(columns, exposures), most).map(|bounds| bounds.sums)
}

/// The most that can be gained or lost.
fn reach(columns: &[&Column], exposures: &[f64]) -> f64 {
    let of_one = |(column, exposure): (&&Column, &f64)| exposure.abs() * f64::from(column.furthest);
    columns.iter().zip(exposures).map(of_one).sum()
}

fn terms<'a>(columns: &[&'a Column], exposures: &[f64]) -> Vec<Term<'a>> {
    let term = |(column, exposure): (&&'a Column, &f64)| Term { column: &column.levels, load: -exposure };
    columns.iter().zip(exposures).map(term).collect()
}

/// The losses of some scenarios, in their order.
fn added_up(columns: &[&Column], exposures: &[f64], rows: &[u32]) -> Vec<f64> {
    let mut losses = vec![0.0; rows.len()];
    let mut cells = vec![0.0_f32; rows.len()];
    for (column, exposure) in columns.iter().zip(exposures) {
        // First the numbers one by one, from wherever they are; then their products, in vectors.
        for (cell, row) in cells.iter_mut().zip(rows) {
            let found = usize::try_from(*row).ok().and_then(|row| column.rows.get(row));
            *cell = found.copied().unwrap_or(f32::NAN);
        }
        subtract(&mut losses, *exposure, &cells);
    }
    losses
}

fn subtract(losses: &mut [f64], exposure: f64, cells: &[f32]) {
    at_the_widest(
        #[inline(always)]
        || {
            for (loss, cell) in losses.iter_mut().zip(cells) {
                *loss -= exposure * f64::from(*cell);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market_risk::historical_tails;

    #[test]
    fn every_asset_sees_the_same_days_and_carries_its_own_state_along() {
        let draws = PathDraws::new(1, 2_000, 50).unwrap();
        assert!(draws.paths().iter().flatten().all(|day| *day < 50));
        assert_eq!(draws, PathDraws::new(1, 2_000, 50).unwrap());
        let returns: Vec<f64> = (0..50).map(|day| f64::from(day) * 0.001 - 0.02).collect();
        let one = weekly_column(&draws, (), |(), day| (returns[usize::try_from(day).unwrap()], ())).unwrap();
        let sum: f64 = draws.paths()[7].iter().map(|day| returns[usize::try_from(*day).unwrap()]).sum();
        assert_eq!(one.rows()[7].to_bits(), single(expm1(sum)).to_bits());
        // A state that doubles: 1 + 2 + 4 + … + 64 hundredths of a per cent.
        let doubled = weekly_column(&draws, 1e-4, |state, _| (state, state * 2.0)).unwrap();
        assert!((f64::from(doubled.rows()[0]) - expm1(127e-4)).abs() < 1e-8);
        assert_eq!(PathDraws::new(1, 10, 0), None);
        assert_eq!(weekly_column(&draws, (), |(), _| (f64::INFINITY, ())), None);
    }

    #[test]
    fn a_wallet_s_tails_are_those_of_its_sums_in_64_bits() {
        let draws = PathDraws::new(3, 5_000, 200).unwrap();
        let column = |scale: f64| {
            let moves = move |day: u32| scale * libm::sin(f64::from(day) * (1.0 + scale));
            weekly_column(&draws, (), |(), day| (moves(day), ())).unwrap()
        };
        let columns: Vec<Column> = (1..6).map(|asset| column(f64::from(asset) * 0.01)).collect();
        let columns: Vec<&Column> = columns.iter().collect();
        let exposures = [10_000.0, -3_000.0, 500.0, 4.0, 7_777.0];
        let profit = |row: usize| {
            columns
                .iter()
                .zip(&exposures)
                .map(|(column, exposure)| exposure * f64::from(column.rows()[row]))
                .sum()
        };
        let profits: Vec<f64> = (0..5_000).map(profit).collect();
        let (seen, wanted) =
            (linear_tails(&columns, &exposures).unwrap(), historical_tails(&profits).unwrap());
        assert_eq!((seen.at_95.var, seen.at_99.var), (wanted.at_95.var, wanted.at_99.var));
        assert!((seen.at_99.es / wanted.at_99.es - 1.0).abs() < 1e-12);
        assert_eq!(linear_tails(&[], &[]), None);
    }
}
