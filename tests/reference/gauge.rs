//! The comparison: a figure of ours beside the reference's, within a stated tolerance, and how far apart they got.

use std::fmt::Debug;
use std::io::Write;

use crate::draw::seed;

/// Counts the comparisons of one quantity and keeps the largest differences.
pub(crate) struct Gauge {
    quantity: &'static str,
    tolerance: f64,
    cases: usize,
    /// Relative to the reference's figure, everything counted.
    largest: f64,
    /// The same beyond what the steps of rounded integers explain.
    largest_beyond: f64,
}

impl Gauge {
    /// For a quantity that may differ by this much, relative to the reference's figure.
    pub(crate) const fn relative(quantity: &'static str, tolerance: f64) -> Self {
        Self { quantity, tolerance, cases: 0, largest: 0.0, largest_beyond: 0.0 }
    }

    /// For a quantity that may not differ at all.
    pub(crate) const fn exact(quantity: &'static str) -> Self {
        Self::relative(quantity, 0.0)
    }

    /// Compares two floats. `unit` is the size under which a difference means nothing: 0, or what one step of an
    /// integer that both have rounded is worth.
    ///
    /// # Panics
    /// Where they differ by more than the tolerance and the unit, with the seed and the case.
    pub(crate) fn near(&mut self, seen: f64, wanted: f64, unit: f64, case: &impl Debug) {
        let difference = (seen - wanted).abs();
        let size = |part: f64| if part > 0.0 { part / wanted.abs() } else { 0.0 };
        let relative = size(difference - unit);
        assert!(
            seen.is_finite() && wanted.is_finite() && relative <= self.tolerance,
            "{}: {seen:e} is not the reference's {wanted:e} (relative {relative:e}), seed {}, case {case:?}",
            self.quantity,
            seed()
        );
        self.cases += 1;
        if wanted != 0.0 {
            self.largest = self.largest.max(size(difference));
        }
        self.largest_beyond = self.largest_beyond.max(relative);
    }

    /// Compares two values that must be the same.
    ///
    /// # Panics
    /// Where they are not, with the seed and the case.
    pub(crate) fn same<T: PartialEq + Debug>(&mut self, seen: &T, wanted: &T, case: &impl Debug) {
        assert!(
            seen == wanted,
            "{}: {seen:?} is not the reference's {wanted:?}, seed {}, case {case:?}",
            self.quantity,
            seed()
        );
        self.cases += 1;
    }

    /// Says on stderr how many cases there were and how far apart they got. A gauge that saw too few has failed.
    ///
    /// # Panics
    /// Where fewer than `at_least` cases were compared.
    pub(crate) fn report(&self, at_least: usize) {
        assert!(self.cases >= at_least, "{}: only {} cases were compared", self.quantity, self.cases);
        let largest = if self.tolerance > 0.0 {
            format!("{:.1e}, beyond steps {:.1e}", self.largest, self.largest_beyond)
        } else {
            "exact".to_owned()
        };
        // Past the harness, which keeps what a passing test prints.
        let _ = writeln!(std::io::stderr(), "  {:<72} {:>7} cases  {largest}", self.quantity, self.cases);
    }
}

#[test]
#[should_panic(expected = "is not the reference's")]
fn a_difference_over_the_tolerance_fails() {
    Gauge::relative("a figure", 1e-9).near(1.000_000_002, 1.0, 0.0, &"made up");
}

#[test]
#[should_panic(expected = "is not the reference's")]
fn what_is_no_number_fails() {
    Gauge::relative("a figure", 1e-9).near(f64::NAN, f64::NAN, 0.0, &"made up");
}

#[test]
#[should_panic(expected = "only 0 cases were compared")]
fn a_comparison_of_nothing_fails() {
    Gauge::exact("a figure").report(1);
}
