//! The isolated markets that a wallet was found in: what its history says once need not be looked for again.

use alloy_primitives::B256;

use crate::chain::ChainId;

/// The markets of Morpho Blue on one chain that a wallet was found in. An empty list is one that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownMarkets {
    /// Where they are.
    pub chain: ChainId,
    /// Their ids, `keccak256(abi.encode(loanToken, collateralToken, oracle, irm, lltv))`.
    pub ids: Vec<B256>,
}
