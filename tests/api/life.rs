//! The life of watches and alerts through the API.

use risk_tests::{Host, Stack};
use serde_json::{Value, json};

async fn standing(stack: &Stack, wallet: &str) -> Vec<Value> {
    let reply = stack.get(&format!("/api/risk/alerts?wallet={wallet}&resolved=false")).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    let listed = reply.json["alerts"].as_array().unwrap().len();
    assert_eq!(reply.json["total_count"], listed);
    reply.json["alerts"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_is_put_listed_and_removed() {
    for host in Host::ALL {
        let stack = Stack::start(host, &[]).await.unwrap();
        let wallet = stack.wallet("safe").await.unwrap();
        let path = format!("/api/risk/watches/{wallet}");
        assert_eq!(stack.get(&path).await.unwrap().status, 404);
        let put = stack.send("PUT", &path, Some(json!({"label": "treasury"}))).await.unwrap();
        assert_eq!(put.status, 201, "{host:?}: {}", put.text);
        assert_eq!(stack.send("PUT", &path, Some(json!({"label": "treasury"}))).await.unwrap().status, 200);
        assert_eq!(stack.get(&path).await.unwrap().json["label"], "treasury");
        let list = stack.get("/api/risk/watches").await.unwrap();
        assert_eq!(list.json["watches"].as_array().unwrap().len(), 1, "{}", list.text);
        assert_eq!(stack.send("DELETE", &path, None).await.unwrap().status, 204);
        assert_eq!(stack.send("DELETE", &path, None).await.unwrap().status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_opens_once_is_acknowledged_and_resolved_by_hand() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("liquidatable").await.unwrap();
    let first = stack.analyze(&wallet).await.unwrap();
    assert!(!first.json["transitions"]["opened"].as_array().unwrap().is_empty(), "{}", first.text);
    let opened = standing(&stack, &wallet).await;
    let risk: Vec<_> = opened.iter().filter(|alert| alert["alert_type"] == "liquidation_risk").collect();
    assert_eq!(risk.len(), 1, "{opened:?}");
    assert_eq!(risk[0]["severity"], "critical");
    stack.analyze(&wallet).await.unwrap();
    assert_eq!(standing(&stack, &wallet).await.len(), opened.len(), "nothing opens twice");
    let id = &risk[0]["id"];
    for _ in 0..2 {
        let reply = stack.send("POST", &format!("/api/risk/alerts/{id}/acknowledge"), None).await.unwrap();
        assert_eq!((reply.status, &reply.json["state"]), (200, &json!("acknowledged")), "{}", reply.text);
    }
    for _ in 0..2 {
        let reply = stack.send("POST", &format!("/api/risk/alerts/{id}/resolve"), None).await.unwrap();
        assert_eq!((reply.status, &reply.json["state"]), (200, &json!("resolved")), "{}", reply.text);
    }
    assert_eq!(standing(&stack, &wallet).await.len(), opened.len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_opens_an_alert_and_recovery_resolves_it_after_two_clear_assessments() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("safe").await.unwrap();
    let risks = async || {
        stack.analyze(&wallet).await.unwrap();
        let alerts = standing(&stack, &wallet).await;
        alerts.iter().filter(|alert| alert["alert_type"] == "liquidation_risk").count()
    };
    assert_eq!(risks().await, 0);
    stack.control("POST", "crash", json!({"asset": "*", "factor": 0.35})).await.unwrap();
    let crashed = risks().await;
    assert!(crashed >= 1, "the crash opens an alert");
    stack.control("POST", "reset", Value::Null).await.unwrap();
    assert_eq!(risks().await, crashed, "one clear assessment is not enough");
    assert_eq!(risks().await, 0, "the second resolves");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_scope_is_answered_and_not_kept() {
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("multi_chain").await.unwrap();
    let whole =
        stack.analyze(&wallet).await.unwrap().json["assessment"]["accounts"].as_array().unwrap().len();
    let body = json!({"wallet_address": wallet, "chains": ["arbitrum"], "force_refresh": true});
    let part = stack.send("POST", "/api/risk/analyze", Some(body)).await.unwrap();
    let accounts = part.json["assessment"]["accounts"].as_array().unwrap().clone();
    assert!(
        accounts.iter().all(|account| account["chain"] == "arbitrum") && accounts.len() < whole,
        "{}",
        part.text
    );
    let kept = stack.get(&format!("/api/risk/summary?wallet={wallet}&max_age=3600")).await.unwrap();
    assert_eq!(
        kept.json["accounts"].as_array().unwrap().len(),
        whole,
        "the whole assessment is still the latest"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill_of_the_process() {
    let mut stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("near").await.unwrap();
    stack.send("PUT", &format!("/api/risk/watches/{wallet}"), Some(json!({"label": "mine"}))).await.unwrap();
    let before = standing(&stack, &wallet).await;
    stack.restart_api().await.unwrap();
    assert_eq!(stack.get(&format!("/api/risk/watches/{wallet}")).await.unwrap().json["label"], "mine");
    assert_eq!(standing(&stack, &wallet).await, before);
}
