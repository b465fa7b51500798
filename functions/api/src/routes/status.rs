//! `GET /api/risk/status`: counts, upstreams, sweeps and this process's own traffic, for operators.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use risk_app::delivery::{DeadLetter, SwitchedOff};
use risk_app::ports::UpstreamHealth;
use risk_app::records::SweepReport;
use risk_app::service::Status;
use risk_app::summary::rfc3339;
use risk_model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::caller::Client;
use crate::problem::Problem;
use crate::state::Api;
use crate::traffic::{Traffic, Window};

/// How the service is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusBody {
    /// Version.
    pub version: String,
    /// Commit, where known.
    pub commit: Option<String>,
    /// `development`, `staging`, `production`.
    pub environment: String,
    /// When this process started, RFC 3339.
    pub started_at: String,
    /// Seconds since then.
    pub uptime_seconds: u64,
    /// Wallets on the watch list.
    pub tracked_wallets: u64,
    /// Alerts that are not resolved.
    pub open_alerts: u64,
    /// The store.
    pub store: StoreBody,
    /// Summaries in memory.
    pub cache: CacheBody,
    /// Every provider.
    pub upstreams: Vec<UpstreamBody>,
    /// Messages on their way to channels.
    pub outbox: OutboxBody,
    /// The last sweeps, newest first.
    pub sweeps: Vec<SweepReportBody>,
    /// Requests answered lately.
    pub traffic: TrafficBody,
}

/// The store.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreBody {
    /// `sqlite`, `memory`.
    pub name: String,
}

/// The cache of summaries, of this process alone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CacheBody {
    /// Summaries in memory.
    pub summaries: u64,
}

/// One provider, as this process has seen it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpstreamBody {
    /// The provider.
    pub name: String,
    /// `closed`, `open`, `half_open`.
    pub breaker: String,
    /// Calls so far.
    pub calls: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Seconds since the last good answer; null where there was none.
    pub last_success_age_seconds: Option<u64>,
    /// Why the last failed call failed.
    pub last_failure: Option<String>,
}

impl From<&UpstreamHealth> for UpstreamBody {
    fn from(upstream: &UpstreamHealth) -> Self {
        Self {
            name: upstream.name.clone(),
            breaker: upstream.breaker.to_owned(),
            calls: upstream.calls,
            failures: upstream.failures,
            last_success_age_seconds: upstream.last_success_age_seconds,
            last_failure: upstream.last_failure.clone(),
        }
    }
}

/// Messages on their way to channels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutboxBody {
    /// Messages that wait.
    pub waiting: u64,
    /// Age of the oldest of them, seconds; null where none waits.
    pub oldest_age_seconds: Option<u64>,
    /// Messages that were given up.
    pub dead: u64,
    /// The newest of those, newest first.
    pub dead_letters: Vec<DeadLetterBody>,
    /// Channels that said that they are gone; a test that one accepts switches it on again.
    pub switched_off: Vec<SwitchedOffBody>,
}

/// A message that was given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterBody {
    /// The message: alert, sequence, channel.
    pub id: String,
    /// Attempts made.
    pub attempts: u32,
    /// RFC 3339.
    pub given_up_at: String,
    /// What went wrong.
    pub why: String,
}

/// A channel that is switched off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SwitchedOffBody {
    /// Its name.
    pub channel: String,
    /// RFC 3339.
    pub since: String,
    /// What it answered.
    pub why: String,
}

impl OutboxBody {
    fn of(status: &Status, now: Timestamp) -> Self {
        let letter = |letter: &DeadLetter| DeadLetterBody {
            id: letter.id.to_string(),
            attempts: letter.attempts,
            given_up_at: rfc3339(letter.at),
            why: letter.why.clone(),
        };
        let off = |off: &SwitchedOff| SwitchedOffBody {
            channel: off.channel.to_string(),
            since: rfc3339(off.at),
            why: off.why.clone(),
        };
        Self {
            waiting: status.outbox.waiting,
            oldest_age_seconds: status.outbox.oldest.map(|at| now.seconds_since(at)),
            dead: status.outbox.dead,
            dead_letters: status.outbox.dead_letters.iter().map(letter).collect(),
            switched_off: status.switched_off.iter().map(off).collect(),
        }
    }
}

/// What one sweep did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SweepReportBody {
    /// `every` watched wallet, or those `near` liquidation.
    pub lane: String,
    /// The part of the watch list, `index/count`.
    pub shard: String,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339.
    pub finished_at: String,
    /// Wallets assessed.
    pub wallets: u64,
    /// Of them with gaps that leave their level open.
    pub unknown: u64,
    /// Alerts opened.
    pub opened: u64,
    /// Alerts escalated.
    pub escalated: u64,
    /// Alerts resolved.
    pub resolved: u64,
    /// Why it ended before the end of the list, if it did.
    pub stopped: Option<String>,
}

impl From<&SweepReport> for SweepReportBody {
    fn from(report: &SweepReport) -> Self {
        Self {
            lane: report.lane.clone(),
            shard: report.shard.clone(),
            started_at: rfc3339(report.started_at),
            finished_at: rfc3339(report.finished_at),
            wallets: report.wallets,
            unknown: report.unknown,
            opened: report.opened,
            escalated: report.escalated,
            resolved: report.resolved,
            stopped: report.stopped.clone(),
        }
    }
}

/// Requests answered lately.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrafficBody {
    /// `process`: other instances count for themselves.
    pub scope: &'static str,
    /// By window, each ending now.
    pub windows: Vec<WindowBody>,
}

/// Requests of one window.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowBody {
    /// Its length.
    pub seconds: u64,
    /// Requests answered.
    pub requests: u64,
    /// Of them with a status of 500 and over.
    pub errors: u64,
    /// Fraction; null without a request.
    pub error_rate: Option<f64>,
    /// Median, milliseconds; null without a request.
    pub latency_p50_ms: Option<f64>,
    /// 95th percentile, milliseconds.
    pub latency_p95_ms: Option<f64>,
    /// 99th percentile, milliseconds.
    pub latency_p99_ms: Option<f64>,
}

impl From<Window> for WindowBody {
    #[expect(clippy::cast_precision_loss, reason = "a count of requests within minutes is far under 2^53")]
    fn from(window: Window) -> Self {
        let [p50, p95, p99] = window.percentiles_ms.map_or([None; 3], |values| values.map(Some));
        Self {
            seconds: window.seconds,
            requests: window.requests,
            errors: window.errors,
            error_rate: (window.requests > 0).then(|| window.errors as f64 / window.requests as f64),
            latency_p50_ms: p50,
            latency_p95_ms: p95,
            latency_p99_ms: p99,
        }
    }
}

/// Counts, upstreams, sweeps and latencies. No provider is called to answer.
#[utoipa::path(
    get,
    path = "/api/risk/status",
    tag = "operators",
    responses(
        (status = 200, description = "How the service is doing", body = StatusBody),
        (status = 503, description = "The store cannot be reached", body = crate::ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn show(State(api): State<Arc<Api>>, _client: Client) -> Result<Response, Problem> {
    let status = api.service.status().await?;
    json(&body(&api, &status, api.service.clock().now()))
}

fn body(api: &Api, status: &Status, now: Timestamp) -> StatusBody {
    let settings = &api.settings;
    let windows = Traffic::WINDOWS.iter().map(|&seconds| api.traffic.window(now, seconds).into()).collect();
    StatusBody {
        version: settings.version.clone(),
        commit: settings.commit.clone(),
        environment: settings.environment.clone(),
        started_at: rfc3339(settings.started_at),
        uptime_seconds: now.seconds_since(settings.started_at),
        tracked_wallets: status.watches,
        open_alerts: status.standing_alerts,
        store: StoreBody { name: status.store.to_owned() },
        cache: CacheBody { summaries: status.cached_summaries },
        upstreams: status.upstreams.iter().map(Into::into).collect(),
        outbox: OutboxBody::of(status, now),
        sweeps: status.sweeps.iter().map(Into::into).collect(),
        traffic: TrafficBody { scope: "process", windows },
    }
}
