//! PagerDuty Events API v2 (developer.pagerduty.com/docs/events-api-v2): trigger, acknowledge and resolve of one
//! incident an alert.
//!
//! The incident's key is that of the alert, without its severity. A key for each severity would page again when an
//! acknowledged alert gets worse, but leave one incident more open at each step, and closing them all would be several
//! requests to one attempt. So an escalation is a trigger of the same incident, with the higher severity: PagerDuty
//! shows it, and what it does about an incident that somebody holds is the rule of its service. An alert that opens
//! again has another id, so it is another incident.

use risk_app::delivery::{Message, Receipt};
use risk_app::records::Alert;
use risk_app::summary::rfc3339;
use risk_http::{Destination, Reply, Request};
use risk_model::{ChannelId, Happening, Severity};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::answer::{by_status, unconfirmed, unsent};
use crate::body::AlertBody;
use crate::news::{News, TEST_TEXT, TEST_TITLE};
use crate::secret::Secret;
use crate::wording::{cut, title};

const NAME: &str = "PagerDuty";
const SUMMARY: usize = 1_024;

/// Sends once.
pub(crate) async fn send(destination: &Destination, routing_key: &Secret, news: News<'_>) -> Receipt {
    let request = Request::post_json("/v2/enqueue", &event(routing_key, news));
    match destination.send(&request).await {
        Ok(reply) => receipt(&reply),
        Err(error) => unsent(&error),
    }
}

fn event(routing_key: &Secret, news: News<'_>) -> Value {
    let message = match news {
        News::Test { channel, .. } => return test(routing_key, channel, news),
        News::Happened(message) => message,
    };
    let (action, payload) = match message.happening {
        Happening::Opened | Happening::Escalated => ("trigger", Some(payload(message))),
        Happening::Acknowledged => ("acknowledge", None),
        Happening::Resolved => ("resolve", None),
    };
    let mut event = json!({
        "routing_key": routing_key.expose(),
        "event_action": action,
        "dedup_key": dedup_key(&message.alert),
    });
    if let (Some(payload), Some(fields)) = (payload, event.as_object_mut()) {
        fields.insert("payload".to_owned(), payload);
        fields.insert("client".to_owned(), "Risk Manager".into());
    }
    event
}

fn payload(message: &Message) -> Value {
    let alert = &message.alert;
    let summary = format!("{}: {}", title(message), alert.message);
    let mut payload = json!({
        "summary": cut(&summary.replace('\n', " "), SUMMARY),
        "source": alert.wallet.to_string(),
        "severity": severity(alert.severity),
        "timestamp": rfc3339(message.at),
        "class": alert.kind.name(),
        "custom_details": {"message_id": message.id.to_string(), "alert": AlertBody::from(alert)},
    });
    if !alert.account.is_empty()
        && let Some(fields) = payload.as_object_mut()
    {
        fields.insert("component".to_owned(), cut(&alert.account, 255).into());
    }
    payload
}

/// A test is an incident of its own, of the lowest severity; testing again adds to it.
fn test(routing_key: &Secret, channel: &ChannelId, news: News<'_>) -> Value {
    json!({
        "routing_key": routing_key.expose(),
        "event_action": "trigger",
        "dedup_key": hex::encode(Sha256::digest(format!("test\0{channel}"))),
        "client": "Risk Manager",
        "payload": {
            "summary": format!("{TEST_TITLE}: {TEST_TEXT}"),
            "source": "risk-manager",
            "severity": "info",
            "timestamp": rfc3339(news.at()),
            "custom_details": {"message_id": news.id()},
        },
    })
}

/// 64 hex digits of what the alert is and which one it is; the same for its whole life.
fn dedup_key(alert: &Alert) -> String {
    let identity = format!("{}\0{}\0{}\0{}", alert.wallet.lower_hex(), alert.account, alert.kind, alert.id);
    hex::encode(Sha256::digest(identity))
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    }
}

/// 202 with `"status": "success"` is the one success. 400 is a bad event or key: the same one is not sent again.
fn receipt(reply: &Reply) -> Receipt {
    let status =
        || serde_json::from_slice::<Value>(&reply.body).ok()?.get("status")?.as_str().map(str::to_owned);
    match reply.status {
        202 if status().as_deref() == Some("success") => Receipt::Accepted,
        200..=299 => unconfirmed(NAME, reply.status),
        _ => by_status(NAME, reply),
    }
}
