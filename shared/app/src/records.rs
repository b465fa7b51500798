//! What is kept: watches, assessments, alerts, keys and sweep reports, as the stores hold them.

use std::collections::HashMap;
use std::sync::Arc;

use risk_engine::alarm::{Memory, Standing, Transition};
use risk_engine::market::{DailyCloses, HourlyCloses};
use risk_model::{
    AlertKind, AlertState, Asset, ChannelId, KnownMarkets, OwnThresholds, Range, RiskLevel, Severity,
    Timestamp, Wallet,
};

use crate::delivery::Route;
use crate::sweeping::Fence;

/// A wallet on the watch list.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Which.
    pub wallet: Wallet,
    /// A name for people.
    pub label: Option<String>,
    /// Health factor under which `liquidation_risk` opens; the service's own where absent.
    pub health_factor_threshold: Option<f64>,
    /// Its other thresholds; the service's own where absent.
    pub thresholds: OwnThresholds,
    /// Where its alerts are delivered: nowhere where empty, the service's default routes where `None`.
    pub channels: Option<Vec<ChannelId>>,
    /// Least severity that is delivered; the routes' own where absent.
    pub min_severity: Option<Severity>,
    /// Since when.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// The latest assessment of a wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct AssessmentRecord {
    /// Whose.
    pub wallet: Wallet,
    /// When it was computed.
    pub at: Timestamp,
    /// Standing.
    pub level: RiskLevel,
    /// Score.
    pub score: Range,
    /// Whether anything at all of the wallet's positions was read: only then it becomes the last known assessment.
    pub is_informative: bool,
    /// The summary body, JSON, as it is answered.
    pub body: String,
}

/// An alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its id, rising with time, given by the store.
    pub id: u64,
    /// Whose.
    pub wallet: Wallet,
    /// The account within the wallet; empty for the wallet as a whole.
    pub account: String,
    /// What it warns of.
    pub kind: AlertKind,
    /// How bad.
    pub severity: Severity,
    /// Where in its life.
    pub state: AlertState,
    /// What is the matter, in words and figures.
    pub message: String,
    /// What to do, in amounts.
    pub action: String,
    /// The figure that fired it.
    pub measured: f64,
    /// The threshold it passed.
    pub threshold: f64,
    /// Sweeps in a row on the safe side.
    pub clear_sweeps: u8,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// When somebody acknowledged it.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// By whom or by what it was resolved.
    pub resolution: Option<String>,
    /// Happenings of it that were told so far: the sequence of its next message.
    pub told: u32,
}

impl Alert {
    /// What the alarm decision needs of it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            id: self.id,
            identity: risk_engine::alarm::Identity {
                wallet: self.wallet,
                account: self.account.clone(),
                kind: self.kind,
            },
            severity: self.severity,
            clear_sweeps: self.clear_sweeps,
        }
    }
}

/// Which alerts to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertFilter {
    /// Only these wallets; every wallet where `None`.
    pub wallets: Option<Vec<Wallet>>,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Only this kind.
    pub kind: Option<AlertKind>,
    /// Only resolved or only standing ones.
    pub resolved: Option<bool>,
    /// Only ids under this one (newest first).
    pub before: Option<u64>,
    /// How many of the newest to pass over.
    pub skip: u32,
    /// Most to answer.
    pub limit: u32,
}

/// Everything that one assessed batch writes, in one act.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The time of the writes.
    pub at: Timestamp,
    /// The new latest assessments.
    pub assessments: Vec<AssessmentRecord>,
    /// What happens to alerts.
    pub transitions: Vec<Transition>,
    /// What the alarms are to remember of a wallet, where that changed.
    pub memories: Vec<(Wallet, Memory)>,
    /// Where the alerts of a wallet are told; those of a wallet that is absent are told to nobody.
    pub routes: HashMap<Wallet, Arc<[Route]>>,
    /// The tokens now known of a wallet, where they were discovered anew.
    pub tokens: Vec<(Wallet, Vec<Asset>)>,
    /// The markets now known of a wallet, by the chains on which they were discovered anew.
    pub markets: Vec<(Wallet, Vec<KnownMarkets>)>,
    /// Whether a wallet is near liquidation, for those where it can be told.
    pub near: Vec<(Wallet, bool)>,
    /// The lease that this is written under; none for a question.
    pub fence: Option<Fence>,
}

/// What a commit did to alerts: transitions whose alert another run had already moved are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Newly opened.
    pub opened: Vec<Alert>,
    /// Raised in severity.
    pub escalated: Vec<Alert>,
    /// Resolved.
    pub resolved: Vec<Alert>,
}

/// The daily closes of an asset, as they were last read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptCloses {
    /// Whose.
    pub asset: Asset,
    /// The closes.
    pub closes: DailyCloses,
    /// How many days back were asked for.
    pub window_days: u32,
}

/// The hourly closes of an asset, as they were last read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptHourly {
    /// Whose.
    pub asset: Asset,
    /// The closes.
    pub closes: HourlyCloses,
    /// When they were read.
    pub read_at: Timestamp,
}

/// A hashed API key.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// SHA-256 of the whole key text.
    pub hash: [u8; 32],
    /// A name for people.
    pub label: String,
    /// `read`, `write`, `admin`.
    pub scopes: Vec<String>,
    /// Only these wallets; every wallet where `None`.
    pub wallets: Option<Vec<Wallet>>,
    /// Not valid from then on.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What one sweep did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepReport {
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub finished_at: Timestamp,
    /// Wallets assessed.
    pub wallets: u64,
    /// Of them with gaps that leave their level open.
    pub unknown: u64,
    /// Alerts opened.
    pub opened: u64,
    /// Alerts escalated.
    pub escalated: u64,
    /// Alerts resolved.
    pub resolved: u64,
    /// The lane, `every` or `near`.
    pub lane: String,
    /// The shard, `index/count`.
    pub shard: String,
    /// Why it ended before the end of the list, if it did.
    pub stopped: Option<String>,
}
