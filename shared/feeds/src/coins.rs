//! What the price providers call an asset: native coins by their listing, tokens by chain and contract.

use risk_model::{Address, Asset, ChainId, Token};

/// One thing that has a market. The native coins of Ethereum, Arbitrum, Base and Optimism are one: ETH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Coin {
    /// A coin by its CoinGecko id, which DefiLlama takes too (`coingecko:{id}`).
    Listed(&'static str),
    /// A token contract.
    Contract(ChainId, Address),
}

impl Coin {
    /// The coin that an asset trades as.
    #[must_use]
    pub const fn of(asset: &Asset) -> Self {
        match (asset.token, asset.chain) {
            (Token::Contract(address), chain) => Self::Contract(chain, address),
            (Token::Native, ChainId::Polygon) => Self::Listed("polygon-ecosystem-token"),
            (Token::Native, _) => Self::Listed("ethereum"),
        }
    }
}

/// CoinGecko's asset platform id of a chain (`/asset_platforms`).
#[must_use]
pub const fn platform_id(chain: ChainId) -> &'static str {
    match chain {
        ChainId::Ethereum => "ethereum",
        ChainId::Optimism => "optimistic-ethereum",
        ChainId::Polygon => "polygon-pos",
        ChainId::Base => "base",
        ChainId::Arbitrum => "arbitrum-one",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eth_is_one_coin_on_four_chains_and_pol_another() {
        let eth = Coin::of(&Asset::native(ChainId::Ethereum));
        for chain in [ChainId::Arbitrum, ChainId::Base, ChainId::Optimism] {
            assert_eq!(Coin::of(&Asset::native(chain)), eth);
        }
        assert_ne!(Coin::of(&Asset::native(ChainId::Polygon)), eth);
        let token = |chain| Coin::of(&Asset::contract(chain, Address::ZERO));
        assert_ne!(token(ChainId::Base), token(ChainId::Optimism));
    }
}
