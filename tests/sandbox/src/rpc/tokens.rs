//! Alchemy's token API: balances with paging, and metadata.

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::compound;
use crate::evm::token as erc20;
use crate::rpc::RpcError;
use crate::rpc::method::{Context, balance_word, is_token};
use crate::world::chain::{Chain, Contract};
use crate::world::view::View;

/// Most balances in one page.
const PAGE: u64 = 100;
/// Most addresses in an explicit list.
const LIST: usize = 1500;

/// `alchemy_getTokenBalances(address, "erc20" | [address, …], {pageKey, maxCount})`.
pub(super) fn balances(context: &Context<'_>) -> Result<Value, RpcError> {
    let owner = context.address(0)?;
    let view = View::new(context.world, context.chain, context.head(), context.effects);
    match context.param(1) {
        None => page(context, &view, owner),
        Some(Value::String(kind)) if kind == "erc20" || kind == "DEFAULT_TOKENS" => {
            page(context, &view, owner)
        }
        Some(Value::Array(list)) if list.len() <= LIST => {
            let addresses: Option<Vec<Address>> =
                list.iter().map(|item| item.as_str().and_then(|text| text.parse().ok())).collect();
            let addresses = addresses.ok_or_else(|| RpcError::invalid_params("expected token addresses"))?;
            let rows: Vec<Value> = addresses.iter().map(|token| row(&view, *token, owner)).collect();
            Ok(json!({"address": lower(owner), "tokenBalances": rows}))
        }
        Some(_) => Err(RpcError::invalid_params("expected \"erc20\" or token addresses")),
    }
}

fn page(context: &Context<'_>, view: &View<'_>, owner: Address) -> Result<Value, RpcError> {
    let options = context.param(2);
    let count = options.and_then(|options| options.get("maxCount")).and_then(Value::as_u64);
    let count = count.unwrap_or(PAGE).clamp(1, PAGE);
    let start = match options.and_then(|options| options.get("pageKey")).and_then(Value::as_str) {
        None => 0,
        Some(key) => read_key(key, owner).ok_or_else(|| RpcError::invalid_params("unknown pageKey"))?,
    };
    let all = listed(view, owner);
    let taken = usize::try_from(count).unwrap_or(usize::MAX);
    let rows: Vec<Value> = all.iter().skip(start).take(taken).map(|token| row(view, *token, owner)).collect();
    let end = start + rows.len();
    let mut answer = json!({"address": lower(owner), "tokenBalances": rows});
    if end < all.len() {
        answer["pageKey"] = Value::String(format!("{end:08x}-{}", check_of(owner)));
    }
    Ok(answer)
}

fn read_key(key: &str, owner: Address) -> Option<usize> {
    let (start, check) = key.split_once('-')?;
    (check == check_of(owner)).then(|| usize::from_str_radix(start, 16).ok()).flatten()
}

/// Ties a page key to its owner.
fn check_of(owner: Address) -> String {
    hex::encode(&alloy_primitives::keccak256(owner)[..8])
}

/// Every token contract that ever gave the owner a balance, in address order: also the emptied ones, the
/// worthless ones, and aTokens and debt tokens, as the real list has them.
fn listed(view: &View<'_>, owner: Address) -> Vec<Address> {
    let wallet = view.world.wallet(owner);
    let chain = view.chain;
    let Some(held) = wallet.on(chain.facts.id) else {
        return Vec::new();
    };
    let places = held.tokens.iter().map(|(place, _)| *place).chain(held.emptied.iter().copied());
    let mut all: Vec<Address> =
        places.filter_map(|place| view.token(place)).map(|token| token.underlying).collect();
    all.extend(held.spam.iter().filter_map(|(place, _)| chain.spam.get(*place)));
    for position in held.account.iter().flat_map(|account| &account.positions) {
        let Some(reserve) = chain.reserves.get(position.reserve) else {
            continue;
        };
        if position.scaled_supply > 0 {
            all.push(reserve.a_token);
        }
        if position.scaled_debt > 0 {
            all.push(reserve.debt_token);
        }
    }
    for account in &held.forks {
        let reserves = chain.forks.get(account.fork).map(|fork| fork.reserves.as_slice()).unwrap_or_default();
        for position in &account.positions {
            let Some(reserve) = reserves.get(position.reserve) else { continue };
            let (principal, ..) = position.stable;
            let held = [
                (position.scaled_supply, reserve.a_token),
                (position.scaled_debt, reserve.debt_token),
                (principal, reserve.stable_token),
            ];
            all.extend(held.into_iter().filter(|(amount, _)| *amount > 0).map(|(_, token)| token));
        }
    }
    all.extend(compound_tokens(chain, &held.compound));
    let pools = held.curve.iter().filter_map(|(place, _)| chain.curve.get(*place));
    all.extend(pools.map(|pool| pool.lp_token));
    all.sort_unstable();
    all.dedup();
    all
}

/// cTokens, and the Comets whose base token is supplied: receipts that are tokens too.
fn compound_tokens(chain: &Chain, held: &compound::Held) -> Vec<Address> {
    let markets = held.markets.iter().filter(|position| position.c_tokens > 0);
    let markets = markets.filter_map(|position| chain.compound.markets.get(position.market));
    let comets = held.comets.iter().filter(|position| position.principal > 0);
    let comets = comets.filter_map(|position| chain.compound.comets.get(position.comet));
    markets.map(|market| market.address).chain(comets.map(|comet| comet.address)).collect()
}

fn row(view: &View<'_>, token: Address, owner: Address) -> Value {
    let contract = view.chain.contracts.get(&token).copied().filter(|contract| is_token(*contract));
    let hidden = contract.is_some_and(|contract| view.effects.hides(&erc20::label(view, contract).1));
    if hidden {
        return json!({"contractAddress": lower(token), "tokenBalance": null,
            "error": "Failed to retrieve token balance"});
    }
    let balance = contract.map_or(U256::ZERO, |contract| erc20::balance_of(view, contract, owner));
    json!({"contractAddress": lower(token), "tokenBalance": balance_word(balance), "error": null})
}

/// `alchemy_getTokenMetadata(address)`; every field is null for what is no token.
pub(super) fn metadata(context: &Context<'_>) -> Result<Value, RpcError> {
    let token = context.address(0)?;
    let view = View::new(context.world, context.chain, context.head(), context.effects);
    let contract: Option<Contract> = context.chain.contracts.get(&token).copied();
    let Some(contract) = contract.filter(|contract| is_token(*contract)) else {
        return Ok(json!({"name": null, "symbol": null, "decimals": null, "logo": null}));
    };
    let (name, symbol) = erc20::label(&view, contract);
    if context.effects.hides(&symbol) {
        return Ok(json!({"name": null, "symbol": null, "decimals": null, "logo": null}));
    }
    let decimals = erc20::decimals(&view, contract);
    Ok(json!({"name": name, "symbol": symbol, "decimals": decimals, "logo": null}))
}

fn lower(address: Address) -> String {
    format!("{address:#x}")
}
