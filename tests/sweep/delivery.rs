//! Delivery from outside: what a sweep finds reaches every channel once, whatever the channels do.

use std::collections::BTreeSet;
use std::time::Duration;

use risk_tests::{CHANNELS, Host, Stack};
use serde_json::{Value, json};
use tokio::time::Instant;

const HOLD: (&str, &str) = ("DELIVERY_HOLD_SECONDS", "20");

async fn watched(names: &[&str]) -> Stack {
    let settings = [CHANNELS, HOLD, ("CHAINS", "ethereum,arbitrum")];
    let stack = Stack::start(Host::Container, &settings).await.unwrap();
    for name in names {
        let wallet = stack.wallet(name).await.unwrap();
        let reply = stack.send("PUT", &format!("/api/risk/watches/{wallet}"), None).await.unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    stack
}

async fn received(stack: &Stack, kind: &str) -> Vec<Value> {
    let all = stack.control("GET", &format!("received/{kind}"), Value::Null).await.unwrap();
    all.as_array().unwrap().clone()
}

/// The ids that a receiver took, each once: a repeat fails here.
async fn taken_once(stack: &Stack, kind: &str) -> BTreeSet<String> {
    let count = stack.control("GET", &format!("received/{kind}/count"), Value::Null).await.unwrap();
    let ids = count["ids"].as_object().unwrap();
    assert!(ids.values().all(|times| times == 1), "{kind}: {count}");
    ids.keys().cloned().collect()
}

async fn outbox(stack: &Stack) -> Value {
    stack.get("/api/risk/status").await.unwrap().json["outbox"].clone()
}

/// Waits until nothing waits in the outbox.
async fn delivered(stack: &Stack) {
    let until = Instant::now() + Duration::from_secs(60);
    while outbox(stack).await["waiting"] != 0 {
        assert!(Instant::now() < until, "{}", outbox(stack).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn alerts(stack: &Stack) -> Vec<Value> {
    let reply = stack.get("/api/risk/alerts?limit=200").await.unwrap();
    reply.json["alerts"].as_array().unwrap().clone()
}

/// How many of the alerts are of `high` severity and over.
fn high(alerts: &[Value]) -> usize {
    alerts.iter().filter(|alert| ["high", "critical"].contains(&alert["severity"].as_str().unwrap())).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_told_to_every_channel_once_and_so_is_its_end() {
    let stack = watched(&["near", "safe"]).await;
    stack.sweep().await.unwrap();
    delivered(&stack).await;
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.8})).await.unwrap();
    stack.sweep().await.unwrap();
    delivered(&stack).await;
    let fallen = alerts(&stack).await;
    assert!(high(&fallen) > 0, "{fallen:?}");
    // A webhook hears of each happening: at least the opening of every alert.
    let told = taken_once(&stack, "webhook").await;
    assert!(told.len() >= fallen.len(), "{told:?}");
    let first = received(&stack, "webhook").await;
    let liquidation =
        first.iter().find(|one| one["json"]["data"]["alert"]["alert_type"] == "liquidation_risk");
    let liquidation = liquidation.unwrap_or_else(|| panic!("{first:?}"));
    assert!(liquidation["text"].as_str().unwrap().to_lowercase().contains("repay"), "{liquidation}");
    assert_eq!(received(&stack, "pagerduty").await.len(), high(&fallen));
    stack.sweep().await.unwrap();
    delivered(&stack).await;
    assert_eq!(taken_once(&stack, "webhook").await, told, "a second sweep of the same tells nothing");
    stack.control("POST", "crash", json!({"asset": "*", "factor": 1.25})).await.unwrap();
    for _ in 0..3 {
        stack.sweep().await.unwrap();
    }
    delivered(&stack).await;
    let ended = alerts(&stack).await;
    let resolved = ended.iter().filter(|alert| alert["state"] == "resolved").count();
    let ends = received(&stack, "webhook").await;
    let ends = ends.iter().filter(|one| one["json"]["type"] == "alert.resolved").count();
    assert!(resolved > 0 && ends == resolved, "{resolved} resolved, {ends} told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_hangs_holds_up_no_other_and_gets_its_messages_in_the_end() {
    let stack = watched(&["near"]).await;
    stack.control("POST", "fault", json!({"provider": "slack", "kind": "hang", "times": 1})).await.unwrap();
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.8})).await.unwrap();
    let begun = Instant::now();
    let sweep = tokio::spawn({
        let wallet = stack.wallet("near").await.unwrap();
        let request = stack.request("POST", "/api/risk/analyze").unwrap();
        let body = json!({"wallet_address": wallet, "force_refresh": true}).to_string();
        let request = request.header("x-api-key", risk_tests::ADMIN_KEY);
        risk_tests::answer(request.header("content-type", "application/json").body(body))
    });
    assert_eq!(sweep.await.unwrap().unwrap().status, 200);
    while received(&stack, "webhook").await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the webhook waited for Slack");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    delivered(&stack).await;
    assert!(received(&stack, "slack").await.iter().any(|one| one["accepted"] == true));
    assert_eq!(outbox(&stack).await["dead"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_channel_refuses_is_not_sent_again_and_a_channel_that_is_gone_is_switched_off() {
    let stack = watched(&["near"]).await;
    stack.control("POST", "fault", json!({"provider": "webhook", "kind": "gone"})).await.unwrap();
    stack
        .control(
            "POST",
            "fault",
            json!({"provider": "slack", "kind": "status_429", "retry_after": 2, "times": 1}),
        )
        .await
        .unwrap();
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.8})).await.unwrap();
    stack.sweep().await.unwrap();
    delivered(&stack).await;
    let state = outbox(&stack).await;
    assert!(state["dead"].as_u64().unwrap() > 0, "{state}");
    assert_eq!(state["switched_off"][0]["channel"], "hook", "{state}");
    assert!(received(&stack, "slack").await.iter().any(|one| one["accepted"] == true), "429 is asked again");
    stack.control("DELETE", "fault?provider=webhook", Value::Null).await.unwrap();
    let test = stack.send("POST", "/api/risk/channels/hook/test", None).await.unwrap();
    assert_eq!((test.status, &test.json["outcome"]), (200, &json!("accepted")), "{}", test.text);
    assert_eq!(outbox(&stack).await["switched_off"], json!([]), "a test that is taken switches it on");
    let unknown = stack.send("POST", "/api/risk/channels/nowhere/test", None).await.unwrap();
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_says_who_is_told_of_its_wallet() {
    let stack = watched(&[]).await;
    let wallet = stack.wallet("near").await.unwrap();
    let path = format!("/api/risk/watches/{wallet}");
    let watch = json!({"channels": ["hook", "nowhere"], "min_severity": "high"});
    let reply = stack.send("PUT", &path, Some(watch)).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text);
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.8})).await.unwrap();
    stack.sweep().await.unwrap();
    delivered(&stack).await;
    let (found, told) = (alerts(&stack).await, received(&stack, "webhook").await);
    assert!(high(&found) > 0 && found.len() > high(&found), "{found:?}");
    assert_eq!(told.len(), high(&found), "{told:?}");
    assert!(received(&stack, "slack").await.is_empty() && received(&stack, "pagerduty").await.is_empty());
}
