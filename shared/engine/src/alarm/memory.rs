//! What the alarms remember of a wallet from one sweep to the next: one small value, made by the engine alone.
//!
//! A memory is never needed: without one nothing is judged by the past, and the next sweep begins a new one. Nothing
//! of it closes an alert. Times in the future count as now, so that no memory can keep anything quiet for ever.

use std::collections::BTreeMap;

use risk_model::{AlertKind, Asset, ChainId, HealthFactor, Protocol, Severity, Timestamp};

use super::terms::TermsMemory;
use super::{Standing, Thresholds, Transition, gas, is_full, locked};
use crate::report::{AccountReport, Report};

/// Accounts that are remembered of a wallet, worst first: the rest is judged without a past.
pub const MAX_ACCOUNTS: usize = 32;
/// Assets whose terms are remembered of an account.
pub const MAX_TERMS: usize = 32;
/// Resolved alerts that are remembered of a wallet, newest first.
pub const MAX_RESTS: usize = 64;

/// What is remembered of a wallet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Since when its liquidation risk could not be fully told.
    pub blind_since: Option<Timestamp>,
    /// By the account's key; at most [`MAX_ACCOUNTS`].
    pub accounts: BTreeMap<String, AccountMemory>,
    /// The normal gas of each chain on which it has accounts.
    pub gas: BTreeMap<ChainId, NormalGas>,
    /// The highest values locked in each protocol that it is in, USD.
    pub locked: BTreeMap<Protocol, Peaks>,
    /// Alerts that resolved by themselves; at most [`MAX_RESTS`].
    pub rests: Vec<Rest>,
}

/// What is remembered of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountMemory {
    /// Whether it was near liquidation when its health factor was last known.
    pub is_near: bool,
    /// Its highest health factors.
    pub peaks: Option<Peaks>,
    /// The e-mode that the terms are of: another one has its own.
    pub e_mode: u8,
    /// By asset; at most [`MAX_TERMS`].
    pub terms: BTreeMap<Asset, TermsMemory>,
}

/// The highest values of two half windows, of a health factor or of USD: together they reach back between half a window and a whole one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peaks {
    /// The half window that `highest` is of, counted from the epoch.
    pub half: u64,
    /// The highest in it.
    pub highest: f64,
    /// The highest of the half window before.
    pub before: Option<f64>,
}

/// A chain's normal gas price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalGas {
    /// Gwei.
    pub gwei: f64,
    /// When it last moved.
    pub at: Timestamp,
}

/// An alert that resolved by itself, and does not open again at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// The account within the wallet, as in [`super::Identity`].
    pub account: String,
    /// What it warned of.
    pub kind: AlertKind,
    /// How bad it was.
    pub severity: Severity,
    /// When it resolved.
    pub at: Timestamp,
}

impl Peaks {
    /// The highest of the last window as seen at a time, before anything of now is added.
    pub(super) fn reference(&self, at: Timestamp, window_seconds: u64) -> Option<f64> {
        let half = half_of(at, window_seconds);
        let highest = if self.half == half {
            self.before.map_or(self.highest, |before| before.max(self.highest))
        } else if self.half.checked_add(1) == Some(half) {
            self.highest
        } else {
            return None;
        };
        (highest.is_finite() && highest > 0.0).then_some(highest)
    }

    pub(super) fn after(old: Option<Self>, at: Timestamp, window_seconds: u64, factor: f64) -> Self {
        let half = half_of(at, window_seconds);
        match old {
            Some(old) if old.half == half => Self { highest: old.highest.max(factor), ..old },
            Some(old) if old.half.checked_add(1) == Some(half) => {
                Self { half, highest: factor, before: Some(old.highest) }
            }
            _ => Self { half, highest: factor, before: None },
        }
    }
}

fn half_of(at: Timestamp, window_seconds: u64) -> u64 {
    at.seconds() / (window_seconds / 2).max(1)
}

impl Memory {
    /// What is remembered of an account, where anything is.
    pub(super) fn account(&self, key: &str) -> Option<&AccountMemory> {
        self.accounts.get(key)
    }

    /// The alerts that still rest at a time.
    pub(super) fn resting(&self, at: Timestamp, cool_down_seconds: u64) -> Vec<&Rest> {
        let rests = self.rests.iter();
        rests.filter(|rest| rest.at <= at && at.seconds_since(rest.at) < cool_down_seconds).collect()
    }

    /// What is to be remembered after a report was judged.
    pub(super) fn after(
        &self,
        report: &Report,
        standing: &[Standing],
        transitions: &[Transition],
        thresholds: &Thresholds,
    ) -> Self {
        Self {
            blind_since: super::blind::since(report, self),
            accounts: self.accounts_after(report, thresholds),
            gas: gas::after(&self.gas, report),
            locked: locked::after(&self.locked, report, thresholds),
            rests: self.rests_after(report.at, standing, transitions, thresholds.cool_down_seconds),
        }
    }

    /// An account that is not in the report is forgotten only where the report would have it.
    fn accounts_after(&self, report: &Report, thresholds: &Thresholds) -> BTreeMap<String, AccountMemory> {
        let mut kept = BTreeMap::new();
        for account in report.accounts.iter().take(MAX_ACCOUNTS) {
            let after = AccountMemory::after(self.account(&account.key), account, report.at, thresholds);
            kept.insert(account.key.clone(), after);
        }
        if !is_full(report) {
            for (key, old) in &self.accounts {
                if kept.len() < MAX_ACCOUNTS && !kept.contains_key(key) {
                    kept.insert(key.clone(), old.clone());
                }
            }
        }
        kept
    }

    fn rests_after(
        &self,
        at: Timestamp,
        standing: &[Standing],
        transitions: &[Transition],
        cool_down_seconds: u64,
    ) -> Vec<Rest> {
        let mut rests: Vec<Rest> = self.resting(at, cool_down_seconds).into_iter().cloned().collect();
        for transition in transitions {
            match transition {
                Transition::Open { identity, .. } => {
                    rests.retain(|rest| rest.account != identity.account || rest.kind != identity.kind);
                }
                Transition::Resolve { id, .. } => {
                    let over = standing.iter().find(|alert| alert.id == *id);
                    rests.extend(over.map(|alert| Rest {
                        account: alert.identity.account.clone(),
                        kind: alert.identity.kind,
                        severity: alert.severity,
                        at,
                    }));
                }
                Transition::Escalate { .. } | Transition::Refresh { .. } => {}
            }
        }
        rests.sort_by(|a, b| (b.at, &a.account, a.kind).cmp(&(a.at, &b.account, b.kind)));
        rests.truncate(MAX_RESTS);
        rests
    }
}

impl AccountMemory {
    fn after(old: Option<&Self>, account: &AccountReport, at: Timestamp, thresholds: &Thresholds) -> Self {
        let old_peaks = old.and_then(|old| old.peaks);
        let (is_near, peaks) = match &account.health_factor {
            HealthFactor::Unknown(_) => (old.is_some_and(|old| old.is_near), old_peaks),
            // What is owed anew after nothing was owed is no fall.
            HealthFactor::NoDebt => (false, None),
            HealthFactor::Known(_) => {
                let factor = account.health_factor.ratio().unwrap_or(0.0);
                // A doubtful source may show a factor that was never there: it may lower, and not raise, what later
                // ones are compared with.
                let adds = account.is_confirmed && factor.is_finite() && factor > 0.0;
                let window = thresholds.fall_window_seconds;
                let peaks = if adds { Some(Peaks::after(old_peaks, at, window, factor)) } else { old_peaks };
                (is_near(account, thresholds), peaks)
            }
        };
        let (e_mode, terms) = super::terms::after(old, account, at, thresholds);
        Self { is_near, peaks, e_mode, terms }
    }
}

/// Whether an account's known health factor is so near 1 that not seeing it is an alarm in itself.
pub(super) fn is_near(account: &AccountReport, thresholds: &Thresholds) -> bool {
    let own = thresholds.own_health_factor.map_or(0.0, |line| line.open);
    let line = thresholds.health_factor.open.max(own);
    account.health_factor.ratio().is_some_and(|factor| factor < line)
}
