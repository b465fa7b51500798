//! What JavaScript sees: one line each over the crate's functions.

use risk_model::credential;
use risk_model::validation::Policy;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::Call;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// Checks a request; answers a `Verdict` as JSON.
#[wasm_bindgen]
#[must_use]
pub fn validate_request(
    method: &str,
    target: &str,
    headers: &str,
    body: Option<Box<[u8]>>,
    fresh_id: &str,
    needs_key: bool,
    answers_preflight: bool,
) -> String {
    let call = Call { method, target, headers, body: body.as_deref(), fresh_id };
    crate::validate_request(call, Policy { needs_key, answers_preflight })
}

/// The `Refusal`, as JSON, for a service that cannot be reached or that took too long.
#[wasm_bindgen]
#[must_use]
pub fn failure(took_too_long: bool, detail: &str, request_id: &str) -> String {
    crate::failure(took_too_long, detail, request_id)
}

/// The EIP-55 form of an address; `undefined` where it is none.
#[wasm_bindgen]
#[must_use]
pub fn checksum_address(text: &str) -> Option<String> {
    crate::checksum_address(text)
}

/// Whether a text is an address, with a right checksum where it is in mixed case.
#[wasm_bindgen]
#[must_use]
pub fn is_address(text: &str) -> bool {
    crate::is_address(text)
}

/// Why a text is no wallet, in the words of the API; `undefined` where it is one.
#[wasm_bindgen]
#[must_use]
pub fn wallet_problem(text: &str) -> Option<String> {
    crate::wallet_problem(text)
}

/// Whether a text has the shape of an API key. It says nothing about whether there is such a key.
#[wasm_bindgen]
#[must_use]
pub fn is_key_shaped(text: &str) -> bool {
    credential::is_key_shaped(text)
}

/// Whether a text has the shape of a bearer token.
#[wasm_bindgen]
#[must_use]
pub fn is_token_shaped(text: &str) -> bool {
    credential::is_token_shaped(text)
}

/// The limits on requests, a `Limits` as JSON.
#[wasm_bindgen]
#[must_use]
pub fn limits() -> String {
    crate::limits()
}

/// The security headers of an answer over TLS, a list of name and value as JSON.
#[wasm_bindgen]
#[must_use]
pub fn security_headers() -> String {
    crate::security_headers()
}
