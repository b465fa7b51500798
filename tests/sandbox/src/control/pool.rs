//! Moving a liquidity pool away from the market, as somebody with enough money can for a while.

use std::sync::Arc;

use alloy_primitives::Address;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::control::{Answer, read, refuse};
use crate::world::World;

/// Where a pool's price goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    /// The pool's address.
    pool: String,
    /// Times the market's price; 1 brings it back.
    factor: f64,
}

/// `POST /control/pool`.
pub(super) async fn set(State(world): State<Arc<World>>, body: Result<Json<Move>, JsonRejection>) -> Answer {
    let Move { pool, factor } = read(body)?;
    if !(1e-6..=1e6).contains(&factor) {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "factor must be between 1e-6 and 1e6"));
    }
    let pool: Address =
        pool.parse().map_err(|_| refuse(StatusCode::UNPROCESSABLE_ENTITY, "not an address"))?;
    let is_known = world.chains.iter().flat_map(|chain| &chain.pools).any(|known| known.address == pool);
    if !is_known {
        return Err(refuse(StatusCode::NOT_FOUND, "no such pool"));
    }
    let from = world.mine();
    world.moved_pools.set(pool, from, factor);
    Ok(Json(json!({"effective_from": from, "factor": factor})))
}
