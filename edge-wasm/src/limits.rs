//! The limits on requests and the headers of answers, as text.

use risk_model::headers::{SECURITY_HEADERS, TLS_HEADER};
use risk_model::json::Writer;
use risk_model::problem::MEDIA_TYPE;
use risk_model::request::{
    MAX_ACTIONS, MAX_AGE_SECONDS, MAX_BODY_BYTES, MAX_IMPORT_BYTES, MAX_IMPORT_LINES, MAX_LABEL, MAX_LINES,
    MAX_LIST, MAX_PAGE, MAX_RULES, MAX_SHOCKS,
};
use risk_model::text::joined;
use risk_model::validation::{MAX_HEADER_BYTES, MAX_URL_BYTES};

/// The limits on requests, as an object of JSON.
#[must_use]
pub fn limits() -> String {
    let lengths = [
        ("url_bytes", MAX_URL_BYTES),
        ("header_bytes", MAX_HEADER_BYTES),
        ("body_bytes", MAX_BODY_BYTES),
        ("import_bytes", MAX_IMPORT_BYTES),
        ("import_lines", MAX_IMPORT_LINES),
        ("list_items", MAX_LIST),
        ("label_characters", MAX_LABEL),
        ("shocks", MAX_SHOCKS),
        ("actions", MAX_ACTIONS),
        ("portfolio_lines", MAX_LINES),
        ("rules", MAX_RULES),
    ];
    let mut limits = Writer::new();
    for (name, most) in lengths {
        // Every one of them is far under it.
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        limits.number(name, most);
    }
    limits.number("page_items", MAX_PAGE).number("age_seconds", MAX_AGE_SECONDS);
    limits.finish()
}

/// The security headers of an answer over TLS: name and value in turn, each on a line.
#[must_use]
pub fn security_headers() -> String {
    lines(SECURITY_HEADERS.into_iter().chain([TLS_HEADER]))
}

/// The headers that every refusal has besides its request's id, in the same form.
#[must_use]
pub fn refusal_headers() -> String {
    lines([("content-type", MEDIA_TYPE), ("cache-control", "no-store")].into_iter())
}

fn lines<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let feed = if lines.is_empty() { "" } else { "\n" };
        lines = joined(&[&lines, feed, name, "\n", value]);
    }
    lines
}
