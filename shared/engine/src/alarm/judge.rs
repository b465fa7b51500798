//! One step of a wallet's alarms: a report, what stands and what is remembered in; transitions and the next memory out.

use super::memory::Memory;
use super::{Standing, Thresholds, Transition, decide, is_full, signals};
use crate::report::Report;

/// What a report makes of the alerts of its wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What becomes of them, in the order of the identities.
    pub transitions: Vec<Transition>,
    /// What to remember for the next report.
    pub memory: Memory,
}

/// Judges a report. Pure: the same arguments give the same judgement. `standing` are the wallet's own alerts.
///
/// The memory is to be kept in the same act as the transitions; one that is lost costs what it held and nothing else.
#[must_use]
pub fn judge(report: &Report, standing: &[Standing], memory: &Memory, thresholds: &Thresholds) -> Judgement {
    let found = signals(report, memory, thresholds);
    let resting = memory.resting(report.at, thresholds.cool_down_seconds);
    // What nobody looked for is not gone: its alert waits, as it does for what could not be read.
    let is_told = |alert: &&Standing| {
        let has_signal = found.iter().any(|signal| signal.identity == alert.identity);
        has_signal || !report.may_hide(&alert.identity.account)
    };
    let told: Vec<Standing> = standing.iter().filter(is_told).cloned().collect();
    let transitions = decide(&told, &found, is_full(report), &resting);
    let memory = memory.after(report, standing, &transitions, thresholds);
    Judgement { transitions, memory }
}
