//! The HTTPS API: one router for Lambda and container. `GET /docs` of a running service lists every route.

mod answer;
mod auth;
mod caller;
mod client;
mod edge;
mod input;
mod key_order;
mod linger;
mod meters;
mod openapi;
mod problem;
mod quota;
mod routes;
mod serve;
mod settings;
mod start;
mod state;
mod traffic;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use risk_app::Service;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::cors::CorsLayer;

pub use auth::{key_hash, mint_first_key, mint_key};
pub use key_order::KeyOrder;
pub use problem::{ProblemBody, RejectionBody};
pub use serve::{DRAIN_SECONDS, serve, serve_lambda};
pub use settings::{ApiSettings, AuthMode};
pub use start::{run, settings_of};
pub use state::RenderMetrics;

use problem::{Kind, Problem};
use state::Api;

/// Answers under this many bytes are not worth compressing.
const COMPRESSED_FROM_BYTES: u64 = 1_024;

/// The router of every route over a service. Nothing is fetched here.
/// Metrics go to the recorder that the process has by now; `metrics` renders them for `/metrics`.
pub fn router(service: Arc<Service>, metrics: RenderMetrics, settings: ApiSettings) -> Router {
    let cors = cors(&settings.cors_origins);
    let api = Arc::new(Api::new(service, metrics, settings));
    let mut router = Router::new();
    for (path, endpoint) in routes::TEMPLATES.into_iter().zip(routes::endpoints()) {
        router = router.route(path, endpoint);
    }
    let mut router = router
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESSED_FROM_BYTES)));
    if let Some(cors) = cors {
        router = router.layer(cors);
    }
    router.layer(from_fn_with_state(Arc::clone(&api), edge::pass)).with_state(api)
}

async fn no_such_route() -> Problem {
    Problem::new(Kind::NotFound, "there is no such route")
}

async fn no_such_method() -> Problem {
    Problem::new(
        Kind::MethodNotAllowed,
        "the route does not take this method; Allow lists those that it takes",
    )
}

/// CORS for the named origins; `None` turns it off. What is no origin is left out.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let headers = [header::CONTENT_TYPE, HeaderName::from_static(auth::KEY_HEADER)];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    (!origins.is_empty())
        .then(|| CorsLayer::new().allow_origin(origins).allow_methods(methods).allow_headers(headers))
}

#[cfg(test)]
mod tests;
