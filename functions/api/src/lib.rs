//! The HTTPS API: one router for Lambda and container. `GET /docs` of a running service lists every route.

mod answer;
mod auth;
mod caller;
mod client;
mod edge;
mod gate;
mod input;
mod linger;
mod meters;
mod openapi;
mod orders;
mod problem;
mod quota;
mod routes;
mod serve;
mod settings;
mod start;
mod state;
mod streams;
mod traffic;
mod watch_file;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use risk_app::Service;
use risk_app::sharing::Quota;
use risk_model::headers::KEY_HEADER;
use risk_model::route::ROUTES;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::CorsLayer;

pub use auth::{key_hash, mint_first_key, mint_key};
pub use orders::Order;
pub use problem::{ProblemBody, RejectionBody};
pub use serve::{DRAIN_SECONDS, serve, serve_lambda};
pub use settings::{ApiSettings, AuthMode, PageModule};
pub use start::{run, settings_of};
pub use state::RenderMetrics;
pub use streams::StreamSettings;

use problem::Problem;
use state::Api;

/// Answers under this many bytes are not worth compressing.
const COMPRESSED_FROM_BYTES: u64 = 1_024;

/// The router of every route over a service. Nothing is fetched here.
/// Metrics go to the recorder that the process has by now; `metrics` renders them for `/metrics`.
pub fn router(
    service: Arc<Service>,
    metrics: RenderMetrics,
    quota: Arc<dyn Quota>,
    settings: ApiSettings,
) -> Router {
    let cors = cors(&settings.cors_origins);
    let api = Arc::new(Api::new(service, metrics, quota, settings));
    let mut router = Router::new();
    for (route, endpoint) in ROUTES.iter().zip(routes::endpoints()) {
        router = router.route(route.template, endpoint);
    }
    let mut router = router
        .fallback(not_gated)
        .method_not_allowed_fallback(not_gated)
        .layer(from_fn_with_state(Arc::clone(&api), gate::pass))
        .layer(CompressionLayer::new().compress_when(compressed()));
    if let Some(cors) = cors {
        router = router.layer(cors);
    }
    router.layer(from_fn_with_state(Arc::clone(&api), edge::pass)).with_state(api)
}

/// An event must not wait in a compressor for the next ones.
fn compressed() -> impl Predicate {
    SizeAbove::new(COMPRESSED_FROM_BYTES).and(NotForContentType::SSE)
}

/// The gate passes what the model's table has, and the router is made of that table.
async fn not_gated() -> Problem {
    Problem::internal("the gate passed what no route takes")
}

/// CORS for the named origins; `None` turns it off. What is no origin is left out.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let headers = [header::CONTENT_TYPE, HeaderName::from_static(KEY_HEADER)];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    (!origins.is_empty())
        .then(|| CorsLayer::new().allow_origin(origins).allow_methods(methods).allow_headers(headers))
}

#[cfg(test)]
mod tests;
