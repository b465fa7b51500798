//! Receivers of messages, as strict as the real ones: Slack, PagerDuty, webhooks, Discord and Telegram. They keep what
//! they were sent, and count by the message's id.

mod discord;
mod pagerduty;
mod slack;
mod telegram;
mod webhook;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::routing::post;
use serde::Serialize;
use serde_json::{Value, json};

use crate::faults::Provider;
use crate::world::World;

/// Messages kept; the oldest go first.
const KEPT: usize = 10_000;
/// Ids counted; further ones are counted as accepted alone.
const COUNTED: usize = 2_000_000;
/// Largest body kept, in bytes.
const BODY: usize = 1 << 20;

/// A message as it arrived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Received {
    #[serde(skip)]
    provider: Provider,
    path: String,
    headers: BTreeMap<String, String>,
    /// The body as JSON, or null when it is none.
    json: Value,
    /// The body as text, to check a signature against.
    text: String,
    /// Seconds since the epoch.
    received_at: u64,
    /// Whether the receiver took it.
    accepted: bool,
    /// What a receiver tells repeats by, where the message has one.
    id: Option<String>,
    /// Whether one of this id was taken before.
    repeated: bool,
}

/// How often each id was taken, and how much was refused.
#[derive(Clone, Debug, Default)]
struct Tally {
    times: BTreeMap<String, u32>,
    accepted: u64,
    refused: u64,
}

/// What was sent.
#[derive(Default)]
pub(crate) struct Inbox {
    received: Mutex<(VecDeque<Received>, BTreeMap<Provider, Tally>)>,
}

impl Inbox {
    /// Messages of one receiver, oldest first.
    pub(crate) fn of(&self, provider: Provider) -> Vec<Received> {
        self.lock().0.iter().filter(|one| one.provider == provider).cloned().collect()
    }

    /// The counts of one receiver: all messages since the beginning, also those no longer kept.
    pub(crate) fn tally(&self, provider: Provider) -> Value {
        let tally = self.lock().1.get(&provider).cloned().unwrap_or_default();
        json!({"accepted": tally.accepted, "refused": tally.refused, "distinct": tally.times.len(),
               "ids": tally.times})
    }

    /// Forgets all messages.
    pub(crate) fn clear(&self) {
        *self.lock() = Default::default();
    }

    fn keep(&self, mut message: Received) {
        let mut inbox = self.lock();
        let (received, tallies) = &mut *inbox;
        let tally = tallies.entry(message.provider).or_default();
        if message.accepted {
            tally.accepted += 1;
        } else {
            tally.refused += 1;
        }
        if let Some(id) = message.id.as_ref().filter(|_| message.accepted) {
            message.repeated = tally.times.contains_key(id);
            if message.repeated || tally.times.len() < COUNTED {
                *tally.times.entry(id.clone()).or_default() += 1;
            }
        }
        if received.len() >= KEPT {
            received.pop_front();
        }
        received.push_back(message);
    }

    fn lock(&self) -> MutexGuard<'_, (VecDeque<Received>, BTreeMap<Provider, Tally>)> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Slack route, below `/receivers/slack`.
pub(crate) fn slack() -> Router<Arc<World>> {
    Router::new().route("/{*any}", post(slack::take))
}

/// The PagerDuty route, below `/receivers/pagerduty`.
pub(crate) fn pagerduty() -> Router<Arc<World>> {
    Router::new().route("/v2/enqueue", post(pagerduty::take))
}

/// The webhook route, below `/receivers/webhook`.
pub(crate) fn webhook() -> Router<Arc<World>> {
    Router::new().route("/{*any}", post(webhook::take))
}

/// The Discord route, below `/receivers/discord`.
pub(crate) fn discord() -> Router<Arc<World>> {
    Router::new().route("/api/webhooks/{id}/{token}", post(discord::take))
}

/// The Telegram route, below `/receivers/telegram`.
pub(crate) fn telegram() -> Router<Arc<World>> {
    Router::new().route("/{bot}/sendMessage", post(telegram::take))
}

/// A request to a receiver.
struct Arrival<'a> {
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a Bytes,
}

impl Arrival<'_> {
    /// The body as JSON, or null.
    fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap_or(Value::Null)
    }

    /// Puts it in the inbox.
    fn keep(&self, world: &World, provider: Provider, id: Option<String>, accepted: bool) {
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let kept = self.body.get(..self.body.len().min(BODY)).unwrap_or_default();
        world.inbox.keep(Received {
            provider,
            path: self.uri.path().to_owned(),
            headers: self.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            json: serde_json::from_slice(kept).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(kept).into_owned(),
            received_at: world.clock.now(),
            accepted,
            id,
            repeated: false,
        });
    }
}

/// A text of an object.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// Whether a text is there and of a length, in characters, from `least` to `most`.
fn is_long(text: Option<&str>, least: usize, most: usize) -> bool {
    text.is_some_and(|text| (least..=most).contains(&text.chars().count()))
}

/// Whether every `&` of a text begins one of the three entities.
fn is_escaped(text: &str) -> bool {
    let after = text.split('&').skip(1);
    after.into_iter().all(|rest| ["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity)))
}
