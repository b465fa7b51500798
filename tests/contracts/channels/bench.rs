//! A channel of one kind in front of the sandbox's receiver, and what arrived there.

use std::sync::Arc;

use risk_app::delivery::{Message, MessageId, Receipt};
use risk_app::ports::{Channels, Clock};
use risk_app::records::Alert;
use risk_http::Reach;
use risk_model::{Address, AlertKind, AlertState, ChannelId, Happening, Severity, Timestamp, Wallet};
use risk_notify::{AwsCredentials, ConfiguredChannels, Secret, Surroundings, channels_of};
use risk_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

/// What stands in every secret place of the settings.
pub(crate) const SECRET: &str = "SeCrEtSeCrEtSeCrEtSeCrEtSeCrEt32";
/// A webhook's secret.
pub(crate) const SIGNING: &str = "whsec_U2VDckV0U2VDckV0U2VDckV0U2VDckV0";

/// A kind of channel: its name, its receiver in the sandbox, and what it needs.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) receiver: &'static str,
    path: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind { name: "slack", receiver: "slack", path: "/services/T0/B0/SeCrEtSeCrEtSeCrEtSeCrEtSeCrEt32" },
    Kind { name: "pager_duty", receiver: "pagerduty", path: "" },
    Kind { name: "webhook", receiver: "webhook", path: "/hook?key=SeCrEtSeCrEtSeCrEtSeCrEtSeCrEt32" },
    Kind { name: "discord", receiver: "discord", path: "/api/webhooks/1/SeCrEtSeCrEtSeCrEtSeCrEtSeCrEt32" },
    Kind { name: "telegram", receiver: "telegram", path: "" },
];

impl Kind {
    pub(crate) fn named(name: &str) -> Self {
        *KINDS.iter().find(|kind| kind.name == name).expect("a kind")
    }

    /// Its settings, as an operator writes them.
    fn settings(self, base: &str) -> Value {
        let url = format!("{base}/receivers/{}{}", self.receiver, self.path);
        let mut settings = json!({"id": "desk", "kind": self.name, "url": url, "timeout_seconds": 1});
        match self.name {
            "pager_duty" => settings["routing_key"] = SECRET.into(),
            "webhook" => settings["secrets"] = json!([SIGNING]),
            "telegram" => {
                settings["bot_token"] = format!("123456:{SECRET}").into();
                settings["chat_id"] = json!(-100_123);
            }
            _ => {}
        }
        settings
    }

    /// Whether it has a message for a happening.
    pub(crate) fn tells(self, happening: Happening) -> bool {
        happening != Happening::Acknowledged || matches!(self.name, "pager_duty" | "webhook")
    }
}

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The channel under test, its receiver, and a second channel of another kind beside it.
pub(crate) struct Bench {
    pub(crate) kind: Kind,
    pub(crate) channels: ConfiguredChannels,
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl Bench {
    pub(crate) async fn start(kind: Kind) -> Self {
        let sandbox = Sandbox::start(Options { seed: 5, port: 0 }).await.expect("a sandbox");
        let base = sandbox.base_url.clone();
        let channels = configured(&[kind.settings(&base)]);
        Self { kind, channels, sandbox, client: risk_tests::stack::client().expect("a client") }
    }

    /// A channel of the same kind at a port where nobody listens.
    pub(crate) fn at_nobody(&self) -> ConfiguredChannels {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        drop(listener);
        configured(&[self.kind.settings(&base)])
    }

    /// A channel of another kind at the same sandbox.
    pub(crate) fn beside(&self) -> ConfiguredChannels {
        let other = KINDS.into_iter().find(|kind| kind.name != self.kind.name).expect("another kind");
        configured(&[other.settings(&self.sandbox.base_url)])
    }

    /// Sends one message.
    pub(crate) async fn send(&self, message: &Message) -> Receipt {
        self.channels.send(message).await
    }

    /// Puts a fault of the receiver in force.
    pub(crate) async fn arm(&self, fault: &str, more: Value) {
        let mut body = json!({"provider": self.kind.receiver, "kind": fault});
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let request = self.client.post(format!("{}/control/fault", self.sandbox.base_url));
        let request = request.header("content-type", "application/json").body(body.to_string());
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 200);
    }

    /// Ends all faults.
    pub(crate) async fn heal(&self) {
        let url = format!("{}/control/fault", self.sandbox.base_url);
        self.client.delete(url).send().await.expect("an answer");
    }

    async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/control/{path}", self.sandbox.base_url);
        let body = self.client.get(url).send().await.expect("an answer").bytes().await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Requests that came to the receiver, whatever became of them.
    pub(crate) async fn requests(&self) -> u64 {
        self.ask("counters").await[self.kind.receiver]["requests"].as_u64().expect("a count")
    }

    /// What the receiver took and refused, and how often each id.
    pub(crate) async fn count(&self) -> Value {
        self.ask(&format!("received/{}/count", self.kind.receiver)).await
    }

    /// What arrived, oldest first.
    pub(crate) async fn received(&self) -> Vec<Value> {
        let list = self.ask(&format!("received/{}", self.kind.receiver)).await;
        list.as_array().expect("a list").clone()
    }
}

/// Channels of these settings.
pub(crate) fn configured(settings: &[Value]) -> ConfiguredChannels {
    let text = Value::from(settings.to_vec()).to_string();
    let reach = Reach::PublicAndLoopback;
    let settings = channels_of(&text, reach).expect("settings");
    let clock = Arc::new(At(Timestamp::new(1_700_000_000)));
    let aws = AwsCredentials {
        access_key_id: "AKIATEST".to_owned(),
        secret_access_key: Secret::new(SECRET),
        session_token: Some(Secret::new(SECRET)),
    };
    let around = Surroundings { user_agent: "risk-manager-test/1".to_owned(), reach, clock, aws: Some(aws) };
    ConfiguredChannels::new(settings, around).expect("channels")
}

/// The name of the channel under test.
pub(crate) fn desk() -> ChannelId {
    "desk".parse().expect("a name")
}

/// A message of an alert.
pub(crate) fn message(alert: u64, sequence: u32, happening: Happening, severity: Severity) -> Message {
    let at = Timestamp::new(1_700_000_000);
    let is_resolved = happening == Happening::Resolved;
    Message {
        id: MessageId { alert, sequence, channel: desk() },
        happening,
        alert: Alert {
            id: alert,
            wallet: Wallet::new(Address::from([0xa5; 20])),
            account: "aave_v3:ethereum:core".to_owned(),
            kind: AlertKind::LiquidationRisk,
            severity,
            state: if is_resolved { AlertState::Resolved } else { AlertState::Open },
            message: "aave_v3:ethereum:core: health factor 1.0312, 3.03 % above liquidation".to_owned(),
            action: "Repay 120.5 USDC (120.50 USD) for a health factor of 1.25.".to_owned(),
            measured: 1.0312,
            threshold: 1.05,
            clear_sweeps: 0,
            told: 0,
            opened_at: at,
            updated_at: at,
            acknowledged_at: None,
            resolved_at: is_resolved.then_some(at),
            resolution: is_resolved.then(|| "health factor is back over 1.10".to_owned()),
        },
        at,
    }
}
