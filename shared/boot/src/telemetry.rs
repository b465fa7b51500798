//! Telemetry: structured logs on standard error and the metrics registry.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::settings::{Environment, Settings};

/// Seconds; from a cached answer to the request deadline.
const LATENCY_BUCKETS: [f64; 12] =
    [0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0];

/// Samples of histograms are held one by one until they are drained; where nobody scrapes, this drains them.
const UPKEEP: Duration = Duration::from_secs(2);

/// Renders the metrics in Prometheus text form.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Starts logging and metrics for this process, within a runtime. A second call changes nothing and answers an empty registry's text.
#[must_use]
pub fn start(settings: &Settings) -> Render {
    let filter = EnvFilter::try_new(&settings.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A logger that is already there (a test's) stays.
    let _ = match settings.environment {
        Environment::Development => logs.compact().try_init(),
        Environment::Staging | Environment::Production => logs.json().flatten_event(true).try_init(),
    };
    let suffix = Matcher::Suffix("duration_seconds".to_owned());
    let recorder = PrometheusBuilder::new().set_buckets_for_metric(suffix, &LATENCY_BUCKETS);
    match recorder.and_then(PrometheusBuilder::install_recorder) {
        Ok(handle) => {
            tokio::spawn(upkeep(handle.clone()));
            renderer(handle)
        }
        Err(_) => Arc::new(String::new),
    }
}

async fn upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

fn renderer(handle: PrometheusHandle) -> Render {
    Arc::new(move || {
        handle.run_upkeep();
        handle.render()
    })
}
