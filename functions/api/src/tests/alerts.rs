//! Listing and answering alerts.

use axum::http::StatusCode;
use serde_json::Value;

use super::{World, account_wallet, get, other_wallet, post};

/// A world in which the wallet's alerts stand, and their ids.
async fn alerted() -> (World, Vec<u64>) {
    let world = World::open();
    let body = format!("{{\"wallet_address\":\"{}\"}}", account_wallet());
    let analysis = post(&world.router, "/api/risk/analyze", &body).await.json();
    let opened = analysis["transitions"]["opened"].as_array().unwrap();
    let ids: Vec<u64> = opened.iter().map(|alert| alert["id"].as_u64().unwrap()).collect();
    assert!(!ids.is_empty(), "the fixture opens at least one alert");
    (world, ids)
}

fn ids(page: &Value) -> Vec<u64> {
    page["alerts"].as_array().unwrap().iter().map(|alert| alert["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn alerts_are_listed_newest_first_with_their_count_and_page() {
    let (world, mut opened) = alerted().await;
    opened.sort_by(|one, other| other.cmp(one));
    let page = get(&world.router, &format!("/api/risk/alerts?wallet={}", account_wallet())).await;
    assert_eq!(page.status, StatusCode::OK);
    let page = page.json();
    assert_eq!(ids(&page), opened);
    assert_eq!(page["total_count"].as_u64().unwrap(), opened.len() as u64);
    assert_eq!(page["pagination"]["limit"], 50);
    assert_eq!(page["pagination"]["next_cursor"], Value::Null);
    let none = get(&world.router, &format!("/api/risk/alerts?wallet={}", other_wallet())).await.json();
    assert_eq!((ids(&none).len(), none["total_count"].as_u64()), (0, Some(0)));
}

#[tokio::test]
async fn a_cursor_leads_through_every_alert_once() {
    let (world, opened) = alerted().await;
    let (mut seen, mut path) = (Vec::new(), "/api/risk/alerts?limit=1".to_owned());
    for _ in 0..=opened.len() {
        let page = get(&world.router, &path).await.json();
        seen.extend(ids(&page));
        let Some(cursor) = page["pagination"]["next_cursor"].as_str() else { break };
        path = format!("/api/risk/alerts?limit=1&cursor={cursor}");
    }
    let mut expected = opened;
    expected.sort_by(|one, other| other.cmp(one));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let (world, _) = alerted().await;
    let list = async |query: &str| get(&world.router, &format!("/api/risk/alerts?{query}")).await.json();
    let liquidation = list("alert_type=liquidation_risk&severity=critical&resolved=false").await;
    assert_eq!(ids(&liquidation).len(), 1);
    assert_eq!(ids(&list("alert_type=liquidation_risk&severity=low").await).len(), 0);
    assert_eq!(ids(&list("resolved=true").await).len(), 0);
}

#[tokio::test]
async fn acknowledging_and_resolving_move_an_alert_and_may_be_repeated() {
    let (world, opened) = alerted().await;
    let id = opened[0];
    let count = async || {
        let path = format!("/api/risk/summary?wallet={}", account_wallet());
        get(&world.router, &path).await.json()["active_alerts_count"].as_u64().unwrap()
    };
    let before = count().await;
    for _ in 0..2 {
        let reply = post(&world.router, &format!("/api/risk/alerts/{id}/acknowledge"), "").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        assert_eq!(reply.json()["state"], "acknowledged");
        assert_eq!(reply.json()["acknowledged_at"], "2023-11-14T22:13:20Z");
    }
    assert_eq!(count().await, before);
    world.fake.advance(10);
    let first = post(&world.router, &format!("/api/risk/alerts/{id}/resolve"), "{}").await.json();
    assert_eq!((first["state"].as_str(), first["resolution"].as_str()), (Some("resolved"), Some("by hand")));
    world.fake.advance(10);
    let second = post(&world.router, &format!("/api/risk/alerts/{id}/resolve"), "").await.json();
    assert_eq!(second, first);
    let late = post(&world.router, &format!("/api/risk/alerts/{id}/acknowledge"), "").await.json();
    assert_eq!(late, first);
    assert_eq!(count().await, before - 1);
}

#[tokio::test]
async fn an_alert_that_is_not_there_is_404_and_an_id_that_is_none_is_refused_by_name() {
    let world = World::open();
    for verb in ["acknowledge", "resolve"] {
        post(&world.router, &format!("/api/risk/alerts/999/{verb}"), "").await.problem(404, "not-found");
        for id in ["abc", "-1", "99999999999999999999999"] {
            let reply = post(&world.router, &format!("/api/risk/alerts/{id}/{verb}"), "").await;
            reply.problem(422, "refused-values");
            assert_eq!(reply.refused(), [("id".to_owned(), "malformed".to_owned())]);
        }
        let reply = post(&world.router, &format!("/api/risk/alerts/1/{verb}"), "{\"note\":1}").await;
        reply.problem(422, "refused-values");
        assert_eq!(reply.refused(), [("note".to_owned(), "unknown_field".to_owned())]);
        post(&world.router, &format!("/api/risk/alerts/1/{verb}"), "[]")
            .await
            .problem(400, "malformed-request");
    }
}
