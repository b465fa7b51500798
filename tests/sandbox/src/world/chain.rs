//! The five chains: their numbering, their Aave market, and what code lives at which address.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, address, keccak256};

use crate::compound;
use crate::curve;
use crate::morpho;
use crate::world::fork::{Fork, Role};
use crate::world::pool::LiquidityPool;
use crate::world::token::{EMode, Reserve, Token};

/// Multicall3, at the same address on every chain.
pub(crate) const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// The fixed facts of a chain and its Aave V3 market.
#[derive(Debug)]
pub(crate) struct Facts {
    /// EIP-155 chain id.
    pub(crate) id: u64,
    /// Alchemy network slug.
    pub(crate) slug: &'static str,
    /// CoinGecko platform id.
    pub(crate) platform: &'static str,
    /// DefiLlama chain name.
    pub(crate) llama: &'static str,
    /// Display name.
    pub(crate) name: &'static str,
    /// Key of the native coin in the asset table.
    pub(crate) native: &'static str,
    /// Seconds between blocks.
    pub(crate) block_seconds: u64,
    /// A block whose time is known; block numbers count from it.
    pub(crate) anchor_number: u64,
    /// Time of that block, a multiple of 12 so that blocks of all chains align.
    pub(crate) anchor_timestamp: u64,
    /// Base fee in wei.
    pub(crate) base_fee_wei: u64,
    /// The Aave V3 subgraph on The Graph.
    pub(crate) subgraph: &'static str,
    /// Aave V3 Pool.
    pub(crate) pool: Address,
    /// Aave V3 PoolAddressesProvider.
    pub(crate) provider: Address,
    /// AaveOracle.
    pub(crate) oracle: Address,
    /// UiPoolDataProviderV3.
    pub(crate) ui_data: Address,
    /// AaveProtocolDataProvider.
    pub(crate) protocol_data: Address,
}

/// What code an address holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// Multicall3.
    Multicall3,
    /// Aave V3 Pool.
    Pool,
    /// Aave V3 PoolAddressesProvider.
    Provider,
    /// AaveOracle.
    Oracle,
    /// UiPoolDataProviderV3.
    UiData,
    /// AaveProtocolDataProvider.
    ProtocolData,
    /// The token at this place of [`Chain::tokens`].
    Token(usize),
    /// The aToken of the reserve at this place of [`Chain::reserves`].
    AToken(usize),
    /// The variable debt token of that reserve.
    DebtToken(usize),
    /// The price source of that reserve.
    Source(usize),
    /// A worthless token that nobody prices.
    Spam(usize),
    /// Uniswap V3's NonfungiblePositionManager.
    PositionManager,
    /// Uniswap V3's factory.
    PoolFactory,
    /// The pool at this place of [`Chain::pools`].
    LiquidityPool(usize),
    /// A contract of the market at this place of [`Chain::forks`].
    Fork(usize, Role),
    /// A contract of Compound.
    Compound(compound::Contract),
    /// Morpho Blue.
    Morpho,
    /// Morpho's interest rate model.
    MorphoIrm,
    /// The oracle of the market at this place of [`Chain::morpho`].
    MorphoOracle(usize),
    /// Curve's MetaRegistry.
    CurveRegistry,
    /// The pool at this place of [`Chain::curve`], which may be its own LP token.
    CurvePool(usize),
    /// The LP token of that pool where it is a contract of its own.
    CurveLp(usize),
}

/// One chain with everything deployed on it.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Its fixed facts.
    pub(crate) facts: &'static Facts,
    /// Its tokens: the reserves' underlyings first, in reserve order.
    pub(crate) tokens: Vec<Token>,
    /// Its Aave reserves by reserve id.
    pub(crate) reserves: Vec<Reserve>,
    /// Its e-mode categories.
    pub(crate) e_modes: Vec<EMode>,
    /// Aave V2 and Spark, where they are.
    pub(crate) forks: Vec<Fork>,
    /// Compound's markets.
    pub(crate) compound: compound::Deployed,
    /// Worthless tokens.
    pub(crate) spam: Vec<Address>,
    /// Its Uniswap V3 pools.
    pub(crate) pools: Vec<LiquidityPool>,
    /// Its markets of Morpho Blue.
    pub(crate) morpho: Vec<morpho::Market>,
    /// Its Curve pools.
    pub(crate) curve: Vec<curve::Pool>,
    /// Place of the native coin in the asset table.
    pub(crate) native_asset: usize,
    /// What lives where.
    pub(crate) contracts: HashMap<Address, Contract>,
}

impl Chain {
    /// The number of the newest block at `now` (seconds since the epoch).
    pub(crate) fn head(&self, now: u64) -> u64 {
        let age = now.saturating_sub(self.facts.anchor_timestamp);
        self.facts.anchor_number + age / self.facts.block_seconds
    }

    /// The time of a block in seconds since the epoch.
    pub(crate) fn timestamp(&self, number: u64) -> u64 {
        let age = number.saturating_sub(self.facts.anchor_number) * self.facts.block_seconds;
        self.facts.anchor_timestamp + age
    }

    /// The token of an address, if it is one that has a price.
    pub(crate) fn token_at(&self, address: Address) -> Option<&Token> {
        self.tokens.iter().find(|token| token.underlying == address)
    }

    /// The place of a token by its symbol.
    pub(crate) fn token_named(&self, symbol: &str) -> Option<usize> {
        self.tokens.iter().position(|token| token.symbol == symbol)
    }

    /// The reserve of an underlying's address.
    pub(crate) fn reserve_of(&self, underlying: Address) -> Option<usize> {
        match self.contracts.get(&underlying) {
            Some(Contract::Token(place)) => self.reserves.get(*place).map(|_| *place),
            _ => None,
        }
    }

    /// The e-mode category, if it exists.
    pub(crate) fn e_mode(&self, category: u8) -> Option<&EMode> {
        self.e_modes.iter().find(|mode| mode.id == category)
    }
}

/// The address that worthless token number `index` of a chain lives at.
pub(crate) fn spam_address(chain_id: u64, index: usize) -> Address {
    let hash: B256 = keccak256(format!("risk-sandbox spam {chain_id} {index}"));
    Address::from_slice(&hash[12..])
}

/// The chains in the order of their ids.
pub(crate) static FACTS: [Facts; 5] = [
    Facts {
        id: 1,
        slug: "eth-mainnet",
        platform: "ethereum",
        llama: "ethereum",
        name: "Ethereum",
        native: "eth",
        block_seconds: 12,
        anchor_number: 15_537_394,
        anchor_timestamp: 1_663_224_180,
        base_fee_wei: 372_104_559,
        subgraph: "Cd2gEDVeqnjBn1hSeqFMitw8Q1iiyV9FYUZkLNRcL87g",
        pool: address!("87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"),
        provider: address!("2f39d218133AFaB8F2B819B1066c7E434Ad94E9e"),
        oracle: address!("54586bE62E3c3580375aE3723C145253060Ca0C2"),
        ui_data: address!("56b7A1012765C285afAC8b8F25C69Bf10ccfE978"),
        protocol_data: address!("0a16f2FCC0D44FaE41cc54e079281D84A363bECD"),
    },
    Facts {
        id: 10,
        slug: "opt-mainnet",
        platform: "optimistic-ethereum",
        llama: "optimism",
        name: "OP Mainnet",
        native: "eth",
        block_seconds: 2,
        anchor_number: 105_235_063,
        anchor_timestamp: 1_686_068_904,
        base_fee_wei: 1_204_331,
        subgraph: "DSfLz8oQBUeU5atALgUFQKMTSYV9mZAVYp4noLSXAfvb",
        pool: address!("794a61358D6845594F94dc1DB02A252b5b4814aD"),
        provider: address!("a97684ead0e402dC232d5A977953DF7ECBaB3CDb"),
        oracle: address!("D81eb3728a631871a7eBBaD631b5f424909f0c77"),
        ui_data: address!("a6741111f4CcB5162Ec6A825465354Ed8c6F7095"),
        protocol_data: address!("243Aa95cAC2a25651eda86e80bEe66114413c43b"),
    },
    Facts {
        id: 137,
        slug: "polygon-mainnet",
        platform: "polygon-pos",
        llama: "polygon",
        name: "Polygon",
        native: "pol",
        block_seconds: 2,
        anchor_number: 50_000_000,
        anchor_timestamp: 1_699_971_600,
        base_fee_wei: 30_000_000_049,
        subgraph: "Co2URyXjnxaw8WqxKyVHdirq9Ahhm5vcTs4dMedAq211",
        pool: address!("794a61358D6845594F94dc1DB02A252b5b4814aD"),
        provider: address!("a97684ead0e402dC232d5A977953DF7ECBaB3CDb"),
        oracle: address!("b023e699F5a33916Ea823A16485e259257cA8Bd1"),
        ui_data: address!("Fa1A7c4a8A63C9CAb150529c26f182cBB5500944"),
        protocol_data: address!("243Aa95cAC2a25651eda86e80bEe66114413c43b"),
    },
    Facts {
        id: 8453,
        slug: "base-mainnet",
        platform: "base",
        llama: "base",
        name: "Base",
        native: "eth",
        block_seconds: 2,
        anchor_number: 0,
        anchor_timestamp: 1_686_789_348,
        base_fee_wei: 5_113_020,
        subgraph: "GQFbb95cE6d8mV989mL5figjaGaKCQB3xqYrr1bRyXqF",
        pool: address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5"),
        provider: address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D"),
        oracle: address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156"),
        ui_data: address!("b84A20e848baE3e13897934bB4e74E2225f4546B"),
        protocol_data: address!("0F43731EB8d45A581f4a36DD74F5f358bc90C73A"),
    },
    Facts {
        id: 42161,
        slug: "arb-mainnet",
        platform: "arbitrum-one",
        llama: "arbitrum",
        name: "Arbitrum One",
        native: "eth",
        block_seconds: 2,
        anchor_number: 150_000_000,
        anchor_timestamp: 1_699_999_992,
        base_fee_wei: 10_000_000,
        subgraph: "DLuE98kEb5pQNXAcKFQGQgfSQ57Xdou4jnVbAEqMfy3B",
        pool: address!("794a61358D6845594F94dc1DB02A252b5b4814aD"),
        provider: address!("a97684ead0e402dC232d5A977953DF7ECBaB3CDb"),
        oracle: address!("b56c2F0B653B2e0b10C9b928C8580Ac5Df02C7C7"),
        ui_data: address!("13c833256BD767da2320d727a3691BAff3770E39"),
        protocol_data: address!("243Aa95cAC2a25651eda86e80bEe66114413c43b"),
    },
];
