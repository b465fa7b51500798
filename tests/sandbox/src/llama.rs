//! DefiLlama: current, historical and charted prices, protocols and their value locked.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Map, Value, json};

use crate::faults::Effects;
use crate::market::DAY;
use crate::world::World;

/// Most coins in one request before the URL is too long.
const COINS: usize = 250;
/// Most points of one chart.
const POINTS: u64 = 500;

type Params = Query<HashMap<String, String>>;

/// The routes below `/llama`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/prices/current/{coins}", get(current))
        .route("/prices/historical/{time}/{coins}", get(historical))
        .route("/chart/{coins}", get(chart))
        .route("/protocols", get(protocols))
        .route("/tvl/{slug}", get(tvl))
}

/// What a coin key ("ethereum:0x…" or "coingecko:id") stands for: its asset, and its token's decimals.
fn find(world: &World, key: &str) -> Option<(usize, Option<u8>)> {
    let (chain, name) = key.split_once(':')?;
    if chain == "coingecko" {
        let id = if name == "weth" { "ethereum" } else { name };
        return world.market.assets().iter().position(|asset| asset.coin_id == id).map(|place| (place, None));
    }
    let chain = world.chains.iter().find(|known| known.facts.llama == chain)?;
    chain.token_at(name.parse().ok()?).map(|token| (token.asset, Some(token.decimals)))
}

fn too_long(coins: &str) -> Option<Response> {
    (coins.split(',').count() > COINS).then(|| StatusCode::URI_TOO_LONG.into_response())
}

fn prices_at(world: &World, effects: &Effects, coins: &str, time: u64) -> Response {
    if let Some(refusal) = too_long(coins) {
        return refusal;
    }
    let mut found = Map::new();
    for key in coins.split(',') {
        let Some((place, decimals)) = find(world, key) else {
            continue;
        };
        let Some(asset) = world.market.assets().get(place).filter(|asset| !effects.hides(&asset.symbol))
        else {
            continue;
        };
        let price = world.market.price_usd(place, time) * effects.price_factor.unwrap_or(1.0);
        let mut row = json!({"symbol": asset.symbol, "price": price, "timestamp": time.saturating_sub(45),
                             "confidence": 0.99});
        if let Some(decimals) = decimals {
            row["decimals"] = json!(decimals);
        }
        found.insert(key.to_owned(), row);
    }
    Json(json!({"coins": found})).into_response()
}

async fn current(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path(coins): Path<String>,
) -> Response {
    let time = world.clock.now().saturating_sub(effects.block_lag_seconds);
    prices_at(&world, &effects, &coins, time)
}

async fn historical(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path((time, coins)): Path<(u64, String)>,
) -> Response {
    prices_at(&world, &effects, &coins, time.min(world.clock.now()))
}

async fn chart(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path(coins): Path<String>,
    Query(params): Params,
) -> Response {
    if let Some(refusal) = too_long(&coins) {
        return refusal;
    }
    let Some(times) = chart_times(&params, world.clock.now()) else {
        let body = json!({"message": "use either start or end, not both"});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    };
    let mut found = Map::new();
    for key in coins.split(',') {
        let Some((place, decimals)) = find(&world, key) else {
            continue;
        };
        let Some(asset) = world.market.assets().get(place).filter(|asset| !effects.hides(&asset.symbol))
        else {
            continue;
        };
        let factor = effects.price_factor.unwrap_or(1.0);
        let point =
            |time: &u64| json!({"timestamp": time, "price": world.market.price_usd(place, *time) * factor});
        let points: Vec<Value> = times.iter().map(point).collect();
        let mut row = json!({"symbol": asset.symbol, "confidence": 0.99, "prices": points});
        if let Some(decimals) = decimals {
            row["decimals"] = json!(decimals);
        }
        found.insert(key.to_owned(), row);
    }
    Json(json!({"coins": found})).into_response()
}

/// The times of a chart's points: `span` points a `period` apart, from `start` or up to `end` (now).
fn chart_times(params: &HashMap<String, String>, now: u64) -> Option<Vec<u64>> {
    let number = |name: &str| params.get(name).and_then(|text| text.parse::<u64>().ok());
    let (start, end) = (number("start"), number("end"));
    if start.is_some() && end.is_some() {
        return None;
    }
    let span = number("span").unwrap_or(1).clamp(1, POINTS);
    let period = period_seconds(params.get("period").map_or("1d", String::as_str))?;
    let first = match start {
        Some(start) => start,
        None => end.unwrap_or(now).saturating_sub((span - 1).saturating_mul(period)),
    };
    let times = (0..span).map(|place| first.saturating_add(place.saturating_mul(period)));
    Some(times.filter(|time| *time <= now).collect())
}

fn period_seconds(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "m" => 60,
        "h" | "H" => 3_600,
        "d" | "D" => DAY,
        "w" | "W" => 7 * DAY,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|seconds| *seconds > 0)
}

/// A protocol: slug, name, category, and its value locked in USD when ether stood at its starting price.
const PROTOCOLS: [(&str, &str, &str, f64); 10] = [
    ("aave-v3", "Aave V3", "Lending", 0.0),
    ("lido", "Lido", "Liquid Staking", 18.4e9),
    ("uniswap-v3", "Uniswap V3", "Dexs", 2.1e9),
    ("curve-dex", "Curve DEX", "Dexs", 1.9e9),
    ("aave-v2", "Aave V2", "Lending", 0.4e9),
    ("compound-v2", "Compound V2", "Lending", 0.2e9),
    ("compound-v3", "Compound V3", "Lending", 1.7e9),
    ("morpho-v1", "Morpho V1", "Lending", 5.2e9),
    ("sparklend", "SparkLend", "Lending", 3.1e9),
    ("ethena-usde", "Ethena USDe", "Basis Trading", 6.0e9),
];

/// Value locked: for Aave what its reserves hold idle, for the others a figure that moves with ether.
fn locked_usd(world: &World, slug: &str, usual: f64, time: u64) -> f64 {
    let stays = world.governed.locked_factor(slug);
    stays * entrusted_usd(world, slug, usual, time)
}

fn entrusted_usd(world: &World, slug: &str, usual: f64, time: u64) -> f64 {
    if slug != "aave-v3" {
        let Some(ether) = world.market.place_of("eth") else {
            return usual;
        };
        let base = world.market.assets().get(ether).map_or(1.0, |asset| asset.base_usd);
        return usual * world.market.price_usd(ether, time) / base;
    }
    let reserves = world.chains.iter().flat_map(|chain| chain.reserves.iter().zip(&chain.tokens));
    let value = reserves.map(|(reserve, token)| {
        let units = reserve.available as f64 / 10f64.powi(i32::from(token.decimals));
        units * world.market.price_usd(token.asset, time)
    });
    value.sum()
}

async fn protocols(State(world): State<Arc<World>>) -> Json<Value> {
    let now = world.clock.now();
    let chains: Vec<&str> = world.chains.iter().map(|chain| chain.facts.name).collect();
    let row = |(slug, name, category, usual): &(&str, &str, &str, f64)| {
        let at = |back: u64| locked_usd(&world, slug, *usual, now.saturating_sub(back));
        let change = |back: u64| (at(0) / at(back) - 1.0) * 100.0;
        json!({"id": *slug, "name": name, "slug": slug, "category": category, "chains": chains, "tvl": at(0),
               "change_1h": change(3_600), "change_1d": change(DAY), "change_7d": change(7 * DAY)})
    };
    Json(PROTOCOLS.iter().map(row).collect())
}

async fn tvl(State(world): State<Arc<World>>, Path(slug): Path<String>) -> Response {
    match PROTOCOLS.iter().find(|(known, ..)| *known == slug) {
        Some((slug, _, _, usual)) => {
            Json(locked_usd(&world, slug, *usual, world.clock.now())).into_response()
        }
        None => (StatusCode::BAD_REQUEST, "Protocol not found").into_response(),
    }
}
