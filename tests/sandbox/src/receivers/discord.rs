//! A Discord webhook: the limits of a message and of its embeds.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Arrival, is_long, text};
use crate::faults::Provider;
use crate::world::World;

/// Longest texts of an embed together, characters.
const EMBEDS: usize = 6_000;

pub(super) async fn take(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrival = Arrival { uri: &uri, headers: &headers, body: &body };
    let message = arrival.json();
    let accepted = is_message(&message);
    arrival.keep(&world, Provider::Discord, id_of(&message), accepted);
    if !accepted {
        let body = json!({"message": "Invalid Form Body", "code": 50035, "errors": {"embeds": ["0"]}});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    if uri.query().unwrap_or_default().contains("wait=true") {
        let id = format!("11{:016}", world.clock.now());
        return Json(json!({"id": id, "type": 0, "embeds": message.get("embeds")})).into_response();
    }
    StatusCode::NO_CONTENT.into_response()
}

/// What stands last in the footer.
fn id_of(message: &Value) -> Option<String> {
    let footer = message.pointer("/embeds/0/footer/text")?.as_str()?;
    footer.rsplit(' ').next().map(str::to_owned)
}

fn is_message(message: &Value) -> bool {
    let embeds = message.get("embeds").and_then(Value::as_array);
    let content = text(message, "content");
    let parses_nothing = message.pointer("/allowed_mentions/parse").and_then(Value::as_array);
    (content.is_some() || embeds.is_some_and(|embeds| !embeds.is_empty()))
        && content.is_none_or(|content| is_long(Some(content), 1, 2_000))
        && embeds.is_none_or(|embeds| {
            embeds.len() <= 10
                && embeds.iter().all(is_embed)
                && embeds.iter().map(length).sum::<usize>() <= EMBEDS
        })
        && text(message, "username").is_none_or(|name| is_long(Some(name), 1, 80))
        // Discord takes one without; ours must never mention anybody.
        && parses_nothing.is_some_and(Vec::is_empty)
}

fn is_embed(embed: &Value) -> bool {
    let fits = |name: &str, most: usize| text(embed, name).is_none_or(|one| is_long(Some(one), 1, most));
    let is_field =
        |field: &Value| is_long(text(field, "name"), 1, 256) && is_long(text(field, "value"), 1, 1_024);
    fits("title", 256)
        && fits("description", 4_096)
        && text(embed, "timestamp").is_none_or(|time| time.parse::<jiff::Timestamp>().is_ok())
        && embed.pointer("/footer/text").is_none_or(|footer| is_long(footer.as_str(), 1, 2_048))
        && fields(embed).is_some_and(|fields| fields.len() <= 25 && fields.iter().all(is_field))
}

/// The fields; none where there are none, nothing where they are no list.
fn fields(embed: &Value) -> Option<&[Value]> {
    match embed.get("fields") {
        None => Some(&[]),
        Some(fields) => fields.as_array().map(Vec::as_slice),
    }
}

fn length(embed: &Value) -> usize {
    let own = ["title", "description"].into_iter().filter_map(|name| text(embed, name));
    let footer = embed.pointer("/footer/text").and_then(Value::as_str);
    let fields = fields(embed).unwrap_or_default().iter();
    let of_fields = fields.flat_map(|field| [text(field, "name"), text(field, "value")]).flatten();
    own.chain(footer).chain(of_fields).map(|text| text.chars().count()).sum()
}
