//! What exists: coins, their platforms, their markets.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use crate::coingecko::{Params, coin, quote};
use crate::faults::Effects;
use crate::world::World;

/// `/coins/list`, with contract addresses when `include_platform=true`.
pub(super) async fn coins(State(world): State<Arc<World>>, Query(params): Params) -> Json<Value> {
    let with_platforms = params.get("include_platform").is_some_and(|value| value == "true");
    let mut rows = Vec::new();
    for (place, asset) in world.market.assets().iter().enumerate() {
        let native = world.chains.iter().any(|chain| chain.native_asset == place);
        let mut row = json!({"id": asset.coin_id, "symbol": asset.symbol.to_lowercase(), "name": asset.name});
        if with_platforms {
            let own = if native && asset.key == "eth" { Map::new() } else { platforms_of(&world, place) };
            row["platforms"] = Value::Object(own);
        }
        rows.push(row);
        if asset.key == "eth" {
            let mut wrapped = json!({"id": "weth", "symbol": "weth", "name": "WETH"});
            if with_platforms {
                wrapped["platforms"] = Value::Object(platforms_of(&world, place));
            }
            rows.push(wrapped);
        }
    }
    Json(Value::Array(rows))
}

fn platforms_of(world: &World, asset: usize) -> Map<String, Value> {
    let tokens = world.chains.iter().filter_map(|chain| {
        let token = chain.tokens.iter().find(|token| token.asset == asset)?;
        Some((chain.facts.platform.to_owned(), Value::String(format!("{:#x}", token.underlying))))
    });
    tokens.collect()
}

/// `/asset_platforms`.
pub(super) async fn platforms(State(world): State<Arc<World>>) -> Json<Value> {
    let row = |chain: &crate::world::chain::Chain| {
        let native = world.market.assets().get(chain.native_asset).map(|asset| asset.coin_id.clone());
        json!({"id": chain.facts.platform, "chain_identifier": chain.facts.id, "name": chain.facts.name,
               "shortname": chain.facts.llama, "native_coin_id": native})
    };
    Json(world.chains.iter().map(row).collect())
}

/// `/coins/markets`, for the ids given or for all.
pub(super) async fn markets(
    State(world): State<Arc<World>>,
    Extension(effects): Extension<Effects>,
    Query(params): Params,
) -> Json<Value> {
    let number =
        |name: &str, usual: usize| params.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (per_page, page) = (number("per_page", 100).clamp(1, 250), number("page", 1).max(1));
    let places: Vec<usize> = match params.get("ids") {
        Some(ids) => ids.split(',').filter_map(|id| coin(&world, id)).collect(),
        None => (0..world.market.assets().len()).collect(),
    };
    let start = page.saturating_sub(1).saturating_mul(per_page);
    let shown = places.into_iter().skip(start).take(per_page);
    Json(shown.filter_map(|place| market_row(&world, &effects, place)).collect())
}

fn market_row(world: &World, effects: &Effects, place: usize) -> Option<Value> {
    let (asset, quote) = (world.market.assets().get(place)?, quote(world, effects, place)?);
    let updated = jiff::Timestamp::from_second(i64::try_from(quote.updated_at).ok()?).ok()?;
    Some(json!({
        "id": asset.coin_id,
        "symbol": asset.symbol.to_lowercase(),
        "name": asset.name,
        "current_price": quote.usd,
        "market_cap": quote.market_cap_usd,
        "market_cap_rank": place + 1,
        "total_volume": quote.volume_usd,
        "high_24h": null,
        "low_24h": null,
        "price_change_percentage_24h": quote.change_24h_pct,
        "circulating_supply": asset.supply,
        "total_supply": asset.supply,
        "max_supply": null,
        "last_updated": updated.to_string(),
    }))
}
