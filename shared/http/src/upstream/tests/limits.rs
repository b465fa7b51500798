//! Limits: throttling, rate, concurrency, and the size of replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::IntoResponse;
use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::{number, upstream};
use crate::testing::Server;
use crate::{BreakerState, CallError, Parsed, Reply, Request};

fn too_many(retry_after: &'static str) -> axum::response::Response {
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, retry_after)]).into_response()
}

#[tokio::test]
async fn a_429_pauses_for_its_retry_after_then_succeeds_and_never_trips() {
    let server =
        Server::start(|n, _| async move { if n == 0 { too_many("1") } else { "7".into_response() } }).await;
    let upstream = upstream(&server.base, |p| p.breaker_failures = 1);
    let before = Instant::now();
    assert_eq!(upstream.call(&Request::get("/x"), number).await, Ok(7));
    assert!(before.elapsed() >= Duration::from_secs(1), "{:?}", before.elapsed());
    let state = upstream.state();
    assert_eq!((state.breaker, state.failures, state.throttles), (BreakerState::Closed, 0, 1));
}

#[tokio::test]
async fn a_pause_holds_every_other_call_and_is_reported_at_once_where_the_deadline_is_shorter() {
    let server = Server::start(|_, _| async { too_many("30") }).await;
    let upstream = upstream(&server.base, |p| p.breaker_failures = 1);
    let before = Instant::now();
    for _ in 0..20 {
        let result = upstream.call(&Request::get("/x"), number).await;
        let Err(CallError::Throttled { retry_in, .. }) = result else { panic!("{result:?}") };
        assert!(retry_in > Duration::from_secs(28) && retry_in <= Duration::from_secs(30), "{retry_in:?}");
    }
    assert!(before.elapsed() < Duration::from_secs(1));
    assert_eq!(server.hits(), 1, "nothing is sent during a pause");
    assert_eq!(upstream.state().breaker, BreakerState::Closed);
    assert!(upstream.state().paused_for.is_some());
}

#[tokio::test]
async fn a_throttle_disguised_as_http_200_pauses_too() {
    let server = Server::start(|n, _| async move {
        if n == 0 { "\"Max calls per sec rate limit reached\"".into_response() } else { "7".into_response() }
    })
    .await;
    let upstream = upstream(&server.base, |p| p.breaker_failures = 1);
    let parse = |reply: &Reply| {
        if reply.body.starts_with(b"\"Max calls") {
            return Parsed::Throttled { retry_after: Some(Duration::from_millis(400)) };
        }
        reply.json::<u32>()
    };
    let before = Instant::now();
    assert_eq!(upstream.call(&Request::get("/x"), parse).await, Ok(7));
    assert!(before.elapsed() >= Duration::from_millis(400));
    assert_eq!(upstream.state().throttles, 1);
}

#[tokio::test]
async fn endless_429_with_no_wait_ends_after_the_attempts_allowed() {
    let server = Server::start(|_, _| async { too_many("0") }).await;
    let upstream = upstream(&server.base, |_| {});
    let result = upstream.call(&Request::get("/x"), number).await;
    assert!(matches!(result, Err(CallError::Throttled { .. })), "{result:?}");
    assert_eq!(server.hits(), 3);
}

#[tokio::test]
async fn the_rate_is_held_over_many_calls_at_once() {
    let server = Server::start(|_, _| async { "1".into_response() }).await;
    let upstream = upstream(&server.base, |p| {
        p.rate_per_second = Some(20.0);
        p.burst = 5;
        p.concurrency = 50;
    });
    let before = Instant::now();
    let request = Request::get("/x");
    let results = join_all((0..25).map(|_| upstream.call(&request, number))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    // 5 at once, then 20 more at 20 a second.
    assert!(before.elapsed() >= Duration::from_millis(950), "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_rate_that_leaves_no_token_before_the_deadline_says_when_the_next_comes() {
    let server = Server::start(|_, _| async { "1".into_response() }).await;
    let upstream = upstream(&server.base, |p| p.rate_per_second = Some(0.1));
    assert_eq!(upstream.call(&Request::get("/x"), number).await, Ok(1));
    let before = Instant::now();
    let result = upstream.call(&Request::get("/x"), number).await;
    let Err(CallError::Throttled { retry_in, .. }) = result else { panic!("{result:?}") };
    assert!(retry_in > Duration::from_secs(9) && retry_in <= Duration::from_secs(10), "{retry_in:?}");
    assert!(before.elapsed() < Duration::from_secs(1));
    assert_eq!((server.hits(), upstream.state().failures), (1, 0));
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_the_policy_allows() {
    let in_flight = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let seen = Arc::clone(&in_flight);
    let server = Server::start(move |_, _| {
        let seen = Arc::clone(&seen);
        async move {
            let now = seen.0.fetch_add(1, Ordering::SeqCst) + 1;
            seen.1.fetch_max(now, Ordering::SeqCst);
            sleep(Duration::from_millis(30)).await;
            seen.0.fetch_sub(1, Ordering::SeqCst);
            "1".into_response()
        }
    })
    .await;
    let upstream = upstream(&server.base, |p| p.concurrency = 3);
    let request = Request::get("/x");
    let results = join_all((0..30).map(|_| upstream.call(&request, number))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(in_flight.1.load(Ordering::SeqCst), 3, "the bound is reached and never passed");
}

#[tokio::test]
async fn waiting_for_a_place_counts_against_the_deadline_and_not_against_the_upstream() {
    let server = Server::start(|_, _| async {
        sleep(Duration::from_millis(900)).await;
        "1".into_response()
    })
    .await;
    let upstream = upstream(&server.base, |p| {
        p.concurrency = 1;
        p.deadline = Duration::from_secs(1);
    });
    let request = Request::get("/x");
    let before = Instant::now();
    let results = join_all((0..4).map(|_| upstream.call(&request, number))).await;
    assert!(before.elapsed() < Duration::from_millis(1_500), "{:?}", before.elapsed());
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(upstream.state().failures, 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_dropped_whether_or_not_its_length_is_stated() {
    let stated = Server::start(|_, _| async { vec![b'1'; 70_000].into_response() }).await;
    let unstated = Server::start(|_, _| async {
        let chunks = (0..70).map(|_| Ok::<_, std::io::Error>(vec![b'1'; 1_000]));
        Body::from_stream(futures::stream::iter(chunks)).into_response()
    })
    .await;
    for server in [stated, unstated] {
        let upstream = upstream(&server.base, |p| p.breaker_failures = 1);
        let result = upstream.call(&Request::get("/x"), number).await;
        assert_eq!(result, Err(CallError::TooLarge { upstream: "testing", limit_bytes: 64 * 1024 }));
        assert_eq!(server.hits(), 1, "not retried: it would be as large again");
        assert_eq!(upstream.state().breaker, BreakerState::Closed);
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_stopped_at_the_limit_and_honest_gzip_below_it_is_read() {
    const UNPACKED: usize = 4 * 1024 * 1024;
    let server = Server::start(|_, request| async move {
        assert!(request.headers()["accept-encoding"].to_str().unwrap().contains("gzip"));
        ([(CONTENT_TYPE, "application/json")], vec![b' '; UNPACKED]).into_response()
    })
    .await;
    let length = |reply: &Reply| Parsed::Ok(reply.body.len());
    let small = upstream(&server.base, |p| p.attempt_timeout = Duration::from_secs(3));
    let result = small.call(&Request::get("/x"), length).await;
    assert_eq!(result, Err(CallError::TooLarge { upstream: "testing", limit_bytes: 64 * 1024 }));
    let large = upstream(&server.base, |p| {
        p.max_response_bytes = UNPACKED;
        p.attempt_timeout = Duration::from_secs(3);
    });
    assert_eq!(large.call(&Request::get("/x"), length).await, Ok(UNPACKED));
}

#[tokio::test]
async fn a_stated_length_over_the_limit_is_refused_before_any_of_the_body_is_read() {
    let server = Server::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n1").await;
    let upstream = upstream(&server.base, |_| {});
    let result = upstream.call(&Request::get("/x"), number).await;
    assert_eq!(result, Err(CallError::TooLarge { upstream: "testing", limit_bytes: 64 * 1024 }));
}
