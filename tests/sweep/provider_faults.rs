//! Providers that fail while a sweep runs: what could not be read is unknown, everything else is done, and nothing closes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use risk_tests::{Host, Stack};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::wallet;

const WALLETS: usize = 48;
/// Seconds that a wallet may be unreadable here.
const BUDGET: u64 = 2;

async fn watched() -> Stack {
    let settings = [("CHAINS", "ethereum"), ("SWEEP_PAGE", "8"), ("UPSTREAM_DEADLINE_MS", "1000")];
    let stack = Stack::start(Host::Container, &settings).await.unwrap();
    for index in 0..WALLETS {
        let own = json!({"thresholds": {"blindness_budget_seconds": BUDGET}});
        let reply =
            stack.send("PUT", &format!("/api/risk/watches/{}", wallet(index)), Some(own)).await.unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.8})).await.unwrap();
    swept(&stack).await;
    stack
}

/// A sweep to the end of the list.
async fn swept(stack: &Stack) -> Value {
    let done = stack.sweep().await.unwrap();
    assert_eq!((&done["outcome"], &done["wallets"]), (&json!("done"), &json!(WALLETS)), "{done}");
    done
}

/// The alerts of a state by id, each with its kind and wallet.
async fn alerts(stack: &Stack, resolved: bool) -> BTreeMap<String, (String, String)> {
    let path = format!("/api/risk/alerts?resolved={resolved}&limit=200");
    let reply = stack.get(&path).await.unwrap();
    assert!(reply.json["total_count"].as_u64().unwrap() <= 200, "one page holds them");
    let of = |alert: &Value| {
        let [kind, wallet] =
            ["alert_type", "wallet_address"].map(|name| alert[name].as_str().unwrap().to_lowercase());
        (alert["id"].to_string(), (kind, wallet))
    };
    reply.json["alerts"].as_array().unwrap().iter().map(of).collect()
}

async fn blind(stack: &Stack) -> BTreeSet<String> {
    let standing = alerts(stack, false).await.into_values();
    standing.filter(|(kind, _)| kind == "data_blind").map(|(_, wallet)| wallet).collect()
}

/// The last assessment of every wallet, as the sweep stored it.
async fn assessments(stack: &Stack) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for index in 0..WALLETS {
        let wallet = wallet(index);
        let reply = stack.get(&format!("/api/risk/summary?wallet={wallet}&max_age=86400")).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text);
        all.insert(wallet, reply.json);
    }
    all
}

async fn fail(stack: &Stack, provider: &str, kind: &str) {
    stack.control("POST", "fault", json!({"provider": provider, "kind": kind, "ms": 60})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_fails_in_the_middle_leaves_the_rest_unknown_and_then_blind_and_what_was_read_is_done() {
    let stack = watched().await;
    let before = alerts(&stack, false).await;
    fail(&stack, "alchemy", "latency").await;
    stack.control("DELETE", "counters", Value::Null).await.unwrap();
    let mut sweep = stack.begin_sweep().unwrap();
    loop {
        let counters = stack.control("GET", "counters", Value::Null).await.unwrap();
        if counters["alchemy"]["requests"].as_u64().unwrap_or(0) >= 6 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    fail(&stack, "alchemy", "status_500").await;
    let done = sweep.word_within("\"outcome\":\"done\"", 60).await;
    while sweep.ended().unwrap().is_none() {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(done.is_ok() || sweep.printed().contains("\"outcome\":\"done\""), "{}", sweep.printed());
    let found = assessments(&stack).await;
    let is_dark = |one: &Value| one["gaps"].as_array().unwrap().iter().any(|gap| gap["source"] == "alchemy");
    let (dark, seen): (Vec<_>, Vec<_>) = found.iter().partition(|(_, one)| is_dark(one));
    assert!(!dark.is_empty() && !seen.is_empty(), "{} of {WALLETS} were not read", dark.len());
    for (wallet, one) in &dark {
        // Its subgraph may still tell that it is lost, and never that it is safe.
        let level = one["risk_level"].as_str().unwrap();
        assert!(["unknown", "critical"].contains(&level), "{wallet}, {level}: {}", one["gaps"]);
    }
    assert!(seen.iter().any(|(_, one)| one["risk_level"] != "unknown"), "what was read is told");
    // Once more, when the budget is over: whoever is unreadable since then is blind, and nobody else.
    let dark: BTreeSet<String> = dark.into_iter().map(|(wallet, _)| wallet.clone()).collect();
    sleep(Duration::from_secs(BUDGET + 1)).await;
    swept(&stack).await;
    assert!(blind(&stack).await.is_superset(&dark), "{:?} of {dark:?}", blind(&stack).await);
    let now = alerts(&stack, false).await;
    assert!(before.keys().all(|id| now.contains_key(id)), "an alert closed without being looked at");
    stack.control("DELETE", "fault?provider=alchemy", Value::Null).await.unwrap();
    // Those with a token that nobody prices stay: their data is never full.
    let were = blind(&stack).await.len();
    for _ in 0..3 {
        swept(&stack).await;
    }
    assert!(blind(&stack).await.len() < were, "{were} are still blind");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alert_closes_while_nodes_or_prices_are_away_and_it_closes_when_they_are_back() {
    for providers in [&["alchemy"][..], &["coingecko", "llama"]] {
        for kind in ["status_500", "wrong_json"] {
            let stack = watched().await;
            let (before, over) = (alerts(&stack, false).await, alerts(&stack, true).await);
            stack.control("POST", "crash", json!({"asset": "*", "factor": 1.25})).await.unwrap();
            for provider in providers {
                fail(&stack, provider, kind).await;
            }
            for _ in 0..3 {
                swept(&stack).await;
            }
            let now = alerts(&stack, false).await;
            assert!(before.keys().all(|id| now.contains_key(id)), "{providers:?}, {kind}: an alert closed");
            for provider in providers {
                stack.control("DELETE", &format!("fault?provider={provider}"), Value::Null).await.unwrap();
            }
            // A breaker that opened asks again after its pause, which a process that begins anew does not wait for.
            for _ in 0..3 {
                swept(&stack).await;
            }
            assert!(
                alerts(&stack, true).await.len() > over.len(),
                "{providers:?}, {kind}: nothing closed after it"
            );
        }
    }
}
