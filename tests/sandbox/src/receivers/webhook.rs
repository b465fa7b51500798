//! A subscriber of Standard Webhooks. It does not know the secret: whether a signature is right, a test says with the
//! reference verifier.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Arrival, text};
use crate::faults::Provider;
use crate::world::World;

/// The specification's recommended largest body, bytes.
const BODY: usize = 20_000;

pub(super) async fn take(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrival = Arrival { uri: &uri, headers: &headers, body: &body };
    let id = header(&headers, "webhook-id").map(str::to_owned);
    let error = error_of(&arrival);
    arrival.keep(&world, Provider::Webhook, id, error.is_none());
    match error {
        None => Json(json!({"ok": true})).into_response(),
        Some(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn error_of(arrival: &Arrival<'_>) -> Option<&'static str> {
    let is_id = |id: &str| id.starts_with("msg_") && id.len() > 4 && !id.contains('.');
    let is_time = |time: &str| time.parse::<u64>().is_ok_and(|seconds| seconds > 0);
    // 32 bytes are 44 digits of base64.
    let is_signed = |list: &str| {
        list.split(' ').all(|one| one.strip_prefix("v1,").is_some_and(|digits| digits.len() == 44))
    };
    let body = arrival.json();
    let is_body = text(&body, "type").is_some_and(|kind| kind.contains('.'))
        && text(&body, "timestamp").is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok())
        && body.get("data").is_some_and(Value::is_object);
    if !header(arrival.headers, "webhook-id").is_some_and(is_id) {
        Some("webhook-id")
    } else if !header(arrival.headers, "webhook-timestamp").is_some_and(is_time) {
        Some("webhook-timestamp")
    } else if !header(arrival.headers, "webhook-signature").is_some_and(is_signed) {
        Some("webhook-signature")
    } else if arrival.body.len() > BODY {
        Some("body over 20 kB")
    } else if !is_body {
        Some("body without type, timestamp and data")
    } else {
        None
    }
}
