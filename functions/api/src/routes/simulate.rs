//! `POST /api/risk/simulate`: what moves of prices and steps of the owner would make of a wallet.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use risk_app::service::SimulationBody;
use risk_model::request::SimulateRequest;
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Caller;
use crate::input::body;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// The request as documented; it is parsed by `risk_model::request::SimulateRequest`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct SimulateBody {
    /// 0x and 40 hex digits; EIP-55 checked where in mixed case.
    wallet_address: String,
    /// Only these protocols.
    #[schema(max_items = 100)]
    protocols: Option<Vec<String>>,
    /// Only these chains.
    #[schema(max_items = 100)]
    chains: Option<Vec<String>>,
    /// Moves of prices, all at once, before the actions.
    #[schema(max_items = 50)]
    shocks: Option<Vec<ShockBody>>,
    /// Closes to replay instead of shocks.
    replay: Option<ReplayBody>,
    /// Whether the protocols' oracles stay where they are while the market moves.
    oracle_frozen: Option<bool>,
    /// Times the present gas price, above 0 and at most 1000.
    gas_factor: Option<f64>,
    /// What the owner does then, in order.
    #[schema(max_items = 20)]
    actions: Option<Vec<ActionBody>>,
    /// Health factor that the cure leads to, above 1 and at most 10.
    target_health_factor: Option<f64>,
}

/// One move of prices. One that names an asset goes before one that names a group.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct ShockBody {
    /// `*` (all but dollars), `dollar`, `staked_ether`, `wrapped_bitcoin`, or an asset (`ethereum:0x…`).
    target: String,
    /// Fraction of the present price, above -1: -0.3 is a fall of 30 %.
    change: f64,
}

/// Two days whose closes are replayed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct ReplayBody {
    /// `YYYY-MM-DD`, whose close is the start.
    from: String,
    /// `YYYY-MM-DD`, whose close is the end.
    to: String,
}

/// One step of the owner.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct ActionBody {
    /// `supply`, `withdraw`, `repay`, `borrow`, `swap` or `e_mode`.
    #[schema(rename = "type")]
    r#type: String,
    /// Key of the account, for all but a swap.
    account: Option<String>,
    /// The token moved, for all but an e-mode.
    asset: Option<String>,
    /// For a swap: what it is turned into.
    into: Option<String>,
    /// Whole tokens, decimal text, for all but an e-mode.
    amount: Option<String>,
    /// For an e-mode: the category; 0 leaves it.
    category: Option<u8>,
}

/// Tries moves of prices and steps of the owner on a wallet's positions, read now.
///
/// Answers the wallet before and after; the recommendations after are the cures to the target health factor. Nothing is
/// stored and no alert is touched.
#[utoipa::path(
    post,
    path = "/api/risk/simulate",
    tag = "wallets",
    request_body(content = SimulateBody, content_type = "application/json"),
    responses((status = 200, description = "The wallet before and after", body = SimulationBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn run(
    State(api): State<Arc<Api>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let request = SimulateRequest::parse(&body(request).await?)?;
    caller.admit(&api, request.wallet).await?;
    json(&api.service.simulate(&request).await?)
}
