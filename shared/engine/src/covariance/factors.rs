//! Factors of a symmetric matrix: Cholesky, eigenvalues, and the number of bets that a wallet's risk is made of.

use std::fmt;

use libm::{exp, log, sqrt};

use super::matrix::{Lower, Symmetric};

/// Rounds of rotations after which eigenvalues are given up on; a dozen are enough for any matrix in doubles.
const MOST_SWEEPS: usize = 64;

/// A matrix that is not positive definite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPositive {
    /// The row whose pivot is not above zero, from 0.
    pub row: usize,
}

impl fmt::Display for NotPositive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the covariance is not positive definite at row {}", self.row)
    }
}

/// The lower triangular L with `L·Lᵀ = M`.
///
/// # Errors
/// [`NotPositive`] where a pivot is not a number above zero.
pub fn cholesky(matrix: &Symmetric) -> Result<Lower, NotPositive> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(matrix.size());
    for index in 0..matrix.size() {
        let mut row: Vec<f64> = Vec::with_capacity(index + 1);
        for (before, entry) in rows.iter().zip(matrix.row(index)) {
            let known: f64 = row.iter().zip(before).map(|(a, b)| a * b).sum();
            // `row` holds as many entries as came before, so the pivot of `before` is its own last one.
            let pivot = before.last().copied().unwrap_or(f64::NAN);
            row.push((entry - known) / pivot);
        }
        let rest = matrix.at(index, index) - row.iter().map(|entry| entry * entry).sum::<f64>();
        if !(rest > 0.0 && rest.is_finite()) {
            return Err(NotPositive { row: index });
        }
        row.push(sqrt(rest));
        rows.push(row);
    }
    Ok(Lower { rows })
}

/// Eigenvalues and their unit vectors by Jacobi's rotations, largest first; `None` for a matrix that is not finite.
#[must_use]
pub fn eigen(matrix: &Symmetric) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    if !matrix.is_finite() {
        return None;
    }
    let size = matrix.size();
    let mut values: Vec<Vec<f64>> = (0..size).map(|row| matrix.row(row).to_vec()).collect();
    let unit = |row: usize| (0..size).map(|column| if row == column { 1.0 } else { 0.0 }).collect();
    // Row `i` is the vector of the eigenvalue that the diagonal's entry `i` becomes.
    let mut vectors: Vec<Vec<f64>> = (0..size).map(unit).collect();
    for _ in 0..MOST_SWEEPS {
        let mut is_diagonal = true;
        for p in 0..size {
            for q in p + 1..size {
                // What is lost in the rounding of both its diagonals is nothing.
                let small = f64::EPSILON * sqrt((values[p][p] * values[q][q]).abs()) * 0.5;
                if values[p][q].abs() > small.max(f64::MIN_POSITIVE) {
                    is_diagonal = false;
                    rotate(&mut values, &mut vectors, p, q);
                }
            }
        }
        if is_diagonal {
            break;
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|a, b| values[*b][*b].total_cmp(&values[*a][*a]).then(a.cmp(b)));
    Some(order.into_iter().map(|index| (values[index][index], std::mem::take(&mut vectors[index]))).unzip())
}

/// One rotation that makes the entry `(p, q)` zero (Golub and Van Loan, *Matrix Computations*, 8.5).
fn rotate(values: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    let tau = (values[q][q] - values[p][p]) / (2.0 * values[p][q]);
    let t = tau.signum() / (tau.abs() + sqrt(1.0 + tau * tau));
    let c = 1.0 / sqrt(1.0 + t * t);
    let s = t * c;
    for row in values.iter_mut() {
        let (a, b) = (row[p], row[q]);
        row[p] = c * a - s * b;
        row[q] = s * a + c * b;
    }
    for rows in [values, vectors] {
        // p < q, so the two rows lie on either side of the cut.
        let (above, below) = rows.split_at_mut(q);
        for (a, b) in above[p].iter_mut().zip(&mut below[0]) {
            (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
        }
    }
}

/// Effective number of bets: `exp(−Σ p ln p)` over the shares `p` of the variance that each principal component carries
/// (Meucci 2009, *Managing diversification*), 1 to the number of assets.
///
/// `exposures` are the signed amounts in any currency. `None` where nothing moves, or the lengths differ.
#[must_use]
pub fn effective_bets(covariance: &Symmetric, exposures: &[f64]) -> Option<f64> {
    if exposures.len() != covariance.size() {
        return None;
    }
    let (values, vectors) = eigen(covariance)?;
    let carried: Vec<f64> = values
        .iter()
        .zip(&vectors)
        .map(|(value, vector)| {
            let load: f64 = vector.iter().zip(exposures).map(|(a, b)| a * b).sum();
            load * load * value.max(0.0)
        })
        .collect();
    let total: f64 = carried.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return None;
    }
    let shares = carried.iter().map(|part| part / total).filter(|share| *share > 0.0);
    Some(exp(-shares.map(|share| share * log(share)).sum::<f64>()))
}
