//! Alchemy's JSON-RPC endpoint: single requests and batches.

mod block;
mod logs;
mod method;
mod tokens;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::faults::{Effects, Kind, Provider};
use crate::world::World;
use crate::world::chain::Chain;

/// Most requests in one batch (Alchemy's own limit).
const BATCH: usize = 1000;

/// What a method returns.
pub(crate) enum Answer {
    /// Any JSON.
    Json(Value),
    /// Bytes, sent as a hex string.
    Hex(Vec<u8>),
}

/// A JSON-RPC error.
pub(crate) struct RpcError {
    code: i64,
    message: String,
    data: Option<Vec<u8>>,
}

impl RpcError {
    /// An error without data.
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Parameters that the method cannot take.
    pub(crate) fn invalid_params(what: &str) -> Self {
        Self::new(-32602, format!("invalid params: {what}"))
    }

    /// A block that the node does not have.
    pub(crate) fn header_not_found() -> Self {
        Self::new(-32000, "header not found")
    }

    /// A call that reverted.
    pub(crate) fn reverted(data: Vec<u8>) -> Self {
        Self { code: 3, message: "execution reverted".to_owned(), data: Some(data) }
    }

    fn status(&self) -> StatusCode {
        if matches!(self.code, -32700 | -32600 | -32602) { StatusCode::BAD_REQUEST } else { StatusCode::OK }
    }

    fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let (Some(data), Some(fields)) = (&self.data, error.as_object_mut()) {
            fields.insert("data".to_owned(), Value::String(hex_of(data)));
        }
        error
    }
}

/// `POST /alchemy/{chain}/v2/{key}`.
pub(crate) async fn post(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path((slug, _key)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let work = tokio::task::spawn_blocking(move || answer(&world, &effects, &slug, &body));
    work.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn answer(world: &World, effects: &Effects, slug: &str, body: &[u8]) -> Response {
    let Some(chain) = world.chain_by_slug(slug) else {
        return (StatusCode::NOT_FOUND, "network not found").into_response();
    };
    match serde_json::from_slice::<Value>(body) {
        Err(_) => {
            let error = RpcError::new(-32700, "Parse error: request is not valid JSON");
            (StatusCode::BAD_REQUEST, Json(envelope(&Value::Null, &error))).into_response()
        }
        Ok(Value::Array(items)) => answer_batch(world, effects, chain, &items),
        Ok(request) => {
            let (status, body) = answer_one(world, effects, chain, &request, false);
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}

fn answer_batch(world: &World, effects: &Effects, chain: &Chain, items: &[Value]) -> Response {
    if items.is_empty() || items.len() > BATCH {
        let error = RpcError::new(-32600, format!("batch must hold 1 to {BATCH} requests"));
        return (StatusCode::BAD_REQUEST, Json(envelope(&Value::Null, &error))).into_response();
    }
    // Items come back in another order than they were sent, as the protocol allows.
    let answers = items.iter().rev().map(|item| answer_one(world, effects, chain, item, true).1);
    let mut body = vec![b'['];
    for (place, answer) in answers.enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&answer);
    }
    body.push(b']');
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn answer_one(
    world: &World,
    effects: &Effects,
    chain: &Chain,
    request: &Value,
    batched: bool,
) -> (StatusCode, Vec<u8>) {
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    let method = request.get("method").and_then(Value::as_str);
    world.counters.method(Provider::Alchemy, method.unwrap_or("invalid"));
    let result = match (effects.reply_kind(), method) {
        (Some(Kind::ErrorIn200), _) => {
            let throttled = effects.reply.as_ref().is_some_and(|fault| fault.mode.as_deref() == Some("429"));
            let code = if throttled { 429 } else { -32000 };
            Err(RpcError::new(code, effects.message_or("backend unavailable")))
        }
        (Some(Kind::WrongJson), _) => Ok(Answer::Json(json!({"unexpected": ["shape", 7]}))),
        (_, None) => Err(RpcError::new(-32600, "Invalid request: no method")),
        (_, Some(name)) if batched && name.starts_with("alchemy_") => {
            Err(RpcError::new(-32600, format!("{name} is not supported in a batch")))
        }
        (_, Some(name)) => method::call(world, effects, chain, name, request.get("params")),
    };
    match result {
        Ok(Answer::Json(value)) => {
            let body = json!({"jsonrpc": "2.0", "id": id, "result": value});
            (StatusCode::OK, body.to_string().into_bytes())
        }
        Ok(Answer::Hex(bytes)) => (StatusCode::OK, hex_body(&id, &bytes)),
        Err(error) => (error.status(), envelope(&id, &error).to_string().into_bytes()),
    }
}

fn envelope(id: &Value, error: &RpcError) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": error.to_json()})
}

/// A whole answer around a hex string, written directly: aggregates return megabytes.
fn hex_body(id: &Value, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"0x"#).into_bytes();
    let start = body.len();
    body.resize(start + bytes.len() * 2, 0);
    if let Some(space) = body.get_mut(start..) {
        write_hex(bytes, space);
    }
    body.extend_from_slice(br#""}"#);
    body
}

/// Writes two hex digits a byte.
fn write_hex(bytes: &[u8], space: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(space.as_chunks_mut::<2>().0) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
}

/// Bytes as "0x…".
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A number as JSON-RPC writes quantities: hex without leading zeros.
pub(crate) fn quantity(value: u64) -> Value {
    Value::String(format!("{value:#x}"))
}
