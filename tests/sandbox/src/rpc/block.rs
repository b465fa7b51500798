//! Blocks as `eth_getBlockBy…` shows them.

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::rpc::method::Context;
use crate::rpc::{RpcError, quantity};
use crate::world::chain::Chain;

/// `eth_getBlockByNumber`: null for a block that is not there yet.
pub(super) fn by_number(context: &Context<'_>) -> Result<Value, RpcError> {
    let block = context.param(0).ok_or_else(|| RpcError::invalid_params("expected a block"))?;
    match context.block_number(Some(block)) {
        Ok(number) => Ok(show(context, number)),
        Err(error) if error.code == -32000 => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// `eth_getBlockByHash`: null for a hash that is not on the chain.
pub(super) fn by_hash(context: &Context<'_>) -> Result<Value, RpcError> {
    let hash = context.param(0).ok_or_else(|| RpcError::invalid_params("expected a block hash"))?;
    match context.number_of(hash) {
        Ok(number) => Ok(show(context, number)),
        Err(error) if error.code == -32000 => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

fn show(context: &Context<'_>, number: u64) -> Value {
    let (world, chain) = (context.world, context.chain);
    let hash = world.block_hash(chain, number);
    let root = |name: &str| B256::from(keccak256([name.as_bytes(), hash.as_slice()].concat())).to_string();
    json!({
        "number": quantity(number),
        "hash": hash.to_string(),
        "parentHash": world.block_hash(chain, number.saturating_sub(1)).to_string(),
        "timestamp": quantity(chain.timestamp(number)),
        "baseFeePerGas": quantity(base_fee(chain, number)),
        "gasLimit": "0x2aea540",
        "gasUsed": quantity(gas_used(number)),
        "miner": "0x95222290dd7278aa3ddd389cc1e1d165cc4bafe5",
        "difficulty": "0x0",
        "extraData": "0x",
        "nonce": "0x0000000000000000",
        "logsBloom": format!("0x{}", "0".repeat(512)),
        "mixHash": root("mix"),
        "receiptsRoot": root("receipts"),
        "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
        "size": "0x2f1c4",
        "stateRoot": root("state"),
        "transactionsRoot": root("transactions"),
        "transactions": [],
        "uncles": [],
        "withdrawals": [],
        "withdrawalsRoot": root("withdrawals"),
    })
}

/// Base fee of a block in wei: the chain's usual one, up to a fifth more.
pub(super) fn base_fee(chain: &Chain, number: u64) -> u64 {
    let usual = chain.facts.base_fee_wei;
    usual + Draw::new(number, &[b"base fee"]).next() % (usual / 5 + 1)
}

/// How full a block is, 0 to 1.
pub(super) fn gas_used_ratio(number: u64) -> f64 {
    Draw::new(number, &[b"gas used"]).between(0.2, 0.8)
}

fn gas_used(number: u64) -> u64 {
    45_000_000 / 5 + Draw::new(number, &[b"gas used"]).next() % (45_000_000 / 2)
}
