//! Monte Carlo of a wallet: correlated Student-t moves of its assets' log prices, and the tails of what it then loses.
//!
//! The log returns of a path are `x = L·ε` with L the Cholesky factor of the wallet's own daily covariance and ε the
//! shared innovations, their mean zero; the loss is `−Σ exposure × (eˣ − 1)`. Its linear part `−(Lᵀ·exposure)·ε` needs
//! one product with the shared matrix, and `eˣ − 1 ≥ x` makes it an upper bound of the loss for whatever is held. What
//! is owed loses more than the linear part by `|exposure|·(eˣ − 1 − x)`, which is bounded by x² and added.

use libm::{pow, sqrt};

use super::Horizon;
use super::expm1::expm1;
use super::innovations::{Factors, Innovations};
use super::levels::{Levels, Sums, Term, weighted};
use super::tail_filter::{certified, in_full};
use super::vectors::at_the_widest;
use crate::covariance::Lower;
use crate::market_risk::{TAIL_95_BPS, Tails, rank};

/// Share of the tail's loss that bends may be bounded over roughly: each hundredth asks about some 4 % more paths.
const NEGLIGIBLE: f64 = 0.08;
/// How fast the chance of a loss falls as the loss grows, near the VaR at 95 %: by this power of it, roughly.
const TAIL_INDEX: f64 = 3.0;
/// What a guess is multiplied with, so that it is not over what it guesses: a hundredth asks about 3 % more paths.
const A_LITTLE_UNDER: f64 = 0.99;
/// A hair over, for what 64-bit floats round in a bound.
const HAIR: f64 = 1.000_001;

/// Paths that are valued at once, and those of them that are laid out at once.
const LANES: usize = 16;
const GROUP: usize = 4;

/// Tails of the loss, in the exposures' currency, exact for the innovations given: sums in 16 bits only choose which
/// paths are valued, and the choice is proven. `factor` is that of one day's covariance of log returns.
///
/// `None` for lengths that differ, more assets than there are factors (256), or numbers that are not finite.
#[must_use]
pub fn monte_carlo_tails(
    factor: &Lower,
    exposures: &[f64],
    innovations: &Innovations,
    horizon: Horizon,
) -> Option<Tails> {
    if factor.rows().len() != exposures.len() {
        return None;
    }
    let factors = innovations.factors(exposures.len(), horizon)?;
    let loads = factor.transposed_times(exposures);
    let size = sqrt(loads.iter().map(|load| load * load).sum::<f64>());
    if !(size.is_finite() && exposures.iter().all(|exposure| exposure.is_finite())) {
        return None;
    }
    let valued = |paths: &[u32]| valued(factor, exposures, &factors, paths);
    match bounds(factor, exposures, &loads, size, &factors) {
        Some((bounds, linear)) => {
            let guess = typical(factor, exposures, &loads, size, linear, horizon);
            certified(&bounds, Some(guess), valued)
        }
        // Nothing of it moves, all of it cancels out to the last bit, or it does not fit in 16.
        None => in_full(factors.paths(), valued),
    }
}

/// As [`monte_carlo_tails`], with every path valued: what the filter is tested and measured against.
#[must_use]
pub fn monte_carlo_tails_in_full(
    factor: &Lower,
    exposures: &[f64],
    innovations: &Innovations,
    horizon: Horizon,
) -> Option<Tails> {
    if factor.rows().len() != exposures.len() {
        return None;
    }
    let factors = innovations.factors(exposures.len(), horizon)?;
    in_full(factors.paths(), |paths| valued(factor, exposures, &factors, paths))
}

/// What is owed of an asset, and bends its loss upwards.
struct Owed<'a> {
    /// Its row of the factor.
    row: &'a [f64],
    amount: f64,
    /// A bound on its move on any path that is not far out.
    most: f64,
}

/// An upper bound of the loss of each path, and about what its linear part is on the path of the VaR at 95 %; `None` where
/// it does not fit.
fn bounds(
    factor: &Lower,
    exposures: &[f64],
    loads: &[f64],
    size: f64,
    factors: &Factors<'_>,
) -> Option<(Sums, f64)> {
    let (near, usual) = (factors.near_length(), factors.usual_square());
    let (mut bend, mut widest, mut owed_moving) = (0.0, 0.0_f64, Vec::new());
    for (row, exposure) in factor.rows().iter().zip(exposures).filter(|(_, exposure)| **exposure < 0.0) {
        let variance: f64 = row.iter().map(|entry| entry * entry).sum();
        let most = sqrt(variance) * near;
        let own = -exposure * variance * curvature(most);
        // Bounded by the length of the innovation where that costs few paths; else by the asset's own moves.
        if (bend + own) * usual < NEGLIGIBLE * size * factors.tail() && variance * 2.0 * usual < 1.0 {
            bend += own;
            widest = widest.max(variance);
        } else {
            owed_moving.push(Owed { row, amount: -exposure, most });
        }
    }
    let bends = bend * near * near;
    let moving: f64 = owed_moving.iter().map(|owed| owed.amount * BEND * owed.most * owed.most).sum();
    // Twice the squares, for their rounding upwards.
    let most = (size * near + bends + 2.0 * moving) * HAIR;
    let terms: Vec<Term<'_>> =
        factors.columns().zip(loads).map(|(column, load)| Term { column, load: -load }).collect();
    let mut bounds = weighted(&terms, most)?;
    let linear = of_place(&bounds, factors.tail() * size)?;
    if bend > 0.0 {
        let squares: Vec<Term<'_>> = factors.squares().map(|column| Term { column, load: bend }).collect();
        bounds.add(&squares)?;
    }
    if widest * near * near > 1.0 {
        mark_wide(&mut bounds, factors, 1.0 / widest)?;
    }
    for owed in &owed_moving {
        add_bend(&mut bounds, owed, factors)?;
    }
    factors.far().for_each(|paths| bounds.mark(paths));
    Some((bounds, linear))
}

/// A hair under the loss of the VaR's path at 95 %, by how many paths lose a first guess at it.
fn of_place(linear: &Sums, first: f64) -> Option<f64> {
    let place = rank(linear.sums.len(), TAIL_95_BPS)?;
    let [seen, wanted] =
        [linear.count_at_least(first), place].map(|count| u32::try_from(count.max(1)).map(f64::from));
    Some(first * pow(seen.ok()? / wanted.ok()?, 1.0 / TAIL_INDEX) * A_LITTLE_UNDER)
}

/// A bound of `(eˣ − 1 − x) ÷ x²` for every x up to `rise` or 1, whichever is less: it grows with x.
fn curvature(rise: f64) -> f64 {
    let x = rise.clamp(0.01, 1.0);
    // A hair over, for the difference cancels.
    (libm::expm1(x) - x) / (x * x) * 1.000_001
}

/// Leaves open every path whose innovation is longer than what the bend's bound holds for.
fn mark_wide(bounds: &mut Sums, factors: &Factors<'_>, limit: f64) -> Option<()> {
    let near = factors.near_length();
    let terms: Vec<Term<'_>> = factors.squares().map(|column| Term { column, load: 1.0 }).collect();
    bounds.mark_over(&weighted(&terms, near * near * HAIR)?, limit);
    Some(())
}

/// About the loss of a path whose linear part loses so much: less the bends that are to be expected of it,
/// `Σ exposure·E[x²] ÷ 2` with x given that loss, each asset's part of it and what varies besides.
fn typical(
    factor: &Lower,
    exposures: &[f64],
    loads: &[f64],
    size: f64,
    linear: f64,
    horizon: Horizon,
) -> f64 {
    let days = f64::from(horizon.days());
    let bend = |(row, exposure): (&Vec<f64>, &f64)| {
        let with_loss: f64 = row.iter().zip(loads).map(|(entry, load)| entry * load).sum::<f64>() / size;
        let own: f64 = row.iter().map(|entry| entry * entry).sum();
        let part = with_loss * linear / size;
        exposure / 2.0 * (part * part + days * (own - with_loss * with_loss).max(0.0))
    };
    linear - factor.rows().iter().zip(exposures).map(bend).sum::<f64>()
}

/// `e − 2`: what bounds `(eˣ − 1 − x) ÷ x²` for x up to 1.
const BEND: f64 = std::f64::consts::E - 2.0;

/// Adds what an asset that is owed loses beyond its linear part, `owed·(eˣ − 1 − x)`, at its bound for x up to 1; a path
/// on which it rises by more is left open.
fn add_bend(bounds: &mut Sums, owed: &Owed<'_>, factors: &Factors<'_>) -> Option<()> {
    if owed.most <= 0.0 {
        return Some(());
    }
    let columns: Vec<&Levels> = factors.columns().collect();
    let terms: Vec<Term<'_>> =
        columns.iter().zip(owed.row).map(|(column, load)| Term { column, load: *load }).collect();
    let most = owed.most * HAIR;
    bounds.add_squares(&weighted(&terms, most)?, owed.amount * BEND * HAIR, most)
}

/// The exact losses of some paths, in their order.
fn valued(factor: &Lower, exposures: &[f64], factors: &Factors<'_>, paths: &[u32]) -> Vec<f64> {
    at_the_widest(
        #[inline(always)]
        || in_tiles(factor, exposures, factors, paths),
    )
}

#[inline(always)]
fn in_tiles(factor: &Lower, exposures: &[f64], factors: &Factors<'_>, paths: &[u32]) -> Vec<f64> {
    let mut losses = vec![0.0; paths.len().next_multiple_of(LANES)];
    let mut innovations = vec![[[0.0; LANES]; GROUP]; factors.rows().len()];
    for (tile, losses) in paths.chunks(LANES).zip(losses.as_chunks_mut::<LANES>().0) {
        let mut places = [0; LANES];
        for (place, path) in places.iter_mut().zip(tile) {
            *place = *path;
        }
        for (block, rows) in innovations.iter_mut().zip(factors.rows()) {
            lay_out(block, rows, &places);
        }
        let mut sums = [0.0; LANES];
        for (row, exposure) in factor.rows().iter().zip(exposures) {
            let mut moves = [0.0; LANES];
            for (entry, innovations) in row.iter().zip(innovations.as_flattened()) {
                for (one, innovation) in moves.iter_mut().zip(innovations) {
                    *one = entry.mul_add(*innovation, *one);
                }
            }
            let changes = expm1(&moves);
            for (sum, change) in sums.iter_mut().zip(&changes) {
                *sum -= exposure * change;
            }
        }
        *losses = sums;
    }
    losses.truncate(paths.len());
    losses
}

/// The innovations of a block's factors on some paths, by factor, as 64-bit floats.
#[inline(always)]
fn lay_out(block: &mut [[f64; LANES]; GROUP], rows: &[[f32; GROUP]], paths: &[u32; LANES]) {
    for (group, paths) in paths.as_chunks::<GROUP>().0.iter().enumerate() {
        let mut of_paths = [[f32::NAN; GROUP]; GROUP];
        for (of_path, path) in of_paths.iter_mut().zip(paths) {
            if let Some(row) = usize::try_from(*path).ok().and_then(|path| rows.get(path)) {
                *of_path = *row;
            }
        }
        let [a, b, c, d] = of_paths;
        for (index, column) in block.iter_mut().enumerate() {
            let four = [f64::from(a[index]), f64::from(b[index]), f64::from(c[index]), f64::from(d[index])];
            if let Some(place) = column.as_chunks_mut::<GROUP>().0.get_mut(group) {
                *place = four;
            }
        }
    }
}

#[cfg(test)]
mod tests;
