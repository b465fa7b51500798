//! The protocols whose positions are known by name.

use std::fmt;
use std::str::FromStr;

use crate::rejection::Code;

/// A protocol that a position can be held in and that this build can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Aave V3 lending markets.
    AaveV3,
    /// Tokens and native coins held by the wallet itself.
    Tokens,
}

impl Protocol {
    /// Every protocol this build reads.
    pub const ALL: [Self; 2] = [Self::AaveV3, Self::Tokens];

    /// Protocols that are known to hold positions and that this build cannot read: every answer lists them.
    pub const UNSUPPORTED: [&'static str; 10] = [
        "aave_v2",
        "aave_v4",
        "compound_v2",
        "compound_v3",
        "curve",
        "euler_v2",
        "fluid",
        "morpho_blue",
        "spark",
        "uniswap_v3",
    ];

    /// The snake-case name used in requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AaveV3 => "aave_v3",
            Self::Tokens => "tokens",
        }
    }
}

impl FromStr for Protocol {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == text).ok_or(Code::Unsupported)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
