//! What happens to wallets, told at once to whoever listens: alerts that move and assessments that are made.
//!
//! Nothing hangs on it: what is told is in the store already, so a listener that missed something reads it there.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use risk_model::{Timestamp, Wallet};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;

use crate::alert::AlertBody;
use crate::records::Alert;
use crate::stores::StoreError;
use crate::summary::{ScoreBody, Summary};

/// What kind of happening it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An alert opened.
    AlertOpened,
    /// An alert became worse.
    AlertEscalated,
    /// Somebody has seen an alert.
    AlertAcknowledged,
    /// An alert is over.
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

    /// The snake-case name.
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
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no kind of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownKind)
    }
}

/// One happening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose.
    pub wallet: Wallet,
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// What there is to say of it, a JSON object on one line.
    pub data: String,
}

/// What is told of an assessment; all of it is answered by `GET /api/risk/summary`.
#[derive(Debug, Serialize)]
struct AssessedBody<'a> {
    wallet_address: &'a str,
    last_updated: &'a str,
    overall_risk_score: &'a ScoreBody,
    risk_level: &'a str,
    active_alerts_count: u64,
    critical_alerts_count: u64,
    gaps_count: usize,
}

impl Event {
    /// What happened to an alert, which is as it then was.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn of_alert(kind: EventKind, alert: &Alert) -> serde_json::Result<Self> {
        let data = serde_json::to_string(&AlertBody::from(alert))?;
        Ok(Self { wallet: alert.wallet, kind, at: alert.updated_at, data })
    }

    /// That a wallet was assessed.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn assessed(wallet: Wallet, at: Timestamp, summary: &Summary) -> serde_json::Result<Self> {
        let data = serde_json::to_string(&AssessedBody {
            wallet_address: &summary.wallet_address,
            last_updated: &summary.last_updated,
            overall_risk_score: &summary.overall_risk_score,
            risk_level: &summary.risk_level,
            active_alerts_count: summary.active_alerts_count,
            critical_alerts_count: summary.critical_alerts_count,
            gaps_count: summary.gaps.len(),
        })?;
        Ok(Self { wallet, kind: EventKind::Assessed, at, data })
    }
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A happening.
    Event(Arc<Event>),
    /// Happenings were lost: what they said is to be read anew.
    Missed,
}

/// The way from where things happen to where they are listened for, in this process or another.
#[async_trait]
pub trait Events: Send + Sync {
    /// Tells what happened, in order.
    ///
    /// # Errors
    /// It could not be told. Nobody hears of it then.
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError>;
    /// Listens: every event that is published after it returns is heard, or that some were missed. A listener that
    /// falls behind loses the oldest ([`tokio::sync::broadcast::error::RecvError::Lagged`]).
    ///
    /// # Errors
    /// Nothing could be heard.
    async fn subscribe(&self) -> Result<Receiver<Heard>, StoreError>;
    /// Over what they go: `memory`, `sqlite`, `redis`.
    fn name(&self) -> &'static str;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_name_that_reads_back() {
        for kind in EventKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("assessment".parse::<EventKind>(), Err(UnknownKind));
    }
}
