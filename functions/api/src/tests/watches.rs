//! The watch list.

use axum::http::StatusCode;
use serde_json::Value;

use super::{Mode, World, account_wallet, delete, get, other_wallet, put};

#[tokio::test]
async fn a_watch_is_made_changed_read_and_removed() {
    let world = World::open();
    let path = format!("/api/risk/watches/{}", account_wallet());
    get(&world.router, &path).await.problem(404, "not-found");
    let made = put(&world.router, &path, "{\"label\":\"mine\",\"health_factor_threshold\":1.5}").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.json()["label"], "mine");
    assert_eq!(made.json()["health_factor_threshold"], 1.5);
    world.fake.advance(100);
    let changed = put(&world.router, &path, "").await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["label"], Value::Null);
    assert_eq!(changed.json()["created_at"], "2023-11-14T22:13:20Z");
    assert_eq!(changed.json()["updated_at"], "2023-11-14T22:15:00Z");
    assert_eq!(get(&world.router, &path).await.json(), changed.json());
    let removed = delete(&world.router, &path).await;
    assert_eq!((removed.status, removed.body.len()), (StatusCode::NO_CONTENT, 0));
    delete(&world.router, &path).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_watch_has_thresholds_channels_and_a_least_severity_of_its_own() {
    let world = World::open();
    let path = format!("/api/risk/watches/{}", account_wallet());
    let body = r#"{"thresholds":{"health_factor":1.5,"carry_days":60,"cool_down_seconds":0},
        "channels":["desk"],"min_severity":"high"}"#;
    let made = put(&world.router, &path, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let watch = get(&world.router, &path).await.json();
    assert_eq!(watch["health_factor_threshold"], 1.5);
    let own = serde_json::json!({"health_factor": 1.5, "carry_days": 60.0, "cool_down_seconds": 0.0});
    assert_eq!(watch["thresholds"], own);
    assert_eq!((&watch["channels"], &watch["min_severity"]), (&serde_json::json!(["desk"]), &"high".into()));
    let bare = put(&world.router, &path, "{}").await.json();
    assert_eq!((&bare["thresholds"], &bare["channels"]), (&serde_json::json!({}), &Value::Null));
    let refused = put(&world.router, &path, r#"{"thresholds":{"carry_days":-1}}"#).await;
    refused.problem(422, "refused-values");
    assert_eq!(refused.refused(), [("thresholds.carry_days".to_owned(), "out_of_range".to_owned())]);
}

#[tokio::test]
async fn a_wallet_is_watched_even_while_no_provider_answers() {
    let world = World::open();
    world.fake.behave(Mode::Dead);
    let path = format!("/api/risk/watches/{}", account_wallet());
    assert_eq!(put(&world.router, &path, "{}").await.status, StatusCode::CREATED);
    assert_eq!(get(&world.router, &path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_list_is_paged_in_the_order_of_the_address() {
    let world = World::open();
    for wallet in [account_wallet(), other_wallet()] {
        put(&world.router, &format!("/api/risk/watches/{wallet}"), "{}").await;
    }
    let first = get(&world.router, "/api/risk/watches?limit=1").await.json();
    assert_eq!(first["watches"][0]["wallet_address"], other_wallet().to_string());
    let cursor = first["pagination"]["next_cursor"].as_str().unwrap();
    let second = get(&world.router, &format!("/api/risk/watches?limit=1&cursor={cursor}")).await.json();
    assert_eq!(second["watches"][0]["wallet_address"], account_wallet().to_string());
    let cursor = second["pagination"]["next_cursor"].as_str().unwrap();
    let third = get(&world.router, &format!("/api/risk/watches?limit=1&cursor={cursor}")).await.json();
    assert_eq!(third["watches"].as_array().unwrap().len(), 0);
    assert_eq!(third["pagination"]["next_cursor"], Value::Null);
}

#[tokio::test]
async fn refused_watches_name_their_fields_and_change_nothing() {
    let world = World::open();
    let path = format!("/api/risk/watches/{}", account_wallet());
    let reply =
        put(&world.router, &path, "{\"label\":7,\"health_factor_threshold\":0.5,\"chanels\":[]}").await;
    reply.problem(422, "refused-values");
    let mut fields: Vec<_> = reply.refused().into_iter().map(|(field, _)| field).collect();
    fields.sort();
    assert_eq!(fields, ["chanels", "health_factor_threshold", "label"]);
    get(&world.router, &path).await.problem(404, "not-found");
    let reply = put(&world.router, "/api/risk/watches/0x12", "{}").await;
    reply.problem(422, "refused-values");
    assert_eq!(reply.refused(), [("wallet".to_owned(), "wrong_length".to_owned())]);
}
