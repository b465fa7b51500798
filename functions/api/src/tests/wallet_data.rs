//! All that is kept of a wallet, to take away or to have deleted.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use risk_app::delivery::Route;
use risk_app::records::Commit;
use risk_engine::alarm::{Identity, Transition};
use risk_model::{AlertKind, Severity, Wallet};
use serde_json::{Value, json};

use super::world::NOW;
use super::{Reply, World, account_wallet, delete, get, other_wallet, put, request, send};

fn path(wallet: Wallet) -> String {
    format!("/api/risk/wallets/{wallet}")
}

/// A watched wallet that was assessed, with a standing alert whose message waits.
async fn fill(world: &World, wallet: Wallet) {
    let made = put(&world.router, &format!("/api/risk/watches/{wallet}"), "{\"label\":\"mine\"}").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let route = Route { channel: "desk".parse().unwrap(), min_severity: Severity::Low };
    let opening = Transition::Open {
        identity: Identity { wallet, account: "by hand".to_owned(), kind: AlertKind::OracleStale },
        severity: Severity::High,
        message: "the oracle stands still".to_owned(),
        action: "look".to_owned(),
        measured: f64::NAN,
        threshold: 1.0,
    };
    let routes = [(wallet, [route].into())].into();
    let commit = Commit { at: NOW, transitions: vec![opening], routes, ..Commit::default() };
    assert_eq!(world.service.store().commit(commit).await.unwrap().opened.len(), 1);
}

#[tokio::test]
async fn everything_kept_of_a_wallet_is_told() {
    let world = World::open();
    fill(&world, account_wallet()).await;
    let reply = get(&world.router, &path(account_wallet())).await;
    assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::OK, "no-store"));
    let body = reply.json();
    assert_eq!(body["wallet_address"], account_wallet().to_string());
    assert_eq!(body["exported_at"], "2023-11-14T22:13:20Z");
    assert_eq!(body["watch"]["label"], "mine");
    let summary = &body["latest_assessment"]["summary"];
    let asked = get(&world.router, &format!("/api/risk/summary?wallet={}", account_wallet())).await.json();
    assert_eq!(summary["overall_risk_score"], asked["overall_risk_score"]);
    assert_eq!(body["last_known_assessment"], Value::Null, "it is the latest");
    assert!(body["tokens"].is_array(), "{body}");
    assert_eq!(body["alarm_memory"]["v"], 1);
    let alerts = body["alerts"].as_array().unwrap();
    let stale = alerts.iter().find(|alert| alert["account"] == "by hand").unwrap();
    assert_eq!((&stale["alert_type"], &stale["state"]), (&json!("oracle_stale"), &json!("open")));
    let of_stale: Vec<&Value> = body["messages"].as_array().unwrap().iter().collect();
    let message = of_stale.iter().find(|message| message["alert"]["account"] == "by hand").unwrap();
    assert_eq!((&message["state"], &message["channel"]), (&json!("waiting"), &json!("desk")));
    assert_eq!(message["due"], "2023-11-14T22:13:20Z");
}

#[tokio::test]
async fn of_a_wallet_that_nobody_asked_about_nothing_is_kept() {
    let world = World::open();
    let body = get(&world.router, &path(other_wallet())).await.json();
    let empty = json!({
        "wallet_address": other_wallet().to_string(), "exported_at": "2023-11-14T22:13:20Z", "watch": null,
        "latest_assessment": null, "last_known_assessment": null, "tokens": null, "markets": [],
        "is_near": false, "alarm_memory": null, "alerts": [], "messages": [], "events": [],
    });
    assert_eq!(body, empty);
    let erased = delete(&world.router, &path(other_wallet())).await.json();
    let counts = erased["erased"].as_object().unwrap();
    assert!(counts.values().all(|count| count == 0), "{erased}");
}

#[tokio::test]
async fn what_was_deleted_is_gone_from_every_answer_and_the_other_wallet_stays() {
    let world = World::open();
    for wallet in [account_wallet(), other_wallet()] {
        fill(&world, wallet).await;
    }
    let summary = format!("/api/risk/summary?wallet={}", account_wallet());
    assert_eq!(get(&world.router, &summary).await.status, StatusCode::OK);
    let before = get(&world.router, &path(other_wallet())).await.json();
    let reply = delete(&world.router, &path(account_wallet())).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let body = reply.json();
    assert_eq!((&body["erased"]["watches"], &body["erased"]["assessments"]), (&json!(1), &json!(1)));
    assert!(body["erased"]["standing_alerts"].as_u64().unwrap() >= 1, "{body}");
    assert!(body["erased"]["messages"].as_u64().unwrap() >= 1, "{body}");
    assert!(body["remains"].as_array().unwrap().len() > 3);
    let left = get(&world.router, &path(account_wallet())).await.json();
    for (field, value) in left.as_object().unwrap() {
        let is_empty = value.is_null() || value == false || value.as_array().is_some_and(Vec::is_empty);
        assert!(is_empty || ["wallet_address", "exported_at"].contains(&field.as_str()), "{field}: {value}");
    }
    get(&world.router, &format!("/api/risk/watches/{}", account_wallet())).await.problem(404, "not-found");
    let alerts = get(&world.router, &format!("/api/risk/alerts?wallet={}", account_wallet())).await.json();
    assert_eq!(alerts["total_count"], 0);
    assert_eq!(get(&world.router, &path(other_wallet())).await.json(), before);
    // Not the summary that was in memory: asked again it is made again.
    let reads = world.fake.reads.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(get(&world.router, &summary).await.status, StatusCode::OK);
    assert!(world.fake.reads.load(std::sync::atomic::Ordering::SeqCst) > reads);
}

#[tokio::test]
async fn a_key_reads_its_own_wallets_and_deletes_only_where_it_may_write() {
    let world = World::with_keys();
    let ask = async |method: Method, wallet: Wallet, key: &str| -> Reply {
        send(&world.router, request(method, &path(wallet), &[("x-api-key", key)], Body::empty())).await
    };
    let reader = world.key(&["read"], |_| ()).await;
    let own = world.key(&["read", "write"], |key| key.wallets = Some(vec![other_wallet()])).await;
    assert_eq!(ask(Method::GET, account_wallet(), &reader).await.status, StatusCode::OK);
    ask(Method::DELETE, account_wallet(), &reader).await.problem(403, "forbidden");
    for method in [Method::GET, Method::DELETE] {
        ask(method.clone(), account_wallet(), &own).await.problem(403, "forbidden");
        assert_eq!(ask(method, other_wallet(), &own).await.status, StatusCode::OK);
    }
}
