//! Statistics of daily profit and loss: volatility, VaR and expected shortfall, drawdown (risk-math C.4).
//!
//! Losses are positive, horizons one day unless they say otherwise, and a market that never closes has 365 days a year.

mod ewma;
mod historical;
mod parametric;

use libm::sqrt;

pub use ewma::{LAMBDA, ewma_variance};
pub(crate) use historical::rank;
pub use historical::{historical_tail, historical_tails, max_drawdown};
pub use parametric::{CornishFisher, OutsideDomain, Shape, normal_density, normal_quantile, normal_tail};

/// Days a year of a market that never closes.
pub const DAYS_PER_YEAR: f64 = 365.0;
/// The worst days that a 95 % measure looks at, bps.
pub const TAIL_95_BPS: u16 = 500;
/// The worst days that a 99 % measure looks at, bps.
pub const TAIL_99_BPS: u16 = 100;

/// A loss that is passed with the given chance only, and the mean loss beyond it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// Value at risk, in the unit of the profit and loss; negative where even the bad days gained.
    pub var: f64,
    /// Expected shortfall, never under `var`.
    pub es: f64,
}

/// The tails of one distribution of profit and loss at both levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// At 95 %.
    pub at_95: Tail,
    /// At 99 %.
    pub at_99: Tail,
}

/// Sample standard deviation (n − 1); `None` for fewer than two values or a result that is not finite.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let count = f64::from(u32::try_from(values.len()).ok().filter(|count| *count >= 2)?);
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = sqrt(squares / (count - 1.0));
    deviation.is_finite().then_some(deviation)
}
