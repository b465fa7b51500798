//! Changing what governance, depositors and the market for blocks decide: a reserve's terms, what is left in a protocol, a
//! chain's gas.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::control::{Answer, Refusal, read, refuse};
use crate::world::World;
use crate::world::chain::Chain;
use crate::world::governed::Decision;

/// New terms of a reserve of a chain's Aave V3 market.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    chain_id: u64,
    /// The token's symbol.
    asset: String,
    terms: Decision,
}

fn chain(world: &World, id: u64) -> Result<&Chain, Refusal> {
    world.chain_by_id(id).ok_or_else(|| refuse(StatusCode::NOT_FOUND, "no such chain"))
}

/// `POST /control/reserve`.
pub(super) async fn reserve(
    State(world): State<Arc<World>>,
    body: Result<Json<Change>, JsonRejection>,
) -> Answer {
    let Change { chain_id, asset, terms } = read(body)?;
    let chain = chain(&world, chain_id)?;
    let mut listed = chain.tokens.iter().take(chain.reserves.len());
    let place = listed.position(|token| token.symbol == asset);
    let place = place.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("no reserve {asset:?}")))?;
    let from = world.mine();
    world.governed.decide(chain_id, place, from, terms);
    Ok(Json(json!({"effective_from": from, "reserve": place})))
}

/// Gas of a chain, as its gas oracle tells it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gas {
    chain_id: u64,
    /// Times the usual price; 1 brings it back.
    factor: f64,
}

/// `POST /control/gas`.
pub(super) async fn gas(State(world): State<Arc<World>>, body: Result<Json<Gas>, JsonRejection>) -> Answer {
    let Gas { chain_id, factor } = read(body)?;
    if !(1e-3..=1e6).contains(&factor) {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "factor must be between 1e-3 and 1e6"));
    }
    chain(&world, chain_id)?;
    world.governed.set_gas(chain_id, factor);
    Ok(Json(json!({"factor": factor})))
}

/// What is left in a protocol.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Locked {
    /// As DefiLlama calls it.
    slug: String,
    /// Times the usual value; 1 brings it back.
    factor: f64,
}

/// `POST /control/locked`.
pub(super) async fn locked(
    State(world): State<Arc<World>>,
    body: Result<Json<Locked>, JsonRejection>,
) -> Answer {
    let Locked { slug, factor } = read(body)?;
    if !(1e-3..=1e3).contains(&factor) {
        return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "factor must be between 1e-3 and 1e3"));
    }
    world.governed.set_locked(&slug, factor);
    Ok(Json(json!({"factor": factor})))
}
