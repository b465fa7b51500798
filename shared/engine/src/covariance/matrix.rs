//! Small dense matrices: symmetric and lower triangular.

/// A symmetric matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Symmetric {
    size: usize,
    /// Row by row, both halves.
    values: Vec<f64>,
}

impl Symmetric {
    /// A matrix of zeros.
    #[must_use]
    pub fn zero(size: usize) -> Self {
        Self { size, values: vec![0.0; size.saturating_mul(size)] }
    }

    /// A matrix by its lower half: `entry(row, column)` is asked for `column <= row` only.
    #[must_use]
    pub fn from_pairs(size: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let mut matrix = Self::zero(size);
        for row in 0..size {
            for column in 0..=row {
                matrix.set(row, column, entry(row, column));
            }
        }
        matrix
    }

    /// Rows, and so columns.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// An entry; NaN outside the matrix.
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.row(row).get(column).copied().unwrap_or(f64::NAN)
    }

    /// A row; empty outside the matrix.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        let start = row.saturating_mul(self.size);
        self.values.get(start..start.saturating_add(self.size)).unwrap_or_default()
    }

    /// Sets an entry and its mirror image.
    pub(super) fn set(&mut self, row: usize, column: usize, value: f64) {
        for index in [row * self.size + column, column * self.size + row] {
            if let Some(entry) = self.values.get_mut(index) {
                *entry = value;
            }
        }
    }

    /// Sum of the diagonal.
    #[must_use]
    pub fn trace(&self) -> f64 {
        (0..self.size).map(|index| self.at(index, index)).sum()
    }

    /// Whether every entry is a finite number.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }

    /// `wᵀ·M·w`; NaN where the lengths differ.
    #[must_use]
    pub fn quadratic(&self, weights: &[f64]) -> f64 {
        if weights.len() != self.size {
            return f64::NAN;
        }
        let row = |row: usize| self.row(row).iter().zip(weights).map(|(entry, weight)| entry * weight);
        weights.iter().enumerate().map(|(index, weight)| weight * row(index).sum::<f64>()).sum()
    }
}

/// A lower triangular matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Lower {
    /// Row `i` holds `i + 1` entries.
    pub(super) rows: Vec<Vec<f64>>,
}

impl Lower {
    /// A matrix of no rows, or of zeros.
    #[must_use]
    pub fn zero(size: usize) -> Self {
        Self { rows: (0..size).map(|row| vec![0.0; row + 1]).collect() }
    }

    /// The rows, each up to its diagonal.
    #[must_use]
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// `Lᵀ·w`: the weight of each factor in what the weights add up to.
    #[must_use]
    pub fn transposed_times(&self, weights: &[f64]) -> Vec<f64> {
        let mut loads = vec![0.0; self.rows.len()];
        for (row, weight) in self.rows.iter().zip(weights) {
            for (load, entry) in loads.iter_mut().zip(row) {
                *load += entry * weight;
            }
        }
        loads
    }
}
