//! Signed webhooks, as they arrived at the sandbox, against the verification of `standardwebhooks` (PyPI).

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use risk_app::delivery::{Message, MessageId, Receipt};
use risk_app::ports::{Channels, Clock};
use risk_app::records::Alert;
use risk_http::Reach;
use risk_model::{Address, AlertKind, AlertState, Happening, Severity, Timestamp, Wallet};
use risk_notify::{ConfiguredChannels, Surroundings, channels_of};
use risk_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::driver::ask;

const NEW: &str = "whsec_TmV3U2VjcmV0TmV3U2VjcmV0TmV3U2VjcmV0";
const OLD: &str = "whsec_T2xkU2VjcmV0T2xkU2VjcmV0T2xkU2VjcmV0";
const OTHER: &str = "whsec_T3RoZXJTZWNyZXRPdGhlclNlY3JldE90aGVy";

/// Wall time: the verifier refuses what is older than five minutes.
struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the reference verifier reads the wall clock too")]
        let now = SystemTime::now();
        Timestamp::new(now.duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs())
    }
}

fn message(number: u64, happening: Happening, text: &str) -> Message {
    let at = Timestamp::new(1_700_000_000);
    Message {
        id: MessageId { alert: number, sequence: 0, channel: "ops".parse().expect("a name") },
        happening,
        alert: Alert {
            id: number,
            wallet: Wallet::new(Address::from([0xa5; 20])),
            account: String::new(),
            kind: AlertKind::DataBlind,
            severity: Severity::Medium,
            state: AlertState::Open,
            message: text.to_owned(),
            action: "Check the accounts by hand.".to_owned(),
            measured: 1.0,
            threshold: 1.0,
            clear_sweeps: 0,
            told: 0,
            opened_at: at,
            updated_at: at,
            acknowledged_at: None,
            resolved_at: None,
            resolution: None,
        },
        at,
    }
}

/// Sends every happening with every text; what arrived, as the receiver kept it.
async fn arrived() -> Vec<Value> {
    let sandbox = Sandbox::start(Options { seed: 5, port: 0 }).await.expect("a sandbox");
    let url = format!("{}/receivers/webhook/one?key=2", sandbox.base_url);
    let settings = json!([{"id": "ops", "kind": "webhook", "url": url, "secrets": [NEW, OLD]}]).to_string();
    let reach = Reach::PublicAndLoopback;
    let channels = ConfiguredChannels::new(
        channels_of(&settings, reach).expect("settings"),
        Surroundings { user_agent: "test/1".to_owned(), reach, clock: Arc::new(WallClock), aws: None },
    )
    .expect("channels");
    let texts = ["plain", "quote \" \\ . dots. \n line", "🦀 שלום \u{fffd}", &"long ".repeat(10_000)];
    for (number, text) in (1..).zip(texts) {
        for (happening, place) in Happening::ALL.iter().zip(0..) {
            let sent = channels.send(&message(number * 10 + place, *happening, text)).await;
            assert_eq!(sent, Receipt::Accepted);
        }
    }
    let client = risk_tests::stack::client().expect("a client");
    let url = format!("{}/control/received/webhook", sandbox.base_url);
    let body = client.get(url).send().await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&body).expect("a list")
}

#[tokio::test]
async fn the_reference_verifier_takes_what_we_sign_under_each_secret_and_nothing_that_was_changed() {
    let arrived = arrived().await;
    assert_eq!(arrived.len(), 16);
    let question = |one: &Value, secret: &str, change: &str| {
        let (mut headers, mut body) =
            (one["headers"].clone(), one["text"].as_str().expect("text").to_owned());
        match change {
            "body" => body.push(' '),
            "" => {}
            header => headers[header] = format!("{}1", headers[header].as_str().expect("a header")).into(),
        }
        json!({"secret": secret, "headers": headers, "body": body})
    };
    let mut questions = Vec::new();
    let mut wanted = Vec::new();
    for one in &arrived {
        for (secret, change, is_good) in [
            (NEW, "", true),
            (OLD, "", true),
            (OTHER, "", false),
            (NEW, "body", false),
            (NEW, "webhook-id", false),
            (NEW, "webhook-timestamp", false),
        ] {
            questions.push(question(one, secret, change));
            wanted.push(is_good);
        }
    }
    let Some(answers) = ask("standard_webhooks.py", &questions) else { return };
    let seen: Vec<bool> = answers.iter().map(|answer| answer["verified"] == true).collect();
    assert_eq!(seen, wanted, "{answers:?}");
    assert_eq!(answers[0]["type"], "alert.opened");
}
