//! `POST /api/risk/channels/{id}/test`: sends a real test message and says what the channel answered.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use risk_app::delivery::Receipt;
use risk_model::{ChannelId, Rejection};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Caller;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// What a channel answered to a test message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptBody {
    /// The channel.
    pub channel: String,
    /// `accepted`; `later` where it may take the next one; `refused`; `gone` for good.
    pub outcome: &'static str,
    /// What went wrong, where something did.
    pub why: Option<String>,
    /// Seconds that the channel asked to be left alone for, where it did.
    pub retry_after_seconds: Option<u64>,
}

impl ReceiptBody {
    fn of(channel: &ChannelId, receipt: Receipt) -> Self {
        let (outcome, why, retry_after_seconds) = match receipt {
            Receipt::Accepted => ("accepted", None, None),
            Receipt::Later { why, after_seconds } => ("later", Some(why), after_seconds),
            Receipt::Refused { why } => ("refused", Some(why), None),
            Receipt::Gone { why } => ("gone", Some(why), None),
        };
        Self { channel: channel.to_string(), outcome, why, retry_after_seconds }
    }
}

/// Sends a test message to a configured channel.
///
/// It is a real message, and says that it is a test. A channel that was switched off because it was gone is switched on
/// again by a test that it accepts. Takes an `admin` key.
#[utoipa::path(
    post,
    path = "/api/risk/channels/{id}/test",
    tag = "alerts",
    params(("id" = String, Path, description = "the channel's name")),
    responses((status = 200, description = "What the channel answered", body = ReceiptBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn test(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let channel: ChannelId = id.parse().map_err(|code| Problem::refused(vec![Rejection::new("id", code)]))?;
    caller.admit_all(&api).await?;
    let receipt = api.service.test_channel(&channel).await?;
    json(&ReceiptBody::of(&channel, receipt))
}
