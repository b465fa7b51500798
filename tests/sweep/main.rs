//! Sweeps from outside: what they cost, and what a kill in the middle leaves.

#![cfg(test)]

mod alert_types;
mod deletion;
mod delivery;
mod provider_faults;
mod queue;
mod store_away;

use std::collections::HashSet;
use std::time::Duration;

use risk_tests::{Host, Stack};
use serde_json::{Value, json};

/// Addresses that the sandbox gives portfolios of their own.
fn wallet(index: usize) -> String {
    format!("0x{:040x}", 0x00c0_ffee_0000_0000_0000_u128 + index as u128)
}

async fn watch_many(stack: &Stack, count: usize) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(8) {
        let puts = chunk.iter().map(|index| async move {
            let path = format!("/api/risk/watches/{}", wallet(*index));
            let reply = stack.send("PUT", &path, None).await.unwrap();
            assert_eq!(reply.status, 201, "{}", reply.text);
        });
        futures::future::join_all(puts).await;
    }
}

/// Standing alerts, and how many different identities they have.
async fn standing(stack: &Stack) -> (usize, usize) {
    let (mut identities, mut count, mut cursor) = (HashSet::new(), 0, String::new());
    loop {
        let reply = stack.get(&format!("/api/risk/alerts?resolved=false&limit=200{cursor}")).await.unwrap();
        for alert in reply.json["alerts"].as_array().unwrap() {
            count += 1;
            identities
                .insert(format!("{}|{}|{}", alert["wallet_address"], alert["account"], alert["alert_type"]));
        }
        match reply.json["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (count, identities.len()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wallets_cost_three_requests_a_chain_for_positions_and_a_request_a_hundred_assets_for_prices()
 {
    let chains = ("CHAINS", "ethereum,optimism,polygon,base,arbitrum");
    let stack = Stack::start(Host::Container, &[chains]).await.unwrap();
    watch_many(&stack, 1_000).await;
    stack.control("DELETE", "counters", Value::Null).await.unwrap();
    let done = stack.sweep().await.unwrap();
    assert_eq!(done["wallets"], 1_000, "{done}");
    let counters = stack.control("GET", "counters", Value::Null).await.unwrap();
    println!("1,000 wallets in one sweep: {counters}");
    let requests = |provider: &str| counters[provider]["requests"].as_u64().unwrap_or(0);
    assert!(requests("alchemy") >= 2, "{counters}");
    // The block; views, bitmaps and tokens; and where any wallet is in a market, the rows of those that are.
    assert!(requests("alchemy") <= 3 * 5 && requests("thegraph") <= 10, "{counters}");
    let paths = counters["coingecko"]["methods"].clone();
    let histories: u64 = paths
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(path, _)| path.contains("market_chart"))
        .filter_map(|(_, count)| count.as_u64())
        .sum();
    let assets = histories.max(1);
    assert!(requests("coingecko") - histories <= assets.div_ceil(100) + 1, "{counters}");
    assert!(requests("llama") <= assets.div_ceil(100) + 1, "{counters}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sweep_is_finished_by_the_next_with_no_alert_lost_or_doubled() {
    let stack = Stack::start(
        Host::Container,
        &[("CHAINS", "ethereum"), ("SWEEP_PAGE", "20"), ("SWEEP_LEASE_SECONDS", "2")],
    )
    .await
    .unwrap();
    watch_many(&stack, 120).await;
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.6})).await.unwrap();
    for after_ms in [30, 60, 90, 140, 200] {
        let mut sweep = stack.begin_sweep().unwrap();
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        sweep.kill();
    }
    // The lease of a killed run ends by itself; here the wait for it is not the point.
    let mut done = stack.sweep().await.unwrap();
    while done["outcome"] == "busy" {
        tokio::time::sleep(Duration::from_millis(500)).await;
        done = stack.sweep().await.unwrap();
    }
    let (count, identities) = standing(&stack).await;
    assert!(count > 0, "a crash to 60 % opens alerts");
    assert_eq!(count, identities, "no identity stands twice");
    let again = stack.sweep().await.unwrap();
    assert_eq!((&again["opened"], &again["wallets"]), (&json!(0), &json!(120)), "{again}");
    assert_eq!(standing(&stack).await.0, count, "the next sweep finds them all standing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_event_sweeps_through_the_runtime_api() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let near = stack.wallet("near").await.unwrap();
    stack.send("PUT", &format!("/api/risk/watches/{near}"), None).await.unwrap();
    let gateway = risk_tests::Gateway::start().await.unwrap();
    let mut environment = stack.environment.clone();
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", gateway.runtime_api.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", "risk-sweep"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "risk"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "risk"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    let _sweep = risk_tests::Process::start("risk-sweep", &environment).unwrap();
    let event: Value = serde_json::from_str(include_str!("../events/scheduled.json")).unwrap();
    let answer = gateway.invoke(event).await.unwrap();
    assert_eq!((&answer["outcome"], &answer["wallets"]), (&json!("done"), &json!(1)), "{answer}");
}
