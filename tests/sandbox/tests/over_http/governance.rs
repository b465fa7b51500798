//! Terms and gas changed by command, as the contracts and the gas oracle then tell them.

use alloy_primitives::U256;
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn new_terms_hold_from_a_block_on_in_every_view_and_in_the_truth() {
    let probe = Probe::start(7).await;
    let (before, _) = probe.head("eth-mainnet").await;
    let near = probe.wallet("near").await;
    let health = async |block: u64| {
        let call = getUserAccountDataCall { user: address(&near) };
        let seen = probe.call(POOL, &call, &json!(format!("{block:#x}"))).await.health;
        let (_, truth) = probe.get(&format!("/control/expected/{near}?block={block}")).await;
        let markets = truth["chains"][0]["markets"].as_array().expect("markets").clone();
        let market = markets.iter().find(|market| market["protocol"] == "aave_v3").expect("the market");
        let expected: U256 = market["health_factor_wad"].as_str().expect("wad").parse().expect("a number");
        assert_eq!(seen, expected);
        seen
    };
    let old = health(before).await;
    let terms = json!({"threshold_bps": 7_000, "bonus_bps": 11_000, "frozen": true, "paused": true});
    probe.command("reserve", &json!({"chain_id": 1, "asset": "WETH", "terms": terms})).await;
    let (after, _) = probe.head("eth-mainnet").await;
    assert!(after > before && health(after).await < old);
    assert_eq!(health(before).await, old, "the past stays");
    let call = getConfigurationCall { asset: address(WETH) };
    let bits = probe.call(POOL, &call, &json!("latest")).await;
    let field = |at: usize, width: usize| (bits >> at) & ((U256::ONE << width) - U256::ONE);
    assert_eq!((field(16, 16), field(32, 16)), (U256::from(7_000), U256::from(11_000)));
    assert_eq!((field(57, 1), field(60, 1)), (U256::ONE, U256::ONE));
    probe.command("reset", &json!({})).await;
    let bits = probe.call(POOL, &call, &json!("latest")).await;
    assert_eq!((bits >> 57usize) & U256::ONE, U256::ZERO);
}

#[tokio::test]
async fn gas_is_as_dear_as_commanded_on_one_chain() {
    let probe = Probe::start(7).await;
    let gas = async |chain: u64| {
        let path = format!("/etherscan/v2/api?chainid={chain}&module=gastracker&action=gasoracle");
        let (_, gas) = probe.get(&path).await;
        gas["result"]["ProposeGasPrice"].as_str().expect("text").parse::<f64>().expect("a number")
    };
    let (ethereum, polygon) = (gas(1).await, gas(137).await);
    probe.command("gas", &json!({"chain_id": 1, "factor": 50})).await;
    assert!((gas(1).await / ethereum / 50.0 - 1.0).abs() < 1e-6);
    assert!((gas(137).await - polygon).abs() < 1e-9);
    let (status, _) = probe.post("/control/gas", &json!({"chain_id": 1, "factor": 0})).await;
    assert_eq!(status, 422);
    let (status, _) = probe.post("/control/gas", &json!({"chain_id": 2, "factor": 2})).await;
    assert_eq!(status, 404);
    let unknown = json!({"chain_id": 1, "asset": "NONE", "terms": {}});
    assert_eq!(probe.post("/control/reserve", &unknown).await.0, 404);
}
