//! The gate in front of every route: what can be told of a request from the request alone is told here, by the same
//! functions that the edge runs (`risk_model::validation`). Handlers see what passed, and parse it into their types.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use risk_model::headers::Headers;
use risk_model::route::Access;
use risk_model::validation::{Endpoint, Head, Policy, body_too_long};

use crate::edge::Notes;
use crate::problem::{Kind, Problem};
use crate::settings::AuthMode;
use crate::state::Api;

/// Every header line, for the checks of the model.
pub(crate) fn lines(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// The head of a request, for the checks of the model.
pub(crate) fn head<'a>(method: &'a Method, uri: &'a Uri, lines: &'a [(&'a str, &'a [u8])]) -> Head<'a> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Head::new(method.as_str(), target, Headers(lines))
}

/// Lets a request pass to its route, with its body read where the route takes one.
pub(crate) async fn pass(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, mut body) = request.into_parts();
    {
        let lines = lines(&parts.headers);
        let endpoint = Endpoint::find(head(&parts.method, &parts.uri, &lines))?;
        if endpoint.route().access != Access::Open {
            // Before anything is parsed: a client over its quota costs next to nothing.
            count_client(&api, parts.extensions.get::<Arc<Notes>>()).await?;
        }
        // Preflights are answered before the gate.
        let needs_key = api.settings.auth_mode == AuthMode::Keys;
        let asked = endpoint.check_head(Policy { needs_key, answers_preflight: false })?;
        if let Some(limit) = endpoint.body_limit().filter(|_| !endpoint.takes_file()) {
            let bytes = bounded(body, limit).await?;
            endpoint.accept(asked, &bytes)?;
            body = Body::from(bytes);
        }
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn count_client(api: &Api, notes: Option<&Arc<Notes>>) -> Result<(), Problem> {
    let notes = notes.ok_or_else(|| Problem::internal("a gate outside the edge of the router"))?;
    let allowance = api.quotas.take_client(notes.client).await;
    let Some(seconds) = allowance.retry_after_seconds else { return Ok(()) };
    notes.tell(allowance);
    Err(Problem::quota(seconds))
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn bounded(body: Body, limit: usize) -> Result<Bytes, Problem> {
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > limit {
        return Err(body_too_long(limit).into());
    }
    let read = Limited::new(body, limit).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let is_length = error.downcast_ref::<LengthLimitError>().is_some();
        if is_length {
            body_too_long(limit).into()
        } else {
            Problem::new(Kind::Malformed, "the body ended early")
        }
    })
}
