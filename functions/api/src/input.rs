//! What a route takes in: a bounded JSON body, no query where none is taken, a path segment.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use risk_model::request::MAX_BODY_BYTES;
use risk_model::{Code, Rejection};

use crate::problem::{Kind, Problem};

/// The query of a request, without `?`.
pub(crate) fn query(uri: &Uri) -> &str {
    uri.query().unwrap_or_default()
}

/// Refuses every query parameter of a route that takes none.
pub(crate) fn take_no_query(uri: &Uri) -> Result<(), Problem> {
    let pairs = query(uri).split('&').filter(|pair| !pair.is_empty());
    refuse_fields(pairs.map(|pair| pair.split('=').next().unwrap_or_default()))
}

/// The JSON body of a request, at most 64 KiB of it; empty where there is none.
pub(crate) async fn json_body(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = bounded(&parts.headers, body).await?;
    if !bytes.is_empty() && !is_of(&parts.headers, "application/json") {
        return Err(Problem::new(Kind::UnsupportedMediaType, "the body must be application/json"));
    }
    Ok(bytes)
}

/// The body of a form, at most 64 KiB of it.
pub(crate) async fn form_body(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    if !is_of(&parts.headers, "application/x-www-form-urlencoded") {
        return Err(Problem::new(Kind::UnsupportedMediaType, "the body must be a form"));
    }
    bounded(&parts.headers, body).await
}

/// Refuses a body on a route that takes none; an empty JSON object counts as none.
pub(crate) async fn take_no_body(request: Request) -> Result<(), Problem> {
    let bytes = json_body(request).await?;
    if bytes.is_empty() {
        return Ok(());
    }
    let malformed = |_| {
        let message = "body must be empty or an empty JSON object";
        Problem::refused(vec![Rejection::with_message("body", Code::Malformed, message)])
    };
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&bytes).map_err(malformed)?;
    refuse_fields(fields.keys().map(String::as_str))
}

/// Refuses fields that a route does not know, if there are any.
fn refuse_fields<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    // A name is the client's text: what an answer repeats of it is bounded in length and number.
    let shortened = |name: &str| name.chars().take(64).collect::<String>();
    let refused: Vec<Rejection> =
        names.take(20).map(|name| Rejection::new(shortened(name), Code::UnknownField)).collect();
    if refused.is_empty() { Ok(()) } else { Err(Problem::refused(refused)) }
}

fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.and_then(|given| given.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(media_type)
}

/// Reads a body. One that says that it is too long is refused before any of it is read.
async fn bounded(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let least = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if said.unwrap_or_default().max(least) > MAX_BODY_BYTES {
        return Err(too_long());
    }
    let read = Limited::new(body, MAX_BODY_BYTES).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let is_length = error.downcast_ref::<LengthLimitError>().is_some();
        if is_length { too_long() } else { Problem::new(Kind::Malformed, "the body ended early") }
    })
}

fn too_long() -> Problem {
    let message = format!("body is longer than {MAX_BODY_BYTES} bytes");
    Problem::refused(vec![Rejection::with_message("body", Code::TooLong, message)])
}

/// The alert id of a path.
pub(crate) fn alert_id(segment: &str) -> Result<u64, Problem> {
    segment.parse().map_err(|_| Problem::refused(vec![Rejection::new("id", Code::Malformed)]))
}
