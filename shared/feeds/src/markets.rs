//! The markets of Aave's shape that are read: Aave V3's main market of each chain, and Aave V2 and Spark on Ethereum.

use alloy_primitives::{Address, address};
use risk_model::{ChainId, Protocol};

/// The contracts of one market and the subgraph that indexes it.
/// Source: bgd-labs/aave-address-book (contracts), sparkdotfi/spark-address-registry `SparkLend.sol` (Spark's) and
/// aave/protocol-subgraphs README (subgraph ids).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketAddresses {
    /// Whose it is.
    pub protocol: Protocol,
    /// Its chain.
    pub chain: ChainId,
    /// Pool (V2: LendingPool), a proxy whose address never changes.
    pub pool: Address,
    /// PoolAddressesProvider: the market's identity for the data providers.
    pub provider: Address,
    /// AaveOracle.
    pub oracle: Address,
    /// UiPoolDataProviderV3; for V2 the UiPoolDataProviderV2V3 that answers in the same form.
    pub ui_data: Address,
    /// Id of the subgraph on The Graph's network, which follows its newest version; only V3's are asked.
    pub subgraph: Option<&'static str>,
}

/// The pool of Arbitrum, Optimism and Polygon: deployed by one transaction sequence, so the address is the same.
const SHARED_POOL: Address = address!("794a61358D6845594F94dc1DB02A252b5b4814aD");
/// Their PoolAddressesProvider, likewise.
const SHARED_PROVIDER: Address = address!("a97684ead0e402dC232d5A977953DF7ECBaB3CDb");

/// Aave V2's market on Ethereum.
pub const AAVE_V2: MarketAddresses = MarketAddresses {
    protocol: Protocol::AaveV2,
    chain: ChainId::Ethereum,
    pool: address!("7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9"),
    provider: address!("B53C1a33016B2DC2fF3653530bfF1848a515c8c5"),
    oracle: address!("A50ba011c48153De246E5192C8f9258A2ba79Ca9"),
    ui_data: address!("00e50FAB64eBB37b87df06Aa46b8B35d5f1A4e1A"),
    subgraph: None,
};

/// SparkLend on Ethereum.
pub const SPARK: MarketAddresses = MarketAddresses {
    protocol: Protocol::Spark,
    chain: ChainId::Ethereum,
    pool: address!("C13e21B648A5Ee794902342038FF3aDAB66BE987"),
    provider: address!("02C3eA4e34C0cBd694D2adFa2c690EECbC1793eE"),
    oracle: address!("8105f69D9C41644c6A0803fDA7D03Aa70996cFD9"),
    ui_data: address!("F028c2F4b19898718fD0F77b9b881CbfdAa5e8Bb"),
    subgraph: None,
};

/// Aave V3's main market of a chain.
#[must_use]
pub const fn market_of(chain: ChainId) -> MarketAddresses {
    match chain {
        ChainId::Ethereum => MarketAddresses {
            protocol: Protocol::AaveV3,
            chain,
            pool: address!("87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"),
            provider: address!("2f39d218133AFaB8F2B819B1066c7E434Ad94E9e"),
            oracle: address!("54586bE62E3c3580375aE3723C145253060Ca0C2"),
            ui_data: address!("56b7A1012765C285afAC8b8F25C69Bf10ccfE978"),
            subgraph: Some("Cd2gEDVeqnjBn1hSeqFMitw8Q1iiyV9FYUZkLNRcL87g"),
        },
        ChainId::Optimism => MarketAddresses {
            protocol: Protocol::AaveV3,
            chain,
            pool: SHARED_POOL,
            provider: SHARED_PROVIDER,
            oracle: address!("D81eb3728a631871a7eBBaD631b5f424909f0c77"),
            ui_data: address!("a6741111f4CcB5162Ec6A825465354Ed8c6F7095"),
            subgraph: Some("DSfLz8oQBUeU5atALgUFQKMTSYV9mZAVYp4noLSXAfvb"),
        },
        ChainId::Polygon => MarketAddresses {
            protocol: Protocol::AaveV3,
            chain,
            pool: SHARED_POOL,
            provider: SHARED_PROVIDER,
            oracle: address!("b023e699F5a33916Ea823A16485e259257cA8Bd1"),
            ui_data: address!("Fa1A7c4a8A63C9CAb150529c26f182cBB5500944"),
            subgraph: Some("Co2URyXjnxaw8WqxKyVHdirq9Ahhm5vcTs4dMedAq211"),
        },
        ChainId::Base => MarketAddresses {
            protocol: Protocol::AaveV3,
            chain,
            pool: address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5"),
            provider: address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D"),
            oracle: address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156"),
            ui_data: address!("b84A20e848baE3e13897934bB4e74E2225f4546B"),
            subgraph: Some("GQFbb95cE6d8mV989mL5figjaGaKCQB3xqYrr1bRyXqF"),
        },
        ChainId::Arbitrum => MarketAddresses {
            protocol: Protocol::AaveV3,
            chain,
            pool: SHARED_POOL,
            provider: SHARED_PROVIDER,
            oracle: address!("b56c2F0B653B2e0b10C9b928C8580Ac5Df02C7C7"),
            ui_data: address!("13c833256BD767da2320d727a3691BAff3770E39"),
            subgraph: Some("DLuE98kEb5pQNXAcKFQGQgfSQ57Xdou4jnVbAEqMfy3B"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_table_is_the_address_book() {
        let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/address_book.json");
        let Ok(text) = std::fs::read_to_string(&book) else {
            println!("SKIPPED: ../shared/data/address_book.json is absent");
            return;
        };
        let book: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (name, chain) in [
            ("AaveV3Ethereum", ChainId::Ethereum),
            ("AaveV3Optimism", ChainId::Optimism),
            ("AaveV3Polygon", ChainId::Polygon),
            ("AaveV3Base", ChainId::Base),
            ("AaveV3Arbitrum", ChainId::Arbitrum),
            ("AaveV2Ethereum", ChainId::Ethereum),
        ] {
            let market = if name == "AaveV2Ethereum" { AAVE_V2 } else { market_of(chain) };
            let listed = &book["markets"][name];
            assert_eq!(listed["chainId"], chain.id(), "{name}");
            let contract = |key: &str| listed["contracts"][key].as_str().unwrap().parse::<Address>().unwrap();
            assert_eq!(market.pool, contract("POOL"), "{name}");
            assert_eq!(market.provider, contract("POOL_ADDRESSES_PROVIDER"), "{name}");
            assert_eq!(market.oracle, contract("ORACLE"), "{name}");
            assert_eq!(market.ui_data, contract("UI_POOL_DATA_PROVIDER"), "{name}");
        }
    }

    #[test]
    fn no_two_chains_share_a_subgraph_or_an_oracle() {
        for (place, one) in ChainId::ALL.into_iter().enumerate() {
            assert_eq!(market_of(one).chain, one);
            for other in ChainId::ALL.into_iter().skip(place + 1) {
                assert_ne!(market_of(one).subgraph, market_of(other).subgraph);
                assert_ne!(market_of(one).oracle, market_of(other).oracle);
            }
        }
    }
}
