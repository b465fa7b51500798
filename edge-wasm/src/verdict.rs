//! The verdict on a request: what the API would say to it, and its normalised form where it passes.

use std::borrow::Cow;

use risk_model::headers::Headers;
use risk_model::problem::{Kind, Problem};
use risk_model::validation::{Accepted, Head, Policy, validate};
use serde::Serialize;

/// A request as a JavaScript host hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Name and value of each header in turn, each followed by a line feed; characters up to U+00FF stand for bytes.
    pub headers: &'a str,
    /// The body, empty where there is none; `None` where the host does not have it, so that it is not judged.
    pub body: Option<&'a [u8]>,
    /// The request's id where the client brought none: the module has no randomness of its own.
    pub fresh_id: &'a str,
}

/// What an accepted request is forwarded, kept and counted as.
#[derive(Serialize)]
struct Pass<'a> {
    accepted: bool,
    request_id: &'a str,
    target: String,
    wallet: Option<String>,
    cache_key: Option<String>,
    cache_seconds: Option<u32>,
    quota_key: Option<String>,
}

/// The answer to a refused request.
#[derive(Serialize)]
struct Refusal<'a> {
    accepted: bool,
    request_id: &'a str,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Checks a request as the API does and answers a verdict as JSON.
#[must_use]
pub fn validate_request(call: Call, policy: Policy) -> String {
    let lines = lines(call.headers);
    let lines: Vec<(&str, &[u8])> = lines.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    let headers = Headers(&lines);
    let request_id = headers.request_id().unwrap_or(Cow::Borrowed(call.fresh_id));
    let head = Head { method: call.method, target: call.target, headers };
    match validate(head, call.body, policy) {
        Ok(accepted) => pass(&accepted, &request_id),
        Err(problem) => refuse(&problem, &request_id),
    }
}

/// The answer for a service that cannot be reached, or that took too long.
#[must_use]
pub fn failure(took_too_long: bool, detail: &str, request_id: &str) -> String {
    let kind = if took_too_long { Kind::Timeout } else { Kind::OriginUnavailable };
    refuse(&Problem::new(kind, detail), request_id)
}

fn pass(accepted: &Accepted, request_id: &str) -> String {
    let (cache_seconds, cache_key) = accepted.cache().unzip();
    let pass = Pass {
        accepted: true,
        request_id,
        target: accepted.target(),
        wallet: accepted.wallet().map(|wallet| wallet.lower_hex()),
        cache_key,
        cache_seconds,
        quota_key: accepted.quota_key(),
    };
    serde_json::to_string(&pass).unwrap_or_default()
}

fn refuse(problem: &Problem, request_id: &str) -> String {
    let mut headers = problem.headers();
    headers.push(("x-request-id", request_id.to_owned()));
    headers.push(("cache-control", "no-store".to_owned()));
    let body = problem.body(request_id, None);
    let refusal = Refusal { accepted: false, request_id, status: problem.kind.status(), headers, body };
    serde_json::to_string(&refusal).unwrap_or_default()
}

/// Takes the flat header text apart.
fn lines(text: &str) -> Vec<(&str, Cow<'_, [u8]>)> {
    let mut parts = text.split('\n');
    let mut lines = Vec::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        lines.push((name, bytes(value)));
    }
    lines
}

/// The bytes that a JavaScript host's text of a header value stands for.
fn bytes(value: &str) -> Cow<'_, [u8]> {
    if value.is_ascii() {
        return Cow::Borrowed(value.as_bytes());
    }
    // A character over U+00FF is none that a header can hold; any byte that is no visible ASCII says the same.
    Cow::Owned(value.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(0xff)).collect())
}

#[cfg(test)]
mod tests;
