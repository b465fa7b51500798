//! A Slack incoming webhook: what Block Kit takes, and nothing beyond it.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;

use super::{Arrival, is_escaped, is_long, text};
use crate::faults::Provider;
use crate::faults::replies::plain;
use crate::world::World;

pub(super) async fn take(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrival = Arrival { uri: &uri, headers: &headers, body: &body };
    let payload = arrival.json();
    let error = error_of(&payload);
    arrival.keep(&world, Provider::Slack, id_of(&payload), error.is_none());
    match error {
        None => plain(StatusCode::OK, "ok"),
        Some(error) => plain(StatusCode::BAD_REQUEST, error),
    }
}

/// The id of the last block that has one of its own.
fn id_of(payload: &Value) -> Option<String> {
    let blocks = payload.get("blocks")?.as_array()?;
    blocks.iter().rev().find_map(|block| text(block, "block_id")).map(str::to_owned)
}

fn error_of(payload: &Value) -> Option<&'static str> {
    let Some(fields) = payload.as_object() else { return Some("invalid_payload") };
    if !fields.contains_key("text") && !fields.contains_key("blocks") {
        return Some("no_text");
    }
    if fields.contains_key("text") && !is_long(text(payload, "text"), 1, 40_000) {
        return Some("no_text");
    }
    let is_bad = fields.get("blocks").is_some_and(|blocks| !are_blocks(blocks));
    is_bad.then_some("invalid_blocks")
}

fn are_blocks(list: &Value) -> bool {
    let Some(blocks) = list.as_array().filter(|blocks| (1..=50).contains(&blocks.len())) else {
        return false;
    };
    let ids: Vec<&str> = blocks.iter().filter_map(|block| text(block, "block_id")).collect();
    let is_unique = ids.iter().collect::<HashSet<_>>().len() == ids.len();
    let is_short = ids.iter().all(|id| is_long(Some(id), 1, 255));
    is_unique && is_short && blocks.iter().all(is_block)
}

fn is_block(block: &Value) -> bool {
    match text(block, "type") {
        Some("header") => block.get("text").is_some_and(|title| is_text(title, &["plain_text"], 150)),
        Some("section") => {
            let title = block.get("text");
            let fields = block.get("fields");
            let good_fields = fields.is_none_or(|fields| {
                fields.as_array().is_some_and(|fields| {
                    (1..=10).contains(&fields.len())
                        && fields.iter().all(|field| is_text(field, &["plain_text", "mrkdwn"], 2_000))
                })
            });
            (title.is_some() || fields.is_some())
                && title.is_none_or(|title| is_text(title, &["plain_text", "mrkdwn"], 3_000))
                && good_fields
        }
        Some("context") => block.get("elements").and_then(Value::as_array).is_some_and(|elements| {
            (1..=10).contains(&elements.len())
                && elements.iter().all(|element| is_text(element, &["plain_text", "mrkdwn"], 3_000))
        }),
        Some("divider") => true,
        _ => false,
    }
}

/// A text object. Slack would read an angle as a link or a mention; here no message may hold one, since none of ours
/// means to.
fn is_text(object: &Value, kinds: &[&str], most: usize) -> bool {
    let content = text(object, "text");
    let is_markup = text(object, "type") == Some("mrkdwn");
    kinds.contains(&text(object, "type").unwrap_or_default())
        && is_long(content, 1, most)
        && (!is_markup || content.is_some_and(|text| is_escaped(text) && !text.contains(['<', '>'])))
        && (is_markup || object.get("verbatim").is_none())
}
