//! The single questions that make up wallets' liquidity, so that what one answer leads to is asked next and nothing
//! twice.

use alloy_primitives::aliases::I24;
use alloy_primitives::{Address, U256};
use risk_engine::uniswap::AVERAGE_SECONDS;

use super::Addresses;
use super::contracts::{Pool, PositionManager};
use crate::contracts::Erc20;
use crate::multicall::ContractCall;

/// One question about liquidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    /// Manager: how many NFTs a wallet has.
    Count(Address),
    /// Manager: the number of a wallet's NFT at an index.
    TokenId(Address, usize),
    /// Manager: the position of an NFT.
    Position(U256),
    /// A pool: its price.
    Slot0(Address),
    /// A pool: its record of ticks now and half an hour ago.
    Average(Address),
    /// A pool: fees of `token0` per liquidity since ever.
    Growth0(Address),
    /// A pool: fees of `token1` per liquidity since ever.
    Growth1(Address),
    /// A pool: one end of a range.
    Tick(Address, i32),
    /// A token: its symbol.
    Symbol(Address),
    /// A token: its decimals.
    Decimals(Address),
}

impl Ask {
    /// The contract call that asks it.
    #[must_use]
    pub fn call(self, addresses: &Addresses) -> ContractCall {
        let manager = addresses.manager;
        match self {
            Self::Count(owner) => ContractCall::new(manager, &PositionManager::balanceOfCall { owner }),
            Self::TokenId(owner, index) => {
                let index = U256::from(index);
                ContractCall::new(manager, &PositionManager::tokenOfOwnerByIndexCall { owner, index })
            }
            Self::Position(id) => ContractCall::new(manager, &PositionManager::positionsCall { tokenId: id }),
            Self::Slot0(pool) => ContractCall::new(pool, &Pool::slot0Call {}),
            Self::Average(pool) => {
                let ago = vec![AVERAGE_SECONDS, 0];
                ContractCall::new(pool, &Pool::observeCall { secondsAgos: ago })
            }
            Self::Growth0(pool) => ContractCall::new(pool, &Pool::feeGrowthGlobal0X128Call {}),
            Self::Growth1(pool) => ContractCall::new(pool, &Pool::feeGrowthGlobal1X128Call {}),
            Self::Tick(pool, tick) => {
                // Ticks come from 24-bit answers, so each fits.
                let tick = I24::try_from(tick).unwrap_or(I24::ZERO);
                ContractCall::new(pool, &Pool::ticksCall { tick })
            }
            Self::Symbol(token) => ContractCall::new(token, &Erc20::symbolCall {}),
            Self::Decimals(token) => ContractCall::new(token, &Erc20::decimalsCall {}),
        }
    }

    /// Whether it is one of the small questions that every wallet costs.
    #[must_use]
    pub const fn is_of_a_wallet(self) -> bool {
        matches!(self, Self::Count(_) | Self::TokenId(..))
    }
}
