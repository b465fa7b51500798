//! `GET`, `PUT` and `DELETE /api/risk/watches/{wallet}`: how a wallet is watched.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use risk_app::AppError;
use risk_app::records::Watch;
use risk_app::summary::rfc3339;
use risk_model::Severity;
use risk_model::request::{WalletRequest, WatchRequest};
use serde::Serialize;
use utoipa::ToSchema;

use super::own_thresholds::OwnThresholdsBody;
use crate::answer::json;
use crate::caller::Caller;
use crate::input::body;
use crate::problem::{Problem, Refusals};
use crate::state::Api;

/// The request as documented; it is parsed by `risk_model::request::WatchRequest`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the documented form of a body that the model parses itself")]
pub(crate) struct WatchSettings {
    /// A name for people, at most 100 characters.
    #[schema(max_length = 100)]
    label: Option<String>,
    /// The older name of `thresholds.health_factor`: give one of them.
    health_factor_threshold: Option<f64>,
    /// Thresholds of its own; the service's where absent.
    thresholds: Option<OwnThresholdsBody>,
    /// Names of the channels that its alerts go to, at most 20; none where empty, the service's routes where absent.
    #[schema(max_items = 20)]
    channels: Option<Vec<String>>,
    /// Least severity that is delivered: `low`, `medium`, `high`, `critical`; the channels' own where absent.
    min_severity: Option<String>,
}

/// A wallet on the watch list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WatchBody {
    /// EIP-55 address.
    pub wallet_address: String,
    /// A name for people.
    pub label: Option<String>,
    /// Health factor under which `liquidation_risk` opens; the service's own where absent.
    pub health_factor_threshold: Option<f64>,
    /// Thresholds of its own; those that are absent are the service's.
    pub thresholds: OwnThresholdsBody,
    /// Names of the channels that its alerts go to; none where empty, the service's routes where null.
    pub channels: Option<Vec<String>>,
    /// Least severity that is delivered; the channels' own where null.
    pub min_severity: Option<&'static str>,
    /// Since when, RFC 3339.
    pub created_at: String,
    /// Last change, RFC 3339.
    pub updated_at: String,
}

impl From<&Watch> for WatchBody {
    fn from(watch: &Watch) -> Self {
        Self {
            wallet_address: watch.wallet.to_string(),
            label: watch.label.clone(),
            health_factor_threshold: watch.health_factor_threshold,
            thresholds: watch.into(),
            channels: watch.channels.as_ref().map(|names| names.iter().map(ToString::to_string).collect()),
            min_severity: watch.min_severity.map(Severity::name),
            created_at: rfc3339(watch.created_at),
            updated_at: rfc3339(watch.updated_at),
        }
    }
}

/// How a wallet is watched.
#[utoipa::path(
    get,
    path = "/api/risk/watches/{wallet}",
    tag = "watches",
    params(("wallet" = String, Path, description = "0x and 40 hex digits")),
    responses((status = 200, description = "The watch", body = WatchBody), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(wallet): Path<String>,
) -> Result<Response, Problem> {
    let wallet = WalletRequest::of_path(&wallet)?.wallet;
    caller.admit(&api, wallet).await?;
    json(&WatchBody::from(&api.service.watched(wallet).await?))
}

/// Watches a wallet, or changes how.
///
/// A new one is assessed at once and by every sweep from then on. A field that is absent takes its default.
#[utoipa::path(
    put,
    path = "/api/risk/watches/{wallet}",
    tag = "watches",
    params(("wallet" = String, Path, description = "0x and 40 hex digits")),
    request_body(content = Option<WatchSettings>, content_type = "application/json"),
    responses(
        (status = 200, description = "It was watched before; the watch as it now is", body = WatchBody),
        (status = 201, description = "It is watched from now on", body = WatchBody),
        Refusals
    ),
    security(("api_key" = []))
)]
pub(crate) async fn put(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(wallet): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let wallet = WalletRequest::of_path(&wallet)?.wallet;
    let settings = WatchRequest::parse(&body(request).await?)?;
    caller.admit(&api, wallet).await?;
    let status = match api.service.watched(wallet).await {
        Ok(_) => StatusCode::OK,
        Err(AppError::NotFound(_)) => StatusCode::CREATED,
        Err(error) => return Err(error.into()),
    };
    let watch = api.service.watch(wallet, settings).await?;
    Ok((status, json(&WatchBody::from(&watch))?).into_response())
}

/// Watches a wallet no longer. Its alerts and assessments stay.
#[utoipa::path(
    delete,
    path = "/api/risk/watches/{wallet}",
    tag = "watches",
    params(("wallet" = String, Path, description = "0x and 40 hex digits")),
    responses((status = 204, description = "It is not watched any more"), Refusals),
    security(("api_key" = []))
)]
pub(crate) async fn remove(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(wallet): Path<String>,
) -> Result<StatusCode, Problem> {
    let wallet = WalletRequest::of_path(&wallet)?.wallet;
    caller.admit(&api, wallet).await?;
    api.service.unwatch(wallet).await?;
    Ok(StatusCode::NO_CONTENT)
}
