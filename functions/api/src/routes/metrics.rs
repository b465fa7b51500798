//! `GET /metrics`: the metrics of this process in Prometheus text form.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::state::Api;

/// The metrics of this process.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operators",
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain; version=0.0.4"))
)]
pub(crate) async fn show(State(api): State<Arc<Api>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (api.render_metrics)())
        .into_response()
}
