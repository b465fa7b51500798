//! PagerDuty Events API v2: what it refuses an event for.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Arrival, is_long, text};
use crate::faults::Provider;
use crate::world::World;

/// Largest event, bytes.
const EVENT: usize = 512 * 1024;

pub(super) async fn take(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrival = Arrival { uri: &uri, headers: &headers, body: &body };
    let event = arrival.json();
    let mut errors = errors_of(&event);
    if body.len() > EVENT {
        errors.push("Event size exceeds 512 KB".to_owned());
    }
    arrival.keep(&world, Provider::Pagerduty, id_of(&event), errors.is_empty());
    if !errors.is_empty() {
        let body = json!({"status": "invalid event", "message": "Event object is invalid", "errors": errors});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let key = text(&event, "dedup_key").unwrap_or("samplekeyhere");
    let body = json!({"status": "success", "message": "Event processed", "dedup_key": key});
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

/// The message's own id where it has one, otherwise the incident and what becomes of it.
fn id_of(event: &Value) -> Option<String> {
    let own = event.pointer("/payload/custom_details/message_id").and_then(Value::as_str);
    let of_incident = || Some(format!("{}:{}", text(event, "dedup_key")?, text(event, "event_action")?));
    own.map(str::to_owned).or_else(of_incident)
}

fn errors_of(event: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    if !is_long(text(event, "routing_key"), 32, 32) {
        errors.push("'routing_key' is missing or invalid (must be 32 characters)".to_owned());
    }
    let key = text(event, "dedup_key");
    if key.is_some_and(|key| key.len() > 255) {
        errors.push("'dedup_key' is too long (maximum is 255 characters)".to_owned());
    }
    match text(event, "event_action") {
        Some("trigger") => errors.extend(payload_errors(event.get("payload").unwrap_or(&Value::Null))),
        Some("acknowledge" | "resolve") if key.is_some_and(|key| !key.is_empty()) => {}
        Some("acknowledge" | "resolve") => errors.push("'dedup_key' is missing or blank".to_owned()),
        _ => errors.push("'event_action' is missing or invalid".to_owned()),
    }
    errors
}

fn payload_errors(payload: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    for name in ["summary", "source", "severity"] {
        if text(payload, name).is_none_or(|text| text.trim().is_empty()) {
            errors.push(format!("'payload.{name}' is missing or blank"));
        }
    }
    if text(payload, "summary").is_some_and(|summary| summary.chars().count() > 1_024) {
        errors.push("'payload.summary' is too long (maximum is 1024 characters)".to_owned());
    }
    let severity = text(payload, "severity").unwrap_or_default();
    if !severity.is_empty() && !["critical", "error", "warning", "info"].contains(&severity) {
        errors.push(
            "'payload.severity' is invalid (must be one of critical, warning, error or info)".to_owned(),
        );
    }
    if text(payload, "timestamp").is_some_and(|time| time.parse::<jiff::Timestamp>().is_err()) {
        errors.push("'payload.timestamp' is invalid (must be ISO 8601)".to_owned());
    }
    errors
}
