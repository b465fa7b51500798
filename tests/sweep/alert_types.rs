//! Alert types from outside: what governance, gas, oracles and prices do to watched wallets, sweep by sweep.

use std::time::Duration;

use risk_tests::{Host, Stack};
use serde_json::{Value, json};

async fn stack() -> Stack {
    Stack::start(Host::Container, &[("CHAINS", "ethereum"), ("UPSTREAM_DEADLINE_MS", "2000")]).await.unwrap()
}

async fn watch(stack: &Stack, name: &str, body: Value) -> String {
    let wallet = stack.wallet(name).await.unwrap();
    let reply = stack.send("PUT", &format!("/api/risk/watches/{wallet}"), Some(body)).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text);
    wallet
}

/// Every alert of a kind, newest first.
async fn alerts(stack: &Stack, kind: &str) -> Vec<Value> {
    let reply = stack.get(&format!("/api/risk/alerts?alert_type={kind}")).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json["alerts"].as_array().unwrap().clone()
}

/// The one alert of a kind that stands after a sweep.
async fn opened(stack: &Stack, kind: &str) -> Value {
    stack.sweep().await.unwrap();
    let mut found = alerts(stack, kind).await;
    assert_eq!(found.len(), 1, "{kind}: {found:?}");
    assert_eq!(found[0]["state"], "open", "{kind}");
    found.swap_remove(0)
}

fn text<'a>(alert: &'a Value, field: &str) -> &'a str {
    alert[field].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_terms_dear_gas_and_a_stale_oracle_are_told_and_closed_when_they_are_over() {
    let stack = stack().await;
    watch(&stack, "near", json!({"thresholds": {"carry_days": 3_650}})).await;
    let carry = opened(&stack, "carry_liquidation").await;
    assert!(text(&carry, "action").contains("USDT ($"), "the watch's own threshold, in amounts: {carry}");
    for kind in ["parameter_change", "gas_spike", "oracle_stale"] {
        assert_eq!(alerts(&stack, kind).await, Vec::<Value>::new());
    }
    let terms = json!({"threshold_bps": 8_100, "frozen": true});
    let order = json!({"chain_id": 1, "asset": "WETH", "terms": terms});
    stack.control("POST", "reserve", order).await.unwrap();
    let change = opened(&stack, "parameter_change").await;
    for part in ["liquidation threshold of WETH", "to 81.00 %", "WETH is frozen", "under the terms of before"]
    {
        assert!(text(&change, "message").contains(part), "{part}: {change}");
    }
    stack.control("POST", "gas", json!({"chain_id": 1, "factor": 400})).await.unwrap();
    let gas = opened(&stack, "gas_spike").await;
    assert!(text(&gas, "message").contains("400.0 times its normal"), "{gas}");
    assert!(text(&gas, "action").contains("ETH ($") && text(&gas, "action").contains("USDT ($"), "{gas}");
    stack.control("POST", "fault", json!({"provider": "alchemy", "kind": "stale_oracle"})).await.unwrap();
    let stale = opened(&stack, "oracle_stale").await;
    assert_eq!(stale["severity"], "high", "{stale}");
    stack.control("POST", "reset", Value::Null).await.unwrap();
    let kinds = ["parameter_change", "gas_spike", "oracle_stale"];
    stack.sweep().await.unwrap();
    for kind in kinds {
        assert_eq!(alerts(&stack, kind).await[0]["state"], "open", "{kind} after one clear sweep");
    }
    stack.sweep().await.unwrap();
    for kind in kinds {
        assert_eq!(alerts(&stack, kind).await[0]["state"], "resolved", "{kind} after two");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn value_that_leaves_a_protocol_is_told_to_those_in_it_and_is_over_when_it_is_back() {
    let stack = stack().await;
    let near = watch(&stack, "near", json!({})).await;
    stack.sweep().await.unwrap();
    stack.control("POST", "locked", json!({"slug": "aave-v3", "factor": 0.7})).await.unwrap();
    stack.control("POST", "locked", json!({"slug": "lido", "factor": 0.1})).await.unwrap();
    let drop = opened(&stack, "protocol_tvl_drop").await;
    assert_eq!((&drop["wallet_address"], &drop["account"]), (&json!(near), &json!("aave_v3")), "{drop}");
    assert_eq!(drop["severity"], "medium", "{drop}");
    assert!(text(&drop, "message").contains("30.0 % under its highest of the last 24 h"), "{drop}");
    assert!(text(&drop, "action").contains("of collateral there can be withdrawn"), "{drop}");
    stack.control("POST", "locked", json!({"slug": "aave-v3", "factor": 0.4})).await.unwrap();
    assert_eq!(opened(&stack, "protocol_tvl_drop").await["severity"], "high");
    // A value that cannot be read is no end of it.
    stack.control("POST", "locked", json!({"slug": "aave-v3", "factor": 1})).await.unwrap();
    stack.control("POST", "fault", json!({"provider": "llama", "kind": "status_500"})).await.unwrap();
    for _ in 0..3 {
        opened(&stack, "protocol_tvl_drop").await;
    }
    stack.control("DELETE", "fault", Value::Null).await.unwrap();
    opened(&stack, "protocol_tvl_drop").await;
    stack.sweep().await.unwrap();
    assert_eq!(alerts(&stack, "protocol_tvl_drop").await[0]["state"], "resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fall_is_told_once_and_rests_after_it_is_over() {
    let stack = stack().await;
    watch(&stack, "safe", json!({})).await;
    let crash = json!({"asset": "*", "factor": 0.5});
    stack.control("POST", "crash", crash.clone()).await.unwrap();
    let fall = opened(&stack, "health_factor_drop").await;
    assert!(text(&fall, "message").contains("under its highest of the last 24 h (2."), "{fall}");
    assert!(text(&fall, "action").contains("USDC ($"), "{fall}");
    stack.control("POST", "reset", Value::Null).await.unwrap();
    stack.sweep().await.unwrap();
    stack.sweep().await.unwrap();
    assert_eq!(alerts(&stack, "health_factor_drop").await[0]["state"], "resolved");
    stack.control("POST", "crash", crash).await.unwrap();
    stack.sweep().await.unwrap();
    assert_eq!(
        alerts(&stack, "health_factor_drop").await.len(),
        1,
        "the same severity rests for half an hour"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn blindness_is_told_at_once_near_liquidation_and_after_its_budget_elsewhere() {
    let stack = stack().await;
    let near = watch(&stack, "near", json!({})).await;
    let safe = watch(&stack, "safe", json!({"thresholds": {"blindness_budget_seconds": 2}})).await;
    for provider in ["alchemy", "thegraph"] {
        stack.control("POST", "fault", json!({"provider": provider, "kind": "status_500"})).await.unwrap();
    }
    stack.sweep().await.unwrap();
    let blind = alerts(&stack, "data_blind").await;
    assert_eq!(blind.len(), 1, "{blind:?}");
    assert_eq!((&blind[0]["wallet_address"], &blind[0]["severity"]), (&json!(near), &json!("high")));
    tokio::time::sleep(Duration::from_secs(2)).await;
    stack.sweep().await.unwrap();
    let blind = alerts(&stack, "data_blind").await;
    assert_eq!(blind.len(), 2, "{blind:?}");
    assert_eq!((&blind[0]["wallet_address"], &blind[0]["severity"]), (&json!(safe), &json!("medium")));
    stack.control("DELETE", "fault", Value::Null).await.unwrap();
    stack.sweep().await.unwrap();
    stack.sweep().await.unwrap();
    let states: Vec<Value> =
        alerts(&stack, "data_blind").await.iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("resolved"), json!("resolved")]);
}
