//! Discord webhooks: one embed a message, within its limits (title 256, description 4,096, field 1,024, all 6,000),
//! with its markup escaped and nobody mentioned.

use risk_app::delivery::{Message, Receipt};
use risk_app::summary::rfc3339;
use risk_http::{Destination, Reply, Request};
use risk_model::{Happening, Severity};
use serde_json::{Value, json};

use crate::answer::{answered, asked_seconds, by_status, unconfirmed, unsent, whole_seconds};
use crate::news::{News, TEST_TEXT, TEST_TITLE};
use crate::wording::{action, cut, facts, reference, title, utf16, within};

const NAME: &str = "Discord";
const TITLE: usize = 256;
/// Of message and action each. With six fields and the footer it stays under what an embed may hold.
const TEXT: usize = 1_500;
const FIELD: usize = 300;
const FOOTER: usize = 200;

/// Sends once. With `wait` the answer is the message as it was kept, and an error where it was not.
pub(crate) async fn send(destination: &Destination, news: News<'_>) -> Receipt {
    let Some(body) = payload(news) else { return Receipt::Accepted };
    match destination.send(&Request::post_json("?wait=true", &body)).await {
        Ok(reply) => receipt(&reply),
        Err(error) => unsent(&error),
    }
}

/// The message; none for an acknowledgement.
fn payload(news: News<'_>) -> Option<Value> {
    let id = news.id();
    let mut embed = match news {
        News::Happened(message) if message.happening == Happening::Acknowledged => return None,
        News::Happened(message) => embed(message, &id),
        News::Test { .. } => json!({"title": TEST_TITLE, "description": TEST_TEXT,
                                    "footer": {"text": format!("message {id}")}}),
    };
    if let Some(fields) = embed.as_object_mut() {
        fields.insert("timestamp".to_owned(), rfc3339(news.at()).into());
    }
    Some(json!({"username": "Risk Manager", "allowed_mentions": {"parse": []}, "embeds": [embed]}))
}

fn embed(message: &Message, id: &str) -> Value {
    let mut description = escaped(&message.alert.message, TEXT);
    if let Some(action) = action(message) {
        description.push_str("\n\n**What to do**\n");
        description.push_str(&escaped(action, TEXT));
    }
    let field = |(name, value): (&str, String)| {
        let value = escaped(&value, FIELD);
        json!({"name": name, "value": if value.is_empty() { "–" } else { &value }, "inline": true})
    };
    json!({
        "title": cut(&title(message), TITLE),
        "description": description,
        "color": color(message),
        "fields": facts(message).into_iter().map(field).collect::<Vec<_>>(),
        "footer": {"text": cut(&reference(&message.alert, id), FOOTER)},
    })
}

/// Green where it is over, otherwise the warmer the worse.
fn color(message: &Message) -> u32 {
    match (message.happening, message.alert.severity) {
        (Happening::Resolved, _) => 0x2e_a0_43,
        (_, Severity::Critical) => 0xd1_24_2f,
        (_, Severity::High) => 0xe3_6a_00,
        (_, Severity::Medium) => 0xd4_a7_2c,
        (_, Severity::Low) => 0x57_6f_8a,
    }
}

fn escaped(text: &str, most: usize) -> String {
    within(text, most, escape, utf16)
}

/// A backslash before everything that Discord reads as markup, a link or a mention.
fn escape(letter: char, into: &mut String) {
    if matches!(letter, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' | '(' | ')' | '#' | '@') {
        into.push('\\');
    }
    into.push(letter);
}

/// 204, or 200 with the message's id. A webhook that is unknown (404) or whose token is wrong (401) stays so, and an
/// address that goes on asking for it is banned.
fn receipt(reply: &Reply) -> Receipt {
    let body = || serde_json::from_slice::<Value>(&reply.body).unwrap_or(Value::Null);
    match reply.status {
        204 => Receipt::Accepted,
        200 if body().get("id").is_some_and(Value::is_string) => Receipt::Accepted,
        200..=299 => unconfirmed(NAME, reply.status),
        401 | 404 => Receipt::Gone { why: answered(NAME, reply.status) },
        429 => {
            // The body has it to the fraction of a second; the header is there without it when a proxy refuses.
            let asked = asked_seconds(body().get("retry_after").and_then(Value::as_f64));
            let after_seconds = asked.or(reply.retry_after.map(whole_seconds));
            Receipt::Later { why: answered(NAME, reply.status), after_seconds }
        }
        _ => by_status(NAME, reply),
    }
}
