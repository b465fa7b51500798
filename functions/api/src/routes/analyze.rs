//! `POST /api/risk/analyze`: assess now, store it, and open, escalate or resolve alerts.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use risk_app::alert::AlertBody;
use risk_app::records::Applied;
use risk_app::summary::Summary;
use risk_model::request::AnalyzeRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Caller;
use crate::input::body;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// The request as documented; it is parsed by `risk_model::request::AnalyzeRequest`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct AnalyzeBody {
    /// 0x and 40 hex digits; EIP-55 checked where in mixed case.
    wallet_address: String,
    /// Read everything anew even if the last assessment is seconds old.
    force_refresh: Option<bool>,
    /// Only these protocols; the answer is then of that part alone and is not stored.
    #[schema(max_items = 100)]
    protocols: Option<Vec<String>>,
    /// Only these chains; the answer is then of that part alone and is not stored.
    #[schema(max_items = 100)]
    chains: Option<Vec<String>>,
}

/// An assessment and what it did to the wallet's alerts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnalysisBody {
    /// The assessment.
    pub assessment: Summary,
    /// What it did.
    pub transitions: TransitionsBody,
}

/// Alerts that an assessment moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransitionsBody {
    /// Newly opened.
    pub opened: Vec<AlertBody>,
    /// Raised in severity.
    pub escalated: Vec<AlertBody>,
    /// Resolved.
    pub resolved: Vec<AlertBody>,
}

impl From<&Applied> for TransitionsBody {
    fn from(applied: &Applied) -> Self {
        let bodies = |alerts: &[risk_app::records::Alert]| alerts.iter().map(Into::into).collect();
        Self {
            opened: bodies(&applied.opened),
            escalated: bodies(&applied.escalated),
            resolved: bodies(&applied.resolved),
        }
    }
}

/// Assesses a wallet now.
///
/// The assessment is stored and the wallet's alerts are opened, escalated or resolved by it. Without `force_refresh` an
/// assessment that is seconds old is answered again.
#[utoipa::path(
    post,
    path = "/api/risk/analyze",
    tag = "wallets",
    request_body(content = AnalyzeBody, content_type = "application/json"),
    responses((status = 200, description = "The assessment and the alert transitions", body = AnalysisBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn run(
    State(api): State<Arc<Api>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let request = AnalyzeRequest::parse(&body(request).await?)?;
    caller.admit(&api, request.wallet).await?;
    let analysis = api.service.analyze(&request).await?;
    json(&AnalysisBody { transitions: (&analysis.transitions).into(), assessment: analysis.summary })
}
