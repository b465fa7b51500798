//! `GET /api/risk/summary`: the latest assessment if fresh enough, else a new one.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use risk_app::summary::Summary;
use risk_model::request::SummaryRequest;

use crate::answer::json_bytes;
use crate::caller::Caller;
use crate::input::query;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// The latest assessment of a wallet.
///
/// If it is older than `max_age` seconds a new one is made. Every figure is known, or unknown with a reason; where no
/// provider can be read the last known assessment is given with its age, beside figures that are all unknown. While the
/// store cannot be reached, what was answered within the last hour is given again, marked (`stale`), unless it is over
/// `max_age`.
#[utoipa::path(
    get,
    path = "/api/risk/summary",
    tag = "wallets",
    params(
        ("wallet" = String, Query, description = "0x and 40 hex digits; EIP-55 checked where in mixed case"),
        ("max_age" = Option<u32>, Query, description = "oldest acceptable assessment, seconds, 0 to 86400"),
    ),
    responses((status = 200, description = "The assessment", body = Summary), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn show(State(api): State<Arc<Api>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let request = SummaryRequest::parse(query(&uri))?;
    caller.admit(&api, request.wallet).await?;
    let answer = api.service.summary(&request).await?;
    Ok(json_bytes(answer.body.clone()))
}
