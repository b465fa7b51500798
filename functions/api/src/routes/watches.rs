//! `GET /api/risk/watches`: the watch list, a page at a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use risk_model::request::WatchesRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::watch::WatchBody;
use crate::answer::json;
use crate::caller::Caller;
use crate::input::query;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// A page of the watch list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WatchesBody {
    /// In the order of the address.
    pub watches: Vec<WatchBody>,
    /// Where this page is.
    pub pagination: WatchesPagination,
}

/// Where a page of the watch list is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WatchesPagination {
    /// Most watches on it.
    pub limit: u32,
    /// The `cursor` of the next page, where there may be one.
    pub next_cursor: Option<String>,
}

/// The watch list, in the order of the address: the wallets that the principal may see.
#[utoipa::path(
    get,
    path = "/api/risk/watches",
    tag = "watches",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 200; 50"),
        ("cursor" = Option<String>, Query, description = "pagination.next_cursor of the page before"),
    ),
    responses((status = 200, description = "A page", body = WatchesBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn list(State(api): State<Arc<Api>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let request = WatchesRequest::parse(query(&uri))?;
    let visible = caller.admit_all(&api).await?;
    let watches = api.service.watches(&request, visible.as_deref()).await?;
    let is_full = u32::try_from(watches.len()).is_ok_and(|length| length == request.limit);
    let next_cursor = watches.last().filter(|_| is_full).map(|watch| watch.wallet.to_string());
    json(&WatchesBody {
        watches: watches.iter().map(Into::into).collect(),
        pagination: WatchesPagination { limit: request.limit, next_cursor },
    })
}
