//! The protocols whose positions are known by name.

use std::fmt;
use std::str::FromStr;

use crate::rejection::Code;

/// A protocol that a position can be held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Aave V2 lending market (Ethereum).
    AaveV2,
    /// Aave V3 lending markets.
    AaveV3,
    /// Compound V2: one account over every cToken entered.
    CompoundV2,
    /// Compound III: every Comet is an account of its own.
    CompoundV3,
    /// Curve pools, by their LP tokens.
    Curve,
    /// Morpho Blue: every market is an account of its own.
    MorphoBlue,
    /// SparkLend, a fork of Aave V3.
    Spark,
    /// Tokens and native coins held by the wallet itself.
    Tokens,
    /// Uniswap V3 positions of the NonfungiblePositionManager.
    UniswapV3,
}

impl Protocol {
    /// Every protocol this build reads.
    pub const ALL: [Self; 9] = [
        Self::AaveV2,
        Self::AaveV3,
        Self::CompoundV2,
        Self::CompoundV3,
        Self::Curve,
        Self::MorphoBlue,
        Self::Spark,
        Self::Tokens,
        Self::UniswapV3,
    ];

    /// Protocols that are known to hold positions and that this build cannot read: every answer lists them.
    pub const UNSUPPORTED: [&'static str; 8] =
        ["aave_v4", "crvusd", "curve_gauges", "euler_v2", "fluid", "liquity", "sky", "uniswap_v4"];

    /// The snake-case name used in requests and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AaveV2 => "aave_v2",
            Self::AaveV3 => "aave_v3",
            Self::CompoundV2 => "compound_v2",
            Self::CompoundV3 => "compound_v3",
            Self::Curve => "curve",
            Self::MorphoBlue => "morpho_blue",
            Self::Spark => "spark",
            Self::Tokens => "tokens",
            Self::UniswapV3 => "uniswap_v3",
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
