//! The stream of what happens now: alerts that move and assessments that are made, for whoever listens.
//!
//! A stream is no delivery: what must arrive is in the outbox. A listener that may have missed something is told so.

use std::sync::Arc;

use async_trait::async_trait;
use risk_model::{Timestamp, Wallet};
use tokio::sync::broadcast;

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An alert opened.
    AlertOpened,
    /// An alert rose in severity.
    AlertEscalated,
    /// Somebody acknowledged an alert.
    AlertAcknowledged,
    /// An alert was resolved.
    AlertResolved,
    /// A wallet was assessed.
    Assessed,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::AlertOpened,
        Self::AlertEscalated,
        Self::AlertAcknowledged,
        Self::AlertResolved,
        Self::Assessed,
    ];

    /// The name that goes over the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AlertOpened => "alert_opened",
            Self::AlertEscalated => "alert_escalated",
            Self::AlertAcknowledged => "alert_acknowledged",
            Self::AlertResolved => "alert_resolved",
            Self::Assessed => "assessed",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Something that happened to one wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose.
    pub wallet: Wallet,
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// The body as listeners get it, JSON on one line.
    pub data: String,
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An event.
    Event(Arc<Event>),
    /// Something may have been missed: the connection to where events come from was lost for a while.
    Missed,
}

/// Where events are told and heard, by every process of the service that shares its state.
#[async_trait]
pub trait Events: Send + Sync {
    /// Tells events in order. It never fails: nobody waits for a stream, and what must arrive is in the outbox.
    async fn publish(&self, events: Vec<Event>);
    /// Hears everything from now on. A receiver that lags has missed something, as [`Heard::Missed`] says too.
    fn subscribe(&self) -> broadcast::Receiver<Heard>;
}
