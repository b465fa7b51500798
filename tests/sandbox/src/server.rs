//! The router: every provider below its own prefix, each behind its faults and its counter.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures::stream;

use crate::faults::{Effects, Kind, Provider, replies};
use crate::world::World;
use crate::{coingecko, control, etherscan, llama, receivers, rpc, the_graph};

/// Largest request body, in bytes.
const BODY: usize = 64 << 20;
/// How long a request that hangs is kept.
const HANG: Duration = Duration::from_secs(60);
/// Longest commanded delay.
const LATENCY: Duration = Duration::from_secs(120);

/// All routes over a world.
pub(crate) fn router(world: &Arc<World>) -> Router {
    let behind = |provider: Provider, routes: Router<Arc<World>>| {
        routes.layer(from_fn_with_state((Arc::clone(world), provider), pass))
    };
    let alchemy = Router::new().route("/{chain}/v2/{key}", post(rpc::post));
    Router::new()
        .nest("/alchemy", behind(Provider::Alchemy, alchemy))
        .nest("/coingecko/api/v3", behind(Provider::Coingecko, coingecko::routes()))
        .nest("/etherscan", behind(Provider::Etherscan, etherscan::routes()))
        .nest("/thegraph", behind(Provider::Thegraph, the_graph::routes()))
        .nest("/llama", behind(Provider::Llama, llama::routes()))
        .nest("/receivers/slack", behind(Provider::Slack, receivers::slack()))
        .nest("/receivers/pagerduty", behind(Provider::Pagerduty, receivers::pagerduty()))
        .nest("/receivers/webhook", behind(Provider::Webhook, receivers::webhook()))
        .nest("/receivers/discord", behind(Provider::Discord, receivers::discord()))
        .nest("/receivers/telegram", behind(Provider::Telegram, receivers::telegram()))
        .nest("/control", control::routes())
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(Arc::clone(world))
}

/// Counts a request, lets the faults in force act on it, and passes on what is left of it.
async fn pass(
    State((world, provider)): State<(Arc<World>, Provider)>,
    mut request: Request,
    next: Next,
) -> Response {
    world.counters.request(provider);
    if provider != Provider::Alchemy {
        let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
        world.counters.method(provider, route.as_deref().unwrap_or("unknown"));
    }
    let effects = world.faults.fire(provider);
    tokio::time::sleep(Duration::from_millis(effects.latency_ms).min(LATENCY)).await;
    if let Some(response) = replaced(provider, &effects).await {
        return response;
    }
    if provider == Provider::Coingecko
        && let Some(refusal) = coingecko::check_key(request.headers(), request.uri().query())
    {
        return refusal;
    }
    let kind = effects.reply_kind();
    request.extensions_mut().insert(effects);
    let response = next.run(request).await;
    match kind {
        Some(Kind::Reset) => cut(response, true).await,
        Some(Kind::Truncated) => cut(response, false).await,
        _ => response,
    }
}

/// The answer of a fault that needs nothing of the real one.
async fn replaced(provider: Provider, effects: &Effects) -> Option<Response> {
    let fault = effects.reply.as_ref()?;
    match fault.kind {
        Kind::Hang => {
            tokio::time::sleep(HANG).await;
            Some(broken_stream(Bytes::new()))
        }
        Kind::Status429 => Some(replies::throttled(provider, fault)),
        Kind::Status500 => Some(replies::broken(provider)),
        Kind::Gone => Some(replies::gone(provider)),
        Kind::Auth => Some(replies::refused(provider, effects)),
        // JSON-RPC answers these around the ids of the request.
        Kind::WrongJson if provider != Provider::Alchemy => Some(replies::misshapen(provider)),
        Kind::ErrorIn200 if provider != Provider::Alchemy => Some(replies::error_in_200(provider, effects)),
        _ => None,
    }
}

/// The first half of an answer: well framed, or with the connection closed in its middle.
async fn cut(response: Response, reset: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, BODY).await else {
        return broken_stream(Bytes::new());
    };
    let half = whole.slice(..whole.len() / 2);
    parts.headers.remove(header::CONTENT_LENGTH);
    if reset {
        let broken = broken_stream(half).into_body();
        return Response::from_parts(parts, broken);
    }
    Response::from_parts(parts, Body::from(half))
}

/// A body that fails after its first bytes, so that the server closes the connection.
fn broken_stream(first: Bytes) -> Response {
    let failure = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Body::from_stream(stream::iter([Ok(first), Err(failure)])).into_response()
}
