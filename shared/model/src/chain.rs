//! The chains that positions are read on.

use std::fmt;
use std::str::FromStr;

use crate::rejection::Code;

/// A supported EVM chain, by its EIP-155 id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChainId {
    /// Ethereum mainnet, 1.
    Ethereum,
    /// OP Mainnet, 10.
    Optimism,
    /// Polygon PoS, 137.
    Polygon,
    /// Base, 8453.
    Base,
    /// Arbitrum One, 42161.
    Arbitrum,
}

impl ChainId {
    /// Every supported chain, by ascending id.
    pub const ALL: [Self; 5] = [Self::Ethereum, Self::Optimism, Self::Polygon, Self::Base, Self::Arbitrum];

    /// The EIP-155 id.
    #[must_use]
    pub const fn id(self) -> u64 {
        match self {
            Self::Ethereum => 1,
            Self::Optimism => 10,
            Self::Polygon => 137,
            Self::Base => 8453,
            Self::Arbitrum => 42161,
        }
    }

    /// The chain of an EIP-155 id, if it is a supported one.
    #[must_use]
    pub fn from_id(id: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|chain| chain.id() == id)
    }

    /// The lower-case name used in requests, answers and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethereum => "ethereum",
            Self::Optimism => "optimism",
            Self::Polygon => "polygon",
            Self::Base => "base",
            Self::Arbitrum => "arbitrum",
        }
    }

    /// Symbol of the chain's native token.
    #[must_use]
    pub const fn native_symbol(self) -> &'static str {
        match self {
            Self::Polygon => "POL",
            _ => "ETH",
        }
    }
}

impl FromStr for ChainId {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        Self::ALL.into_iter().find(|chain| chain.name() == text).ok_or(Code::Unsupported)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
