//! Figures that can be missing: known, or unknown with a reason, never a zero that stands for either.

use alloy_primitives::U256;

/// A value, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure<T> {
    /// The value, from inputs that were all there.
    Known(T),
    /// No value, and why, in words for the owner.
    Unknown(String),
}

impl<T> Figure<T> {
    /// The value, if it is known.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Applies `f` to a known value.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Figure<U> {
        match self {
            Self::Known(value) => Figure::Known(f(value)),
            Self::Unknown(reason) => Figure::Unknown(reason),
        }
    }
}

/// The health factor of one lending account: Σ collateral × liquidation threshold ÷ debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthFactor {
    /// In wad (1e18 = 1.0); the account can be liquidated strictly under 1e18.
    Known(U256),
    /// Nothing is owed, so nothing can be liquidated.
    NoDebt,
    /// It could not be computed, and why.
    Unknown(String),
}

impl HealthFactor {
    /// One in wad.
    pub const WAD: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

    /// The factor as a plain number for statistics and thresholds; `None` without debt or knowledge.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        match self {
            Self::Known(wad) => Some(f64::from(*wad) / 1e18),
            Self::NoDebt | Self::Unknown(_) => None,
        }
    }

    /// The exact decimal form of a known factor, 18 places, for answers.
    #[must_use]
    pub fn decimal(&self) -> Option<String> {
        match self {
            Self::Known(wad) => Some(format!("{}.{:018}", wad / Self::WAD, wad % Self::WAD)),
            Self::NoDebt | Self::Unknown(_) => None,
        }
    }
}

/// A score in 0..=100 as far as the gaps let it be told: equal ends where it is known,
/// otherwise the lowest and the highest value that the missing inputs could still make true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// No input can make it lower.
    pub at_least: f64,
    /// No input can make it higher.
    pub at_most: f64,
}

impl Range {
    /// Nothing is known: 0 to 100.
    pub const UNKNOWN: Self = Self { at_least: 0.0, at_most: 100.0 };

    /// A known score, clamped to 0..=100; NaN becomes [`Range::UNKNOWN`].
    #[must_use]
    pub fn exactly(score: f64) -> Self {
        if score.is_nan() {
            return Self::UNKNOWN;
        }
        let score = score.clamp(0.0, 100.0);
        Self { at_least: score, at_most: score }
    }

    /// The same lower end with everything above it possible: what a gap does to a score.
    #[must_use]
    pub const fn widened(self) -> Self {
        Self { at_least: self.at_least, at_most: 100.0 }
    }

    /// The score, if the ends meet.
    #[must_use]
    pub fn known(&self) -> Option<f64> {
        (self.at_least.to_bits() == self.at_most.to_bits()).then_some(self.at_least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_factor_prints_every_digit_of_its_wad() {
        let factor = HealthFactor::Known(U256::from(1_083_400_000_000_000_001_u64));
        assert_eq!(factor.decimal().unwrap(), "1.083400000000000001");
        assert_eq!(HealthFactor::Known(U256::from(7)).decimal().unwrap(), "0.000000000000000007");
        assert_eq!(HealthFactor::NoDebt.decimal(), None);
    }

    #[test]
    fn a_gap_widens_a_score_and_never_lowers_it() {
        let score = Range::exactly(42.0);
        assert_eq!(score.known(), Some(42.0));
        assert_eq!(score.widened(), Range { at_least: 42.0, at_most: 100.0 });
        assert_eq!(score.widened().known(), None);
        assert_eq!(Range::exactly(f64::NAN), Range::UNKNOWN);
    }
}
