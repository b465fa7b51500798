//! `POST /api/risk/alerts/{id}/acknowledge`: notes that somebody has seen it. Idempotent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use risk_app::alert::AlertBody;

use crate::answer::json;
use crate::caller::Caller;
use crate::input::alert_id;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// Notes that somebody has seen an alert.
///
/// Open becomes acknowledged; any other state stays, so it may be called again. The condition goes on, and so do escalations.
/// Somebody else's alert is not there (404).
#[utoipa::path(
    post,
    path = "/api/risk/alerts/{id}/acknowledge",
    tag = "alerts",
    params(("id" = u64, Path, description = "the alert's id")),
    responses((status = 200, description = "The alert as it then is", body = AlertBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn run(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = alert_id(&id)?;
    let visible = caller.admit_all(&api).await?;
    let alert = api.service.acknowledge(id, visible.as_deref()).await?;
    json(&AlertBody::from(&alert))
}
