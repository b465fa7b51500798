//! The security headers of every answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use risk_model::headers::{SECURITY_HEADERS, TLS_HEADER};

/// Writes them. An answer is not to be kept by caches unless its route says so.
pub(super) fn write(headers: &mut HeaderMap, is_tls: bool) {
    headers.reserve(12);
    for (name, value) in SECURITY_HEADERS {
        // The page that runs a script of ours says so itself.
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if is_tls {
        headers.insert(HeaderName::from_static(TLS_HEADER.0), HeaderValue::from_static(TLS_HEADER.1));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
