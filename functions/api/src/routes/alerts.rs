//! `GET /api/risk/alerts`: alerts of the principal's wallets, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use risk_app::alert::AlertBody;
use risk_model::request::AlertsRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Caller;
use crate::input::query;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertsBody {
    /// Newest first.
    pub alerts: Vec<AlertBody>,
    /// How many match the filter in all.
    pub total_count: u64,
    /// Where this page is.
    pub pagination: AlertsPagination,
}

/// Where a page of alerts is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertsPagination {
    /// Most alerts on it.
    pub limit: u32,
    /// How many of the newest were passed over.
    pub skip: u32,
    /// The `cursor` of the next page, where there may be one.
    pub next_cursor: Option<String>,
}

/// Alerts, newest first.
///
/// Without `wallet`: those of every wallet that the principal may see.
#[utoipa::path(
    get,
    path = "/api/risk/alerts",
    tag = "alerts",
    params(
        ("wallet" = Option<String>, Query, description = "only this wallet's"),
        ("severity" = Option<String>, Query, description = "low, medium, high or critical"),
        ("alert_type" = Option<String>, Query, description = "only this kind"),
        ("resolved" = Option<bool>, Query, description = "only resolved, or only standing ones"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50"),
        ("skip" = Option<u32>, Query, description = "how many of the newest to pass over"),
        ("cursor" = Option<String>, Query, description = "pagination.next_cursor of the page before"),
    ),
    responses((status = 200, description = "A page", body = AlertsBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn list(State(api): State<Arc<Api>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let request = AlertsRequest::parse(query(&uri))?;
    let visible = match request.wallet {
        Some(wallet) => {
            caller.admit(&api, wallet).await?;
            None
        }
        None => caller.admit_all(&api).await?,
    };
    let page = api.service.alerts(&request, visible.as_deref()).await?;
    json(&AlertsBody {
        alerts: page.alerts.iter().map(Into::into).collect(),
        total_count: page.total,
        pagination: AlertsPagination {
            limit: request.limit,
            skip: request.skip,
            next_cursor: page.next_cursor.map(|id| id.to_string()),
        },
    })
}
