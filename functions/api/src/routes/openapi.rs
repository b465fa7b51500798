//! `GET /openapi.json`: the OpenAPI 3.1 document, made from the code.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::answer::json_bytes;
use crate::problem::Problem;
use crate::state::Api;

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "pages",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"))
)]
pub(crate) async fn show(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    if let Some(document) = api.openapi.get() {
        return Ok(json_bytes(document.clone()));
    }
    // Made at the first request: a Lambda that never serves it does not pay for it at its start.
    let document = serde_json::to_vec(&crate::openapi::document(&api.settings.version));
    let document = document.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(json_bytes(api.openapi.get_or_init(|| document.into()).clone()))
}
