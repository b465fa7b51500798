//! The Telegram Bot API's `sendMessage`: the token's form, the length, and the HTML that it takes.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Arrival, is_escaped, text};
use crate::faults::Provider;
use crate::world::World;

/// Longest text after its markup is read, UTF-16 units.
const TEXT: usize = 4_096;
/// Elements that messages may have.
const TAGS: [&str; 5] = ["b", "i", "u", "s", "code"];

pub(super) async fn take(
    State(world): State<Arc<World>>,
    Path(bot): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrival = Arrival { uri: &uri, headers: &headers, body: &body };
    let message = arrival.json();
    let error = error_of(&bot, &message);
    arrival.keep(&world, Provider::Telegram, id_of(&message), error.is_none());
    match error {
        None => {
            let result = json!({"message_id": 1, "date": world.clock.now(), "text": text(&message, "text")});
            Json(json!({"ok": true, "result": result})).into_response()
        }
        Some((code, why)) => {
            let body = json!({"ok": false, "error_code": code.as_u16(), "description": why});
            (code, Json(body)).into_response()
        }
    }
}

/// The word after "message" in the last line.
fn id_of(message: &Value) -> Option<String> {
    let line = text(message, "text")?.lines().last()?;
    let after = line.split("message ").nth(1)?;
    after.split([' ', '<']).next().map(str::to_owned)
}

fn error_of(bot: &str, message: &Value) -> Option<(StatusCode, &'static str)> {
    let is_token =
        bot.strip_prefix("bot").and_then(|token| token.split_once(':')).is_some_and(|(id, key)| {
            id.bytes().all(|byte| byte.is_ascii_digit()) && !id.is_empty() && key.len() >= 30
        });
    let refused = |why| Some((StatusCode::BAD_REQUEST, why));
    if !is_token {
        return Some((StatusCode::NOT_FOUND, "Not Found"));
    }
    if !message.get("chat_id").is_some_and(|chat| chat.is_string() || chat.is_i64()) {
        return refused("Bad Request: chat_id is empty");
    }
    let Some(content) = text(message, "text").filter(|text| !text.is_empty()) else {
        return refused("Bad Request: message text is empty");
    };
    let plain = match text(message, "parse_mode") {
        None => Some(content.to_owned()),
        Some("HTML") => plain_of(content),
        Some(_) => return refused("Bad Request: unsupported parse_mode"),
    };
    match plain {
        None => refused("Bad Request: can't parse entities"),
        Some(plain) if plain.encode_utf16().count() > TEXT => refused("Bad Request: message is too long"),
        Some(_) => None,
    }
}

/// The text that HTML stands for; nothing where an element is unknown or left open, or an entity is none.
fn plain_of(html: &str) -> Option<String> {
    let mut plain = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>')?;
        plain.push_str(before);
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            None if TAGS.contains(&tag) => open.push(tag),
            _ => return None,
        }
        rest = behind;
    }
    plain.push_str(rest);
    let is_sound = open.is_empty() && is_escaped(&plain) && !plain.contains('>');
    is_sound.then(|| plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
