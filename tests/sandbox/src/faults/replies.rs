//! How each provider says that it failed.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::faults::{Effects, Fault, Provider};

/// HTTP 429 as this provider sends it.
pub(crate) fn throttled(provider: Provider, fault: &Fault) -> Response {
    let text = fault.message.as_deref();
    let body = match provider {
        Provider::Alchemy => json!({"jsonrpc": "2.0", "error": {"code": 429, "message": text.unwrap_or(
            "Your app has exceeded its compute units per second capacity. If you have retries enabled, \
             you can safely ignore this message."
        )}}),
        Provider::Coingecko => json!({"status": {"error_code": 429, "error_message": text.unwrap_or(
            "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to \
             subscribe to our API plans for higher rate limits."
        )}}),
        Provider::Etherscan => notok(text.unwrap_or("Max calls per sec rate limit reached (3/sec)")),
        Provider::Thegraph => graph_error(text.unwrap_or("too many requests")),
        Provider::Llama => json!({"message": text.unwrap_or("Too many requests")}),
        Provider::Slack => return with_retry(fault, plain(StatusCode::TOO_MANY_REQUESTS, "rate_limited")),
        Provider::Pagerduty => json!({"status": "throttle exceeded", "message": "Requests for this service \
            are arriving too quickly. Please retry later."}),
        Provider::Webhook => json!({"error": "too many requests"}),
        // Discord counts in fractions of a second.
        Provider::Discord => {
            let seconds = fault.retry_after.map_or(json!(0.65), |seconds| json!(seconds));
            json!({"message": "You are being rate limited.", "retry_after": seconds, "global": false})
        }
        Provider::Telegram => {
            let seconds = fault.retry_after.unwrap_or(14);
            json!({"ok": false, "error_code": 429, "parameters": {"retry_after": seconds},
                   "description": format!("Too Many Requests: retry after {seconds}")})
        }
    };
    with_retry(fault, (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response())
}

fn with_retry(fault: &Fault, mut response: Response) -> Response {
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// HTTP 500 as this provider sends it.
pub(crate) fn broken(provider: Provider) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let body = match provider {
        Provider::Alchemy => {
            json!({"jsonrpc": "2.0", "error": {"code": -32603, "message": "Internal error"}})
        }
        Provider::Coingecko => {
            json!({"status": {"error_code": 500, "error_message": "Internal Server Error"}})
        }
        Provider::Thegraph => graph_error("internal error: unexpected"),
        Provider::Llama => json!({"message": "Internal server error"}),
        Provider::Slack => return plain(status, "rollup_error"),
        Provider::Pagerduty | Provider::Webhook => json!({"error": "internal error"}),
        Provider::Discord => json!({"message": "500: Internal Server Error", "code": 0}),
        Provider::Telegram => bot_error(status, "Internal Server Error"),
        Provider::Etherscan => return plain(status, "<html><body>500 Internal Server Error</body></html>"),
    };
    (status, Json(body)).into_response()
}

/// A refusal of the credentials as this provider words it.
pub(crate) fn refused(provider: Provider, effects: &Effects) -> Response {
    let (status, body) = match provider {
        Provider::Alchemy => (
            StatusCode::UNAUTHORIZED,
            json!({"jsonrpc": "2.0", "error": {"code": -32600, "message": effects.message_or("Must be authenticated!")}}),
        ),
        Provider::Coingecko => (StatusCode::UNAUTHORIZED, missing_key(effects.message_or("API Key Missing"))),
        Provider::Etherscan => (StatusCode::OK, notok(effects.message_or("Invalid API Key"))),
        Provider::Thegraph => {
            (StatusCode::OK, graph_error(effects.message_or("auth error: API key not found")))
        }
        Provider::Llama => (StatusCode::FORBIDDEN, json!({"message": "Forbidden"})),
        Provider::Slack => return plain(StatusCode::FORBIDDEN, "invalid_token"),
        Provider::Pagerduty => (
            StatusCode::BAD_REQUEST,
            json!({"status": "invalid event", "message": "Event object is invalid",
                   "errors": ["'routing_key' is invalid (not found)"]}),
        ),
        Provider::Webhook => (StatusCode::UNAUTHORIZED, json!({"error": "unauthorized"})),
        Provider::Discord => {
            (StatusCode::UNAUTHORIZED, json!({"message": "Invalid Webhook Token", "code": 50027}))
        }
        Provider::Telegram => (StatusCode::UNAUTHORIZED, bot_error(StatusCode::UNAUTHORIZED, "Unauthorized")),
    };
    (status, Json(body)).into_response()
}

/// The end of a destination, as far as this provider has words for it.
pub(crate) fn gone(provider: Provider) -> Response {
    let (status, body) = match provider {
        Provider::Slack => return plain(StatusCode::GONE, "channel_is_archived"),
        Provider::Discord => (StatusCode::NOT_FOUND, json!({"message": "Unknown Webhook", "code": 10015})),
        Provider::Telegram => {
            let why = "Forbidden: bot was kicked from the group chat";
            (StatusCode::FORBIDDEN, bot_error(StatusCode::FORBIDDEN, why))
        }
        _ => (StatusCode::GONE, json!({"error": "gone"})),
    };
    (status, Json(body)).into_response()
}

/// The Bot API's error body.
fn bot_error(status: StatusCode, why: &str) -> Value {
    json!({"ok": false, "error_code": status.as_u16(), "description": why})
}

/// CoinGecko's body for a key that is not there or not right.
pub(crate) fn missing_key(message: &str) -> Value {
    json!({"status": {"error_code": 10002, "error_message": message}})
}

/// Valid JSON that no client of this provider expects. JSON-RPC makes its own, around the request's id.
pub(crate) fn misshapen(provider: Provider) -> Response {
    let body = match provider {
        Provider::Thegraph => json!({"data": {"userReserves": "none", "_meta": 7}}),
        Provider::Etherscan => json!({"status": 1, "result": [["unexpected"]]}),
        Provider::Llama => json!({"coins": ["unexpected", 3]}),
        _ => json!([{"unexpected": "shape"}, 7]),
    };
    (StatusCode::OK, Json(body)).into_response()
}

/// HTTP 200 that says it failed. JSON-RPC makes its own, around the request's id.
pub(crate) fn error_in_200(provider: Provider, effects: &Effects) -> Response {
    let body = match provider {
        Provider::Alchemy => json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32000,
            "message": effects.message_or("backend unavailable")}}),
        Provider::Coingecko => json!({"status": {"error_code": 500,
            "error_message": effects.message_or("Internal Server Error")}}),
        Provider::Etherscan => {
            notok(effects.message_or("Query Timeout occured. Please select a smaller result dataset"))
        }
        Provider::Thegraph => graph_error(
            effects.message_or("bad indexers: {0x3f8a1c2b7d6e5f4039281706f5e4d3c2b1a09f8e: Timeout}"),
        ),
        Provider::Llama => json!({"message": effects.message_or("Internal server error")}),
        Provider::Slack => return plain(StatusCode::OK, effects.message_or("invalid_payload")),
        Provider::Pagerduty => json!({"status": "invalid event", "message": "Event object is invalid",
            "errors": ["unexpected"]}),
        Provider::Webhook => json!({"ok": false}),
        Provider::Discord => json!({"message": effects.message_or("Internal Server Error"), "code": 0}),
        Provider::Telegram => bot_error(StatusCode::BAD_GATEWAY, effects.message_or("Bad Gateway")),
    };
    (StatusCode::OK, Json(body)).into_response()
}

/// Etherscan's error body.
pub(crate) fn notok(text: &str) -> Value {
    json!({"status": "0", "message": "NOTOK", "result": text})
}

/// The Graph gateway's error body.
pub(crate) fn graph_error(text: &str) -> Value {
    json!({"errors": [{"message": text}]})
}

/// A text answer.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}
