//! `GET /api/risk/positions`: each account and holding as read, with sources and blocks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use risk_app::summary::{AccountBody, Coverage, GapBody, HoldingBody, PoolBody};
use risk_model::request::{SummaryRequest, WalletRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Caller;
use crate::input::query;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// A wallet's positions: the parts of its latest assessment that were read rather than computed over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PositionsBody {
    /// EIP-55 address.
    pub wallet_address: String,
    /// When it was read, RFC 3339.
    pub last_updated: String,
    /// One per lending market, worst first.
    pub accounts: Vec<AccountBody>,
    /// The wallet's own tokens.
    pub holdings: Vec<HoldingBody>,
    /// Its positions in liquidity pools.
    #[serde(default)]
    pub pools: Vec<PoolBody>,
    /// What was read, and what this build cannot read.
    pub coverage: Coverage,
    /// What is missing.
    pub gaps: Vec<GapBody>,
    /// Where nothing could be read now: the last positions that could, with their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub last_known: Option<LastKnownPositions>,
}

/// Earlier positions, shown because nothing could be read now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LastKnownPositions {
    /// How old they are.
    pub age_seconds: u64,
    /// The positions as they were.
    #[serde(rename(deserialize = "assessment"))]
    pub positions: Box<PositionsBody>,
}

/// Each account and position of a wallet as read.
///
/// They are of the latest assessment, the same that the summary is of; a stale one is made anew.
#[utoipa::path(
    get,
    path = "/api/risk/positions",
    tag = "wallets",
    params(("wallet" = String, Query, description = "0x and 40 hex digits; EIP-55 checked where in mixed case")),
    responses((status = 200, description = "The positions", body = PositionsBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn show(State(api): State<Arc<Api>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let wallet = WalletRequest::parse(query(&uri))?.wallet;
    caller.admit(&api, wallet).await?;
    let answer = api.service.summary(&SummaryRequest { wallet, max_age_seconds: None }).await?;
    let positions: PositionsBody =
        serde_json::from_slice(&answer.body).map_err(|error| Problem::internal(error.to_string()))?;
    json(&positions)
}
