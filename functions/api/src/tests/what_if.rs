//! Simulate and backtest: questions that change nothing.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::Value;

use super::{World, account_wallet, other_wallet, post};

const SIMULATE: &str = "/api/risk/simulate";
const BACKTEST: &str = "/api/risk/backtest";

fn with_wallet(fields: &str) -> String {
    format!("{{\"wallet_address\":\"{}\"{fields}}}", account_wallet())
}

/// Asset of the part that is collateral, and of the one that is owed.
fn parts(summary: &Value) -> (String, String) {
    let reserves = summary["accounts"][0]["reserves"].as_array().unwrap();
    let asset = |owes: bool| {
        let part = reserves.iter().find(|part| (part["owed"] != "0") == owes).unwrap();
        part["asset"].as_str().unwrap().to_owned()
    };
    (asset(false), asset(true))
}

#[tokio::test]
async fn a_repayment_is_tried_and_nothing_is_stored() {
    let world = World::open();
    let plain = post(&world.router, SIMULATE, &with_wallet("")).await;
    assert_eq!(plain.status, StatusCode::OK, "{}", plain.text());
    let plain = plain.json();
    assert_eq!(plain["before"], plain["after"]);
    assert_eq!(plain["before"]["active_alerts_count"], 0);
    let (_, debt) = parts(&plain["before"]);
    let key = plain["before"]["accounts"][0]["key"].as_str().unwrap();
    let fields = format!(
        ",\"actions\":[{{\"type\":\"repay\",\"account\":\"{key}\",\"asset\":\"{debt}\",\"amount\":\"8000\"}}]"
    );
    let repaid = post(&world.router, SIMULATE, &with_wallet(&fields)).await;
    assert_eq!(repaid.status, StatusCode::OK, "{}", repaid.text());
    let repaid = repaid.json();
    assert_eq!(repaid["before"]["health_ratio"]["value"], "1.037500000000000000");
    assert_eq!(repaid["after"]["health_ratio"]["value"], "2.075000000000000000");
    assert_eq!(repaid["from_outside"][0]["amount"], "8000");
    assert_eq!(world.fake.reads.load(Ordering::SeqCst), 2, "every question reads anew");
}

#[tokio::test]
async fn a_crash_shows_the_cure_to_the_target_that_was_asked_for() {
    let world = World::open();
    let fields = ",\"shocks\":[{\"target\":\"*\",\"change\":-0.01}],\"target_health_factor\":1.3";
    let reply = post(&world.router, SIMULATE, &with_wallet(fields)).await.json();
    let factor = |side: &str| reply[side]["health_ratio"]["value"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((factor("after") / factor("before") - 0.99).abs() < 1e-9);
    let cures = reply["after"]["recommendations"].as_array().unwrap();
    assert!(!cures.is_empty());
    for cure in cures {
        let after: f64 = cure["health_factor_after"]["value"].as_str().unwrap().parse().unwrap();
        assert!((1.3 - 1e-8..1.31).contains(&after), "{cure}");
    }
}

#[tokio::test]
async fn an_impossible_step_and_a_bad_field_are_refused_by_name() {
    let world = World::open();
    let step = ",\"actions\":[{\"type\":\"e_mode\",\"account\":\"elsewhere\",\"category\":1}]";
    let reply = post(&world.router, SIMULATE, &with_wallet(step)).await;
    let problem = reply.problem(422, "refused-values");
    assert_eq!(problem["errors"][0]["field"], "actions[0]");
    let reply =
        post(&world.router, SIMULATE, &with_wallet(",\"shocks\":[{\"target\":\"*\",\"change\":-2}]")).await;
    assert_eq!(reply.problem(422, "refused-values")["errors"][0]["field"], "shocks[0].change");
    let reply = post(&world.router, BACKTEST, &with_wallet(",\"from\":\"2023-01-01\"")).await;
    assert_eq!(reply.problem(422, "refused-values")["errors"][0]["field"], "to");
}

#[tokio::test]
async fn a_backtest_of_the_wallet_says_when_each_rule_would_have_warned() {
    let world = World::open();
    let days = ",\"from\":\"2023-09-01\",\"to\":\"2023-11-10\"";
    let rules = ",\"rules\":[{\"type\":\"health_factor_below\",\"value\":1.2}]";
    let reply = post(&world.router, BACKTEST, &with_wallet(&format!("{days}{rules}"))).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let body = reply.json();
    assert_eq!(
        (&body["from"], &body["to"]),
        (&"2023-09-01T00:00:00Z".into(), &"2023-11-10T00:00:00Z".into())
    );
    assert_eq!(body["portfolio"]["profits"].as_array().unwrap().len(), 71);
    let models: Vec<&str> = body["portfolio"]["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["model"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["filtered_historical", "historical", "ewma_normal"]);
    for tail in body["portfolio"]["models"][1]["tails"].as_array().unwrap() {
        assert_eq!(tail["observations"], 71, "{tail}");
        assert!(tail["kupiec"]["p_value"].as_f64().unwrap() <= 1.0);
    }
    let account = &body["accounts"][0];
    assert_eq!(account["rules"][0]["rule"], "health_factor_below");
    assert!(!account["rules"][0]["alerts"].as_array().unwrap().is_empty());
    let factors = account["health_factors"].as_array().unwrap();
    assert!(!factors.is_empty() && factors.len() <= 71);
}

#[tokio::test]
async fn a_portfolio_needs_no_wallet_and_one_without_closes_is_refused() {
    let world = World::open();
    let summary = post(&world.router, SIMULATE, &with_wallet("")).await.json();
    let (collateral, debt) = parts(&summary["before"]);
    let days = "\"from\":\"2023-09-01\",\"to\":\"2023-10-01\"";
    let body = format!(
        "{{{days},\"portfolio\":[{{\"asset\":\"{collateral}\",\"amount\":10,\"liquidation_threshold\":0.83}},\
         {{\"asset\":\"{debt}\",\"amount\":-9000}}]}}"
    );
    let reply = post(&world.router, BACKTEST, &body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(reply.json()["accounts"][0]["account"], "portfolio");
    let unknown = body.replace("2023-09-01", "2030-09-01").replace("2023-10-01", "2030-10-01");
    let reply = post(&world.router, BACKTEST, &unknown).await;
    let problem = reply.problem(422, "refused-values");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("no close"), "{problem}");
}

#[tokio::test]
async fn a_wallet_with_nothing_can_be_asked_what_if_too() {
    let world = World::open();
    let body = format!(
        "{{\"wallet_address\":\"{}\",\"shocks\":[{{\"target\":\"*\",\"change\":-0.5}}]}}",
        other_wallet()
    );
    let reply = post(&world.router, SIMULATE, &body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(reply.json()["after"]["health_ratio"]["state"], "no_debt");
}
