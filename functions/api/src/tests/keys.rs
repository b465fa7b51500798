//! Principals at the routes: keys, rights, allow-lists, and the header of earlier clients.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use risk_model::Timestamp;

use super::world::NOW;
use super::{Reply, World, account_wallet, get, other_wallet, request, send};
use crate::key_hash;

async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    send(&world.router, request(method, path, &all, body.to_owned())).await
}

async fn summary(world: &World, key: &str) -> Reply {
    let path = format!("/api/risk/summary?wallet={}", account_wallet());
    ask(world, Method::GET, &path, &[("x-api-key", key)], "").await
}

#[tokio::test]
async fn without_a_valid_key_every_wallet_route_is_401_and_says_how_to_ask() {
    let world = World::with_keys();
    let unknown = format!("rm_{}", "0".repeat(64));
    let wallet = account_wallet();
    let body = format!("{{\"wallet_address\":\"{wallet}\"}}");
    // Whole requests: what is wrong with a request itself is told before its key is looked up.
    let routes = [
        (Method::GET, format!("/api/risk/summary?wallet={wallet}"), ""),
        (Method::POST, "/api/risk/analyze".to_owned(), body.as_str()),
        (Method::GET, format!("/api/risk/positions?wallet={wallet}"), ""),
        (Method::GET, "/api/risk/alerts".to_owned(), ""),
        (Method::POST, "/api/risk/alerts/1/acknowledge".to_owned(), ""),
        (Method::POST, "/api/risk/alerts/1/resolve".to_owned(), ""),
        (Method::GET, "/api/risk/watches".to_owned(), ""),
        (Method::GET, format!("/api/risk/watches/{wallet}"), ""),
        (Method::PUT, format!("/api/risk/watches/{wallet}"), ""),
        (Method::DELETE, format!("/api/risk/watches/{wallet}"), ""),
        (Method::GET, format!("/api/risk/wallets/{wallet}"), ""),
        (Method::DELETE, format!("/api/risk/wallets/{wallet}"), ""),
        (Method::POST, "/api/risk/channels/x/test".to_owned(), ""),
    ];
    for (method, path, body) in &routes {
        let attempts: [&[(&str, &str)]; 4] =
            [&[], &[("x-api-key", "")], &[("x-api-key", "rm_short")], &[("x-api-key", unknown.as_str())]];
        for headers in attempts {
            let reply = ask(&world, method.clone(), path, headers, body).await;
            reply.problem(401, "unauthenticated");
            assert!(reply.header("www-authenticate").starts_with("ApiKey "), "{path}");
        }
    }
    for path in
        ["/api/risk/health", "/api/risk/status", "/api/info", "/", "/metrics", "/docs", "/openapi.json"]
    {
        assert_eq!(get(&world.router, path).await.status, StatusCode::OK, "{path} needs no key");
    }
}

#[tokio::test]
async fn a_key_works_until_it_expires() {
    let world = World::with_keys();
    let expiring =
        world.key(&["read"], |key| key.expires_at = Some(Timestamp::new(NOW.seconds() + 10))).await;
    assert_eq!(summary(&world, &expiring).await.status, StatusCode::OK);
    world.fake.advance(9);
    assert_eq!(summary(&world, &expiring).await.status, StatusCode::OK);
    world.fake.advance(1);
    summary(&world, &expiring).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_admin_key_of_the_settings_works_without_a_store_that_holds_it() {
    let text = format!("rm_{}", "ab".repeat(32));
    let hash = key_hash(&text);
    let world = World::of(|settings| {
        settings.auth_mode = crate::AuthMode::Keys;
        settings.admin_key_hash = hash;
    });
    assert_eq!(summary(&world, &text).await.status, StatusCode::OK);
    let put = format!("/api/risk/watches/{}", account_wallet());
    assert_eq!(
        ask(&world, Method::PUT, &put, &[("x-api-key", &text)], "{}").await.status,
        StatusCode::CREATED
    );
    summary(&world, &format!("rm_{}", "ac".repeat(32))).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_reader_cannot_write_and_a_writer_cannot_read() {
    let world = World::with_keys();
    let (reader, writer) = (world.key(&["read"], |_| ()).await, world.key(&["write"], |_| ()).await);
    let path = format!("/api/risk/watches/{}", account_wallet());
    ask(&world, Method::PUT, &path, &[("x-api-key", &reader)], "{}").await.problem(403, "forbidden");
    assert_eq!(
        ask(&world, Method::PUT, &path, &[("x-api-key", &writer)], "{}").await.status,
        StatusCode::CREATED
    );
    ask(&world, Method::GET, &path, &[("x-api-key", &writer)], "").await.problem(403, "forbidden");
    assert_eq!(ask(&world, Method::GET, &path, &[("x-api-key", &reader)], "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_with_an_allow_list_sees_no_other_wallet_alert_or_watch() {
    let world = World::with_keys();
    let admin = world.key(&["admin"], |_| ()).await;
    let limited = world.key(&["read", "write"], |key| key.wallets = Some(vec![other_wallet()])).await;
    let (admin, limited) = ([("x-api-key", admin.as_str())], [("x-api-key", limited.as_str())]);
    let body = format!("{{\"wallet_address\":\"{}\"}}", account_wallet());
    let analysis = ask(&world, Method::POST, "/api/risk/analyze", &admin, &body).await.json();
    let id = analysis["transitions"]["opened"][0]["id"].as_u64().unwrap();
    for wallet in [account_wallet(), other_wallet()] {
        ask(&world, Method::PUT, &format!("/api/risk/watches/{wallet}"), &admin, "{}").await;
    }

    ask(&world, Method::POST, "/api/risk/analyze", &limited, &body).await.problem(403, "forbidden");
    for route in ["summary", "positions", "alerts"] {
        let path = format!("/api/risk/{route}?wallet={}", account_wallet());
        ask(&world, Method::GET, &path, &limited, "").await.problem(403, "forbidden");
    }
    let watch = format!("/api/risk/watches/{}", account_wallet());
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        ask(&world, method, &watch, &limited, "").await.problem(403, "forbidden");
    }
    for verb in ["acknowledge", "resolve"] {
        let path = format!("/api/risk/alerts/{id}/{verb}");
        ask(&world, Method::POST, &path, &limited, "").await.problem(404, "not-found");
    }
    let alerts = ask(&world, Method::GET, "/api/risk/alerts", &limited, "").await.json();
    assert_eq!(alerts["total_count"], 0);
    let watches = ask(&world, Method::GET, "/api/risk/watches", &limited, "").await.json();
    assert_eq!(watches["watches"].as_array().unwrap().len(), 1);
    assert_eq!(watches["watches"][0]["wallet_address"], other_wallet().to_string());
    let all = ask(&world, Method::GET, "/api/risk/alerts", &admin, "").await.json();
    assert!(all["alerts"].as_array().unwrap().iter().all(|alert| alert["state"] == "open"), "{all}");
    assert!(all["total_count"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_wallet_header_of_earlier_clients_narrows_and_never_widens() {
    let world = World::with_keys();
    let key = world.key(&["read", "write"], |_| ()).await;
    let limited = world.key(&["read"], |key| key.wallets = Some(vec![other_wallet()])).await;
    let (mine, other) = (account_wallet().to_string(), other_wallet().to_string());
    let path = format!("/api/risk/summary?wallet={mine}");
    let with = |key: &'static str, wallet| [("x-api-key", key), ("x-wallet-address", wallet)];
    let (key, limited): (&'static str, &'static str) = (key.leak(), limited.leak());
    assert_eq!(ask(&world, Method::GET, &path, &with(key, &mine), "").await.status, StatusCode::OK);
    ask(&world, Method::GET, &path, &with(key, &other), "").await.problem(403, "forbidden");
    ask(&world, Method::GET, &path, &with(limited, &mine), "").await.problem(403, "forbidden");
    ask(&world, Method::GET, "/api/risk/alerts", &with(limited, &mine), "").await.problem(403, "forbidden");
    let reply = ask(&world, Method::GET, &path, &with(key, "0x12"), "").await;
    reply.problem(422, "refused-values");
    assert_eq!(reply.refused()[0].0, "x-wallet-address");
    let alerts = ask(&world, Method::GET, "/api/risk/alerts", &with(key, &other), "").await.json();
    assert_eq!(alerts["total_count"], 0);
    let unproven = [("x-wallet-address", mine.as_str())];
    ask(&world, Method::GET, &path, &unproven, "").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_use_is_noted_off_the_path_and_at_most_once_a_minute() {
    let world = World::with_keys();
    let text = world.key(&["read"], |_| ()).await;
    let hash = key_hash(&text).unwrap();
    let noted = async || {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        world.service.store().find_key(&hash).await.unwrap().unwrap().last_used_at
    };
    summary(&world, &text).await;
    assert_eq!(noted().await, Some(NOW));
    world.fake.advance(59);
    summary(&world, &text).await;
    assert_eq!(noted().await, Some(NOW));
    world.fake.advance(1);
    summary(&world, &text).await;
    assert_eq!(noted().await, Some(NOW.plus_seconds(60)));
}

#[tokio::test]
async fn no_answer_repeats_a_key() {
    let world = World::with_keys();
    let key = format!("rm_{}", "5".repeat(64));
    for path in ["/api/risk/summary", "/", "/nothing"] {
        let headers = [("x-api-key", key.as_str())];
        let reply = send(&world.router, request(Method::GET, path, &headers, Body::empty())).await;
        assert!(!reply.text().contains("555555"), "{}", reply.text());
    }
}

#[tokio::test]
async fn only_an_admin_key_tests_a_channel_and_hears_what_it_answered() {
    let world = World::with_keys();
    let (writer, admin) = (world.key(&["write"], |_| {}).await, world.key(&["admin"], |_| {}).await);
    let path = "/api/risk/channels/desk/test";
    ask(&world, Method::POST, path, &[("x-api-key", &writer)], "").await.problem(403, "forbidden");
    let reply = ask(&world, Method::POST, path, &[("x-api-key", &admin)], "").await;
    let body = reply.json();
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!((&body["channel"], &body["outcome"]), (&"desk".into(), &"later".into()), "{body}");
    assert_eq!((&body["why"], &body["retry_after_seconds"]), (&"it sleeps".into(), &30.into()), "{body}");
    let other = path.replace("desk", "other");
    ask(&world, Method::POST, &other, &[("x-api-key", &admin)], "").await.problem(404, "not-found");
}
