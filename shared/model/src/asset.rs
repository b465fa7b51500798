//! An asset: a token contract or the native coin on one chain.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::Address;

use crate::chain::ChainId;
use crate::rejection::Code;
use crate::wallet::parse_address;

/// What is held: the chain's own coin or a token contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token {
    /// The chain's native coin (ETH, POL).
    Native,
    /// A token contract.
    Contract(Address),
}

/// A token on a chain: the identity that prices, histories and exposures are keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asset {
    /// Where it lives.
    pub chain: ChainId,
    /// Which token.
    pub token: Token,
}

impl Asset {
    /// The native coin of a chain.
    #[must_use]
    pub const fn native(chain: ChainId) -> Self {
        Self { chain, token: Token::Native }
    }

    /// A token contract on a chain.
    #[must_use]
    pub const fn contract(chain: ChainId, address: Address) -> Self {
        Self { chain, token: Token::Contract(address) }
    }

    /// The contract address, if it is not the native coin.
    #[must_use]
    pub const fn address(&self) -> Option<Address> {
        match self.token {
            Token::Native => None,
            Token::Contract(address) => Some(address),
        }
    }
}

impl fmt::Display for Asset {
    /// `ethereum:native` or `ethereum:0x…` in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.token {
            Token::Native => write!(f, "{}:native", self.chain),
            Token::Contract(address) => write!(f, "{}:{address:#x}", self.chain),
        }
    }
}

impl FromStr for Asset {
    type Err = Code;

    fn from_str(text: &str) -> Result<Self, Code> {
        let (chain, token) = text.split_once(':').ok_or(Code::Malformed)?;
        let chain = chain.parse()?;
        match token {
            "native" => Ok(Self::native(chain)),
            address => Ok(Self::contract(chain, parse_address(address)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_reads_back_what_it_prints() {
        for text in ["base:native", "ethereum:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"] {
            assert_eq!(text.parse::<Asset>().unwrap().to_string(), text);
        }
        assert_eq!("mars:native".parse::<Asset>(), Err(Code::Unsupported));
    }
}
