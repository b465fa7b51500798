//! CoinGecko v3: prices, histories, lists.

mod chart;
mod list;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Map, Value, json};

use crate::faults::{Effects, replies};
use crate::market::DAY;
use crate::world::World;

/// Most contract addresses in one request.
const ADDRESSES: usize = 515;

type Params = Query<HashMap<String, String>>;

/// The routes below `/coingecko/api/v3`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/ping", get(async || Json(json!({"gecko_says": "(V3) To the Moon!"}))))
        .route("/simple/price", get(simple_price))
        .route("/simple/token_price/{platform}", get(token_price))
        .route("/coins/list", get(list::coins))
        .route("/coins/markets", get(list::markets))
        .route("/asset_platforms", get(list::platforms))
        .route("/coins/{id}/market_chart", get(chart::by_id))
        .route("/coins/{id}/market_chart/range", get(chart::range_by_id))
        .route("/coins/{platform}/contract/{address}/market_chart", get(chart::by_contract))
        .route("/coins/{platform}/contract/{address}/market_chart/range", get(chart::range_by_contract))
}

/// Refuses a key that is sent and wrong. Calls without a key are taken, as the keyless plan takes them.
pub(crate) fn check_key(headers: &HeaderMap, query: Option<&str>) -> Option<Response> {
    if headers.contains_key("x-cg-pro-api-key") {
        let body = json!({"status": {"error_code": 10010, "error_message":
            "If you are using Pro API key, please change your root URL from api.coingecko.com to \
             pro-api.coingecko.com"}});
        return Some((StatusCode::BAD_REQUEST, Json(body)).into_response());
    }
    let in_query = query.into_iter().flat_map(|query| query.split('&'));
    let in_query = in_query.filter_map(|pair| pair.strip_prefix("x_cg_demo_api_key=")).next();
    let key = headers.get("x-cg-demo-api-key").and_then(|value| value.to_str().ok()).or(in_query)?;
    let refusal =
        || (StatusCode::UNAUTHORIZED, Json(replies::missing_key("API Key Missing"))).into_response();
    (key != "sandbox").then(refusal)
}

/// A coin's figures now.
struct Quote {
    usd: f64,
    market_cap_usd: f64,
    volume_usd: f64,
    change_24h_pct: f64,
    updated_at: u64,
}

fn quote(world: &World, effects: &Effects, asset: usize) -> Option<Quote> {
    let known = world.market.assets().get(asset).filter(|asset| !effects.hides(&asset.symbol))?;
    let now = world.clock.now().saturating_sub(effects.block_lag_seconds);
    let real = world.market.price_usd(asset, now);
    let before = world.market.price_usd(asset, now.saturating_sub(DAY));
    let usd = real * effects.price_factor.unwrap_or(1.0);
    Some(Quote {
        usd,
        market_cap_usd: usd * known.supply,
        volume_usd: world.market.volume_usd(asset, now),
        change_24h_pct: (real / before - 1.0) * 100.0,
        updated_at: now.saturating_sub(20),
    })
}

/// The asset of a coin id; "weth" is the wrapped form of Ethereum's coin.
fn coin(world: &World, id: &str) -> Option<usize> {
    let id = if id == "weth" { "ethereum" } else { id };
    world.market.assets().iter().position(|asset| asset.coin_id == id)
}

/// The asset of a contract on a platform.
fn contract(world: &World, platform: &str, address: &str) -> Option<usize> {
    let chain = world.chains.iter().find(|chain| chain.facts.platform == platform)?;
    chain.token_at(address.parse().ok()?).map(|token| token.asset)
}

fn simple_body(quote: &Quote, params: &HashMap<String, String>) -> Value {
    let wants = |name: &str| params.get(name).is_some_and(|value| value == "true");
    let mut body = Map::new();
    body.insert("usd".to_owned(), json!(quote.usd));
    if wants("include_market_cap") {
        body.insert("usd_market_cap".to_owned(), json!(quote.market_cap_usd));
    }
    if wants("include_24hr_vol") {
        body.insert("usd_24h_vol".to_owned(), json!(quote.volume_usd));
    }
    if wants("include_24hr_change") {
        body.insert("usd_24h_change".to_owned(), json!(quote.change_24h_pct));
    }
    if wants("include_last_updated_at") {
        body.insert("last_updated_at".to_owned(), json!(quote.updated_at));
    }
    Value::Object(body)
}

fn needs_usd(params: &HashMap<String, String>) -> Option<Response> {
    let body = json!({"error": "Missing parameter vs_currencies"});
    let missing = !params.contains_key("vs_currencies");
    missing.then(|| (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response())
}

async fn simple_price(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Query(params): Params,
) -> Response {
    if let Some(refusal) = needs_usd(&params) {
        return refusal;
    }
    let ids = params.get("ids").map(String::as_str).unwrap_or_default();
    let found = ids.split(',').filter_map(|id| {
        let quote = quote(&world, &effects, coin(&world, id)?)?;
        Some((id.to_owned(), simple_body(&quote, &params)))
    });
    Json(Value::Object(found.collect())).into_response()
}

async fn token_price(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path(platform): Path<String>,
    Query(params): Params,
) -> Response {
    if let Some(refusal) = needs_usd(&params) {
        return refusal;
    }
    if world.chains.iter().all(|chain| chain.facts.platform != platform) {
        return (StatusCode::NOT_FOUND, Json(json!({"error": "asset platform not found"}))).into_response();
    }
    let addresses = params.get("contract_addresses").map(String::as_str).unwrap_or_default();
    if addresses.split(',').count() > ADDRESSES {
        let text = format!(
            "Number of contract addresses in the request exceeds the allowed limit ({ADDRESSES} addresses)"
        );
        let now = jiff::Timestamp::from_second(i64::try_from(world.clock.now()).unwrap_or(0));
        let body = json!({"timestamp": now.map(|now| now.to_string()).unwrap_or_default(),
            "error_code": 10012, "status": {"error_message": text}});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let found = addresses.split(',').filter_map(|address| {
        let quote = quote(&world, &effects, contract(&world, &platform, address)?)?;
        Some((address.to_lowercase(), simple_body(&quote, &params)))
    });
    Json(Value::Object(found.collect())).into_response()
}
