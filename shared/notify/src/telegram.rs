//! The Telegram Bot API's `sendMessage` (core.telegram.org/bots/api#sendmessage): HTML of at most 4,096 characters. The
//! bot's token stands in the URL.

use risk_app::delivery::{Message, Receipt};
use risk_app::summary::rfc3339;
use risk_http::{Destination, Reply, Request};
use risk_model::Happening;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{answered, asked_seconds, by_status, unconfirmed, unsent, whole_seconds};
use crate::news::{News, TEST_TEXT, TEST_TITLE};
use crate::secret::Secret;
use crate::wording::{action, escape_angles, facts, reference, title, utf16, within};

const NAME: &str = "Telegram";
/// Of message and action each, markup included. With the facts it stays under 4,096.
const TEXT: usize = 1_200;
const FACT: usize = 150;
/// Of the last line: two numbers, a channel's name and a time.
const ABOUT: usize = 200;

/// Sends once.
pub(crate) async fn send(
    destination: &Destination,
    (token, chat): (&Secret, &str),
    news: News<'_>,
) -> Receipt {
    let Some(text) = text(news) else { return Receipt::Accepted };
    let body = json!({
        "chat_id": chat,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
    });
    match destination.send(&Request::post_json(format!("/bot{}/sendMessage", token.expose()), &body)).await {
        Ok(reply) => receipt(&reply),
        Err(error) => unsent(&error),
    }
}

/// The message; none for an acknowledgement.
fn text(news: News<'_>) -> Option<String> {
    let id = news.id();
    match news {
        News::Happened(message) if message.happening == Happening::Acknowledged => None,
        News::Happened(message) => Some(html(message, &id)),
        News::Test { .. } => Some(format!("<b>{TEST_TITLE}</b>\n{TEST_TEXT}\n<code>message {id}</code>")),
    }
}

fn html(message: &Message, id: &str) -> String {
    let mut lines = vec![format!("<b>{}</b>", escaped(&title(message), FACT))];
    lines.push(escaped(&message.alert.message, TEXT));
    lines.push(String::new());
    for (name, value) in facts(message) {
        lines.push(format!("{name}: <code>{}</code>", escaped(&value, FACT)));
    }
    if let Some(action) = action(message) {
        lines.push(format!("\n<b>What to do</b>\n{}", escaped(action, TEXT)));
    }
    let about = format!("{} · {}", reference(&message.alert, id), rfc3339(message.at));
    lines.push(format!("\n<code>{}</code>", escaped(&about, ABOUT)));
    lines.join("\n")
}

fn escaped(text: &str, most: usize) -> String {
    within(text, most, escape_angles, utf16)
}

/// What the Bot API answers, whatever the status.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    error_code: Option<u16>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<f64>,
    migrate_to_chat_id: Option<Value>,
}

/// `ok` decides; without it the error code does, which is the status where a proxy answers. A bot that was thrown out
/// (403), a wrong token (401, 404) and a group that became another (400 with its new id) do not come back.
fn receipt(reply: &Reply) -> Receipt {
    let answer: Option<Answer> = serde_json::from_slice(&reply.body).ok();
    let status = answer.as_ref().and_then(|answer| answer.error_code).unwrap_or(reply.status);
    let parameters = match answer {
        Some(Answer { ok: true, .. }) if (200..300).contains(&reply.status) => return Receipt::Accepted,
        Some(answer) => answer.parameters,
        None => Parameters::default(),
    };
    let why = answered(NAME, status);
    match status {
        200..=299 => unconfirmed(NAME, status),
        401 | 403 | 404 => Receipt::Gone { why },
        400 if parameters.migrate_to_chat_id.is_some() => {
            Receipt::Gone { why: format!("{why}: the group has another chat_id now") }
        }
        429 => {
            let asked = asked_seconds(parameters.retry_after);
            Receipt::Later { why, after_seconds: asked.or(reply.retry_after.map(whole_seconds)) }
        }
        _ => by_status(NAME, &Reply { status, ..reply.clone() }),
    }
}
