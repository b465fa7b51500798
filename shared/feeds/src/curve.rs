//! Curve on Ethereum: which tokens are LP tokens, and the pools that they are of, at one pinned block.

mod ask;
mod contracts;
mod read;

use alloy_primitives::{Address, address};

pub(crate) use ask::Ask;
pub(crate) use read::{Found, Pools, PoolsRead, Registered};

#[cfg(test)]
pub(crate) use contracts::{MetaRegistry, Pool};

/// The `MetaRegistry` of Ethereum, which knows the pools of every registry and factory there. Source:
/// docs.curve.finance/developer/integration/meta-registry.
pub(crate) const META_REGISTRY: Address = address!("F98B45FA17DE75FB1aD0e7aFD971b0ca00e379fC");

/// What pools call the chain's own coin where it is one of theirs.
pub(crate) const COIN: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
