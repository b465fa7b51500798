//! A probability with its confidence interval and the model that it is from.

use libm::sqrt;

/// The 97.5 % quantile of the normal distribution: both ends of a 95 % interval.
pub(super) const Z_95: f64 = 1.959_963_984_540_054;

/// A probability and the 95 % interval around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The probability, fraction.
    pub value: f64,
    /// Lower end of the interval, fraction, never above `value`.
    pub low: f64,
    /// Upper end of the interval, fraction, never below `value`.
    pub high: f64,
}

impl Estimate {
    /// A certain answer: the interval is the value itself.
    #[must_use]
    pub const fn exactly(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// That at least one of two independent things happens: `1 − (1 − a)(1 − b)`, end by end.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let either = |a: f64, b: f64| (a + b - a * b).clamp(0.0, 1.0);
        Self {
            value: either(self.value, other.value),
            low: either(self.low, other.low),
            high: either(self.high, other.high),
        }
    }
}

/// The name of a model and what it was run with: enough to run it again by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// `certain`, `closed_form`, `filtered_historical`, `depeg_jump`, or two of them joined by `+`.
    pub name: String,
    /// Each parameter by name; times are in the unit that the name ends with.
    pub parameters: Vec<(&'static str, f64)>,
}

impl Model {
    /// What needs no model: nothing is owed, or the factor is 1 or less already.
    #[must_use]
    pub fn certain() -> Self {
        Self { name: "certain".to_owned(), parameters: Vec::new() }
    }

    /// Both models, one beside the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.name = format!("{}+{}", self.name, other.name);
        self.parameters.extend(other.parameters);
        self
    }
}

/// Wilson's 95 % interval of `hits` in `draws`: it is never empty, also where no draw hit (Wilson 1927). Certain
/// ignorance, the whole of 0 to 1, where nothing was drawn.
#[must_use]
pub fn wilson(hits: u32, draws: u32) -> Estimate {
    if draws == 0 {
        return Estimate { value: 1.0, low: 0.0, high: 1.0 };
    }
    let n = f64::from(draws);
    let p = f64::from(hits.min(draws)) / n;
    let square = Z_95 * Z_95;
    let centre = (p + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z_95 / (1.0 + square / n) * sqrt(p * (1.0 - p) / n + square / (4.0 * n * n));
    Estimate { value: p, low: (centre - half).clamp(0.0, p), high: (centre + half).clamp(p, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_that_of_the_textbook_and_never_empty() {
        // Agresti and Coull 1998: 0 of 10 gives 0 to 0.2775; scipy's binomtest(20, 100) gives 0.1334 to 0.2888.
        let none = wilson(0, 10);
        assert!((none.high - 0.277_5).abs() < 1e-4 && none.low.abs() < 1e-12, "{none:?}");
        let some = wilson(20, 100);
        assert!((some.low - 0.133_4).abs() < 1e-4 && (some.high - 0.288_8).abs() < 1e-4, "{some:?}");
        assert!(wilson(10, 10).low < 1.0);
        assert_eq!(wilson(0, 0), Estimate { value: 1.0, low: 0.0, high: 1.0 });
    }

    #[test]
    fn either_of_two_is_no_less_than_each() {
        let both = Estimate::exactly(0.2).or(Estimate::exactly(0.5));
        assert!((both.value - 0.6).abs() < 1e-12);
        assert_eq!(Estimate::exactly(1.0).or(Estimate::exactly(0.3)), Estimate::exactly(1.0));
    }
}
