//! Summary, analyze and positions.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;

use super::{Mode, World, account_wallet, get, other_wallet, post};

#[tokio::test]
async fn a_summary_is_the_assessment_with_exact_figures_and_is_answered_again_while_fresh() {
    let world = World::open();
    let path = format!("/api/risk/summary?wallet={}", account_wallet());
    let first = get(&world.router, &path).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.header("content-type"), "application/json");
    let body = first.json();
    assert_eq!(body["wallet_address"], account_wallet().to_string());
    assert_eq!(body["health_ratio"]["value"], "1.037500000000000000");
    assert_eq!(body["risk_level"], "critical");
    assert_eq!(body["accounts"][0]["debt_usd"]["value"], 16_000.0);
    assert!(body["critical_alerts_count"].as_u64().unwrap() >= 1);
    assert!(body["active_alerts_count"].as_u64() >= body["critical_alerts_count"].as_u64());
    let again = get(&world.router, &path).await;
    assert_eq!(again.body, first.body);
    assert_eq!(world.fake.reads.load(Ordering::SeqCst), 1);
    world.fake.advance(61);
    get(&world.router, &format!("{path}&max_age=10")).await;
    assert_eq!(world.fake.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn positions_are_the_accounts_of_the_same_assessment() {
    let world = World::open();
    let summary = get(&world.router, &format!("/api/risk/summary?wallet={}", account_wallet())).await.json();
    let reply = get(&world.router, &format!("/api/risk/positions?wallet={}", account_wallet())).await;
    let positions = reply.json();
    assert_eq!(reply.status, StatusCode::OK);
    for part in ["wallet_address", "last_updated", "accounts", "holdings", "coverage", "gaps"] {
        assert_eq!(positions[part], summary[part], "{part}");
    }
    assert_eq!(positions["accounts"][0]["reserves"][0]["supplied"], "10000000000000000000");
    assert!(positions.get("overall_risk_score").is_none());
    assert_eq!(world.fake.reads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_analysis_says_which_alerts_it_opened_and_the_next_says_none() {
    let world = World::open();
    let body = format!("{{\"wallet_address\":\"{}\",\"force_refresh\":true}}", account_wallet());
    let first = post(&world.router, "/api/risk/analyze", &body).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let first = first.json();
    let opened = first["transitions"]["opened"].as_array().unwrap();
    let liquidation = opened.iter().find(|alert| alert["alert_type"] == "liquidation_risk").unwrap();
    assert_eq!(liquidation["severity"], "critical");
    assert_eq!(liquidation["state"], "open");
    assert_eq!(liquidation["wallet_address"], account_wallet().to_string());
    assert_eq!(first["assessment"]["health_ratio"]["value"], "1.037500000000000000");
    let second = post(&world.router, "/api/risk/analyze", &body).await.json();
    assert_eq!(second["transitions"]["opened"].as_array().unwrap().len(), 0);
    assert_eq!(world.fake.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_wallet_without_anything_has_no_debt_rather_than_a_zero() {
    let reply = get(&World::open().router, &format!("/api/risk/summary?wallet={}", other_wallet())).await;
    assert_eq!(reply.json()["health_ratio"]["state"], "no_debt");
}

#[tokio::test]
async fn with_every_provider_down_and_nothing_known_the_gaps_are_named_and_nothing_is_invented() {
    for path in ["summary", "positions"] {
        let world = World::open();
        world.fake.behave(Mode::Dead);
        let reply = get(&world.router, &format!("/api/risk/{path}?wallet={}", account_wallet())).await;
        let body = reply.problem(503, "providers-unavailable");
        assert_eq!(reply.header("retry-after"), "30");
        assert!(
            body["detail"].as_str().unwrap().contains("alchemy (unavailable since 2023-11-14T21:56:40Z)"),
            "{body}"
        );
        assert_eq!(body["gaps"][0]["source"], "alchemy");
        assert_eq!(body["gaps"][0]["since"], "2023-11-14T21:56:40Z");
    }
}

#[tokio::test]
async fn with_every_provider_down_later_the_last_known_is_given_with_its_age_beside_unknown() {
    let world = World::open();
    let wallet = account_wallet();
    get(&world.router, &format!("/api/risk/summary?wallet={wallet}")).await;
    world.fake.behave(Mode::Dead);
    world.fake.advance(600);
    let summary = get(&world.router, &format!("/api/risk/summary?wallet={wallet}")).await;
    assert_eq!(summary.status, StatusCode::OK);
    let summary = summary.json();
    assert_eq!(summary["risk_level"], "unknown");
    assert_eq!(summary["last_known"]["age_seconds"], 600);
    assert_eq!(summary["last_known"]["assessment"]["risk_level"], "critical");
    let positions = get(&world.router, &format!("/api/risk/positions?wallet={wallet}")).await.json();
    assert_eq!(positions["accounts"].as_array().unwrap().len(), 0);
    assert_eq!(positions["last_known"]["age_seconds"], 600);
    assert_eq!(positions["last_known"]["positions"]["accounts"].as_array().unwrap().len(), 1);
    assert!(positions["gaps"].as_array().unwrap().iter().any(|gap| gap["reason"] == "unavailable"));
}

#[tokio::test]
async fn an_answer_names_what_the_settings_and_the_question_left_out() {
    let world = World::open();
    let left_out = |body: &serde_json::Value| -> Vec<String> {
        let names = body["coverage"]["left_out"].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let path = format!("/api/risk/summary?wallet={}", account_wallet());
    let others = ["arbitrum", "base", "optimism", "polygon"];
    let mut named = left_out(&get(&world.router, &path).await.json());
    named.sort_unstable();
    assert_eq!(named, others);
    let body = format!(r#"{{"wallet_address":"{}","protocols":["aave_v3","tokens"]}}"#, account_wallet());
    let named = left_out(&post(&world.router, "/api/risk/analyze", &body).await.json()["assessment"]);
    assert_eq!(named.len(), others.len() + 7, "{named:?}");
    assert!(named.iter().any(|name| name == "compound_v3"), "{named:?}");
}
