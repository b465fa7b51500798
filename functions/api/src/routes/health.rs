//! `GET /api/risk/health`: the verdict and what it is made of, made at most once a second and without a provider.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use moka::future::Cache;
use risk_app::ports::UpstreamHealth;
use risk_app::service::{Health, HealthState};
use risk_app::sharing::QuotaState;
use risk_app::summary::rfc3339;
use risk_model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json_bytes;
use crate::problem::Problem;
use crate::state::Api;

/// How long a verdict is told again.
const KEPT: Duration = Duration::from_secs(1);

/// The verdict of this second; requests that come together wait for one and the same.
pub(crate) struct HealthCache(Cache<(), (StatusCode, Bytes)>);

impl HealthCache {
    /// No verdict yet.
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(1).time_to_live(KEPT).build())
    }
}

/// The verdict on the service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthBody {
    /// `healthy`, `degraded` (it works, with parts missing) or `unhealthy`.
    pub status: String,
    /// When it was found, RFC 3339; told again for one second.
    pub checked_at: String,
    /// What it is made of.
    pub checks: Vec<HealthCheck>,
}

/// One component.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthCheck {
    /// `store`, `quota`, `sweep`, `upstream`, or `state` where it is not shared.
    pub component: &'static str,
    /// Which.
    pub name: String,
    /// Store: `up`, `down`. Sweep: `on_time`, `late`, `none_yet`. Upstream: its breaker, `closed`, `open`, `half_open`.
    /// Quota: `not_shared` (counted by this process), `shared`, `not_asked_yet`, `alone` (Redis cannot be reached:
    /// counted by this process at half the limit). State: `not_shared` (its name lists the parts that other processes of
    /// this deployment do not see).
    pub state: String,
    /// Since when it is in this state, RFC 3339; null where that is not told.
    pub since: Option<String>,
    /// Seconds since it last did its work; null where it has not, or where that is not told.
    pub age_seconds: Option<u64>,
    /// Why an upstream's last failed call failed.
    pub last_failure: Option<String>,
}

/// What this process shares with others.
struct Sharing<'a> {
    quota: QuotaState,
    quota_since: Option<Duration>,
    unshared: &'a [&'static str],
}

impl HealthBody {
    fn of(health: &Health, store: &str, sharing: &Sharing<'_>, now: Timestamp) -> Self {
        let quota = sharing.quota;
        let sweep = match (health.last_sweep_age_seconds, health.is_sweep_late) {
            (_, true) => "late",
            (Some(_), false) => "on_time",
            (None, false) => "none_yet",
        };
        let store_state = if health.is_store_up { "up" } else { "down" };
        let quota_name = if quota == QuotaState::Memory { "memory" } else { "redis" };
        let mut checks = vec![
            check("store", store, store_state, health.is_store_up.then_some(0)),
            check("sweep", "watch list", sweep, health.last_sweep_age_seconds),
        ];
        checks.extend(health.upstreams.iter().map(upstream));
        let is_state_split = !sharing.unshared.is_empty();
        if is_state_split {
            checks.push(check("state", &sharing.unshared.join(", "), "not_shared", None));
        }
        let since =
            sharing.quota_since.map(|since| Timestamp::new(now.seconds().saturating_sub(since.as_secs())));
        let quota_check = check("quota", quota_name, quota.name(), None);
        checks.push(HealthCheck { since: since.map(rfc3339), ..quota_check });
        // The quota lets in less than it might; what one process is told another does not know.
        let state = match health.state {
            HealthState::Healthy if quota == QuotaState::Alone || is_state_split => HealthState::Degraded,
            state => state,
        };
        Self { status: state.name().to_owned(), checked_at: rfc3339(now), checks }
    }
}

fn check(component: &'static str, name: &str, state: &str, age_seconds: Option<u64>) -> HealthCheck {
    let (name, state) = (name.to_owned(), state.to_owned());
    HealthCheck { component, name, state, since: None, age_seconds, last_failure: None }
}

fn upstream(health: &UpstreamHealth) -> HealthCheck {
    HealthCheck {
        last_failure: health.last_failure.clone(),
        ..check("upstream", &health.name, health.breaker, health.last_success_age_seconds)
    }
}

/// The verdict on the service.
///
/// A dead store is unhealthy; an open breaker, a late sweep, a quota that cannot be shared, or state that several processes
/// should share and do not, is degraded. No provider is called to answer.
#[utoipa::path(
    get,
    path = "/api/risk/health",
    tag = "operators",
    responses(
        (status = 200, description = "Healthy or degraded", body = HealthBody),
        (status = 503, description = "Unhealthy", body = HealthBody)
    )
)]
pub(crate) async fn show(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    let verdict = api.health.0.try_get_with((), find(&api)).await;
    let (status, body) = verdict.map_err(|error| Problem::internal(error.to_string()))?;
    Ok((status, json_bytes(body)).into_response())
}

async fn find(api: &Api) -> Result<(StatusCode, Bytes), serde_json::Error> {
    let health = api.service.health().await;
    let status = match health.state {
        HealthState::Healthy | HealthState::Degraded => StatusCode::OK,
        HealthState::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    let sharing = Sharing {
        quota: api.quotas.state(),
        quota_since: api.quotas.since(),
        unshared: &api.settings.unshared,
    };
    let body = HealthBody::of(&health, api.service.store().name(), &sharing, api.service.clock().now());
    Ok((status, serde_json::to_vec(&body)?.into()))
}
