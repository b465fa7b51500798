//! Morpho Blue: what a wallet's events say, and the positions behind them.

use alloy_primitives::{B256, keccak256};
use alloy_sol_types::{SolCall, sol};
use serde_json::{Value, json};

use crate::support::*;

sol! {
    function position(bytes32 id, address user) returns (uint256 lent, uint128 owed, uint128 secured);
    function idToMarketParams(bytes32 id) returns (address, address, address, address, uint256);
}

const MORPHO: &str = "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb";

fn events() -> [B256; 2] {
    [
        keccak256("SupplyCollateral(bytes32,address,address,uint256)"),
        keccak256("Supply(bytes32,address,address,uint256,uint256)"),
    ]
}

async fn logs(probe: &Probe, owners: &[&str]) -> Vec<Value> {
    let owners: Vec<String> = owners.iter().map(|owner| address(owner).into_word().to_string()).collect();
    let events = events().map(|event| event.to_string());
    let filter = json!([{ "address": MORPHO, "fromBlock": "0x1202234", "toBlock": "latest",
        "topics": [events, null, null, owners] }]);
    probe.rpc("eth_getLogs", &filter).await["result"].as_array().expect("logs").clone()
}

#[tokio::test]
async fn the_events_name_the_markets_in_which_a_wallet_has_something() {
    let probe = Probe::start(1).await;
    let (morpho, safe) = (probe.wallet("morpho").await, probe.wallet("safe").await);
    assert_eq!(logs(&probe, &[&safe]).await, Vec::<Value>::new());
    let found = logs(&probe, &[&morpho, &safe]).await;
    assert_eq!(found.len(), 3);
    for log in &found {
        let id: B256 = log["topics"][1].as_str().expect("id").parse().expect("a hash");
        let user = address(&morpho);
        let position = probe.call(MORPHO, &positionCall { id, user }, &json!("latest")).await;
        assert!(!position.lent.is_zero() || position.secured > 0, "{log}");
        // The id is the hash of what the market is made of.
        let made_of =
            probe.try_call("eth-mainnet", MORPHO, &idToMarketParamsCall { id }, &json!("latest")).await;
        assert_eq!(keccak256(unhex(made_of["result"].as_str().expect("words"))), id);
    }
    let unknown = positionCall { id: B256::ZERO, user: address(&morpho) };
    assert_eq!(probe.call(MORPHO, &unknown, &json!("latest")).await.secured, 0);
    assert_eq!(positionCall::SELECTOR, [0x93, 0xc5, 0x20, 0x62]);
}

#[tokio::test]
async fn the_morpho_wallet_stands_where_its_description_says() {
    let probe = Probe::start(1).await;
    let wallet = probe.wallet("morpho").await;
    let (_, expected) = probe.get(&format!("/control/expected/{wallet}")).await;
    let markets = expected["chains"][0]["markets"].as_array().expect("markets");
    let factors: Vec<Option<f64>> = markets
        .iter()
        .map(|market| Some(market["health_factor_wad"].as_str()?.parse::<f64>().expect("wad") / 1e18))
        .collect();
    let [Some(near), None, Some(safe)] = factors[..] else { panic!("{factors:?}") };
    assert!((1.09..1.11).contains(&near) && (2.3..2.5).contains(&safe), "{factors:?}");
}
