//! Money: an amount of US dollars that is always a finite number.

use std::fmt;

/// US dollars, finite. Negative values are debts and losses.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Usd(f64);

impl Usd {
    /// No dollars.
    pub const ZERO: Self = Self(0.0);

    /// A finite amount; `None` for NaN and the infinities.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The number of dollars.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Usd {
    /// Dollars with cents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.2}", self.0)
    }
}
