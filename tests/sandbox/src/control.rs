//! The routes that command the world and ask for the truth.

pub(crate) mod expected;
mod governance;
mod pool;

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::faults::{Fault, Kind, Provider};
use crate::wallets::catalogue;
use crate::world::World;
use crate::world::asset::Follows;

/// What a control route answers when it refuses.
type Refusal = (StatusCode, Json<Value>);
type Answer = Result<Json<Value>, Refusal>;

/// The routes below `/control`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(state))
        .route("/catalogue", get(list_catalogue))
        .route("/expected/{address}", get(expected::answer))
        .route("/crash", post(crash))
        .route("/price", post(set_price))
        .route("/pool", post(pool::set))
        .route("/reserve", post(governance::reserve))
        .route("/gas", post(governance::gas))
        .route("/locked", post(governance::locked))
        .route("/advance", post(advance))
        .route("/fault", post(set_fault).get(list_faults).delete(clear_faults))
        .route("/counters", get(counters).delete(clear_counters))
        .route("/received/{kind}", get(received))
        .route("/received/{kind}/count", get(count))
        .route("/reset", post(reset))
}

fn refuse(status: StatusCode, text: impl Into<String>) -> Refusal {
    (status, Json(json!({"error": text.into()})))
}

fn read<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Refusal> {
    body.map(|Json(body)| body).map_err(|rejection| refuse(rejection.status(), rejection.body_text()))
}

async fn state(State(world): State<Arc<World>>) -> Json<Value> {
    let now = world.clock.now();
    let chains = world.chains.iter().map(|chain| {
        let head = chain.head(now);
        json!({"chain_id": chain.facts.id, "slug": chain.facts.slug, "block_number": head,
               "block_timestamp": chain.timestamp(head), "reserves": chain.reserves.len()})
    });
    Json(json!({"seed": world.seed, "now": now, "offset_seconds": world.clock.offset_seconds(),
                "chains": chains.collect::<Vec<_>>(), "faults": world.faults.all()}))
}

/// A named wallet as listed.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    address: String,
    description: &'static str,
}

async fn list_catalogue() -> Json<Vec<Listed>> {
    let entry = |entry: &catalogue::Entry| Listed {
        name: entry.name,
        address: entry.address().to_checksum(None),
        description: entry.description,
    };
    Json(catalogue::ENTRIES.iter().map(entry).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crash {
    /// A ticker, or "*" for everything but dollars.
    asset: String,
    factor: f64,
    /// Whether what follows the asset (staked and wrapped forms) moves with it.
    #[serde(default)]
    correlated: bool,
}

async fn crash(State(world): State<Arc<World>>, body: Result<Json<Crash>, JsonRejection>) -> Answer {
    let crash = read(body)?;
    if !(crash.factor.is_finite() && crash.factor > 0.0 && crash.factor <= 1e6) {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "factor must be above 0 and at most 1e6"));
    }
    let places: Vec<usize> = if crash.asset == "*" {
        let floats = |(_, asset): &(usize, &crate::world::asset::Asset)| asset.follows != Follows::Dollar;
        world.market.assets().iter().enumerate().filter(floats).map(|(place, _)| place).collect()
    } else {
        let place = find_asset(&world, &crash.asset)?;
        let follows = |(_, asset): &(usize, &crate::world::asset::Asset)| {
            crash.correlated && asset.follows == Follows::Asset(place)
        };
        let followers = world.market.assets().iter().enumerate().filter(follows).map(|(place, _)| place);
        std::iter::once(place).chain(followers).collect()
    };
    let from = world.mine();
    places.iter().for_each(|place| world.market.multiply(*place, from, crash.factor));
    Ok(Json(moved(&world, &places, from)))
}

fn find_asset(world: &World, name: &str) -> Result<usize, Refusal> {
    let place = world.market.place_of(name);
    place.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("no asset {name:?}")))
}

fn moved(world: &World, places: &[usize], from: u64) -> Value {
    let rows = places.iter().filter_map(|place| {
        let asset = world.market.assets().get(*place)?;
        Some(json!({"asset": asset.symbol, "market_usd": world.market.price_usd(*place, from),
                    "oracle_e8": world.market.oracle_e8(*place, from).to_string()}))
    });
    json!({"effective_from": from, "assets": rows.collect::<Vec<_>>()})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPrice {
    asset: String,
    market: Option<f64>,
    oracle: Option<f64>,
}

async fn set_price(State(world): State<Arc<World>>, body: Result<Json<SetPrice>, JsonRejection>) -> Answer {
    let price = read(body)?;
    let sane =
        |value: Option<f64>| value.is_none_or(|value| value.is_finite() && (0.0..=1e12).contains(&value));
    if !sane(price.market) || !sane(price.oracle) {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "prices must be between 0 and 1e12"));
    }
    let place = find_asset(&world, &price.asset)?;
    let from = world.mine();
    world.market.set(place, from, price.market, price.oracle);
    Ok(Json(moved(&world, &[place], from)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

async fn advance(State(world): State<Arc<World>>, body: Result<Json<Advance>, JsonRejection>) -> Answer {
    let Advance { seconds } = read(body)?;
    if seconds > 10 * 365 * 86_400 {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "at most ten years at once"));
    }
    world.clock.advance(seconds);
    Ok(Json(json!({"now": world.clock.now()})))
}

async fn set_fault(State(world): State<Arc<World>>, body: Result<Json<Fault>, JsonRejection>) -> Answer {
    let fault = read(body)?;
    let share = fault.probability.is_none_or(|share| (0.0..=1.0).contains(&share));
    let factor = fault.factor.is_none_or(|factor| factor.is_finite() && factor > 0.0);
    if !share || !factor || fault.times == Some(0) {
        let text = "probability is 0 to 1, factor above 0, times above 0";
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let chain_only = matches!(fault.kind, Kind::Reorg | Kind::StaleOracle);
    if chain_only && fault.provider != Provider::Alchemy {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "only alchemy has blocks and oracles"));
    }
    world.faults.set(fault);
    Ok(Json(json!({"faults": world.faults.all()})))
}

async fn list_faults(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({"faults": world.faults.all()}))
}

#[derive(Deserialize)]
struct ClearFaults {
    provider: Option<Provider>,
}

async fn clear_faults(State(world): State<Arc<World>>, Query(which): Query<ClearFaults>) -> Json<Value> {
    world.faults.clear(which.provider);
    Json(json!({"faults": world.faults.all()}))
}

async fn counters(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.counters.all()))
}

async fn clear_counters(State(world): State<Arc<World>>) -> Json<Value> {
    world.counters.clear();
    Json(json!(world.counters.all()))
}

async fn received(State(world): State<Arc<World>>, Path(kind): Path<Provider>) -> Json<Value> {
    Json(json!(world.inbox.of(kind)))
}

async fn count(State(world): State<Arc<World>>, Path(kind): Path<Provider>) -> Json<Value> {
    Json(world.inbox.tally(kind))
}

async fn reset(State(world): State<Arc<World>>) -> Json<Value> {
    world.reset();
    Json(json!({"now": world.clock.now()}))
}
