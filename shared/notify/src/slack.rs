//! Slack incoming webhooks: Block Kit messages within its limits (50 blocks, header 150, section 3,000 characters, ten
//! fields of 2,000; docs.slack.dev/reference/block-kit/blocks), escaped as it asks (`&`, `<`, `>`).
//!
//! An incoming webhook cannot change what it sent: the end of an alert is a message of its own.

use risk_app::delivery::{Message, Receipt};
use risk_app::summary::rfc3339;
use risk_http::{Destination, Reply, Request};
use risk_model::Happening;
use serde_json::{Value, json};

use crate::answer::{by_status, later, unconfirmed, unsent};
use crate::news::{News, TEST_TEXT, TEST_TITLE};
use crate::wording::{action, cut, escape_angles, facts, reference, title, utf16, within};

const NAME: &str = "Slack";
const HEADER: usize = 150;
const SECTION: usize = 3_000;
const FIELD: usize = 2_000;
/// Of the text that notifications show. Slack takes 40,000 and recommends 4,000.
const FALLBACK: usize = 3_000;

/// Error texts that Slack documents; any other text of an answer is never shown.
const KNOWN_ERRORS: [&str; 14] = [
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_blocks",
    "invalid_payload",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_service_id",
    "no_team",
    "no_text",
    "posting_to_general_channel_denied",
    "too_many_attachments",
    "user_not_found",
];

/// Sends once.
pub(crate) async fn send(destination: &Destination, news: News<'_>) -> Receipt {
    let Some(body) = payload(news) else { return Receipt::Accepted };
    match destination.send(&Request::post_json("", &body)).await {
        Ok(reply) => receipt(&reply),
        Err(error) => unsent(&error),
    }
}

/// The message; none for an acknowledgement.
fn payload(news: News<'_>) -> Option<Value> {
    let (header, fallback, mut blocks) = match news {
        News::Happened(message) if message.happening == Happening::Acknowledged => return None,
        News::Happened(message) => {
            let title = title(message);
            let fallback = format!("{title}: {}", message.alert.message);
            (title, fallback, sections(message))
        }
        News::Test { .. } => (TEST_TITLE.to_owned(), TEST_TEXT.to_owned(), vec![section(TEST_TEXT)]),
    };
    let id = news.id();
    let about = match news {
        News::Happened(message) => reference(&message.alert, &id),
        News::Test { .. } => format!("message {id}"),
    };
    let about = format!("{about} · {}", rfc3339(news.at()));
    blocks.insert(0, json!({"type": "header", "text": {"type": "plain_text", "text": cut(&header, HEADER)}}));
    // The block's id is the message's: what is told again is seen to be the same.
    blocks.push(json!({"type": "context", "block_id": id, "elements": [mrkdwn(&escaped(&about, FIELD))]}));
    Some(json!({"text": escaped(&fallback, FALLBACK), "blocks": blocks}))
}

fn sections(message: &Message) -> Vec<Value> {
    let field = |(name, value): (&str, String)| {
        let value = escaped(&value, FIELD - utf16(name) - 3);
        mrkdwn(&format!("*{name}*\n{value}"))
    };
    let fields: Vec<Value> = facts(message).into_iter().take(10).map(field).collect();
    let mut sections = vec![section(&message.alert.message), json!({"type": "section", "fields": fields})];
    if let Some(action) = action(message) {
        sections.push(section(&format!("What to do: {action}")));
    }
    sections
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(&escaped(text, SECTION))})
}

/// `verbatim`: links, channels and people named in the text are not looked for.
fn mrkdwn(text: &str) -> Value {
    // An empty text is refused.
    let text = if text.is_empty() { "–" } else { text };
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn escaped(text: &str, most: usize) -> String {
    within(text, most, escape_angles, utf16)
}

/// 200 with the body `ok` is the one success; 403, 404 and 410 say that the hook or its channel is no more.
fn receipt(reply: &Reply) -> Receipt {
    let text = std::str::from_utf8(&reply.body).unwrap_or_default().trim();
    let known = KNOWN_ERRORS.iter().find(|known| **known == text);
    let why = known.map_or_else(
        || format!("{NAME} answered {}", reply.status),
        |known| format!("{NAME} answered {}: {known}", reply.status),
    );
    match reply.status {
        200 if text == "ok" => Receipt::Accepted,
        200..=299 => unconfirmed(NAME, reply.status),
        403 | 404 | 410 => Receipt::Gone { why },
        429 => later(NAME, reply),
        400..=499 if known.is_some() => Receipt::Refused { why },
        _ => by_status(NAME, reply),
    }
}
