//! Multicall3: many calls of one block in one.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolInterface};

use crate::evm::abi::Multicall3::{self, Multicall3Calls as Calls};
use crate::evm::{Outcome, Reverted, call as call_contract};
use crate::world::view::View;

/// Most calls taken in one aggregate, far above what fits a node's gas limit.
const CALLS: usize = 50_000;

pub(super) fn call(view: &View<'_>, input: &[u8]) -> Outcome {
    let facts = view.chain.facts;
    match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::aggregate3(aggregate) => {
            let calls = aggregate.calls.iter();
            run(view, calls.map(|call| (call.target, &call.callData, call.allowFailure)))
        }
        Calls::tryAggregate(aggregate) => {
            let may_fail = !aggregate.requireSuccess;
            run(view, aggregate.calls.iter().map(|call| (call.target, &call.callData, may_fail)))
        }
        Calls::getEthBalance(of) => {
            let wei = view.world.wallet(of.addr).on(facts.id).map_or(0, |held| held.native_wei);
            Ok(Multicall3::getEthBalanceCall::abi_encode_returns(&U256::from(wei)))
        }
        Calls::getBlockNumber(_) => {
            Ok(Multicall3::getBlockNumberCall::abi_encode_returns(&U256::from(view.number)))
        }
        Calls::getCurrentBlockTimestamp(_) => {
            Ok(Multicall3::getCurrentBlockTimestampCall::abi_encode_returns(&U256::from(view.timestamp)))
        }
        Calls::getChainId(_) => Ok(Multicall3::getChainIdCall::abi_encode_returns(&U256::from(facts.id))),
        Calls::getBasefee(_) => {
            Ok(Multicall3::getBasefeeCall::abi_encode_returns(&U256::from(facts.base_fee_wei)))
        }
    }
}

fn run<'a>(view: &View<'_>, calls: impl ExactSizeIterator<Item = (Address, &'a Bytes, bool)>) -> Outcome {
    if calls.len() > CALLS {
        return Err(Reverted::bare());
    }
    let mut results = Vec::with_capacity(calls.len());
    for (place, (target, input, may_fail)) in (0u64..).zip(calls) {
        let spoiled = view.effects.failing_calls.is_some_and(|every| place % every == 0);
        let outcome = if spoiled { Err(Reverted::bare()) } else { call_contract(view, target, input) };
        let (success, data) = match outcome {
            Ok(data) => (true, data),
            Err(reverted) if may_fail => (false, reverted.data),
            Err(_) => return Err(Reverted::because("Multicall3: call failed")),
        };
        results.push(Multicall3::Result { success, returnData: data.into() });
    }
    // The other function answers the same.
    Ok(Multicall3::aggregate3Call::abi_encode_returns(&results))
}
