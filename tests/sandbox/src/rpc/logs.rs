//! `eth_getLogs`, of Morpho Blue alone: the events that put wallets into its markets.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use serde_json::{Value, json};

use crate::evm::morpho::Morpho;
use crate::morpho::{Position, contract};
use crate::rpc::method::Context;
use crate::rpc::{RpcError, quantity};

/// Most logs that are given of a range of any length.
const MOST: usize = 10_000;

/// A list of values that a topic may have; any where it is null.
fn any_of(topics: &Value, place: usize) -> Result<Option<Vec<B256>>, RpcError> {
    let parse = |value: &Value| {
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| RpcError::invalid_params("expected a topic"))
    };
    match topics.get(place) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => values.iter().map(parse).collect::<Result<_, _>>().map(Some),
        Some(value) => Ok(Some(vec![parse(value)?])),
    }
}

pub(super) fn logs(context: &Context<'_>) -> Result<Value, RpcError> {
    let filter = context.param(0).ok_or_else(|| RpcError::invalid_params("expected a filter"))?;
    let address: Option<Address> =
        filter.get("address").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let topics = filter.get("topics").cloned().unwrap_or_default();
    let (events, ids, owners) = (any_of(&topics, 0)?, any_of(&topics, 1)?, any_of(&topics, 3)?);
    if address != Some(contract(context.chain.facts.id)) {
        return Ok(json!([]));
    }
    let Some(owners) = owners else {
        return Err(RpcError::invalid_params("Log response size exceeded"));
    };
    let mut found = Vec::new();
    for owner in owners {
        let wallet = context.world.wallet(Address::from_word(owner));
        let held = wallet.on(context.chain.facts.id);
        for position in held.map(|held| held.morpho.as_slice()).unwrap_or_default() {
            let Some(market) = context.chain.morpho.get(position.market) else { continue };
            let id = market.id();
            let wants =
                |list: &Option<Vec<B256>>, value| list.as_ref().is_none_or(|list| list.contains(&value));
            let events = entries(position).into_iter().filter(|(event, _)| wants(&events, *event));
            let events = events.filter(|_| wants(&ids, id));
            found.extend(events.map(|(event, data)| log(context, [event, id, owner, owner], &data)));
        }
    }
    if found.len() > MOST {
        Err(RpcError::invalid_params("Log response size exceeded"))
    } else {
        Ok(json!(found))
    }
}

/// How a position came about: what was lent and what was put up.
fn entries(position: &Position) -> Vec<(B256, Vec<u128>)> {
    let mut entries = Vec::new();
    if position.supply_shares > 0 {
        entries.push((
            Morpho::Supply::SIGNATURE_HASH,
            vec![position.supply_shares / 1_000_000, position.supply_shares],
        ));
    }
    if position.collateral > 0 {
        entries.push((Morpho::SupplyCollateral::SIGNATURE_HASH, vec![position.collateral]));
    }
    entries
}

fn log(context: &Context<'_>, topics: [B256; 4], data: &[u128]) -> Value {
    let data: String = data.iter().map(|number| format!("{number:064x}")).collect();
    let number = context.head().saturating_sub(7_200);
    json!({
        "address": contract(context.chain.facts.id).to_string().to_lowercase(),
        "topics": topics.map(|topic| topic.to_string()),
        "data": format!("0x{data}"),
        "blockNumber": quantity(number),
        "blockHash": context.world.block_hash(context.chain, number).to_string(),
        "transactionHash": topics[1].to_string(),
        "transactionIndex": "0x0",
        "logIndex": "0x0",
        "removed": false,
    })
}
