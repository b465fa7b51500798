//! `GET /api/info`: what this service is, reads, limits and warns at.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use risk_engine::alarm::Thresholds;
use risk_model::request::{MAX_BODY_BYTES, MAX_IMPORT_BYTES, MAX_IMPORT_LINES, MAX_LIST, MAX_PAGE};
use risk_model::{ChainId, Protocol};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::json;
use crate::problem::Problem;
use crate::state::Api;

/// The name of the service.
pub(crate) const NAME: &str = "risk-manager";

/// What this service is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InfoBody {
    /// `risk-manager`.
    pub name: &'static str,
    /// Version.
    pub version: String,
    /// Commit, where known.
    pub commit: Option<String>,
    /// `development`, `staging`, `production`.
    pub environment: String,
    /// Where everything is kept: `sqlite`, `mongodb`, `memory`.
    pub store: &'static str,
    /// Version of the maths.
    pub model: &'static str,
    /// Protocols that are read.
    pub protocols: Vec<String>,
    /// Protocols known to hold positions that are not read.
    pub unsupported_protocols: Vec<String>,
    /// Chains that are read.
    pub chains: Vec<ChainBody>,
    /// Limits on requests.
    pub limits: LimitsBody,
    /// How often and how old.
    pub intervals: IntervalsBody,
    /// When alerts open and close, where a watch does not say otherwise.
    pub thresholds: ThresholdsBody,
}

/// A chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChainBody {
    /// As in requests and answers.
    pub name: String,
    /// EIP-155.
    pub chain_id: u64,
}

/// Limits on requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LimitsBody {
    /// Of a body.
    pub body_bytes: usize,
    /// Of a file of watches.
    pub import_bytes: usize,
    /// Lines of a file of watches.
    pub import_lines: usize,
    /// Protocols or chains in one request.
    pub list_items: usize,
    /// Items on a page.
    pub page_items: u32,
    /// Of a request, seconds.
    pub request_seconds: u64,
    /// Requests of one principal about one wallet.
    pub requests_per_minute: u32,
    /// Requests of one client address.
    pub requests_per_minute_per_client: u32,
}

/// How often and how old.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntervalsBody {
    /// Between sweeps.
    pub sweep_seconds: u64,
    /// An assessment younger than this is answered again.
    pub fresh_seconds: u64,
    /// Days of history that the statistics look back on.
    pub window_days: u32,
}

/// When an alert opens, and when it closes again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineBody {
    /// Opens from here.
    pub open: f64,
    /// Closes from here.
    pub close: f64,
}

/// When alerts open and close.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThresholdsBody {
    /// `liquidation_risk` of an account whose chance is not known: opens under, closes above.
    pub health_factor: LineBody,
    /// `liquidation_risk` whatever the chance: opens under, closes above.
    pub health_factor_always: LineBody,
    /// `liquidation_risk` is high under this health factor.
    pub health_factor_high: f64,
    /// `liquidation_risk` is critical under this health factor.
    pub health_factor_critical: f64,
    /// `liquidation_risk` by the 24-hour probability, fraction.
    pub probability_24h: LineBody,
    /// `high_volatility`, points of the component.
    pub volatility_points: LineBody,
    /// `value_at_risk`, one-day VaR 99 % as a fraction of the value.
    pub var_99_share: LineBody,
    /// `over_exposure`, share of one asset.
    pub asset_share: LineBody,
    /// `low_liquidity`, days to sell.
    pub liquidity_days: LineBody,
    /// `stablecoin_depeg`, |price − 1|.
    pub depeg: LineBody,
    /// `oracle_divergence`, |oracle − market| ÷ market.
    pub divergence: LineBody,
    /// `health_factor_drop`, fall from the highest of the last day, fraction.
    pub health_factor_fall: LineBody,
    /// `health_factor_drop`, health factor under which a fall matters: opens under, closes above.
    pub fall_matters_under: LineBody,
    /// `oracle_stale`, age of an oracle's last update, seconds.
    pub oracle_age_seconds: LineBody,
    /// `carry_liquidation`, days until interest alone liquidates: opens under, closes above.
    pub carry_days: LineBody,
    /// `gas_spike`, gas price ÷ the normal one.
    pub gas_multiple: LineBody,
    /// `gas_spike`, what a repayment's gas must cost at least, USD.
    pub gas_min_usd: f64,
    /// `protocol_tvl_drop`, fall of a protocol's value from its highest of the last day, fraction.
    pub locked_fall: LineBody,
    /// `parameter_change`, how long a change is news, seconds.
    pub parameter_notice_seconds: u64,
    /// `data_blind`, how long a wallet may be unreadable, seconds.
    pub blindness_budget_seconds: u64,
    /// How long a resolved alert does not open again at the same severity, seconds.
    pub cool_down_seconds: u64,
}

impl From<&Thresholds> for ThresholdsBody {
    fn from(thresholds: &Thresholds) -> Self {
        macro_rules! lines {
            ($($name:ident),+) => {
                Self {
                    $($name: LineBody { open: thresholds.$name.open, close: thresholds.$name.close },)+
                    health_factor_high: thresholds.health_factor_high,
                    health_factor_critical: thresholds.health_factor_critical,
                    gas_min_usd: thresholds.gas_min_usd,
                    parameter_notice_seconds: thresholds.parameter_notice_seconds,
                    blindness_budget_seconds: thresholds.blindness_budget_seconds,
                    cool_down_seconds: thresholds.cool_down_seconds,
                }
            };
        }
        lines!(
            health_factor,
            health_factor_always,
            probability_24h,
            volatility_points,
            var_99_share,
            asset_share,
            liquidity_days,
            depeg,
            divergence,
            health_factor_fall,
            fall_matters_under,
            oracle_age_seconds,
            carry_days,
            gas_multiple,
            locked_fall
        )
    }
}

/// What this service is, reads, limits and warns at.
#[utoipa::path(
    get,
    path = "/api/info",
    tag = "operators",
    responses((status = 200, description = "What this service is", body = InfoBody))
)]
pub(crate) async fn show(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    json(&body(&api))
}

fn body(api: &Api) -> InfoBody {
    let (own, service) = (&api.settings, api.service.settings());
    InfoBody {
        name: NAME,
        version: own.version.clone(),
        commit: own.commit.clone(),
        environment: own.environment.clone(),
        store: api.service.store().name(),
        model: risk_engine::MODEL,
        protocols: service.protocols.iter().map(ToString::to_string).collect(),
        unsupported_protocols: Protocol::UNSUPPORTED.iter().map(ToString::to_string).collect(),
        chains: service.chains.iter().map(chain).collect(),
        limits: LimitsBody {
            body_bytes: MAX_BODY_BYTES,
            import_bytes: MAX_IMPORT_BYTES,
            import_lines: MAX_IMPORT_LINES,
            list_items: MAX_LIST,
            page_items: MAX_PAGE,
            request_seconds: own.request_timeout.as_secs(),
            requests_per_minute: own.rate_limit_per_minute,
            requests_per_minute_per_client: own.rate_limit_per_minute_per_client,
        },
        intervals: IntervalsBody {
            sweep_seconds: service.sweep_interval_seconds,
            fresh_seconds: service.fresh_seconds,
            window_days: service.parameters.window_days,
        },
        thresholds: (&service.thresholds).into(),
    }
}

fn chain(chain: &ChainId) -> ChainBody {
    ChainBody { name: chain.to_string(), chain_id: chain.id() }
}
