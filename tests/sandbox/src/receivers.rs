//! Receivers of messages: Slack, PagerDuty and plain webhooks. They keep what they were sent.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use crate::faults::Provider;
use crate::faults::replies::plain;
use crate::world::World;

/// Messages kept; the oldest go first.
const KEPT: usize = 10_000;
/// Largest body kept, in bytes.
const BODY: usize = 1 << 20;

/// A message as it arrived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Received {
    #[serde(skip)]
    provider: Provider,
    path: String,
    headers: BTreeMap<String, String>,
    /// The body as JSON, or null when it is none.
    json: Value,
    /// The body as text, to check a signature against.
    text: String,
    /// Seconds since the epoch.
    received_at: u64,
    /// Whether the receiver took it.
    accepted: bool,
}

/// What was sent.
#[derive(Default)]
pub(crate) struct Inbox {
    received: Mutex<VecDeque<Received>>,
}

impl Inbox {
    /// Messages of one receiver, oldest first.
    pub(crate) fn of(&self, provider: Provider) -> Vec<Received> {
        self.lock().iter().filter(|one| one.provider == provider).cloned().collect()
    }

    /// Forgets all messages.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn keep(&self, message: Received) {
        let mut received = self.lock();
        if received.len() >= KEPT {
            received.pop_front();
        }
        received.push_back(message);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Slack route, below `/receivers/slack`.
pub(crate) fn slack() -> Router<Arc<World>> {
    Router::new().route("/{*any}", post(take_slack))
}

/// The PagerDuty route, below `/receivers/pagerduty`.
pub(crate) fn pagerduty() -> Router<Arc<World>> {
    Router::new().route("/v2/enqueue", post(take_pagerduty))
}

/// The webhook route, below `/receivers/webhook`.
pub(crate) fn webhook() -> Router<Arc<World>> {
    Router::new().route("/{*any}", post(take_webhook))
}

fn keep(world: &World, provider: Provider, uri: &Uri, (headers, body): (&HeaderMap, &Bytes), accepted: bool) {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let kept = body.get(..body.len().min(BODY)).unwrap_or_default();
    world.inbox.keep(Received {
        provider,
        path: uri.path().to_owned(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        json: serde_json::from_slice(kept).unwrap_or(Value::Null),
        text: String::from_utf8_lossy(kept).into_owned(),
        received_at: world.clock.now(),
        accepted,
    });
}

async fn take_slack(State(world): State<Arc<World>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let payload: Option<Value> = serde_json::from_slice(&body).ok().filter(Value::is_object);
    let filled = |payload: &Value| payload.get("text").is_some() || payload.get("blocks").is_some();
    let (status, text) = match payload {
        None => (StatusCode::BAD_REQUEST, "invalid_payload"),
        Some(payload) if filled(&payload) => (StatusCode::OK, "ok"),
        Some(_) => (StatusCode::BAD_REQUEST, "no_text"),
    };
    keep(&world, Provider::Slack, &uri, (&headers, &body), status.is_success());
    plain(status, text)
}

async fn take_pagerduty(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let errors = pagerduty_errors(&event);
    keep(&world, Provider::Pagerduty, &uri, (&headers, &body), errors.is_empty());
    if !errors.is_empty() {
        let body = json!({"status": "invalid event", "message": "Event object is invalid", "errors": errors});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let key = event.get("dedup_key").and_then(Value::as_str).unwrap_or("samplekeyhere");
    let body = json!({"status": "success", "message": "Event processed", "dedup_key": key});
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

/// What PagerDuty would refuse an event for.
fn pagerduty_errors(event: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut errors = Vec::new();
    if text(event, "routing_key").is_none_or(|key| key.len() != 32) {
        errors.push("'routing_key' is missing or invalid (must be 32 characters)".to_owned());
    }
    match text(event, "event_action").as_deref() {
        Some("trigger") => {
            let payload = event.get("payload").cloned().unwrap_or(Value::Null);
            let missing =
                ["summary", "source", "severity"].into_iter().filter(|name| text(&payload, name).is_none());
            errors.extend(missing.map(|name| format!("'payload.{name}' is missing or blank")));
            let severity = text(&payload, "severity").unwrap_or_default();
            if !severity.is_empty() && !["critical", "error", "warning", "info"].contains(&severity.as_str())
            {
                errors.push(
                    "'payload.severity' is invalid (must be one of critical, warning, error or info)"
                        .to_owned(),
                );
            }
        }
        Some("acknowledge" | "resolve") if text(event, "dedup_key").is_some() => {}
        Some("acknowledge" | "resolve") => errors.push("'dedup_key' is missing or blank".to_owned()),
        _ => errors.push("'event_action' is missing or invalid".to_owned()),
    }
    errors
}

async fn take_webhook(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    keep(&world, Provider::Webhook, &uri, (&headers, &body), true);
    Json(json!({"ok": true})).into_response()
}
