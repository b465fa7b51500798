//! Etherscan V2: gas oracle, contract source, transactions. Errors come with HTTP 200.

use std::collections::HashMap;
use std::sync::Arc;

use alloy_primitives::Address;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::faults::{Effects, replies};
use crate::world::World;
use crate::world::chain::{Chain, Contract};
use crate::world::fork::Role;

/// The routes below `/etherscan`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/v2/api", get(api)).route(
        "/api",
        get(async || {
            let text = "You are using a deprecated V1 endpoint, switch to Etherscan API V2 using \
                        https://docs.etherscan.io/v2-migration";
            Json(replies::notok(text))
        }),
    )
}

async fn api(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Query(params): Query<HashMap<String, String>>,
) -> Json<Value> {
    let param = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    let chain = param("chainid").parse().ok().and_then(|id| world.chain_by_id(id));
    let Some(chain) = chain else {
        let text = "Missing or unsupported chainid parameter (required for v2 api), please see \
                    https://api.etherscan.io/v2/chainlist for the list of supported chainids";
        return Json(replies::notok(text));
    };
    let address: Option<Address> = param("address").parse().ok();
    let body = match (param("module"), param("action"), address) {
        ("gastracker", "gasoracle", _) => gas_oracle(&world, chain, &effects),
        ("contract", "getsourcecode", Some(address)) => source_code(&world, chain, address),
        ("account", "txlist" | "tokentx" | "txlistinternal", Some(_)) => {
            json!({"status": "0", "message": "No transactions found", "result": []})
        }
        ("contract" | "account", _, None) => replies::notok("Error! Invalid address format"),
        ("proxy", "eth_blockNumber", _) => {
            let head = chain.head(world.clock.now().saturating_sub(effects.block_lag_seconds));
            json!({"jsonrpc": "2.0", "id": 83, "result": format!("{head:#x}")})
        }
        ("gastracker" | "contract" | "account" | "proxy", ..) => {
            replies::notok("Error! Missing Or invalid Action name")
        }
        _ => replies::notok("Error! Missing Or invalid Module name"),
    };
    Json(body)
}

/// Gas prices in gwei, as fractional strings.
fn gas_oracle(world: &World, chain: &Chain, effects: &Effects) -> Value {
    let head = chain.head(world.clock.now().saturating_sub(effects.block_lag_seconds));
    let base_gwei = chain.facts.base_fee_wei as f64 / 1e9 * world.governed.gas_factor(chain.facts.id);
    let gwei = |share: f64| format!("{:.9}", base_gwei * share);
    let ratios: Vec<String> = (head.saturating_sub(4)..=head)
        .map(|number| format!("{:.15}", Draw::new(number, &[b"gas used"]).between(0.2, 0.8)))
        .collect();
    json!({"status": "1", "message": "OK", "result": {
        "LastBlock": head.to_string(),
        "SafeGasPrice": gwei(1.0),
        "ProposeGasPrice": gwei(1.003),
        "FastGasPrice": gwei(1.12),
        "suggestBaseFee": gwei(0.998),
        "gasUsedRatio": ratios.join(","),
    }})
}

fn source_code(world: &World, chain: &Chain, address: Address) -> Value {
    let named = chain.contracts.get(&address).and_then(|contract| {
        Some(match contract {
            Contract::Multicall3 => ("Multicall3", "0"),
            Contract::Pool => ("InitializableImmutableAdminUpgradeabilityProxy", "1"),
            Contract::Provider => ("PoolAddressesProvider", "0"),
            Contract::UiData => ("UiPoolDataProviderV3", "0"),
            Contract::ProtocolData => ("AaveProtocolDataProvider", "0"),
            Contract::Token(_) => ("FiatTokenProxy", "1"),
            Contract::AToken(_) | Contract::DebtToken(_) => {
                ("InitializableImmutableAdminUpgradeabilityProxy", "1")
            }
            Contract::Fork(_, Role::Source(_)) | Contract::Source(_) => ("EACAggregatorProxy", "0"),
            Contract::Fork(_, Role::UiData) => ("UiPoolDataProviderV2V3", "0"),
            Contract::Oracle | Contract::Fork(_, Role::Oracle) => ("AaveOracle", "0"),
            Contract::Fork(..) => ("InitializableImmutableAdminUpgradeabilityProxy", "1"),
            Contract::Compound(contract) => (contract.verified_name(), "0"),
            Contract::Morpho => ("Morpho", "0"),
            Contract::MorphoIrm => ("AdaptiveCurveIrm", "0"),
            Contract::MorphoOracle(_) => ("MorphoChainlinkOracleV2", "0"),
            Contract::CurveRegistry | Contract::CurvePool(_) | Contract::CurveLp(_) => {
                ("Vyper_contract", "0")
            }
            Contract::Spam(_) => return None,
            Contract::PositionManager => ("NonfungiblePositionManager", "0"),
            Contract::PoolFactory => ("UniswapV3Factory", "0"),
            Contract::LiquidityPool(_) => ("UniswapV3Pool", "0"),
        })
    });
    let verified = named.is_some();
    let (name, proxy) = named.unwrap_or_default();
    let has_code = verified || world.wallet(address).has_code || chain.contracts.contains_key(&address);
    let source = if verified { "// SPDX-License-Identifier: MIT" } else { "" };
    let abi = if verified { "[]" } else { "Contract source code not verified" };
    json!({"status": "1", "message": "OK", "result": [{
        "SourceCode": source,
        "ABI": abi,
        "ContractName": name,
        "CompilerVersion": if verified { "v0.8.27+commit.40a35a09" } else { "" },
        "OptimizationUsed": if verified { "1" } else { "" },
        "Runs": if verified { "200" } else { "" },
        "ConstructorArguments": "",
        "EVMVersion": "Default",
        "Library": "",
        "LicenseType": if has_code { "Unknown" } else { "" },
        "Proxy": if proxy.is_empty() { "0" } else { proxy },
        "Implementation": "",
        "SwarmSource": "",
    }]})
}
