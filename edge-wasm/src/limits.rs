//! The limits on requests and the headers of answers, as JSON.

use risk_model::headers::{SECURITY_HEADERS, TLS_HEADER};
use risk_model::request::{
    MAX_ACTIONS, MAX_AGE_SECONDS, MAX_BODY_BYTES, MAX_IMPORT_BYTES, MAX_IMPORT_LINES, MAX_LABEL, MAX_LINES,
    MAX_LIST, MAX_PAGE, MAX_RULES, MAX_SHOCKS,
};
use risk_model::validation::{MAX_HEADER_BYTES, MAX_URL_BYTES};
use serde::Serialize;

#[derive(Serialize)]
struct Limits {
    url_bytes: usize,
    header_bytes: usize,
    body_bytes: usize,
    import_bytes: usize,
    import_lines: usize,
    list_items: usize,
    page_items: u32,
    label_characters: usize,
    age_seconds: u32,
    shocks: usize,
    actions: usize,
    portfolio_lines: usize,
    rules: usize,
}

/// The limits on requests.
#[must_use]
pub fn limits() -> String {
    let limits = Limits {
        url_bytes: MAX_URL_BYTES,
        header_bytes: MAX_HEADER_BYTES,
        body_bytes: MAX_BODY_BYTES,
        import_bytes: MAX_IMPORT_BYTES,
        import_lines: MAX_IMPORT_LINES,
        list_items: MAX_LIST,
        page_items: MAX_PAGE,
        label_characters: MAX_LABEL,
        age_seconds: MAX_AGE_SECONDS,
        shocks: MAX_SHOCKS,
        actions: MAX_ACTIONS,
        portfolio_lines: MAX_LINES,
        rules: MAX_RULES,
    };
    serde_json::to_string(&limits).unwrap_or_default()
}

/// The security headers of an answer over TLS: a list of name and value.
#[must_use]
pub fn security_headers() -> String {
    let all: Vec<(&str, &str)> = SECURITY_HEADERS.into_iter().chain([TLS_HEADER]).collect();
    serde_json::to_string(&all).unwrap_or_default()
}
