//! `GET /api/risk/health/live`: whether the process can answer at all.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::problem::Problem;

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveBody {
    /// `alive`.
    pub status: &'static str,
}

/// 200 while the process can answer. It asks nobody.
#[utoipa::path(
    get,
    path = "/api/risk/health/live",
    tag = "operators",
    responses((status = 200, description = "The process answers", body = LiveBody))
)]
pub(crate) async fn show() -> Result<Response, Problem> {
    json(&LiveBody { status: "alive" })
}
