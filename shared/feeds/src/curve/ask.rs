//! The single questions that make up wallets' parts of Curve's pools.

use alloy_primitives::Address;

use super::META_REGISTRY;
use super::contracts::{LpToken, MetaRegistry, Pool};
use crate::contracts::Erc20;
use crate::multicall::ContractCall;

/// One question about Curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    /// Registry: the pool that a token is the LP token of.
    PoolOf(Address),
    /// Registry: the coins of a pool.
    Coins(Address),
    /// Registry: what a pool holds of each coin.
    Balances(Address),
    /// A pool: its amplification.
    Amp(Address),
    /// A pool: its amplification, times 100.
    AmpPrecise(Address),
    /// A pool: the fee of an exchange.
    Fee(Address),
    /// A pool: its own virtual price.
    VirtualPrice(Address),
    /// A pool: what its coins stand for, where they have rates.
    Rates(Address),
    /// A pool: a parameter that only CryptoSwap has.
    Gamma(Address),
    /// A CryptoSwap pool: the price of its LP token.
    LpPrice(Address),
    /// An LP token: how many there are.
    Supply(Address),
    /// An LP token: how many a wallet has.
    Held(Address, Address),
    /// A coin: its symbol.
    Symbol(Address),
    /// A coin: its decimals.
    Decimals(Address),
}

impl Ask {
    /// The contract call that asks it.
    pub(crate) fn call(self) -> ContractCall {
        match self {
            Self::PoolOf(token) => {
                ContractCall::new(META_REGISTRY, &MetaRegistry::get_pool_from_lp_tokenCall { token })
            }
            Self::Coins(pool) => ContractCall::new(META_REGISTRY, &MetaRegistry::get_coinsCall { pool }),
            Self::Balances(pool) => {
                ContractCall::new(META_REGISTRY, &MetaRegistry::get_balancesCall { pool })
            }
            Self::Amp(pool) => ContractCall::new(pool, &Pool::ACall {}),
            Self::AmpPrecise(pool) => ContractCall::new(pool, &Pool::A_preciseCall {}),
            Self::Fee(pool) => ContractCall::new(pool, &Pool::feeCall {}),
            Self::VirtualPrice(pool) => ContractCall::new(pool, &Pool::get_virtual_priceCall {}),
            Self::Rates(pool) => ContractCall::new(pool, &Pool::stored_ratesCall {}),
            Self::Gamma(pool) => ContractCall::new(pool, &Pool::gammaCall {}),
            Self::LpPrice(pool) => ContractCall::new(pool, &Pool::lp_priceCall {}),
            Self::Supply(token) => ContractCall::new(token, &LpToken::totalSupplyCall {}),
            Self::Held(token, owner) => ContractCall::new(token, &Erc20::balanceOfCall { owner }),
            Self::Symbol(token) => ContractCall::new(token, &Erc20::symbolCall {}),
            Self::Decimals(token) => ContractCall::new(token, &Erc20::decimalsCall {}),
        }
    }

    /// Whether the registry searches for the answer, which takes a hundred times the gas of other views.
    pub(crate) const fn is_search(self) -> bool {
        matches!(self, Self::PoolOf(_))
    }

    /// Everything to ask of a pool before its coins are known.
    pub(super) const fn of_pool(pool: Address, lp_token: Address) -> [Self; 10] {
        [
            Self::Coins(pool),
            Self::Balances(pool),
            Self::Amp(pool),
            Self::AmpPrecise(pool),
            Self::Fee(pool),
            Self::VirtualPrice(pool),
            Self::Rates(pool),
            Self::Gamma(pool),
            Self::LpPrice(pool),
            Self::Supply(lp_token),
        ]
    }
}
