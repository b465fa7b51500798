//! Bad input: the right status, and the field by its name.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};

use super::{Mode, Reply, World, account_wallet, get, post, request, send};

fn refused(reply: &Reply, field: &str, code: &str) {
    reply.problem(422, "refused-values");
    assert_eq!(reply.refused(), [(field.to_owned(), code.to_owned())]);
}

#[tokio::test]
async fn each_wrong_wallet_is_refused_with_the_rule_that_it_broke() {
    let world = World::open();
    let cases = [
        ("wallet=0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "bad_checksum"),
        ("wallet=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA", "wrong_length"),
        ("wallet=5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "missing_prefix"),
        ("wallet=0xzzAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "not_hex"),
        ("wallet=%ff", "malformed"),
        ("", "required"),
    ];
    for route in ["summary", "positions"] {
        for (query, code) in cases {
            let reply = get(&world.router, &format!("/api/risk/{route}?{query}")).await;
            refused(&reply, "wallet", code);
        }
    }
}

#[tokio::test]
async fn refused_parameters_are_named_all_at_once() {
    let world = World::open();
    refused(&get(&world.router, "/api/risk/alerts?limit=-1").await, "limit", "out_of_range");
    refused(&get(&world.router, "/api/risk/alerts?limit=201").await, "limit", "out_of_range");
    refused(&get(&world.router, "/api/risk/alerts?limit=ten").await, "limit", "malformed");
    refused(&get(&world.router, "/api/risk/alerts?colour=red").await, "colour", "unknown_field");
    refused(&get(&world.router, "/api/risk/alerts?skip=1&skip=2").await, "skip", "repeated");
    refused(&get(&world.router, "/api/info?verbose=1").await, "verbose", "unknown_field");
    let several = get(&world.router, "/api/risk/alerts?limit=0&severity=awful&resolved=maybe").await;
    several.problem(422, "refused-values");
    let mut fields: Vec<_> = several.refused().into_iter().map(|(field, _)| field).collect();
    fields.sort();
    assert_eq!(fields, ["limit", "resolved", "severity"]);
}

#[tokio::test]
async fn refused_body_fields_are_named_and_a_body_that_is_no_object_is_malformed() {
    let world = World::open();
    let wallet = account_wallet();
    let analyze = async |body: String| post(&world.router, "/api/risk/analyze", &body).await;
    refused(&analyze("{}".into()).await, "wallet_address", "required");
    refused(&analyze("{\"wallet_address\":7}".into()).await, "wallet_address", "wrong_type");
    let body = format!("{{\"wallet_address\":\"{wallet}\",\"force\":true}}");
    refused(&analyze(body).await, "force", "unknown_field");
    let body = format!("{{\"wallet_address\":\"{wallet}\",\"chains\":[\"ethereum\",\"mars\"]}}");
    refused(&analyze(body).await, "chains[1]", "unsupported");
    for body in ["", "{", "[]", "\"x\"", "\u{0}", "{\"a\":1}}"] {
        let reply = analyze(body.into()).await;
        reply.problem(400, "malformed-request");
        assert_eq!(reply.refused()[0].0, "body", "{body}");
    }
    let bytes =
        request(Method::POST, "/api/risk/analyze", &[("content-type", "application/json")], vec![0xff, 0xfe]);
    send(&world.router, bytes).await.problem(400, "malformed-request");
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused_whether_it_says_so_or_not() {
    let world = World::open();
    let long = format!("{{\"wallet_address\":\"{}\"}}", "0".repeat(70 * 1024));
    let reply = post(&world.router, "/api/risk/analyze", &long).await;
    reply.problem(413, "body-too-large");
    assert_eq!(reply.refused(), [("body".to_owned(), "too_long".to_owned())]);
    let chunks = futures::stream::iter((0..70).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])));
    let headers = [("content-type", "application/json")];
    let streamed = request(Method::POST, "/api/risk/analyze", &headers, Body::from_stream(chunks));
    send(&world.router, streamed).await.problem(413, "body-too-large");
    let said = [("content-type", "application/json"), ("content-length", "70000")];
    let unread = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    send(&world.router, request(Method::POST, "/api/risk/analyze", &said, unread))
        .await
        .problem(413, "body-too-large");
}

#[tokio::test]
async fn a_body_that_is_not_json_by_its_type_is_415() {
    let world = World::open();
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let headers = [("content-type", media_type)];
        let reply = send(&world.router, request(Method::POST, "/api/risk/analyze", &headers, "{}")).await;
        reply.problem(415, "unsupported-media-type");
    }
    let reply = send(&world.router, request(Method::POST, "/api/risk/analyze", &[], "{}")).await;
    reply.problem(415, "unsupported-media-type");
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    let reply = send(&world.router, request(Method::POST, "/api/risk/analyze", &headers, "{}")).await;
    reply.problem(422, "refused-values");
}

#[tokio::test]
async fn what_is_too_long_or_no_text_is_refused_at_the_edge() {
    let world = World::open();
    let long = format!("/api/risk/summary?wallet={}", "0".repeat(9 * 1024));
    get(&world.router, &long).await.problem(414, "url-too-long");
    get(&world.router, "/api/risk/watches/%ff%fe").await.problem(400, "malformed-request");
    get(&world.router, "/nowhere/%ff").await.problem(400, "malformed-request");
    let cookie = "a".repeat(33 * 1024);
    let headers = [("cookie", cookie.as_str())];
    let reply = send(&world.router, request(Method::GET, "/api/info", &headers, Body::empty())).await;
    reply.problem(431, "headers-too-large");
}

#[tokio::test]
async fn unknown_routes_are_404_and_wrong_methods_say_which_are_right() {
    let world = World::open();
    for path in
        ["/api", "/api/risk/summary/", "/api/risk/streams", "/API/risk/summary", "/api/risk/watches/a/b"]
    {
        get(&world.router, path).await.problem(404, "not-found");
    }
    let reply = post(&world.router, "/api/risk/summary", "{}").await;
    reply.problem(405, "method-not-allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD");
    let head = send(&world.router, request(Method::HEAD, "/api/risk/health", &[], Body::empty())).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_panic_is_a_500_with_the_request_id_only_and_the_router_goes_on() {
    let world = World::open();
    world.fake.behave(Mode::Panics);
    let path = format!("/api/risk/summary?wallet={}", account_wallet());
    let reply = get(&world.router, &path).await;
    reply.problem(500, "internal-error");
    assert!(!reply.text().contains("fake"), "{}", reply.text());
    world.fake.behave(Mode::Answers);
    assert_eq!(get(&world.router, &path).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_request_over_its_time_is_a_504() {
    let world = World::of(|settings| settings.request_timeout = Duration::from_secs(30));
    world.fake.behave(Mode::Hangs);
    let reply = get(&world.router, &format!("/api/risk/positions?wallet={}", account_wallet())).await;
    let body = reply.problem(504, "timeout");
    assert_eq!(body["detail"], "the request took longer than 30 s");
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_a_429_that_says_when_to_come_again() {
    let world = World::of(|settings| settings.rate_limit_per_minute = 2);
    let path = format!("/api/risk/summary?wallet={}", account_wallet());
    let first = get(&world.router, &path).await;
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("2", "1"));
    assert_eq!(first.header("ratelimit-reset"), "30");
    assert_eq!(get(&world.router, &path).await.status, StatusCode::OK);
    let third = get(&world.router, &path).await;
    third.problem(429, "quota-exceeded");
    assert_eq!((third.header("ratelimit-remaining"), third.header("ratelimit-limit")), ("0", "2"));
    let wait: u64 = third.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let other = format!("/api/risk/summary?wallet={}", super::other_wallet());
    assert_eq!(get(&world.router, &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_clients_quota_holds_over_all_wallets_and_leaves_probes_alone() {
    let world = World::of(|settings| settings.rate_limit_per_minute_per_client = 2);
    for digit in ["1", "2"] {
        let path = format!("/api/risk/summary?wallet=0x{}", digit.repeat(40));
        assert_eq!(get(&world.router, &path).await.status, StatusCode::OK);
    }
    let third = get(&world.router, &format!("/api/risk/summary?wallet=0x{}", "3".repeat(40))).await;
    third.problem(429, "quota-exceeded");
    for path in ["/api/risk/health", "/api/risk/health/live", "/metrics"] {
        assert_eq!(get(&world.router, path).await.status, StatusCode::OK, "{path}");
    }
}
