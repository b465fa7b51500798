//! Secrecy: keys reach the provider and nobody else; and what operators do see.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::PrometheusBuilder;

use super::{number, quick, upstream};
use crate::testing::Server;
use crate::{CallError, Client, Parsed, Reply, Request, SetupError};

const KEYS: [&str; 4] =
    ["PathKey0123456789abcdef", "QueryKey0123456789", "CG-HeaderKey012", "BearerKey0123456789"];

fn request_with_keys() -> Request {
    Request::post_json("/method", &"BodySecret0123")
        .secret_query("apikey", KEYS[1])
        .header("x-cg-demo-api-key", KEYS[2])
        .bearer(KEYS[3])
}

fn assert_no_secret(shown: &str) {
    for secret in KEYS.iter().chain(&["BodySecret", "127.0.0.1"]) {
        assert!(!shown.contains(secret), "{secret} is shown in: {shown}");
    }
}

#[tokio::test]
async fn keys_of_every_kind_reach_the_provider() {
    let server = Server::start(|_, request| async move {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let seen = (request.method().to_string(), request.uri().to_string(), header("x-cg-demo-api-key"));
        let more = (header("authorization"), header("content-type"), header("user-agent"));
        axum::Json((seen, more, request.headers().contains_key("cookie"))).into_response()
    })
    .await;
    let upstream = upstream(&format!("{}/v2/{}", server.base, KEYS[0]), |_| {});
    let echo = |reply: &Reply| reply.json::<serde_json::Value>();
    let seen = upstream.call(&request_with_keys(), echo).await.unwrap();
    let uri = format!("/v2/{}/method?apikey={}", KEYS[0], KEYS[1]);
    let bearer = format!("Bearer {}", KEYS[3]);
    let expected = serde_json::json!([
        ["POST", uri, KEYS[2]],
        [bearer, "application/json", "risk-manager-test/1"],
        false
    ]);
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn no_error_shows_a_key_even_where_the_provider_echoes_it() {
    let echo = |_, request: axum::extract::Request| async move {
        let header = request.headers()["x-cg-demo-api-key"].to_str().unwrap().to_owned();
        let bearer = request.headers()["authorization"].to_str().unwrap().to_owned();
        format!("Invalid API Key {header}, {bearer} for {} at http://127.0.0.1/", request.uri())
            .into_response()
    };
    let server = Server::start(echo).await;
    let upstream = upstream(&format!("{}/v2/{}", server.base, KEYS[0]), |p| p.max_attempts = 1);
    let text = |reply: &Reply| String::from_utf8_lossy(&reply.body).into_owned();
    let request = request_with_keys();
    let errors = [
        upstream.call(&request, |reply| Parsed::<()>::refused(text(reply))).await.unwrap_err(),
        upstream.call(&request, |reply| Parsed::<()>::failed(text(reply))).await.unwrap_err(),
        upstream.call(&request, |reply| Parsed::<()>::malformed(text(reply))).await.unwrap_err(),
        upstream.call(&request, number).await.unwrap_err(),
    ];
    for error in &errors {
        assert_no_secret(&format!("{error} {error:?}"));
    }
    assert!(errors[0].to_string().contains("Invalid API Key [redacted]"), "{}", errors[0]);
}

#[tokio::test]
async fn no_transport_error_and_no_debug_shows_a_key_or_the_address() {
    let server = Server::raw(|socket| async move { drop(socket) }).await;
    let base = format!("{}/v2/{}", server.base, KEYS[0]);
    let lost = upstream(&base, |p| p.max_attempts = 1);
    let request = request_with_keys();
    let mut shown = format!("{:?}", lost.call(&request, number).await);
    let tls = upstream(&base.replace("http:", "https:"), |p| p.max_attempts = 1);
    shown.push_str(&format!("{:?}", tls.call(&request, number).await));
    drop(server);
    tokio::task::yield_now().await;
    shown.push_str(&format!("{:?}", lost.call(&request, number).await));
    shown.push_str(&format!("{lost:?} {request:?} {:?} {:?}", lost.state(), Client::new("x")));
    assert_no_secret(&shown);
    assert!(shown.contains("testing"), "{shown}");
}

#[test]
fn a_base_url_that_cannot_be_used_is_refused_without_showing_it() {
    let client = Client::new("test").unwrap();
    let secret = KEYS[0];
    for base in [
        format!("ftp://127.0.0.1/{secret}"),
        format!("127.0.0.1/{secret}"),
        format!("https://127.0.0.1/{secret}?x=1"),
        format!("https://127.0.0.1/{secret}#x"),
        format!("https://:99999/{secret}"),
        String::new(),
    ] {
        let error = client.upstream(&base, quick()).unwrap_err();
        assert!(matches!(error, SetupError::BaseUrl { .. }), "{base}: {error}");
        assert_no_secret(&format!("{error} {error:?}"));
    }
}

#[tokio::test]
async fn a_request_path_cannot_leave_the_base_url() {
    let server = Server::start(|_, _| async { "1".into_response() }).await;
    let rooted = upstream(&server.base, |_| {});
    let below = upstream(&format!("{}/v2/{}", server.base, KEYS[0]), |_| {});
    for path in ["@127.0.0.2/x", ".evil.test/x", ":1/x", "x", "#x", "/a#b"] {
        let result = rooted.call(&Request::get(path), number).await;
        assert!(matches!(result, Err(CallError::Refused { .. })), "{path}: {result:?}");
    }
    for path in ["/../x", "/../../x", "/%2e%2e/x"] {
        let result = below.call(&Request::get(path), number).await;
        assert!(matches!(result, Err(CallError::Refused { .. })), "{path}: {result:?}");
    }
    assert_eq!(server.hits(), 0);
    for path in ["", "?x=1", "/x", "/x?y=/../z"] {
        assert_eq!(below.call(&Request::get(path), number).await, Ok(1), "{path}");
    }
}

#[tokio::test]
async fn metrics_count_outcomes_under_bounded_labels_only() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    crate::describe_metrics();
    let server = Server::start(|n, _| async move {
        if n < 3 { StatusCode::BAD_GATEWAY.into_response() } else { "1".into_response() }
    })
    .await;
    let upstream = upstream(&format!("{}/v2/{}", server.base, KEYS[0]), |p| {
        p.breaker_failures = 3;
    });
    assert!(handle.render().contains("upstream_breaker_open{upstream=\"testing\"} 0"));
    assert!(upstream.call(&request_with_keys(), number).await.is_err());
    assert!(upstream.call(&request_with_keys(), number).await.is_err());
    let text = handle.render();
    for line in [
        "upstream_requests_total{upstream=\"testing\",outcome=\"reported\"} 3",
        "upstream_requests_total{upstream=\"testing\",outcome=\"breaker_open\"} 1",
        "upstream_retries_total{upstream=\"testing\"} 2",
        "upstream_breaker_open{upstream=\"testing\"} 1",
    ] {
        assert!(text.contains(line), "no {line} in:\n{text}");
    }
    assert!(text.contains("upstream_request_duration_seconds"), "{text}");
    assert_no_secret(&text);
}

#[test]
fn a_call_can_be_awaited_on_any_thread() {
    fn is_send<T: Send>(_: T) {}
    let upstream = upstream("http://127.0.0.1:9", |_| {});
    let request = Request::get("/x");
    is_send(upstream.call(&request, number));
}
