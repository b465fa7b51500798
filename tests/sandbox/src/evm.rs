//! `eth_call`: finds the contract of an address and lets it answer.

pub(crate) mod abi;
mod aggregate;
pub(crate) mod compound;
mod curve;
mod data;
pub(crate) mod fork;
pub(crate) mod morpho;
mod multicall;
mod oracle;
mod pool;
pub(crate) mod token;
mod uniswap;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{Revert as RevertReason, SolError};
use num_bigint::BigUint;

use crate::world::chain::Contract;
use crate::world::view::View;

/// A call that reverted, with its return data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reverted {
    /// ABI-encoded reason; empty when the contract gave none.
    pub(crate) data: Vec<u8>,
}

impl Reverted {
    /// A revert without a reason, as an unknown function gives.
    fn bare() -> Self {
        Self { data: Vec::new() }
    }

    /// A revert with a reason string.
    fn because(reason: &str) -> Self {
        Self { data: RevertReason::from(reason).abi_encode() }
    }
}

/// What a call returns.
type Outcome = Result<Vec<u8>, Reverted>;

/// Calls `to` with `input`. An address without code returns nothing.
pub(crate) fn call(view: &View<'_>, to: Address, input: &[u8]) -> Outcome {
    match view.chain.contracts.get(&to) {
        None => Ok(Vec::new()),
        Some(Contract::Multicall3) => multicall::call(view, input),
        Some(Contract::Pool) => pool::call(view, input),
        Some(Contract::Provider) => data::call_provider(view, input),
        Some(Contract::UiData) => data::call_ui(view, input),
        Some(Contract::ProtocolData) => data::call_protocol(view, input),
        Some(Contract::Oracle) => oracle::call(view, input),
        Some(Contract::Source(reserve)) => oracle::call_source(view, *reserve, input),
        Some(Contract::PositionManager) => uniswap::call_manager(view, input),
        Some(Contract::PoolFactory) => uniswap::call_factory(view, input),
        Some(Contract::LiquidityPool(place)) => uniswap::call_pool(view, *place, input),
        Some(Contract::Fork(place, role)) => fork::call(view, *place, *role, input),
        Some(Contract::Compound(contract)) => compound::call(view, *contract, input),
        Some(Contract::Morpho) => morpho::call(view, input),
        Some(Contract::MorphoIrm) => morpho::call_irm(view, input),
        Some(Contract::MorphoOracle(market)) => morpho::call_oracle(view, *market, input),
        Some(Contract::CurveRegistry) => curve::call_registry(view, input),
        Some(Contract::CurvePool(place)) => curve::call_pool(view, *place, input),
        Some(contract) => token::call(view, *contract, input),
    }
}

/// A big integer as a word; the largest word when it does not fit.
fn word(value: &BigUint) -> U256 {
    U256::try_from_be_slice(&value.to_bytes_be()).unwrap_or(U256::MAX)
}
