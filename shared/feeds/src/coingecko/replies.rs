//! What a CoinGecko reply means: three shapes of error body, some of them under HTTP 200.

use risk_http::{Parsed, Reply};
use serde_json::{Map, Value};

/// The reply as a JSON object, or the fault that its error body or else its status states.
pub(super) fn read_object(reply: &Reply) -> Parsed<Map<String, Value>> {
    let body = reply.json::<Value>();
    if let Parsed::Ok(value) = &body
        && let Some(fault) = fault_of(value, reply)
    {
        return fault;
    }
    if let Some(fault) = reply.status_fault() {
        return fault;
    }
    body.and_then(|value| match value {
        Value::Object(object) => Parsed::Ok(object),
        _ => Parsed::malformed("not a JSON object"),
    })
}

/// Whether the reply says that there is no such coin: an answer, not a fault.
pub(super) fn is_unknown_coin(reply: &Reply) -> bool {
    reply.status == 404
        && matches!(reply.json::<Value>(), Parsed::Ok(value) if value.get("error").is_some_and(Value::is_string))
}

/// The fault an error body states: `{"status":{…}}`, `{"error":{"status":{…}}}`, `{"error":"…"}`, and the oldest,
/// `{"error_code":…,"status":{"error_message":…}}`. A coin may itself be called `status`, so the key alone is none.
fn fault_of<T>(body: &Value, reply: &Reply) -> Option<Parsed<T>> {
    let code = [
        body.pointer("/status/error_code"),
        body.pointer("/error/status/error_code"),
        body.get("error_code"),
    ];
    let code = code.into_iter().flatten().find_map(error_code);
    if let Some(code) = code {
        return Some(meaning_of(code, reply));
    }
    let says_error =
        body.get("error").is_some_and(|error| error.is_string() || error.get("status").is_some())
            || body.pointer("/status/error_message").is_some();
    says_error.then(|| reply.status_fault().unwrap_or_else(|| Parsed::failed("an error without a code")))
}

fn error_code(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn meaning_of<T>(code: u64, reply: &Reply) -> Parsed<T> {
    match code {
        429 => Parsed::Throttled { retry_after: reply.retry_after },
        // Missing key, plan, wrong kind of key (two), range or address limit; 1020 is the firewall's refusal.
        10_002 | 10_005 | 10_010 | 10_011 | 10_012 | 1_020 | 400 | 401 | 403 | 404 => {
            Parsed::refused(format!("error code {code}"))
        }
        408 | 500..=599 => Parsed::failed(format!("error code {code}")),
        _ => reply.status_fault().unwrap_or_else(|| Parsed::failed(format!("error code {code}"))),
    }
}

#[cfg(test)]
mod tests;
