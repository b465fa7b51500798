//! How bad it is: the severity of an alert and the level of a wallet.

use std::fmt;
use std::str::FromStr;

use crate::rejection::Code;

/// Severity of an alert, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Act soon.
    High,
    /// Act now.
    Critical,
}

impl Severity {
    /// Every severity, rising.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The lower-case name used in requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl FromStr for Severity {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        Self::ALL.into_iter().find(|severity| severity.name() == text).ok_or(Code::Unsupported)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Standing of a wallet by its score: low < 20 ≤ medium < 50 ≤ high < 80 ≤ critical.
/// `Unknown` where the gaps leave more than one level possible: it is never a better standing than any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RiskLevel {
    /// Score under 20.
    Low,
    /// Score from 20 to under 50.
    Medium,
    /// Score from 50 to under 80.
    High,
    /// Score of 80 and over.
    Critical,
    /// The gaps do not let it be told.
    Unknown,
}

impl RiskLevel {
    /// Every level.
    pub const ALL: [Self; 5] = [Self::Low, Self::Medium, Self::High, Self::Critical, Self::Unknown];

    /// The level of a score in 0..=100.
    #[must_use]
    pub fn of_score(score: f64) -> Self {
        match score {
            s if s < 20.0 => Self::Low,
            s if s < 50.0 => Self::Medium,
            s if s < 80.0 => Self::High,
            s if s.is_nan() => Self::Unknown,
            _ => Self::Critical,
        }
    }

    /// The lower-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for RiskLevel {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(Code::Unsupported)
    }
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_include_their_lower_edge() {
        let cases = [
            (0.0, RiskLevel::Low),
            (19.999, RiskLevel::Low),
            (20.0, RiskLevel::Medium),
            (50.0, RiskLevel::High),
            (80.0, RiskLevel::Critical),
            (100.0, RiskLevel::Critical),
            (f64::NAN, RiskLevel::Unknown),
        ];
        for (score, level) in cases {
            assert_eq!(RiskLevel::of_score(score), level, "{score}");
        }
    }
}
