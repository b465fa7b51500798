//! Monte Carlo of a wallet: correlated Student-t moves of its assets' log prices, and the tails of what it then loses.
//!
//! The log returns of a path are `x = L·ε` with L the Cholesky factor of the wallet's own daily covariance and ε the
//! shared innovations, their mean zero; the loss is `−Σ exposure × (eˣ − 1)`. Its linear part `−(Lᵀ·exposure)·ε` needs
//! one product with the shared matrix, and `eˣ − 1 ≥ x` makes it an upper bound of the loss for whatever is held. What
//! is owed loses more than the linear part by `|exposure|·(eˣ − 1 − x)`, which is bounded by x² and added.

use libm::sqrt;

use super::expm1::expm1;
use super::innovations::{Factors, Innovations};
use super::tail_filter::certified;
use super::vectors::at_the_widest;
use super::{Horizon, ROUNDING, product, single};
use crate::covariance::Lower;
use crate::market_risk::Tails;

/// Slack above which the losses themselves could leave the range of 32-bit floats.
pub(super) const MOST_SLACK: f64 = 1e30;

/// Share of the tail's loss that bends may be bounded over roughly: each hundredth asks about some 4 % more paths.
const NEGLIGIBLE: f64 = 0.08;
/// A hair under the rise up to which the bound of a bend holds.
const NEAR_ONE: f32 = 0.999;
/// A bound that is over every threshold.
const FAR_OUT: f32 = 1e36;

/// Paths that are valued at once.
const LANES: usize = 16;

/// Tails of the loss, in the exposures' currency, exact for the innovations given: 32-bit floats only choose which paths
/// are valued, and the choice is proven. `factor` is that of one day's covariance of log returns.
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
    if size <= 0.0 {
        // Nothing of it moves, or all of it cancels out to the last bit.
        return in_full(factor, exposures, &factors);
    }
    let (upper, slack) = bounds(factor, exposures, &loads, size, &factors, horizon)?;
    let guess = typical(factor, exposures, &loads, size, factors.tail * size, horizon);
    certified(&upper, slack, Some(single(guess)), |paths| valued(factor, exposures, &factors, paths))
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
    in_full(factor, exposures, &innovations.factors(exposures.len(), horizon)?)
}

fn in_full(factor: &Lower, exposures: &[f64], factors: &Factors<'_>) -> Option<Tails> {
    let paths = factors.columns.first()?.len();
    let all: Vec<u32> = (0..u32::try_from(paths).ok()?).collect();
    let losses = valued(factor, exposures, factors, &all);
    let profits: Vec<f64> = losses.into_iter().map(|loss| -loss).collect();
    crate::market_risk::historical_tails(&profits)
}

/// An upper bound of the loss of each path, and how far rounding can put it under.
fn bounds(
    factor: &Lower,
    exposures: &[f64],
    loads: &[f64],
    size: f64,
    factors: &Factors<'_>,
    horizon: Horizon,
) -> Option<(Vec<f32>, f64)> {
    let near = factors.near_length(horizon);
    let usual = factors.usual_square(horizon);
    let (mut bend, mut widest, mut owed_moving) = (0.0, 0.0_f64, Vec::new());
    for (row, exposure) in factor.rows().iter().zip(exposures).filter(|(_, exposure)| **exposure < 0.0) {
        let variance: f64 = row.iter().map(|entry| entry * entry).sum();
        let own = -exposure * variance * curvature(sqrt(variance) * near);
        // Bounded by the length of the innovation where that costs few paths; else by the asset's own moves.
        if (bend + own) * usual < NEGLIGIBLE * size * factors.tail && variance * 2.0 * usual < 1.0 {
            bend += own;
            widest = widest.max(variance);
        } else {
            owed_moving.push((row, -exposure));
        }
    }
    let mut columns = factors.columns.clone();
    let mut weights: Vec<f32> = loads.iter().map(|load| single(-load)).collect();
    if bend > 0.0 {
        columns.extend(&factors.squares);
        weights.extend(factors.squares.iter().map(|_| single(bend)));
    }
    let mut upper = product::losses(&columns, &weights);
    if widest * near * near > 1.0 {
        mark_far(&mut upper, &factors.squares, single(1.0 / widest));
    }
    for (row, owed) in &owed_moving {
        add_bend(&mut upper, row, *owed, &factors.columns);
    }
    let terms = f64::from(u32::try_from(columns.len() + owed_moving.len()).ok()?);
    let moving: f64 = owed_moving.iter().map(|(_, owed)| owed).sum();
    // Each term is rounded when it is stored, multiplied and added; the bends are rounded upwards by this as well.
    let largest = size * sqrt(factors.furthest) + bend * near * near + moving;
    let slack = 8.0 * terms * ROUNDING * largest;
    (slack < MOST_SLACK).then_some((upper, slack))
}

/// A bound of `(eˣ − 1 − x) ÷ x²` for every x up to `rise` or 1, whichever is less: it grows with x.
fn curvature(rise: f64) -> f64 {
    let x = rise.clamp(0.01, 1.0);
    // A hair over, for the difference cancels.
    (libm::expm1(x) - x) / (x * x) * 1.000_001
}

/// Puts every path whose innovation is longer than what the bend's bound holds for over every threshold.
fn mark_far(upper: &mut [f32], squares: &[&[f32]], limit: f32) {
    let ones = vec![1.0; squares.len()];
    let lengths = product::losses(squares, &ones);
    at_the_widest(
        #[inline(always)]
        || {
            for (upper, square) in upper.iter_mut().zip(&lengths) {
                *upper = if *square < NEAR_ONE * limit { *upper } else { FAR_OUT };
            }
        },
    );
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

/// Adds what an asset that is owed loses beyond its linear part, `owed·(eˣ − 1 − x)`, at its bound `owed·(e − 2)·x²` for
/// x up to 1; a path on which it rises by more is always looked at.
fn add_bend(upper: &mut [f32], row: &[f64], owed: f64, columns: &[&[f32]]) {
    let loads: Vec<f32> = row.iter().map(|entry| single(*entry)).collect();
    let moves = product::losses(columns.get(..row.len()).unwrap_or_default(), &loads);
    let bound = single(owed * (std::f64::consts::E - 2.0));
    at_the_widest(
        #[inline(always)]
        move || {
            for (upper, x) in upper.iter_mut().zip(moves) {
                // Both are computed and one is taken, so that it stays in vectors.
                let bend = bound * (x * x);
                *upper += if x < NEAR_ONE { bend } else { FAR_OUT };
            }
        },
    );
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
    let mut losses = Vec::with_capacity(paths.len() + LANES);
    let mut innovations = vec![[0.0; LANES]; factors.columns.len()];
    for tile in paths.chunks(LANES) {
        for (innovations, column) in innovations.iter_mut().zip(&factors.columns) {
            for (innovation, path) in innovations.iter_mut().zip(tile) {
                let stored = usize::try_from(*path).ok().and_then(|path| column.get(path));
                *innovation = stored.map_or(f64::NAN, |stored| f64::from(*stored));
            }
        }
        let mut sums = [0.0; LANES];
        for (row, exposure) in factor.rows().iter().zip(exposures) {
            let mut moves = [0.0; LANES];
            for (entry, innovations) in row.iter().zip(&innovations) {
                for (one, innovation) in moves.iter_mut().zip(innovations) {
                    *one += entry * innovation;
                }
            }
            for (sum, change) in sums.iter_mut().zip(expm1(moves)) {
                *sum -= exposure * change;
            }
        }
        losses.extend(sums.iter().take(tile.len()));
    }
    losses
}

#[cfg(test)]
mod tests;
