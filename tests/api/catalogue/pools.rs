//! Liquidity positions beside the sandbox's own arithmetic, and pools that somebody moved.

use risk_tests::{Host, Stack};
use serde_json::{Value, json};

use super::{assert_close, known};

/// The body's position for one that is expected.
fn position<'a>(summary: &'a Value, expected: &Value) -> &'a Value {
    // A pool's LP tokens are one position; NFTs in it are one each.
    let name = match expected["token_id"].as_str() {
        Some(id) => format!(":{id}"),
        None => expected["pool"].as_str().unwrap().to_lowercase(),
    };
    let found = summary["pools"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pool| pool["pool"] == expected["pool"] && pool["key"].as_str().unwrap().ends_with(&name));
    found.unwrap_or_else(|| panic!("no {expected} in {}", summary["pools"]))
}

/// Amounts and fees to the last digit, values to a billionth.
pub(super) fn compare(summary: &Value, chain: &str, expected: &Value, name: &str) {
    let seen = position(summary, expected);
    assert_eq!((&seen["chain"], &seen["protocol"]), (&json!(chain), &expected["protocol"]), "{name}");
    assert_eq!(seen["range"]["is_in_range"], expected["is_in_range"], "{name}: {seen}");
    let legs = expected["legs"].as_array().unwrap();
    assert_eq!(seen["legs"].as_array().unwrap().len(), legs.len());
    for (seen, expected) in seen["legs"].as_array().unwrap().iter().zip(legs) {
        let asset = expected["underlying"].as_str().unwrap().to_lowercase();
        assert_eq!(seen["asset"], format!("{chain}:{asset}"), "{name}");
        assert_eq!(seen["symbol"], expected["symbol"], "{name}");
        assert_eq!(seen["decimals"], expected["decimals"], "{name}");
        assert_eq!(seen["amount"]["value"], expected["amount_raw"], "{name}: amount of {}", seen["symbol"]);
        assert_eq!(seen["fees"]["value"], expected["fees_raw"], "{name}: fees of {}", seen["symbol"]);
    }
    assert_close(known(&seen["value_usd"]), expected["value_usd"].as_f64().unwrap(), 1e-9, name);
}

async fn expected_of(stack: &Stack, wallet: &str, summary: &Value) -> Value {
    let block = &summary["pools"][0]["block"];
    assert_eq!(summary["pools"][0]["chain"], "ethereum");
    let expected =
        stack.control("GET", &format!("expected/{wallet}?chain=1&block={block}"), Value::Null).await;
    expected.unwrap()["chains"].as_array().unwrap().iter().find(|one| one["chain_id"] == 1).unwrap()["pools"]
        [0]
    .clone()
}

async fn assess(stack: &Stack, wallet: &str) -> Value {
    let reply = stack.analyze(wallet).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json["assessment"].clone()
}

fn divergent(summary: &Value) -> Vec<&str> {
    let gaps = summary["gaps"].as_array().unwrap().iter();
    gaps.filter(|gap| gap["reason"] == "divergent").map(|gap| gap["what"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_somebody_moved_is_named_and_not_believed() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("uniswap_lp").await.unwrap();
    let before = assess(&stack, &wallet).await;
    let expected = expected_of(&stack, &wallet, &before).await;
    let honest = position(&before, &expected).clone();
    assert_eq!(divergent(&before), Vec::<&str>::new());
    assert_eq!(honest["range"]["is_in_range"], true);

    let pool = expected["pool"].as_str().unwrap();
    stack.control("POST", "pool", json!({ "pool": pool, "factor": 3.0 })).await.unwrap();
    let after = assess(&stack, &wallet).await;
    let expected = expected_of(&stack, &wallet, &after).await;
    compare(&after, "ethereum", &expected, "moved");
    let moved = position(&after, &expected);
    assert_eq!(moved["range"]["is_in_range"], false);
    assert_ne!(moved["legs"][0]["amount"]["value"], honest["legs"][0]["amount"]["value"]);
    // What the contract would pay out is worth more at market prices; what is counted only earned its fees.
    assert!(known(&moved["claim_value_usd"]) > 1.02 * known(&moved["value_usd"]), "{moved}");
    let (was, is) = (known(&honest["value_usd"]), known(&moved["value_usd"]));
    assert!((is / was - 1.0).abs() < 1e-4, "{was} {is}");
    let named = divergent(&after);
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].starts_with("price in slot0 of uniswap_v3:ethereum:"), "{named:?}");
    assert_eq!(after["risk_level"], before["risk_level"]);
    assert_eq!(after["coverage"]["state"], "complete", "{}", after["gaps"]);

    // The move is seconds old, so half an hour's average has hardly seen it.
    let of = |field: &str| known(&moved["range"][field]);
    assert!((of("average_price") / of("market_price") - 1.0).abs() < 0.02, "{}", moved["range"]);
    let price = moved["range"]["price"].as_f64().unwrap();
    assert!((price / of("market_price") / 3.0 - 1.0).abs() < 1e-3, "{}", moved["range"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_turns_a_position_into_what_fell() {
    let mut stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("uniswap_lp").await.unwrap();
    let before = assess(&stack, &wallet).await;
    stack
        .control("POST", "crash", json!({ "asset": "ETH", "factor": 0.5, "correlated": true }))
        .await
        .unwrap();
    // Quotes are kept for seconds: a new process asks for those after the crash.
    stack.restart_api().await.unwrap();
    let after = assess(&stack, &wallet).await;
    let expected = expected_of(&stack, &wallet, &after).await;
    compare(&after, "ethereum", &expected, "crashed");
    let held = |summary: &Value| {
        let legs = position(summary, &expected)["legs"].as_array().unwrap().clone();
        legs.iter()
            .map(|leg| leg["amount"]["value"].as_str().unwrap().parse::<u128>().unwrap())
            .collect::<Vec<_>>()
    };
    // USDC comes first on Ethereum.
    let (was, is) = (held(&before), held(&after));
    assert!(was[0] > 0 && was[1] > 0 && is[0] == 0 && is[1] > was[1], "{was:?} {is:?}");
    let value = |summary: &Value| known(&position(summary, &expected)["value_usd"]);
    assert!(value(&after) < 0.75 * value(&before), "{} {}", value(&before), value(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_lp_token_is_worth_its_cheapest_coin_and_a_sweep_finds_it_again() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("curve_lp").await.unwrap();
    let before = assess(&stack, &wallet).await;
    let expected = expected_of(&stack, &wallet, &before).await;
    assert_eq!((&expected["protocol"], &before["coverage"]["state"]), (&json!("curve"), &json!("complete")));
    let reply = stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text);

    stack
        .control("POST", "crash", json!({ "asset": "USDC", "factor": 0.8, "correlated": false }))
        .await
        .unwrap();
    let done = stack.sweep().await.unwrap();
    assert_eq!(done["wallets"], 1, "{done}");
    let reply = stack.get(&format!("/api/risk/summary?wallet={wallet}&max_age=3600")).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    let after = &reply.json;
    let value = |summary: &Value| known(&position(summary, &expected)["value_usd"]);
    // A quarter of the pool is USDC: what it would pay out lost a twentieth, and what is counted a fifth.
    assert!((value(after) / value(&before) - 0.8).abs() < 1e-3, "{} {}", value(&before), value(after));
    let claim = |summary: &Value| known(&position(summary, &expected)["claim_value_usd"]);
    assert!(claim(after) > 0.94 * claim(&before), "{}", position(after, &expected));
    assert_eq!(after["pools"].as_array().unwrap().len(), 2);
}
