//! Price histories: 5-minute, hourly and daily points, and a last point that is "now".

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::coingecko::{Params, coin, contract};
use crate::draw::Draw;
use crate::faults::Effects;
use crate::market::DAY;
use crate::world::World;

/// How far back this plan may look, in days.
const PLAN_DAYS: u64 = 365;
const HOUR: u64 = 3_600;
const FIVE_MINUTES: u64 = 300;

/// A span of time and the distance of its points, in seconds.
struct Span {
    from: u64,
    to: u64,
    step: u64,
}

pub(super) async fn by_id(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path(id): Path<String>,
    Query(params): Params,
) -> Response {
    answer(&world, &effects, coin(&world, &id), days_span(&world, &effects, &params))
}

pub(super) async fn by_contract(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path((platform, address)): Path<(String, String)>,
    Query(params): Params,
) -> Response {
    answer(&world, &effects, contract(&world, &platform, &address), days_span(&world, &effects, &params))
}

pub(super) async fn range_by_id(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path(id): Path<String>,
    Query(params): Params,
) -> Response {
    answer(&world, &effects, coin(&world, &id), range_span(&world, &params))
}

pub(super) async fn range_by_contract(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path((platform, address)): Path<(String, String)>,
    Query(params): Params,
) -> Response {
    answer(&world, &effects, contract(&world, &platform, &address), range_span(&world, &params))
}

fn refuse(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"error": text}))).into_response()
}

fn too_far_back(now: u64) -> Response {
    let stamp = jiff::Timestamp::from_second(i64::try_from(now).unwrap_or(0));
    let body = json!({"error": {"status": {
        "timestamp": stamp.map(|stamp| stamp.to_string()).unwrap_or_default(),
        "error_code": 10012,
        "error_message": "Your request exceeds the allowed time range. Public API users are limited to \
            querying historical data within the past 365 days. Upgrade to a paid plan to enjoy full \
            historical data access: https://www.coingecko.com/en/api/pricing. ",
    }}});
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

fn days_span(
    world: &World,
    effects: &Effects,
    params: &HashMap<String, String>,
) -> Result<Span, Box<Response>> {
    let now = world.clock.now().saturating_sub(effects.block_lag_seconds);
    let text = params.get("days").map(String::as_str).unwrap_or_default();
    let days: u64 = match text {
        "max" => PLAN_DAYS + 1,
        text => text.parse().map_err(|_| {
            Box::new(refuse(StatusCode::UNPROCESSABLE_ENTITY, "Missing or invalid parameter days"))
        })?,
    };
    if days > PLAN_DAYS {
        return Err(Box::new(too_far_back(now)));
    }
    let step = match (params.get("interval").map(String::as_str), days) {
        (Some("daily"), _) | (None, 91..) => DAY,
        (Some("hourly"), _) | (None, 2..=90) => HOUR,
        (None, _) => FIVE_MINUTES,
        (Some(_), _) => {
            return Err(Box::new(refuse(StatusCode::UNPROCESSABLE_ENTITY, "Invalid interval")));
        }
    };
    Ok(Span { from: now.saturating_sub(days.max(1) * DAY), to: now, step })
}

fn range_span(world: &World, params: &HashMap<String, String>) -> Result<Span, Box<Response>> {
    let now = world.clock.now();
    let bound = |name: &str| params.get(name).and_then(|text| text.parse::<u64>().ok());
    let (Some(from), Some(to)) = (bound("from"), bound("to")) else {
        return Err(Box::new(refuse(StatusCode::UNPROCESSABLE_ENTITY, "Missing or invalid from or to")));
    };
    if from.saturating_add((PLAN_DAYS + 1) * DAY) < now {
        return Err(Box::new(too_far_back(now)));
    }
    let to = to.min(now);
    let step = match to.saturating_sub(from) / DAY {
        0..=1 => FIVE_MINUTES,
        2..=90 => HOUR,
        _ => DAY,
    };
    Ok(Span { from, to, step })
}

fn answer(
    world: &World,
    effects: &Effects,
    asset: Option<usize>,
    span: Result<Span, Box<Response>>,
) -> Response {
    let hidden =
        |place: &usize| world.market.assets().get(*place).is_some_and(|asset| effects.hides(&asset.symbol));
    let Some(asset) = asset.filter(|place| !hidden(place)) else {
        return refuse(StatusCode::NOT_FOUND, "coin not found");
    };
    let span = match span {
        Ok(span) => span,
        Err(refusal) => return *refusal,
    };
    let factor = effects.price_factor.unwrap_or(1.0);
    let supply = world.market.assets().get(asset).map_or(0.0, |asset| asset.supply);
    let (mut prices, mut caps, mut volumes): (Vec<Value>, Vec<Value>, Vec<Value>) = Default::default();
    // A volume is of a day, whatever the step.
    let mut volume = (u64::MAX, 0.0);
    for ms in stamps(world.seed, &span) {
        let time = ms / 1000;
        if volume.0 != time / DAY {
            volume = (time / DAY, world.market.volume_usd(asset, time));
        }
        let price = world.market.price_usd(asset, time) * factor;
        prices.push(json!([ms, price]));
        caps.push(json!([ms, price * supply]));
        volumes.push(json!([ms, volume.1]));
    }
    Json(json!({"prices": prices, "market_caps": caps, "total_volumes": volumes})).into_response()
}

/// Points in milliseconds: days sit on midnight, finer ones some seconds off; the last one is the end.
fn stamps(seed: u64, span: &Span) -> Vec<u64> {
    let first = span.from.div_ceil(span.step) * span.step;
    let mut stamps = Vec::new();
    let mut time = first;
    while time < span.to {
        let late_ms = match span.step {
            DAY => 0,
            step => Draw::new(seed, &[b"late", &time.to_be_bytes()]).next() % (step * 100),
        };
        stamps.push((time * 1000 + late_ms).min(span.to * 1000));
        time += span.step;
    }
    stamps.push(span.to * 1000);
    stamps
}
