//! Covariance of a set of assets: Ledoit-Wolf shrinkage, correlation as it is and under stress, and its factors.
//!
//! Everything is made of [`Pair`]s, the moments of two columns, so that a set of assets costs only its own block of
//! what a whole market shares (risk-math C.4, C.6).

mod factors;
mod matrix;

use libm::sqrt;

pub use factors::{NotPositive, cholesky, effective_bets, eigen};
pub use matrix::{Lower, Symmetric};

/// Lanes of a sum: a fixed number of partial sums, so that a vector unit can carry them and the result is the same on
/// every machine.
const LANES: usize = 4;

/// Largest change to an entry that making a stressed matrix a correlation matrix again may cost.
const MOST_REPAIR: f64 = 0.05;

/// Moments of two centred columns of the same days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Mean of the products: the sample covariance, divided by n.
    pub covariance: f64,
    /// Mean of the squared products, which says how uncertain the covariance is.
    pub squares: f64,
}

impl Pair {
    /// The moments of two centred columns; days that only one of them has are left out. Symmetric to the last bit.
    #[must_use]
    pub fn of(a: &[f64], b: &[f64]) -> Self {
        let days = a.len().min(b.len());
        let (mut sums, mut squares) = ([0.0; LANES], [0.0; LANES]);
        let (a, b) = (a.chunks(LANES), b.chunks(LANES));
        for (a, b) in a.zip(b) {
            for (((a, b), sum), square) in a.iter().zip(b).zip(&mut sums).zip(&mut squares) {
                let product = a * b;
                *sum += product;
                *square += product * product;
            }
        }
        let mean = |lanes: [f64; LANES]| lanes.iter().sum::<f64>() / count(days);
        Self { covariance: mean(sums), squares: mean(squares) }
    }
}

/// A column less its mean.
#[must_use]
pub fn centred(column: &[f64]) -> Vec<f64> {
    let mean = column.iter().sum::<f64>() / count(column.len());
    column.iter().map(|value| value - mean).collect()
}

/// A shrunk covariance matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// `(1 − δ)·S + δ·μ·I`, in the squared unit of the columns.
    pub covariance: Symmetric,
    /// δ, 0 to 1.
    pub shrinkage: f64,
    /// μ, the mean variance that it is shrunk to.
    pub mean_variance: f64,
}

/// The covariance of Ledoit and Wolf (2004), *A well-conditioned estimator for large-dimensional covariance matrices*,
/// of `size` columns of `observations` rows whose moments `pair(i, j)` gives, as
/// `sklearn.covariance.ledoit_wolf` computes it: centred, divided by n, shrunk to the mean variance.
///
/// `None` for no column, fewer than two rows, or moments that are not finite.
#[must_use]
pub fn ledoit_wolf(size: usize, observations: usize, pair: impl Fn(usize, usize) -> Pair) -> Option<Shrunk> {
    if size == 0 || observations < 2 {
        return None;
    }
    let mut covariance = Symmetric::zero(size);
    let (mut squares, mut norm) = (0.0, 0.0);
    for row in 0..size {
        for column in 0..=row {
            let one = pair(row, column);
            let times = if row == column { 1.0 } else { 2.0 };
            squares += times * one.squares;
            norm += times * one.covariance * one.covariance;
            covariance.set(row, column, one.covariance);
        }
    }
    let (p, n) = (count(size), count(observations));
    let mean_variance = covariance.trace() / p;
    let distance = (norm - p * mean_variance * mean_variance) / p;
    let error = ((squares - norm) / (p * n)).min(distance);
    // One column has nothing to be shrunk towards; equal variances without covariance are already there.
    let shrinkage = if size > 1 && error > 0.0 { error / distance } else { 0.0 };
    let keep = 1.0 - shrinkage;
    let shrunk = Symmetric::from_pairs(size, |row, column| {
        let own = if row == column { shrinkage * mean_variance } else { 0.0 };
        keep * covariance.at(row, column) + own
    });
    (shrunk.is_finite() && shrinkage.is_finite()).then_some(Shrunk {
        covariance: shrunk,
        shrinkage,
        mean_variance,
    })
}

/// Correlation of a covariance matrix; `None` where a variance is not above zero.
#[must_use]
pub fn correlation(covariance: &Symmetric) -> Option<Symmetric> {
    let deviations: Vec<f64> =
        (0..covariance.size()).map(|index| sqrt(covariance.at(index, index))).collect();
    if deviations.iter().any(|deviation| !(deviation.is_finite() && *deviation > 0.0)) {
        return None;
    }
    Some(Symmetric::from_pairs(covariance.size(), |row, column| {
        if row == column {
            return 1.0;
        }
        let scale = deviations.get(row).zip(deviations.get(column)).map_or(f64::NAN, |(a, b)| a * b);
        (covariance.at(row, column) / scale).clamp(-1.0, 1.0)
    }))
}

/// Correlation in a crisis: `max(ρ, floor)` between any two risk assets, the rest as it was, made a correlation matrix
/// again by taking its negative eigenvalues out (Rebonato and Jäckel, 1999, the spectral method).
///
/// `None` where that would move an entry by more than 0.05, so that the result would not be the stress asked for; and
/// where `is_risk` has another length.
#[must_use]
pub fn stressed_correlation(correlation: &Symmetric, is_risk: &[bool], floor: f64) -> Option<Symmetric> {
    let size = correlation.size();
    if is_risk.len() != size || !(-1.0..=1.0).contains(&floor) || !correlation.is_finite() {
        return None;
    }
    let in_block = |row: usize, column: usize| {
        is_risk.get(row).copied().unwrap_or(false) && is_risk.get(column).copied().unwrap_or(false)
    };
    let wanted = Symmetric::from_pairs(size, |row, column| {
        let rho = correlation.at(row, column);
        if row != column && in_block(row, column) { rho.max(floor) } else { rho }
    });
    if cholesky(&wanted).is_ok() {
        return Some(wanted);
    }
    let (values, vectors) = eigen(&wanted)?;
    let clipped = Symmetric::from_pairs(size, |row, column| {
        let parts = values.iter().zip(&vectors);
        parts.map(|(value, vector)| value.max(0.0) * at(vector, row) * at(vector, column)).sum()
    });
    let repaired = self::correlation(&clipped)?;
    let moved = |row: usize, column: usize| (repaired.at(row, column) - wanted.at(row, column)).abs();
    let most = (0..size).flat_map(|row| (0..row).map(move |column| (row, column)));
    let most = most.map(|(row, column)| moved(row, column)).fold(0.0, f64::max);
    (most <= MOST_REPAIR).then_some(repaired)
}

fn at(values: &[f64], index: usize) -> f64 {
    values.get(index).copied().unwrap_or(f64::NAN)
}

/// A count as a float: exact, for there are fewer than 2³² days or assets.
fn count(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests;
