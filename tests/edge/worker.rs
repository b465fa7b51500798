//! The Worker in the real workerd, in front of the running API and of origins that behave badly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use risk_tests::stack::ADMIN_KEY;
use risk_tests::{Host, Stack};
use serde_json::Value;

use crate::cases::{self, Case};
use crate::driver::{self, Running};
use crate::wire::{Answer, Wire};

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// How an origin answers.
#[derive(Clone, Copy)]
enum Manner {
    Echoes,
    FailsAsAGateway,
    FailsItself,
    Hangs,
    HangsWithinTheBody,
    TellsEvents,
}

/// A request as it arrived: its first line, its headers and its body.
type Arrived = (String, Vec<(String, String)>, Vec<u8>);

#[derive(Clone)]
struct Origin {
    manner: Manner,
    seen: Arc<Mutex<Vec<Arrived>>>,
    url: String,
}

impl Origin {
    /// An origin on loopback; it ends with the test's runtime.
    async fn start(manner: Manner) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let origin = Self { manner, seen: Arc::default(), url };
        let router = Router::new().fallback(receive).with_state(origin.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        origin
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn receive(State(origin): State<Origin>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let id = parts.headers.get("x-request-id").cloned().unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    origin.seen.lock().unwrap().push((line, headers, body));
    match origin.manner {
        Manner::Echoes => ([("x-request-id", id)], "{}").into_response(),
        Manner::FailsAsAGateway => (StatusCode::BAD_GATEWAY, "<html>gateway</html>").into_response(),
        Manner::FailsItself => {
            (StatusCode::SERVICE_UNAVAILABLE, [("x-request-id", id)], "own").into_response()
        }
        Manner::Hangs => std::future::pending().await,
        Manner::TellsEvents => {
            let told = futures::stream::unfold(0_u8, async |number| {
                tokio::time::sleep(Duration::from_millis(if number == 0 { 0 } else { 1_500 })).await;
                (number < 2).then(|| (Ok::<_, std::io::Error>(format!("data: {number}\n\n")), number + 1))
            });
            let headers = [("x-request-id", id), ("content-type", "text/event-stream".parse().unwrap())];
            (headers, Body::from_stream(told)).into_response()
        }
        Manner::HangsWithinTheBody => {
            let first = futures::stream::iter([Ok::<_, std::io::Error>("{")]);
            let body = futures::StreamExt::chain(first, futures::stream::pending());
            ([("x-request-id", id)], Body::from_stream(body)).into_response()
        }
    }
}

async fn send(worker: &Running, case: &Case) -> Answer {
    Wire::to(&worker.url).send(case).await.unwrap_or_else(|error| panic!("{error}: {case:?}"))
}

fn summary() -> Case {
    Case::new("GET", &format!("/api/risk/summary?max_age=30&wallet={WALLET}")).with("x-api-key", ADMIN_KEY)
}

fn problem(answer: &Answer, status: u16, kind: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["type"], format!("urn:risk-manager:problem:{kind}"));
    let id = answer.header("x-request-id").unwrap();
    assert_eq!(body["instance"], format!("urn:risk-manager:request:{id}"));
    body
}

#[tokio::test]
async fn what_is_refused_never_reaches_the_origin_and_is_answered_as_the_api_answers() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let origin = Origin::start(Manner::Echoes).await;
    let worker = Running::start("worker.mjs", &[&origin.url, "5000"]);
    let (mut direct, mut through, mut refused) = (Wire::to(&stack.url), Wire::to(&worker.url), 0);
    let own_id = |case: &&Case| case.headers.iter().all(|(name, _)| name != "x-request-id");
    for case in cases::all().iter().filter(own_id).filter(|case| survives_a_url(case)).step_by(3) {
        let case = case.clone().with("x-request-id", "same");
        let before = origin.count();
        let seen = through.send(&case).await.unwrap_or_else(|error| panic!("{error}: {case:?}"));
        if seen.header("x-edge-validation") == Some("refused") {
            assert_eq!(origin.count(), before, "{case:?}");
            let own = direct.send(&case).await.unwrap();
            assert_eq!((seen.status, seen.text()), (own.status, own.text()), "{case:.300?}");
            refused += 1;
        }
    }
    assert!(refused > 150, "{refused}");
    let posture = send(&worker, &Case::new("GET", "/nothing")).await;
    for name in ["strict-transport-security", "content-security-policy", "x-frame-options", "referrer-policy"]
    {
        assert!(posture.header(name).is_some(), "{name}");
    }
}

/// Whether a URL parser leaves the case's target as it is: a Worker sees URLs, not bytes.
fn survives_a_url(case: &Case) -> bool {
    let is_known =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].contains(&case.method.as_str());
    let is_plain =
        case.target.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && !b"\\|\"{}^`'".contains(&byte));
    let is_straight =
        !case.target.contains("/.") && !case.target.contains("%2e") && !case.target.contains("//");
    // A GET with a body is none that a Worker can be given.
    let has_no_odd_body = case.body.is_empty() || !["GET", "HEAD", "OPTIONS"].contains(&case.method.as_str());
    // The host adds headers of its own, which count.
    let is_far_from_the_limit =
        case.headers.iter().all(|(_, value)| value.len() < 30_000 || value.len() > 40_000);
    is_far_from_the_limit
        && is_known
        && is_plain
        && is_straight
        && has_no_odd_body
        && !case.target.ends_with('?')
}

#[tokio::test]
async fn what_is_accepted_arrives_whole_in_its_canonical_form_with_a_request_id() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let origin = Origin::start(Manner::Echoes).await;
    let worker = Running::start("worker.mjs", &[&origin.url, "5000"]);
    let answer = send(&worker, &summary().with("x-custom", "kept").with("cookie", "a=b")).await;
    assert_eq!(
        (answer.status, answer.header("x-edge-validation")),
        (200, Some("passed")),
        "{}",
        answer.text()
    );
    let body = format!("{{ \"wallet_address\":\"{WALLET}\" }}");
    let post = Case::new("POST", "/api/risk/analyze").with("x-api-key", ADMIN_KEY).body(&body);
    let post = post.with("content-type", "application/json").with("x-request-id", "mine");
    assert_eq!(send(&worker, &post).await.header("x-request-id"), Some("mine"));
    // A route that takes no body does not look at one, however long it is.
    let long = Case::new("POST", "/session/end").body(&"a".repeat(300_000));
    assert_eq!(send(&worker, &long).await.status, 200);
    let seen = origin.seen.lock().unwrap();
    let lower = WALLET.to_lowercase();
    assert_eq!(seen[0].0, format!("GET /api/risk/summary?wallet={lower}&max_age=30"));
    let header = |index: usize, name: &str| {
        let found = seen[index].1.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert_eq!((header(0, "x-custom"), header(0, "cookie")), ("kept", "a=b"));
    assert_eq!((header(0, "x-api-key"), header(0, "x-request-id").len()), (ADMIN_KEY, 32));
    assert_eq!((header(1, "x-request-id"), &seen[1].2), ("mine", &body.into_bytes()));
    assert_eq!(seen[2].2.len(), 300_000);
}

#[tokio::test]
async fn the_running_api_answers_through_the_worker_and_its_open_answers_are_kept() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let wallet = stack.wallet("near").await.unwrap();
    let worker = Running::start("worker.mjs", &[&stack.url, "35000"]);
    let asked = Case::new("GET", &format!("/api/risk/summary?wallet={wallet}")).with("x-api-key", ADMIN_KEY);
    let answer = send(&worker, &asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-edge-cache"), None);
    for path in ["/api/info", "/openapi.json", "/api/risk/health"] {
        let first = send(&worker, &Case::new("GET", path)).await;
        assert_eq!((first.status, first.header("x-edge-cache")), (200, Some("miss")), "{path}");
        let second = send(&worker, &Case::new("GET", path)).await;
        assert_eq!((second.status, second.header("x-edge-cache")), (200, Some("hit")), "{path}");
        assert_eq!((&second.body, second.header("cache-control")), (&first.body, Some("no-store")), "{path}");
    }
}

#[tokio::test]
async fn an_origin_that_is_away_slow_or_failing_becomes_a_problem_and_never_a_hang() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let worker = Running::start("worker.mjs", &[&format!("http://{gone}"), "2000"]);
    problem(&send(&worker, &summary()).await, 502, "origin-unavailable");

    let gateway = Origin::start(Manner::FailsAsAGateway).await;
    let worker = Running::start("worker.mjs", &[&gateway.url, "2000"]);
    let body = problem(&send(&worker, &summary()).await, 502, "origin-unavailable");
    assert_eq!(body["detail"], "the service's gateway answered 502");

    let own = Origin::start(Manner::FailsItself).await;
    let worker = Running::start("worker.mjs", &[&own.url, "2000"]);
    let answer = send(&worker, &summary()).await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "own"));

    let slow = Origin::start(Manner::Hangs).await;
    let worker = Running::start("worker.mjs", &[&slow.url, "700"]);
    let summary_case = summary();
    let ended = tokio::time::timeout(Duration::from_secs(10), send(&worker, &summary_case)).await;
    let body = problem(&ended.expect("no hang"), 504, "timeout");
    assert_eq!(body["detail"], "the service took longer than 0.7 s");
}

#[tokio::test]
async fn an_answer_that_stops_in_its_middle_is_cut_off_and_does_not_hang() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let origin = Origin::start(Manner::HangsWithinTheBody).await;
    let worker = Running::start("worker.mjs", &[&origin.url, "700"]);
    let mut wire = Wire::to(&worker.url);
    let case = summary();
    let ended = tokio::time::timeout(Duration::from_secs(15), wire.send(&case)).await;
    // The head has gone out, so the status stays; what had come of the body is all that comes.
    let answer = ended.expect("it ended");
    assert!(answer.is_err() || answer.unwrap().body == b"{");
}

#[tokio::test]
async fn a_stream_of_events_goes_on_beyond_the_time_of_an_answer() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let origin = Origin::start(Manner::TellsEvents).await;
    let worker = Running::start("worker.mjs", &[&origin.url, "700"]);
    let answer = send(&worker, &Case::new("GET", "/api/risk/stream").with("x-api-key", ADMIN_KEY)).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "data: 0\n\ndata: 1\n\n"));
}

#[tokio::test]
async fn a_file_that_is_longer_than_what_is_looked_at_arrives_whole() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let origin = Origin::start(Manner::Echoes).await;
    let worker = Running::start("worker.mjs", &[&origin.url, "5000"]);
    let file = format!("wallet_address\n{}", format!("{WALLET}\n").repeat(10_000));
    let case = Case::new("POST", "/api/risk/watches:import?partial=true").with("x-api-key", ADMIN_KEY);
    let answer = send(&worker, &case.with("content-type", "text/csv").body(&file)).await;
    assert_eq!((answer.status, answer.header("x-edge-validation")), (200, Some("passed")));
    let seen = origin.seen.lock().unwrap();
    assert_eq!(seen[0].0, "POST /api/risk/watches:import?partial=true");
    assert!(seen[0].2 == file.as_bytes(), "{} of {} bytes", seen[0].2.len(), file.len());
}

#[tokio::test]
async fn without_its_module_the_worker_lets_everything_pass_and_says_so() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let stack = Stack::start(Host::Container, &[]).await.unwrap();
    let worker = Running::start("worker.mjs", &[&stack.url, "35000", "broken"]);
    let answer =
        send(&worker, &Case::new("GET", "/api/risk/summary?wallet=0x12").with("x-api-key", ADMIN_KEY)).await;
    assert_eq!((answer.status, answer.header("x-edge-validation")), (422, Some("unavailable")));
    let live = send(&worker, &Case::new("GET", "/api/risk/health/live")).await;
    assert_eq!((live.status, live.header("x-edge-validation")), (200, Some("unavailable")));
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let worker = Running::start("worker.mjs", &[&format!("http://{gone}"), "2000", "broken"]);
    problem(&send(&worker, &summary()).await, 502, "origin-unavailable");
}

#[tokio::test]
async fn a_page_of_a_named_origin_can_read_why_it_was_refused() {
    if !driver::is_ready("the Worker") {
        return;
    }
    let origin = Origin::start(Manner::Echoes).await;
    let worker = Running::start("worker.mjs", &[&origin.url, "5000", "whole", "https://app.example"]);
    let refused = |from: &str| Case::new("GET", "/nothing").with("origin", from);
    let named = send(&worker, &refused("https://app.example")).await;
    assert_eq!(named.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(
        send(&worker, &refused("https://evil.example")).await.header("access-control-allow-origin"),
        None
    );
    assert_eq!(send(&worker, &Case::new("OPTIONS", "/api/risk/summary")).await.status, 200);
    assert_eq!(origin.count(), 1);
}
