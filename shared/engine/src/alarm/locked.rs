//! The rule of `protocol_tvl_drop`: value leaves a protocol that the wallet is in faster than it should.
//!
//! What is compared is the value locked as a whole, in USD, with the highest of the last day. A fall of all prices is in
//! it, so the line is beyond what a bad day of the market does alone; who leaves first gets out whole, and who asks last
//! finds every unit lent out.

use std::collections::BTreeMap;

use risk_model::{Protocol, Severity};

use super::memory::{Memory, Peaks};
use super::signal::{Rising, Text};
use super::{Condition, Thresholds};
use crate::report::Report;

/// Falls from here on are high, fraction.
const HIGH_FROM: f64 = 0.5;

/// The condition of each protocol that the wallet has an account or a pool in. One whose value is not known is unknown.
pub(super) fn falls(report: &Report, memory: &Memory, thresholds: &Thresholds) -> Vec<(Protocol, Condition)> {
    let judge = |protocol: Protocol| {
        let now = report.value_locked.iter().find(|(one, _)| *one == protocol);
        let condition =
            now.map_or(Condition::Unknown, |(_, usd)| fall(protocol, *usd, report, memory, thresholds));
        (protocol, condition)
    };
    report.protocols().into_iter().map(judge).collect()
}

fn fall(
    protocol: Protocol,
    usd: f64,
    report: &Report,
    memory: &Memory,
    thresholds: &Thresholds,
) -> Condition {
    let window = thresholds.fall_window_seconds;
    let remembered = memory.locked.get(&protocol).and_then(|peaks| peaks.reference(report.at, window));
    // Without a past the present is the highest.
    let highest = remembered.unwrap_or(usd).max(usd);
    let fall = if highest > 0.0 { 1.0 - usd / highest } else { 0.0 };
    let message = format!(
        "{protocol} holds ${usd:.0}, {:.1} % under its highest of the last {} h (${highest:.0})",
        100.0 * fall,
        window / 3_600
    );
    let severity = if fall >= HIGH_FROM { Severity::High } else { Severity::Medium };
    let line = thresholds.locked_fall;
    Rising { low: fall, high: fall, line, severity }.judge(Text { message, action: action(protocol, report) })
}

fn action(protocol: Protocol, report: &Report) -> String {
    let accounts = report.accounts.iter().filter(|account| account.protocol == protocol);
    let supplied: Option<f64> = accounts.map(|account| Some(account.collateral.known()?.value())).sum();
    let what = supplied
        .filter(|usd| *usd > 0.0)
        .map_or_else(|| "what is".to_owned(), |usd| format!("the ${usd:.2} of collateral"));
    format!(
        "Find out why others leave {protocol}; {what} there can be withdrawn only while it has the liquidity: repay and withdraw early."
    )
}

/// The highest values to remember. What is not known now is remembered as it was.
pub(super) fn after(
    old: &BTreeMap<Protocol, Peaks>,
    report: &Report,
    thresholds: &Thresholds,
) -> BTreeMap<Protocol, Peaks> {
    let mut next = old.clone();
    for (protocol, usd) in &report.value_locked {
        let peaks = Peaks::after(old.get(protocol).copied(), report.at, thresholds.fall_window_seconds, *usd);
        next.insert(*protocol, peaks);
    }
    next.retain(|protocol, _| report.protocols().contains(protocol) || !super::is_full(report));
    next
}
