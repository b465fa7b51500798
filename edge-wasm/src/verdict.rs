//! The verdict on a request: what the API would say to it, and its normalised form where it passes.
//!
//! A verdict is lines of text, which JavaScript takes apart faster than anything else (`host/validator.js` does):
//! `accepted`, the request id, the target, the wallet, the cache key, its seconds and the quota key, each empty where
//! there is none; or the status, the request id, name and value of each header in turn, and the body. None of them can
//! hold a line feed.

use std::borrow::Cow;

use risk_model::headers::Headers;
use risk_model::json::Writer;
use risk_model::problem::{Kind, Problem};
use risk_model::text::joined;
use risk_model::validation::{Accepted, Head, Policy, validate};

/// A request as a JavaScript host hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Lines, each with its line feed: the method, path and query, the request's id where the client brought none (the
    /// module has no randomness of its own), then name and value of each header in turn. Characters of a value up to
    /// U+00FF stand for bytes.
    pub head: &'a str,
    /// How many headers these are: a line feed within any of them is found out by it.
    pub headers: usize,
    /// The body, empty where there is none; `None` where the host does not have it, so that it is not judged.
    pub body: Option<&'a [u8]>,
}

/// Checks a request as the API does.
#[must_use]
pub fn judge(call: Call, policy: Policy) -> String {
    let mut parts = call.head.splitn(4, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (method, target, fresh_id, headers) = (part(), part(), part(), bytes(part()));
    let lines = lines(&headers);
    if lines.len() != call.headers {
        let detail = "the request holds a line feed where none may be";
        return refuse(&Problem::new(Kind::Malformed, detail), "");
    }
    let headers = Headers(&lines);
    let request_id = headers.request_id().unwrap_or(Cow::Borrowed(fresh_id));
    match validate(Head { method, target, headers }, call.body, policy) {
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
    let (seconds, cache_key) = accepted.cache().unzip();
    joined(&[
        "accepted\n",
        request_id,
        "\n",
        &accepted.target(),
        "\n",
        &accepted.wallet().map(|wallet| wallet.lower_hex()).unwrap_or_default(),
        "\n",
        &cache_key.unwrap_or_default(),
        "\n",
        &seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        "\n",
        &accepted.quota_key().unwrap_or_default(),
    ])
}

fn refuse(problem: &Problem, request_id: &str) -> String {
    let mut lines = String::with_capacity(1_024);
    let mut line = |text: &str| {
        lines.push_str(text);
        lines.push('\n');
    };
    line(&problem.kind.status().to_string());
    line(request_id);
    let own = [("x-request-id", request_id), ("cache-control", "no-store")];
    for (name, value) in problem.headers().iter().map(|(name, value)| (*name, &**value)).chain(own) {
        line(name);
        line(value);
    }
    problem.write_body(Writer::after(lines), request_id, None)
}

/// Takes the lines of the headers apart.
fn lines(text: &[u8]) -> Vec<(&str, &[u8])> {
    let mut parts = text.split(|byte| *byte == b'\n');
    let mut lines = Vec::with_capacity(16);
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        lines.push((std::str::from_utf8(name).unwrap_or_default(), value));
    }
    lines
}

/// The bytes that a JavaScript host's text of headers stands for.
fn bytes(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    // A character over U+00FF is none that a header can hold; any byte that is no visible ASCII says the same.
    Cow::Owned(text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(0xff)).collect())
}

#[cfg(test)]
mod tests;
