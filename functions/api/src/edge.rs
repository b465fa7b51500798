//! The edge of the router: what happens to every request and answer, once, in one place.
//!
//! Request id, limits on what comes in, a deadline, panics and problems made into bodies, security headers, metrics
//! and one log line. Everything else is the route's own.

mod headers;
mod request_id;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use risk_app::sharing::Allowance;
use risk_model::headers::REQUEST_ID_HEADER;
use tracing::{Instrument, Span, field};

use crate::client::client_address;
use crate::gate;
use crate::problem::{Kind, Problem};
use crate::quota;
use crate::state::Api;

use request_id::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// What the edge knows of a request, for its route; and what the route has to say to the edge.
#[derive(Debug)]
pub(crate) struct Notes {
    /// Its id.
    id: RequestId,
    /// Its client.
    pub(crate) client: IpAddr,
    /// What is left of the quota that it was counted against.
    allowance: OnceLock<Allowance>,
    /// Whether the client reached us, or the proxy before us, by TLS.
    pub(crate) is_tls: bool,
}

impl Notes {
    fn of(request: &Request, api: &Api) -> Self {
        let forwarded = request.headers().get("x-forwarded-proto");
        Self {
            id: RequestId::of(request.headers()),
            client: client_address(request, &api.settings.trusted_proxies),
            allowance: OnceLock::new(),
            is_tls: forwarded.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"https")),
        }
    }

    /// Tells the client what is left of a quota: the first that is told stays.
    pub(crate) fn tell(&self, allowance: Allowance) {
        let _ = self.allowance.set(allowance);
    }
}

/// Passes a request on and brings its answer into form.
pub(crate) async fn pass(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let started = now();
    let in_flight = api.meters.enter();
    let notes = Arc::new(Notes::of(&request, &api));
    let route = api.meters.label(request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        request.id = notes.id.as_str(),
        http.method = method.as_str(),
        http.route = route,
        http.status = field::Empty,
        duration_ms = field::Empty,
    );
    request.extensions_mut().insert(Arc::clone(&notes));
    let mut response = match check(&request) {
        Ok(()) => answer(&api, request, next).instrument(span.clone()).await,
        Err(problem) => problem.into_response(),
    };
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        write_body(&mut response, problem, notes.id.as_str());
    }
    headers::write(response.headers_mut(), notes.is_tls);
    response.headers_mut().insert(REQUEST_ID, notes.id.header());
    if let Some(allowance) = notes.allowance.get() {
        quota::write(*allowance, response.headers_mut());
    }
    let took = now().duration_since(started);
    let status = response.status();
    api.meters.record(route, &method, status, took);
    api.traffic.record(api.service.clock().now(), took, status.is_server_error());
    log(&span, status, took, problem.as_ref().and_then(Problem::cause));
    drop(in_flight);
    response
}

#[expect(clippy::disallowed_methods, reason = "durations are measured at the boundary, and this is it")]
fn now() -> Instant {
    Instant::now()
}

/// Refuses what is too long or no text before any route sees it.
fn check(request: &Request) -> Result<(), Problem> {
    let lines = gate::lines(request.headers());
    Ok(gate::head(request.method(), request.uri(), &lines).check()?)
}

/// The route's answer within its time; a panic becomes a problem.
async fn answer(api: &Api, request: Request, next: Next) -> Response {
    let within = tokio::time::timeout(
        api.settings.request_timeout,
        AssertUnwindSafe(next.run(request)).catch_unwind(),
    );
    match within.await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Problem::internal(format!("a panic: {}", words(panic.as_ref()))).into_response(),
        Err(_) => {
            let seconds = api.settings.request_timeout.as_secs_f64();
            Problem::new(Kind::Timeout, format!("the request took longer than {seconds} s")).into_response()
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

/// Writes a problem's body, which names the request.
fn write_body(response: &mut Response, problem: &Problem, request_id: &str) {
    let body = problem.body(request_id);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
}

/// One line a request; a cause that somebody should act on is an error.
fn log(span: &Span, status: StatusCode, took: Duration, cause: Option<&str>) {
    span.record("http.status", status.as_u16());
    span.record("duration_ms", took.as_secs_f64() * 1_000.0);
    let _entered = span.enter();
    match cause {
        Some(cause) => tracing::error!(cause, "request failed"),
        None => tracing::info!("request answered"),
    }
}
