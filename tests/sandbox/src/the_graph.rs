//! The Graph gateway with the Aave V3 subgraphs: `_meta`, `userReserves`, `reserves`, `users`, `user`.

mod query;
mod rows;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::faults::{Effects, replies};
use crate::the_graph::query::{Field, parse, project};
use crate::the_graph::rows::Rows;
use crate::world::World;
use crate::world::chain::Chain;
use crate::world::view::View;

/// Most rows of one query.
const FIRST: u64 = 1000;
/// How many blocks a healthy indexer is behind.
const BEHIND: u64 = 2;

/// The routes below `/thegraph`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/api/subgraphs/id/{id}", post(answer))
}

#[derive(Deserialize)]
struct Body {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
}

async fn answer(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if let Some(refusal) = check_key(&headers) {
        return refusal;
    }
    let work = tokio::task::spawn_blocking(move || match run(&world, &effects, &id, &body) {
        Ok(data) => Json(json!({"data": data})).into_response(),
        Err(text) => Json(replies::graph_error(&text)).into_response(),
    });
    work.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The gateway answers a bad key with HTTP 200.
fn check_key(headers: &HeaderMap) -> Option<Response> {
    let text = match headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        None => "auth error: missing authorization header",
        Some("Bearer sandbox") => return None,
        Some(value) if value.starts_with("Bearer ") => "auth error: API key not found",
        Some(_) => "auth error: malformed API key",
    };
    Some(Json(replies::graph_error(text)).into_response())
}

fn run(world: &World, effects: &Effects, id: &str, body: &[u8]) -> Result<Value, String> {
    let chain = world.chains.iter().find(|chain| chain.facts.subgraph == id);
    let chain = chain.ok_or_else(|| format!("subgraph not found: {id}"))?;
    let body: Body = serde_json::from_slice(body).map_err(|error| format!("bad query: {error}"))?;
    let fields = parse(&body.query, &body.variables.unwrap_or_default())
        .map_err(|error| format!("bad query: {error}"))?;
    let now = world.clock.now().saturating_sub(effects.block_lag_seconds);
    let view = View::new(world, chain, chain.head(now).saturating_sub(BEHIND), effects);
    let mut data = Map::new();
    for field in &fields {
        check_block(&view, field)?;
        let value = resolve(&view, field)?;
        data.insert(field.alias.clone(), project(&value, field)?);
    }
    Ok(Value::Object(data))
}

/// A query may ask for a block that the indexer has not seen.
fn check_block(view: &View<'_>, field: &Field) -> Result<(), String> {
    let block = field.arguments.get("block");
    let wanted = block.and_then(|block| block.get("number_gte").or_else(|| block.get("number")));
    let latest = view.number;
    match wanted.and_then(Value::as_u64) {
        Some(number) if number > latest => Err(format!(
            "bad indexers: {{0x3f8a1c2b7d6e5f4039281706f5e4d3c2b1a09f8e: \
             Unavailable(missing block: {number}, latest: {latest})}}"
        )),
        _ => Ok(()),
    }
}

fn resolve(view: &View<'_>, field: &Field) -> Result<Value, String> {
    let rows = Rows::new(view);
    match field.name.as_str() {
        "_meta" => Ok(meta(view)),
        "userReserves" => {
            let mut found: Vec<(String, Value)> =
                users(field).iter().flat_map(|user| rows.of_user(user)).collect();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            found.dedup_by(|a, b| a.0 == b.0);
            page(field, found)
        }
        "reserves" => {
            let mut found = rows.reserves();
            found.sort_by(|a, b| a.0.cmp(&b.0));
            page(field, found)
        }
        "users" => page(field, users(field).iter().filter_map(|user| rows.user(user)).collect()),
        "user" => {
            let id = field.arguments.get("id").and_then(Value::as_str).ok_or("missing argument `id`")?;
            Ok(rows.user(id).map_or(Value::Null, |(_, value)| value))
        }
        other => Err(format!("Type `Query` has no field `{other}`")),
    }
}

fn meta(view: &View<'_>) -> Value {
    let Chain { facts, .. } = view.chain;
    json!({
        "__typename": "_Meta_",
        "block": {
            "__typename": "_Block_",
            "number": view.number,
            "hash": view.world.block_hash(view.chain, view.number).to_string(),
            "parentHash": view.world.block_hash(view.chain, view.number.saturating_sub(1)).to_string(),
            "timestamp": view.timestamp,
        },
        "deployment": format!("Qm{}", &facts.subgraph),
        "hasIndexingErrors": false,
    })
}

/// The users that a `where` names. Nobody is found by an address in mixed case: ids are lower case.
fn users(field: &Field) -> Vec<String> {
    let Some(filter) = field.arguments.get("where") else {
        return Vec::new();
    };
    let one = |name: &str| filter.get(name).and_then(Value::as_str).map(str::to_owned);
    let many = |name: &str| {
        let list = filter.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
    };
    let nested = || filter.get("user_")?.get("id")?.as_str().map(str::to_owned);
    let mut found = [many("user_in"), many("id_in")].concat();
    found.extend(one("user").or_else(|| one("id")).or_else(nested));
    found.sort_unstable();
    found.dedup();
    found
}

/// One page of rows already in id order: those after `id_gt`, at most `first`.
fn page(field: &Field, rows: Vec<(String, Value)>) -> Result<Value, String> {
    let first = field.arguments.get("first").and_then(Value::as_i64).unwrap_or(100);
    let allowed = u64::try_from(first).ok().filter(|first| *first <= FIRST);
    let first = allowed
        .ok_or_else(|| format!("The `first` argument must be between 0 and {FIRST}, but is {first}"))?;
    let skip = field.arguments.get("skip").and_then(Value::as_u64).unwrap_or(0);
    let after = field.arguments.get("where").and_then(|filter| filter.get("id_gt")).and_then(Value::as_str);
    let after = after.unwrap_or_default();
    let amount = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let shown = rows.into_iter().filter(|(id, _)| id.as_str() > after);
    Ok(shown.skip(amount(skip)).take(amount(first)).map(|(_, value)| value).collect())
}
