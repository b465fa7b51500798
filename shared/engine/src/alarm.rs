//! Alarms: what a report says of each thing that is watched, and what becomes of the alerts that stand.
//!
//! Both halves are pure. [`signals`] reads one report against what is remembered of the wallet; [`decide`] compares its
//! signals with the standing alerts. [`judge()`] does both and makes the next [`Memory`]. What is not known neither opens
//! nor closes anything, except `data_blind`, which says so.

mod blind;
mod cure;
mod decision;
mod gas;
mod health;
mod judge;
mod liquidation;
mod locked;
mod memory;
mod oracle;
mod peg;
mod signal;
mod terms;
#[cfg(test)]
mod tests;
mod thresholds;

use risk_model::{Affects, AlertKind, Severity, Wallet};

use crate::report::Report;

pub use decision::decide;
pub use judge::{Judgement, judge};
pub use liquidation::{Stand, stand};
pub use memory::{AccountMemory, MAX_ACCOUNTS, MAX_RESTS, MAX_TERMS, Memory, NormalGas, Peaks, Rest};
pub use signal::signals;
pub use terms::{AssetTerms, TermsMemory};
pub use thresholds::{Line, Thresholds};

/// What an alert is about. At most one alert of an identity stands at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Whose.
    pub wallet: Wallet,
    /// The account's key (or the asset, for a depeg, or the chain, for gas); empty for the wallet as a whole.
    pub account: String,
    /// What it warns of.
    pub kind: AlertKind,
}

/// Where a measure stands to its thresholds.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Past the opening line.
    Firing {
        /// How bad.
        severity: Severity,
        /// What is the matter, in words and figures.
        message: String,
        /// What to do, in amounts where there are any.
        action: String,
        /// The figure, in the unit of `threshold`.
        measured: f64,
        /// The line it passed.
        threshold: f64,
    },
    /// On the safe side of the closing line.
    Clear {
        /// What is seen, in words and figures.
        message: String,
        /// The figure, where there is one (an account without debt has no health factor).
        measured: Option<f64>,
    },
    /// Between the closing and the opening line: neither opens nor closes.
    Between {
        /// What is seen, in words and figures.
        message: String,
        /// The figure.
        measured: Option<f64>,
    },
    /// It cannot be told: neither opens nor closes, and counts for nothing.
    Unknown,
}

/// What a report says of one watched thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Of what.
    pub identity: Identity,
    /// Where it stands.
    pub condition: Condition,
}

/// An alert that is open or acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its id in the store.
    pub id: u64,
    /// What it is about.
    pub identity: Identity,
    /// Its present severity.
    pub severity: Severity,
    /// Sweeps in a row on the safe side, on full data.
    pub clear_sweeps: u8,
}

/// What becomes of an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// A new alert.
    Open {
        /// What it is about.
        identity: Identity,
        /// How bad.
        severity: Severity,
        /// What is the matter.
        message: String,
        /// What to do.
        action: String,
        /// The figure.
        measured: f64,
        /// The line it passed.
        threshold: f64,
    },
    /// A standing alert got worse: it is told again.
    Escalate {
        /// Which.
        id: u64,
        /// The new severity, above the old one.
        severity: Severity,
        /// What is the matter.
        message: String,
        /// What to do.
        action: String,
        /// The figure.
        measured: f64,
        /// The line it passed.
        threshold: f64,
    },
    /// A standing alert goes on: its text and figure are brought up to date, and nothing is told.
    Refresh {
        /// Which.
        id: u64,
        /// Sweeps in a row on the safe side; 0 where the condition goes on.
        clear_sweeps: u8,
        /// What is seen now.
        message: String,
        /// What to do now.
        action: String,
        /// The figure now; `None` where there is none any more, and the last one stays.
        measured: Option<f64>,
    },
    /// Over by itself.
    Resolve {
        /// Which.
        id: u64,
        /// Why.
        reason: String,
    },
}

/// Whether nothing is missing from a report that could hide a risk: only then may an alert close.
#[must_use]
pub fn is_full(report: &Report) -> bool {
    report.gaps.iter().all(|gap| gap.affects == Affects::Confirmation)
}
