//! What a route takes in, of what passed the gate.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::Uri;
use http_body_util::BodyExt;
use risk_model::{Code, Rejection};

use crate::problem::Problem;

/// The query of a request, without `?`.
pub(crate) fn query(uri: &Uri) -> &str {
    uri.query().unwrap_or_default()
}

/// The body that the gate has read; empty where there is none.
pub(crate) async fn body(request: Request) -> Result<Bytes, Problem> {
    let read = request.into_body().collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error| Problem::internal(error.to_string()))
}

/// The alert id of a path.
pub(crate) fn alert_id(segment: &str) -> Result<u64, Problem> {
    segment.parse().map_err(|_| Problem::refused(vec![Rejection::new("id", Code::Malformed)]))
}
