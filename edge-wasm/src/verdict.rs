//! The verdict on a request: what the API would say to it, and its normalised form where it passes.
//!
//! A verdict is lines of text, which JavaScript takes apart faster than anything else (`host/validator.js` does):
//! `accepted`, the request id, the target, the wallet, the cache key, its seconds and the quota key, each empty where
//! there is none; or the status, the request id, name and value in turn of each header that not every refusal has, and the
//! body. None of them can hold a line feed.

use std::borrow::Cow;

use risk_model::headers::{Headers, is_request_id};
use risk_model::json::{Writer, digits};
use risk_model::problem::{Kind, Problem};
use risk_model::scan;
use risk_model::text::joined;
use risk_model::validation::{Accepted, Head, Policy, validate};

const FEED: u8 = b'\n';
/// Headers that room is made for before any is seen.
const MOST_AT_ONCE: usize = 64;

/// A request as a JavaScript host hands it over.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Lines, each with its line feed: the method, path and query, the request's id where the client brought none (the
    /// module has no randomness of its own; one that a client could not bring is none), then name and value of each header in turn. Characters of a value up to
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
    let (method, rest) = line(call.head);
    let (target, rest) = line(rest);
    let (fresh_id, rest) = line(rest);
    let headers = bytes(rest);
    let lines = lines(&headers, call.headers);
    let Some(lines) = lines else {
        let detail = "the request holds a line feed where none may be";
        return refuse(&Problem::new(Kind::Malformed, detail), "");
    };
    let headers = Headers(&lines);
    let fresh_id = if is_request_id(fresh_id) { fresh_id } else { "" };
    let request_id = headers.request_id().unwrap_or(Cow::Borrowed(fresh_id));
    match validate(Head::new(method, target, headers), call.body, policy) {
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
    digits(&mut lines, u32::from(problem.kind.status()));
    lines.push('\n');
    let mut line = |text: &str| {
        lines.push_str(text);
        lines.push('\n');
    };
    line(request_id);
    // Every problem has the same first one, and every refusal the others of `refusal_headers`.
    for (name, value) in problem.headers().iter().skip(1) {
        line(name);
        line(value);
    }
    problem.write_body(Writer::after(lines), request_id, None)
}

/// The first line and what comes after it.
fn line(text: &str) -> (&str, &str) {
    text.split_at_checked(scan::byte(text.as_bytes(), FEED))
        .map_or((text, ""), |(line, rest)| (line, rest.get(1..).unwrap_or_default()))
}

/// Takes the lines of so many headers apart; `None` where there are more lines or fewer.
fn lines(mut text: &[u8], count: usize) -> Option<Vec<(&str, &[u8])>> {
    let mut part = || {
        let (line, rest) = text.split_at(scan::byte(text, FEED));
        text = rest.get(1..)?;
        Some(line)
    };
    let mut lines = Vec::with_capacity(count.min(MOST_AT_ONCE));
    for _ in 0..count {
        let (name, value) = (part()?, part()?);
        lines.push((std::str::from_utf8(name).unwrap_or_default(), value));
    }
    text.is_empty().then_some(lines)
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
