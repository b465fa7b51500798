//! One request to an upstream, relative to its base URL.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;

use crate::redaction::Secrets;

/// A GET, or a POST of JSON, relative to the upstream's base URL. Building cannot fail: a part that cannot be
/// sent is remembered and [`crate::Upstream::call`] answers with [`crate::CallError::Refused`]. Retries send it
/// again as it is, so a POST must be safe to repeat (or its policy must allow one attempt).
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) secrets: Secrets,
    pub(crate) fault: Option<&'static str>,
}

impl Request {
    /// A GET. The path is appended to the base URL's: empty, or starting with `/` or `?`, already
    /// percent-encoded. Parts of 16 characters or more count as keys and are taken out of errors.
    #[must_use]
    pub fn get(path_and_query: impl Into<String>) -> Self {
        let path_and_query = path_and_query.into();
        let mut secrets = Secrets::default();
        secrets.add_keys_of_path(&path_and_query);
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self { method: Method::GET, path_and_query, headers, body: None, secrets, fault: None }
    }

    /// A POST of `body` as JSON to this path (as in [`Request::get`]).
    #[must_use]
    pub fn post_json(path_and_query: impl Into<String>, body: &impl Serialize) -> Self {
        let mut request = Self::get(path_and_query);
        request.method = Method::POST;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match serde_json::to_vec(body) {
            Ok(json) => request.body = Some(json.into()),
            Err(_) => request.fault = Some("the body cannot be written as JSON"),
        }
        request
    }

    /// A POST of these very bytes to this path (as in [`Request::get`]).
    #[must_use]
    pub fn post_bytes(path_and_query: impl Into<String>, content_type: &'static str, body: Vec<u8>) -> Self {
        let mut request = Self::get(path_and_query);
        request.method = Method::POST;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request.body = Some(body.into());
        request
    }

    /// Sets a header. The value counts as secret: it is never shown.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut header)) => {
                header.set_sensitive(true);
                self.headers.insert(name, header);
                self.secrets.add(value);
            }
            _ => self.fault = Some("a header cannot be sent"),
        }
        self
    }

    /// Sets `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(mut self, secret: &str) -> Self {
        self.secrets.add(secret);
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {secret}"))
    }

    /// Appends a secret query parameter, percent-encoded (`apikey` of Etherscan).
    #[must_use]
    pub fn secret_query(mut self, name: &str, secret: &str) -> Self {
        let separator = if self.path_and_query.contains('?') { '&' } else { '?' };
        let encoded = percent_encode(secret);
        self.path_and_query.push(separator);
        self.path_and_query.push_str(&percent_encode(name));
        self.path_and_query.push('=');
        self.path_and_query.push_str(&encoded);
        self.secrets.add(secret);
        self.secrets.add(&encoded);
        self
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.as_ref().map_or(0, Bytes::len))
            .finish_non_exhaustive()
    }
}

/// Encodes everything but the unreserved characters of RFC 3986.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_path_nor_header_nor_body() {
        let request = Request::post_json("/v2/SecretInPath?apikey=SecretInQuery", &"SecretInBody")
            .header("x-key", "SecretInHeader")
            .bearer("SecretInBearer");
        let shown = format!("{request:?}");
        assert!(!shown.contains("Secret"), "{shown}");
        assert!(shown.contains("POST"), "{shown}");
    }

    #[test]
    fn a_secret_query_is_encoded_and_cannot_add_parameters_of_its_own() {
        let request = Request::get("/api?chainid=1").secret_query("apikey", "a&b=c #d");
        assert_eq!(request.path_and_query, "/api?chainid=1&apikey=a%26b%3Dc%20%23d");
        assert_eq!(Request::get("/api").secret_query("k", "v").path_and_query, "/api?k=v");
    }

    #[test]
    fn a_header_with_a_line_break_is_a_fault_and_not_a_second_header() {
        let request = Request::get("/").header("x-key", "a\r\nx-admin: 1");
        assert_eq!(request.fault, Some("a header cannot be sent"));
        assert!(!request.headers.contains_key("x-key"));
    }
}
