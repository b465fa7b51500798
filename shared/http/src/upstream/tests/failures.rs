//! Failures: what is retried, what opens the breaker, and that every answer comes within the deadline.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use tokio::time::{Instant, sleep};

use super::{number, upstream};
use crate::testing::Server;
use crate::{BreakerState, CallError, FailureKind, Parsed, Request};

fn unavailable(reason: &str) -> CallError {
    CallError::Unavailable { upstream: "testing", reason: reason.to_owned() }
}

#[tokio::test]
async fn a_5xx_is_retried_and_the_success_after_it_is_the_answer() {
    let server = Server::start(|n, _| async move {
        if n < 2 { StatusCode::BAD_GATEWAY.into_response() } else { "42".into_response() }
    })
    .await;
    let upstream = upstream(&server.base, |_| {});
    assert_eq!(upstream.call(&Request::get("/x"), number).await, Ok(42));
    let state = upstream.state();
    assert_eq!((server.hits(), state.calls, state.failures, state.retries), (3, 1, 2, 2));
    assert_eq!(state.breaker, BreakerState::Closed);
    assert!(state.last_success_age.is_some());
}

#[tokio::test]
async fn repeated_5xx_open_the_breaker_which_holds_calls_back_and_recovers_through_a_probe() {
    let well = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&well);
    let server = Server::start(move |_, _| {
        let well = told.load(Ordering::SeqCst);
        async move {
            if well {
                "1".into_response()
            } else {
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    })
    .await;
    let upstream = upstream(&server.base, |p| {
        p.breaker_failures = 4;
        p.breaker_open = Duration::from_secs(1);
    });
    let request = Request::get("/x");
    assert_eq!(upstream.call(&request, number).await, Err(unavailable("HTTP 503")));
    assert_eq!((server.hits(), upstream.state().breaker), (3, BreakerState::Closed));
    // The fourth failure in a row opens it, and the second call's retries end there.
    assert_eq!(upstream.call(&request, number).await, Err(unavailable("HTTP 503")));
    assert_eq!((server.hits(), upstream.state().breaker), (4, BreakerState::Open));

    let before = Instant::now();
    let held = upstream.call(&request, number).await;
    assert!(
        matches!(held, Err(CallError::BreakerOpen { retry_in, .. }) if retry_in <= Duration::from_secs(1))
    );
    assert!(before.elapsed() < Duration::from_millis(500));
    assert_eq!(server.hits(), 4, "an open breaker sends nothing");

    sleep(Duration::from_millis(1_050)).await;
    well.store(true, Ordering::SeqCst);
    assert_eq!(upstream.call(&request, number).await, Ok(1));
    assert_eq!(upstream.state().breaker, BreakerState::Closed);
}

#[tokio::test]
async fn a_failed_probe_keeps_the_breaker_open_after_one_request() {
    let server = Server::start(|_, _| async { StatusCode::INTERNAL_SERVER_ERROR.into_response() }).await;
    let upstream = upstream(&server.base, |p| p.breaker_failures = 1);
    let request = Request::get("/x");
    assert!(upstream.call(&request, number).await.is_err());
    sleep(Duration::from_millis(350)).await;
    assert_eq!(upstream.call(&request, number).await, Err(unavailable("HTTP 500")));
    assert_eq!((server.hits(), upstream.state().breaker), (2, BreakerState::Open));
}

#[tokio::test]
async fn a_401_is_neither_retried_nor_counted_against_the_upstream() {
    let server = Server::start(|_, _| async { StatusCode::UNAUTHORIZED.into_response() }).await;
    let upstream = upstream(&server.base, |p| p.breaker_failures = 1);
    for _ in 0..10 {
        let refused = upstream.call(&Request::get("/x"), number).await;
        assert_eq!(refused, Err(CallError::Refused { upstream: "testing", reason: "HTTP 401".into() }));
    }
    let state = upstream.state();
    assert_eq!((server.hits(), state.breaker, state.failures), (10, BreakerState::Closed, 0));
    assert!(state.refusals == 10 && state.last_refusal_age.is_some() && state.last_success_age.is_none());
}

#[tokio::test]
async fn an_error_inside_http_200_is_what_the_parser_says_it_is() {
    let server =
        Server::start(|_, _| async { r#"{"errors":[{"message":"bad indexers"}]}"#.into_response() }).await;
    let upstream = upstream(&server.base, |p| p.breaker_failures = 3);
    let parse = |_: &_| Parsed::<()>::failed("bad indexers");
    assert_eq!(upstream.call(&Request::get("/x"), parse).await, Err(unavailable("bad indexers")));
    assert_eq!((server.hits(), upstream.state().breaker), (3, BreakerState::Open));
    assert!(matches!(upstream.state().last_failure, Some((_, FailureKind::Reported))));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_retried_and_counts_as_a_failure() {
    let server = Server::start(|_, _| async { "<html>Just a moment...</html>".into_response() }).await;
    let upstream = upstream(&server.base, |_| {});
    let result = upstream.call(&Request::get("/x"), number).await;
    assert!(matches!(result, Err(CallError::Malformed { .. })), "{result:?}");
    assert_eq!((server.hits(), upstream.state().failures), (3, 3));
}

#[tokio::test]
async fn a_hanging_upstream_is_given_up_within_the_deadline() {
    let server = Server::start(|_, _| pending()).await;
    let upstream = upstream(&server.base, |p| {
        p.deadline = Duration::from_millis(700);
        p.attempt_timeout = Duration::from_millis(250);
        p.max_attempts = 10;
    });
    let before = Instant::now();
    let result = upstream.call(&Request::get("/x"), number).await;
    let took = before.elapsed();
    assert_eq!(result, Err(CallError::Timeout { upstream: "testing" }));
    assert!(took < Duration::from_millis(1_200), "{took:?}");
    assert!(server.hits() >= 2, "a timed out attempt is retried while the deadline leaves time");
    assert!(matches!(upstream.state().last_failure, Some((_, FailureKind::Timeout))));
}

#[tokio::test]
async fn a_body_that_drips_is_given_up_within_the_deadline() {
    let server = Server::start(|_, _| async {
        let drip = futures::stream::unfold((), |()| async {
            sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(" "), ()))
        });
        axum::body::Body::from_stream(drip).into_response()
    })
    .await;
    let upstream = upstream(&server.base, |p| p.deadline = Duration::from_millis(500));
    let before = Instant::now();
    let result = upstream.call(&Request::get("/x"), number).await;
    assert_eq!(result, Err(CallError::Timeout { upstream: "testing" }));
    assert!(before.elapsed() < Duration::from_millis(900));
}

#[tokio::test]
async fn an_attempt_cut_short_by_the_callers_deadline_is_not_blamed_on_the_upstream() {
    let server = Server::start(|n, _| async move {
        // The first attempt fails late, which leaves the second less than half its time.
        sleep(Duration::from_millis(if n == 0 { 800 } else { 5_000 })).await;
        StatusCode::BAD_GATEWAY.into_response()
    })
    .await;
    let upstream = upstream(&server.base, |p| {
        p.deadline = Duration::from_millis(1_400);
        p.attempt_timeout = Duration::from_millis(1_300);
    });
    assert_eq!(
        upstream.call(&Request::get("/x"), number).await,
        Err(CallError::Timeout { upstream: "testing" })
    );
    assert_eq!((server.hits(), upstream.state().failures), (2, 1));
}

#[tokio::test]
async fn a_reset_connection_is_a_transport_failure_and_is_retried() {
    let server = Server::raw(|socket| async move {
        socket.set_zero_linger().unwrap();
        drop(socket);
    })
    .await;
    let upstream = upstream(&server.base, |_| {});
    let result = upstream.call(&Request::get("/x"), number).await;
    assert_eq!(result, Err(unavailable("the connection was lost before a reply")));
    assert_eq!((server.hits(), upstream.state().failures), (3, 3));
    assert!(matches!(upstream.state().last_failure, Some((_, FailureKind::Transport))));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_a_connect_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let upstream = upstream(&base, |_| {});
    let result = upstream.call(&Request::get("/x"), number).await;
    assert_eq!(result, Err(unavailable("the connection could not be made")));
    assert!(matches!(upstream.state().last_failure, Some((_, FailureKind::Connect))));
}

#[tokio::test]
async fn a_body_cut_short_is_a_failure_even_where_its_beginning_is_valid_json() {
    for reply in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n42"[..],
        &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n42\r\n"[..],
    ] {
        let server = Server::saying(reply).await;
        let upstream = upstream(&server.base, |_| {});
        let result = upstream.call(&Request::get("/x"), number).await;
        assert_eq!(result, Err(unavailable("the reply was cut short or could not be decompressed")));
        assert_eq!((server.hits(), upstream.state().failures), (3, 3));
    }
}

#[tokio::test]
async fn a_server_without_tls_behind_an_https_url_is_a_named_tls_failure() {
    let server = Server::saying(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let upstream = upstream(&server.base.replace("http://", "https://"), |p| {
        p.max_attempts = 1;
    });
    let result = upstream.call(&Request::get("/x"), number).await;
    assert_eq!(result, Err(unavailable("the TLS handshake failed")));
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let server =
        Server::start(|_, _| async { (StatusCode::FOUND, [(LOCATION, "/elsewhere")]).into_response() }).await;
    let upstream = upstream(&server.base, |_| {});
    let result = upstream.call(&Request::get("/x"), number).await;
    assert_eq!(result, Err(CallError::Refused { upstream: "testing", reason: "HTTP 302".into() }));
    assert_eq!(server.hits(), 1);
}
