//! The rule of `data_blind`: what liquidation depends on could not be read for longer than the wallet can wait.
//!
//! A provider that misses one sweep is no alarm. The budget is two sweep intervals by default, so that the third blind
//! sweep in a row opens it. A wallet that was near liquidation when it was last seen cannot wait: it opens at once.

use risk_model::{Affects, Severity, Timestamp};

use super::memory::{Memory, is_near};
use super::{Condition, Thresholds};
use crate::report::Report;

/// Since when the wallet is blind; `None` where it is not.
pub(super) fn since(report: &Report, memory: &Memory) -> Option<Timestamp> {
    let is_blind = missing(report).next().is_some();
    is_blind.then(|| memory.blind_since.map_or(report.at, |since| since.min(report.at)))
}

fn missing(report: &Report) -> impl Iterator<Item = &str> {
    let gaps = report.gaps.iter().filter(|gap| gap.affects == Affects::Liquidation);
    gaps.map(|gap| gap.what.as_str())
}

/// Where the wallet stands; `measured` counts what is missing.
pub(super) fn data_blind(report: &Report, memory: &Memory, thresholds: &Thresholds) -> Condition {
    let Some(since) = since(report, memory) else {
        let message = "everything that liquidation depends on was read".to_owned();
        return Condition::Clear { message, measured: Some(0.0) };
    };
    let names: Vec<&str> = missing(report).collect();
    let count = f64::from(u32::try_from(names.len()).unwrap_or(u32::MAX));
    let named = names.iter().take(3).copied().collect::<Vec<_>>().join("; ");
    let seconds = report.at.seconds_since(since);
    let message =
        format!("liquidation risk cannot be fully told since {} min: {count} missing, {named}", seconds / 60);
    let was_near = memory.accounts.values().any(|account| account.is_near)
        || report.accounts.iter().any(|account| is_near(account, thresholds));
    if !was_near && seconds < thresholds.blindness_budget_seconds {
        return Condition::Between { message, measured: Some(count) };
    }
    let (severity, action) = if was_near {
        let action = "Check the accounts by hand now: at least one was near liquidation when it was last \
                      seen. Have what repays it at hand.";
        (Severity::High, action)
    } else {
        (Severity::Medium, "Check the accounts by hand until the data is back.")
    };
    Condition::Firing { severity, message, action: action.to_owned(), measured: count, threshold: 1.0 }
}
