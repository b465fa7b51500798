//! Health, status, info, metrics.

use std::path::Path;
use std::sync::Arc;

use axum::http::StatusCode;
use risk_store::SqliteStore;
use serde_json::Value;

use super::{Mode, World, account_wallet, get, put};

#[tokio::test]
async fn health_names_its_checks_and_an_open_breaker_degrades_it() {
    let world = World::open();
    let reply = get(&world.router, "/api/risk/health").await;
    assert_eq!(reply.status, StatusCode::OK);
    let body = reply.json();
    assert_eq!(body["status"], "healthy");
    assert_eq!(
        body["checks"][0],
        serde_json::json!(
            {"component":"store","name":"memory","state":"up","since":null,"age_seconds":0,"last_failure":null}
        )
    );
    assert_eq!(
        (body["checks"][1]["state"].as_str(), &body["checks"][1]["age_seconds"]),
        (Some("none_yet"), &Value::Null)
    );
    assert_eq!(
        body["checks"][2],
        serde_json::json!(
            {"component":"upstream","name":"alchemy","state":"closed","since":null,"age_seconds":3,"last_failure":"timeout"}
        )
    );
    let quota = body["checks"].as_array().unwrap().last().unwrap();
    assert_eq!((&quota["component"], &quota["state"]), (&"quota".into(), &"not_shared".into()));

    let degraded = World::open();
    degraded.fake.behave(Mode::Dead);
    let reply = get(&degraded.router, "/api/risk/health").await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (StatusCode::OK, Some("degraded")));
}

#[tokio::test]
async fn state_that_others_do_not_see_is_named_and_degrades_it() {
    let world = World::of(|settings| settings.unshared = vec!["store", "quota"]);
    let body = get(&world.router, "/api/risk/health").await.json();
    let state =
        body["checks"].as_array().unwrap().iter().find(|check| check["component"] == "state").unwrap();
    assert_eq!((&state["name"], &state["state"]), (&"store, quota".into(), &"not_shared".into()));
    assert_eq!(body["status"], "degraded");
}

#[tokio::test]
async fn a_verdict_is_told_again_for_a_second_and_never_asks_a_provider() {
    let world = World::open();
    let first = get(&world.router, "/api/risk/health").await.json();
    world.fake.behave(Mode::Dead);
    assert_eq!(get(&world.router, "/api/risk/health").await.json(), first);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(get(&world.router, "/api/risk/health").await.json()["status"], "degraded");
    assert_eq!(world.fake.reads.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_unhealthy_and_503_but_alive() {
    // A file where its folder should be.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml").join("risk.sqlite");
    let world = World::over(Arc::new(SqliteStore::new(path)), |_| ());
    let health = get(&world.router, "/api/risk/health").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (health.json()["status"].as_str(), health.json()["checks"][0]["state"].as_str()),
        (Some("unhealthy"), Some("down"))
    );
    assert_eq!(get(&world.router, "/api/risk/health/live").await.json()["status"], "alive");
    for path in ["/api/risk/status".to_owned(), format!("/api/risk/summary?wallet={}", account_wallet())] {
        let reply = get(&world.router, &path).await;
        reply.problem(503, "store-unavailable");
        assert_eq!(reply.header("retry-after"), "5");
        assert!(!reply.text().contains("Cargo.toml"), "{}", reply.text());
    }
}

#[tokio::test]
async fn status_counts_wallets_alerts_upstreams_and_this_process_own_traffic() {
    let world = World::open();
    put(&world.router, &format!("/api/risk/watches/{}", account_wallet()), "{}").await;
    get(&world.router, "/nothing").await;
    world.fake.behave(Mode::Panics);
    get(&world.router, &format!("/api/risk/summary?wallet={}&max_age=0", super::other_wallet())).await;
    let reply = get(&world.router, "/api/risk/status").await;
    assert_eq!(reply.status, StatusCode::OK);
    let body = reply.json();
    assert_eq!((body["version"].as_str(), body["commit"].as_str()), (Some("1.2.3"), Some("abc1234")));
    assert_eq!(body["uptime_seconds"], 100);
    assert_eq!(body["tracked_wallets"], 1);
    assert!(body["open_alerts"].as_u64().unwrap() > 0);
    assert_eq!(body["store"]["name"], "memory");
    assert_eq!(body["upstreams"][0]["breaker"], "closed");
    assert_eq!(body["sweeps"].as_array().unwrap().len(), 0);
    assert_eq!(body["traffic"]["scope"], "process");
    let windows = body["traffic"]["windows"].as_array().unwrap();
    assert_eq!(
        windows.iter().map(|window| window["seconds"].as_u64().unwrap()).collect::<Vec<_>>(),
        [60, 900]
    );
    for window in windows {
        assert_eq!((window["requests"].as_u64(), window["errors"].as_u64()), (Some(3), Some(1)));
        assert!((window["error_rate"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9);
        assert!(window["latency_p50_ms"].as_f64().unwrap() > 0.0);
    }
}

#[tokio::test]
async fn info_says_what_is_read_limited_and_warned_at() {
    let body = get(&World::open().router, "/api/info").await.json();
    assert_eq!(body["name"], "risk-manager");
    let read = [
        "aave_v2",
        "aave_v3",
        "compound_v2",
        "compound_v3",
        "curve",
        "morpho_blue",
        "spark",
        "tokens",
        "uniswap_v3",
    ];
    assert_eq!(body["protocols"], serde_json::json!(read));
    assert!(body["unsupported_protocols"].as_array().unwrap().iter().any(|name| name == "crvusd"));
    assert_eq!(body["chains"], serde_json::json!([{"name":"ethereum","chain_id":1}]));
    assert_eq!(body["limits"]["body_bytes"], 65_536);
    assert_eq!(body["intervals"]["sweep_seconds"], 600);
    assert_eq!(body["thresholds"]["health_factor"], serde_json::json!({"open":1.2,"close":1.25}));
}

#[tokio::test]
async fn metrics_are_what_the_recorder_renders() {
    let reply = get(&World::open().router, "/metrics").await;
    assert_eq!(reply.text(), "metrics_are_here 1\n");
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
}
