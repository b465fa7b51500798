//! `POST /api/risk/backtest`: past days replayed over positions, beside VaR and the rules that would have warned.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use risk_app::service::BacktestBody;
use risk_model::request::{BacktestRequest, Subject};
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Caller;
use crate::input::body;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// The request as documented; it is parsed by `risk_model::request::BacktestRequest`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct BacktestRequestBody {
    /// A wallet at its present positions; or give a portfolio.
    wallet_address: Option<String>,
    /// Amounts instead of a wallet.
    #[schema(max_items = 50)]
    portfolio: Option<Vec<LineBody>>,
    /// Of a wallet: only these protocols.
    #[schema(max_items = 100)]
    protocols: Option<Vec<String>>,
    /// Of a wallet: only these chains.
    #[schema(max_items = 100)]
    chains: Option<Vec<String>>,
    /// First day, `YYYY-MM-DD`.
    from: String,
    /// Last day, `YYYY-MM-DD`, at most ten years later.
    to: String,
    /// Rules to replay; the service's own alert lines where absent.
    #[schema(max_items = 10)]
    rules: Option<Vec<RuleBody>>,
}

/// An amount of one asset.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct LineBody {
    /// `ethereum:0x…` or `ethereum:native`.
    asset: String,
    /// Whole tokens; negative for a debt.
    amount: f64,
    /// Share of the value that counts as collateral, fraction.
    liquidation_threshold: Option<f64>,
}

/// A rule that warns.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct RuleBody {
    /// `health_factor_below` or `probability_24h`.
    #[schema(rename = "type")]
    r#type: String,
    /// Its line.
    value: f64,
}

/// Replays past days over a wallet's present positions, or over a portfolio.
///
/// Answers the profit of each day beside the VaR of three models with Kupiec's and Christoffersen's tests and the traffic
/// light, and for each account its health factor, when it could have been liquidated, and the warnings of each rule with
/// their lead.
#[utoipa::path(
    post,
    path = "/api/risk/backtest",
    tag = "wallets",
    request_body(content = BacktestRequestBody, content_type = "application/json"),
    responses((status = 200, description = "The replay", body = BacktestBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn run(
    State(api): State<Arc<Api>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let request = BacktestRequest::parse(&body(request).await?)?;
    match request.subject {
        Subject::Wallet(wallet) => caller.admit(&api, wallet).await?,
        Subject::Portfolio(_) => caller.admit_all(&api).await.map(drop)?,
    }
    json(&api.service.backtest(&request).await?)
}
