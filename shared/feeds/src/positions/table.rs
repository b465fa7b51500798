//! Contracts that answer from a table, for tests of readers.

use std::collections::HashMap;

use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use risk_model::Address;

use super::reader::Reader;
use crate::alchemy::Answer;
use crate::json_rpc::Fault;
use crate::multicall::ContractCall;

/// Contracts that answer what was put in, and revert otherwise.
#[derive(Default)]
pub(super) struct Table(pub(super) HashMap<(Address, Bytes), Bytes>);

impl Table {
    /// What a call of a contract returns.
    pub(super) fn put<C: SolCall>(&mut self, target: Address, call: &C, returns: &C::Return) {
        self.0.insert((target, call.abi_encode().into()), C::abi_encode_returns(returns).into());
    }

    /// Lets a call revert.
    pub(super) fn remove(&mut self, target: Address, call: &impl SolCall) {
        self.0.remove(&(target, call.abi_encode().into()));
    }

    pub(super) fn answer(&self, call: &ContractCall) -> Answer {
        self.0.get(&(call.target, call.input.clone())).cloned().ok_or(Fault::Reverted)
    }

    /// Answers a reader until it asks no more; how many rounds that took.
    pub(super) fn run(&self, reader: &mut dyn Reader) -> usize {
        for round in 0..10 {
            let groups = reader.ask();
            if groups.is_empty() {
                return round;
            }
            let answers =
                groups.iter().map(|group| group.calls.iter().map(|call| self.answer(call)).collect());
            reader.take(answers.collect());
        }
        panic!("it asks for ever");
    }
}
