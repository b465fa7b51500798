//! What JavaScript sees: one line each over the crate's functions. Requests go through `host/validator.js`.

use risk_model::credential;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A small one that takes and gives back in constant time.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// The module's memory.
#[wasm_bindgen(unchecked_return_type = "WebAssembly.Memory")]
#[must_use]
pub fn own_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Makes the room for requests and verdicts at least so many bytes long, and says where in the memory it is.
#[wasm_bindgen]
#[must_use]
pub fn room(bytes: usize) -> *mut u8 {
    crate::room::room(bytes)
}

/// Judges the request in the room, and says how long the verdict is that took its place.
#[wasm_bindgen]
#[must_use]
pub fn judge(head: usize, headers: usize, body: usize, how: u32) -> usize {
    crate::room::judge(head, headers, body, how)
}

/// The refusal, as lines, for a service that cannot be reached or that took too long.
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

/// The headers that every refusal has besides its request's id: name and value in turn, each on a line.
#[wasm_bindgen]
#[must_use]
pub fn refusal_headers() -> String {
    crate::refusal_headers()
}

/// The security headers of an answer over TLS: name and value in turn, each on a line.
#[wasm_bindgen]
#[must_use]
pub fn security_headers() -> String {
    crate::security_headers()
}
