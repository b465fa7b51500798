//! Uniswap V3 on chain: the NFTs of wallets, and the pools they lie in, at one pinned block.

mod ask;
mod contracts;
mod read;
mod row;

use alloy_primitives::{Address, B256, U256, address, b256, keccak256};
use alloy_sol_types::SolValue;
use risk_model::ChainId;

pub use ask::Ask;
pub use read::{Found, LiquidityRead, MAX_POSITIONS};

#[cfg(test)]
pub(crate) use contracts::{Pool, PositionManager};

/// Where Uniswap V3 is on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The chain.
    pub chain: ChainId,
    /// `UniswapV3Factory`.
    pub factory: Address,
    /// `NonfungiblePositionManager`: the contract that holds positions as NFTs.
    pub manager: Address,
}

/// Hash of a pool's creation code, the same in every deployment of v3-core 1.0.
const POOL_INIT_CODE_HASH: B256 = b256!("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54");

/// Where Uniswap V3 is. Source: Uniswap's deployment pages (docs.uniswap.org/contracts/v3/reference/deployments).
#[must_use]
pub const fn addresses_of(chain: ChainId) -> Addresses {
    let (factory, manager) = match chain {
        ChainId::Base => (
            address!("33128a8fC17869897dcE68Ed026d694621f6FDfD"),
            address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
        ),
        ChainId::Ethereum | ChainId::Arbitrum | ChainId::Optimism | ChainId::Polygon => (
            address!("1F98431c8aD98523631AE4a59f267346ea31F984"),
            address!("C36442b4a4522E871399CD717aBDD847Ab11FE88"),
        ),
    };
    Addresses { chain, factory, manager }
}

/// The pool of two tokens, the lower address first, and a fee in millionths (v3-periphery, `PoolAddress.sol`).
#[must_use]
pub fn pool_of(factory: Address, [token0, token1]: [Address; 2], fee_pips: u32) -> Address {
    let salt = keccak256((token0, token1, U256::from(fee_pips)).abi_encode());
    factory.create2(salt, POOL_INIT_CODE_HASH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_pools_are_where_they_were_created() {
        let usdc = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
        let weth = address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
        let factory = addresses_of(ChainId::Ethereum).factory;
        for (fee, pool) in [
            (500, address!("88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640")),
            (3_000, address!("8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8")),
        ] {
            assert_eq!(pool_of(factory, [usdc, weth], fee), pool);
        }
        let weth = address!("4200000000000000000000000000000000000006");
        let usdc = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
        let factory = addresses_of(ChainId::Base).factory;
        assert_eq!(pool_of(factory, [weth, usdc], 500), address!("d0b53D9277642d899DF5C87A3966A349A798F224"));
    }

    #[test]
    fn base_has_its_own_deployment() {
        for chain in ChainId::ALL {
            assert_eq!(addresses_of(chain).chain, chain);
            let is_first = addresses_of(chain).manager == addresses_of(ChainId::Ethereum).manager;
            assert_eq!(is_first, chain != ChainId::Base);
        }
    }
}
