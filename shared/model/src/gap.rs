//! A gap: what is missing from an answer, where it should have come from, and why it did not.

use std::fmt;
use std::str::FromStr;

use crate::rejection::Code;
use crate::time::Timestamp;

/// Why something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GapReason {
    /// The provider did not answer in time or at all, or answered with a failure.
    Unavailable,
    /// The provider asked for a pause longer than the deadline.
    Throttled,
    /// The provider refused: key, plan or request.
    Refused,
    /// No key or address of this provider is configured.
    NotConfigured,
    /// The provider answered and has no such thing.
    Missing,
    /// The answer is older than the limit for its kind.
    Stale,
    /// The answer could not be understood or contradicts itself.
    Malformed,
    /// Two sources differ by more than the limit.
    Divergent,
    /// There are too few observations for the measure.
    TooShort,
    /// This build cannot read it.
    Unsupported,
    /// The rules of the deployed contract version are not known to this build.
    UnverifiedRules,
}

impl GapReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Unavailable,
        Self::Throttled,
        Self::Refused,
        Self::NotConfigured,
        Self::Missing,
        Self::Stale,
        Self::Malformed,
        Self::Divergent,
        Self::TooShort,
        Self::Unsupported,
        Self::UnverifiedRules,
    ];

    /// The snake-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::NotConfigured => "not_configured",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Malformed => "malformed",
            Self::Divergent => "divergent",
            Self::TooShort => "too_short",
            Self::Unsupported => "unsupported",
            Self::UnverifiedRules => "unverified_rules",
        }
    }
}

impl FromStr for GapReason {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or(Code::Unsupported)
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The part of an answer that a gap leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Affects {
    /// Health factors and liquidation prices: an account or its oracle could not be read.
    Liquidation,
    /// Value, debt, net worth and whatever is weighted by value.
    Value,
    /// Volatility, VaR, expected shortfall, drawdown and liquidation probability.
    Volatility,
    /// Time to sell.
    Liquidity,
    /// Nothing in the score: a second source, a subgraph or a gas price was not there.
    Confirmation,
}

impl Affects {
    /// Every part.
    pub const ALL: [Self; 5] =
        [Self::Liquidation, Self::Value, Self::Volatility, Self::Liquidity, Self::Confirmation];

    /// The snake-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Liquidation => "liquidation",
            Self::Value => "value",
            Self::Volatility => "volatility",
            Self::Liquidity => "liquidity",
            Self::Confirmation => "confirmation",
        }
    }
}

/// One named hole in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// What is missing, e.g. `aave_v3 account on ethereum` or `price of ethereum:0x…`. No secrets.
    pub what: String,
    /// Where it should have come from: a provider's name.
    pub source: &'static str,
    /// Why it did not.
    pub reason: GapReason,
    /// The part of the answer left open.
    pub affects: Affects,
    /// Since when it is missing (last good answer), where that is known.
    pub since: Option<Timestamp>,
}
