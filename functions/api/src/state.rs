//! What every route shares: the service, the settings, and what this process counts.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use risk_app::Service;
use risk_app::sharing::Quota;

use crate::auth::VerifiedKeys;
use crate::meters::Meters;
use crate::quota::Quotas;
use crate::routes::health::HealthCache;
use crate::settings::ApiSettings;
use crate::streams::Streams;
use crate::traffic::Traffic;

/// Renders the metrics of this process in Prometheus text form.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The state of the router.
pub(crate) struct Api {
    /// Does the work.
    pub(crate) service: Arc<Service>,
    /// Renders `/metrics`.
    pub(crate) render_metrics: RenderMetrics,
    /// How the API works.
    pub(crate) settings: ApiSettings,
    /// Keys found within the last half minute.
    pub(crate) keys: VerifiedKeys,
    /// How often who may ask.
    pub(crate) quotas: Quotas,
    /// Latencies and errors of the last minutes.
    pub(crate) traffic: Traffic,
    /// Metrics by route.
    pub(crate) meters: Meters,
    /// Who listens to the event stream.
    pub(crate) streams: Streams,
    /// The health verdict of this second.
    pub(crate) health: HealthCache,
    /// The OpenAPI document, rendered at its first request.
    pub(crate) openapi: OnceLock<Bytes>,
    /// The documentation page, rendered at its first request.
    pub(crate) docs: OnceLock<Bytes>,
}

impl Api {
    /// The state over a service. Nothing is fetched here.
    pub(crate) fn new(
        service: Arc<Service>,
        render_metrics: RenderMetrics,
        quota: Arc<dyn Quota>,
        settings: ApiSettings,
    ) -> Self {
        let (per_wallet, per_client) =
            (settings.rate_limit_per_minute, settings.rate_limit_per_minute_per_client);
        let quotas = Quotas::new(quota, per_wallet, per_client);
        Self {
            keys: VerifiedKeys::new(settings.admin_key_hash),
            service,
            render_metrics,
            settings,
            quotas,
            traffic: Traffic::default(),
            meters: Meters::new(),
            streams: Streams::default(),
            health: HealthCache::new(),
            openapi: OnceLock::new(),
            docs: OnceLock::new(),
        }
    }
}
