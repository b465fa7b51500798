//! A wallet's alerts over many sweeps: what a store would keep of them, without one.

use risk_model::{AlertKind, Severity, Timestamp};

use super::super::{Memory, Standing, Thresholds, Transition, judge};
use crate::report::Report;
use crate::specimen::now;

/// What is kept between sweeps.
#[derive(Default)]
pub(super) struct Life {
    pub(super) memory: Memory,
    pub(super) standing: Vec<Standing>,
    pub(super) thresholds: Thresholds,
    pub(super) next_id: u64,
}

/// What became of the alerts of a kind in a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing is told, and none stands.
    None,
    /// Nothing is told, and one stands.
    Stands(Severity),
    Opened(Severity),
    Escalated(Severity),
    Resolved,
}

impl Life {
    /// A sweep so many minutes after the specimens' time.
    pub(super) fn sweep(&mut self, minutes: u64, report: &Report) -> Vec<Transition> {
        let report = at(minutes, report);
        let judgement = judge(&report, &self.standing, &self.memory, &self.thresholds);
        self.memory = judgement.memory;
        for transition in &judgement.transitions {
            self.apply(transition);
        }
        judgement.transitions
    }

    fn apply(&mut self, transition: &Transition) {
        match transition {
            Transition::Open { identity, severity, .. } => {
                self.next_id += 1;
                let (id, identity) = (self.next_id, identity.clone());
                self.standing.push(Standing { id, identity, severity: *severity, clear_sweeps: 0 });
            }
            Transition::Escalate { id, severity, .. } => {
                let alert = self.standing.iter_mut().find(|alert| alert.id == *id).unwrap();
                (alert.severity, alert.clear_sweeps) = (*severity, 0);
            }
            Transition::Refresh { id, clear_sweeps, .. } => {
                self.standing.iter_mut().find(|alert| alert.id == *id).unwrap().clear_sweeps = *clear_sweeps;
            }
            Transition::Resolve { id, .. } => self.standing.retain(|alert| alert.id != *id),
        }
    }

    /// A sweep, and what it told of a kind.
    pub(super) fn told(&mut self, minutes: u64, report: &Report, kind: AlertKind) -> Told {
        let ids: Vec<u64> =
            self.standing.iter().filter(|alert| alert.identity.kind == kind).map(|alert| alert.id).collect();
        let transitions = self.sweep(minutes, report);
        for transition in transitions {
            match transition {
                Transition::Open { identity, severity, .. } if identity.kind == kind => {
                    return Told::Opened(severity);
                }
                Transition::Escalate { id, severity, .. } if ids.contains(&id) => {
                    return Told::Escalated(severity);
                }
                Transition::Resolve { id, .. } if ids.contains(&id) => return Told::Resolved,
                _ => {}
            }
        }
        let standing = self.standing.iter().find(|alert| alert.identity.kind == kind);
        standing.map_or(Told::None, |alert| Told::Stands(alert.severity))
    }

    /// The opening or escalation of a kind in a sweep: its message and what to do.
    pub(super) fn words(&mut self, minutes: u64, report: &Report, kind: AlertKind) -> (String, String) {
        let transitions = self.sweep(minutes, report);
        let words = transitions.into_iter().find_map(|transition| match transition {
            Transition::Open { identity, message, action, .. } if identity.kind == kind => {
                Some((message, action))
            }
            _ => None,
        });
        words.unwrap_or_else(|| panic!("no {kind} opened"))
    }
}

/// The report so many minutes later, its oracles updated as much later.
pub(super) fn at(minutes: u64, report: &Report) -> Report {
    let mut report = report.clone();
    let shift = 60 * minutes;
    report.at = now().plus_seconds(shift);
    for reserve in report.accounts.iter_mut().flat_map(|account| &mut account.reserves) {
        reserve.oracle_updated_at =
            reserve.oracle_updated_at.map(|updated: Timestamp| updated.plus_seconds(shift));
    }
    report
}

/// Opens, and goes on standing in the next sweep.
pub(super) fn opens(life: &mut Life, minutes: u64, report: &Report, kind: AlertKind, severity: Severity) {
    assert_eq!(life.told(minutes, report, kind), Told::Opened(severity), "{kind} opens");
    assert_eq!(
        life.told(minutes + 10, report, kind),
        Told::Stands(severity),
        "{kind} stands and is told once"
    );
}

/// Stands through gaps, and resolves only in the second clear sweep on full data.
pub(super) fn resolves(life: &mut Life, minutes: u64, clear: &Report, kind: AlertKind) {
    let standing = |life: &Life| {
        let alert = life.standing.iter().find(|alert| alert.identity.kind == kind);
        Told::Stands(alert.unwrap_or_else(|| panic!("no {kind} stands")).severity)
    };
    let stands = standing(life);
    let holed = with_gap(clear);
    for later in [0, 10, 20] {
        assert_eq!(life.told(minutes + later, &holed, kind), stands, "{kind} stands through a gap");
    }
    assert_eq!(life.told(minutes + 30, clear, kind), stands, "{kind} stands after one clear sweep");
    assert_eq!(life.told(minutes + 40, &holed, kind), stands, "{kind} stands through a gap");
    assert_eq!(life.told(minutes + 50, clear, kind), Told::Resolved, "{kind} resolves in the second");
    assert_eq!(life.told(minutes + 60, clear, kind), Told::None);
}

/// The report with something missing that could hide a risk, and nothing of liquidation.
pub(super) fn with_gap(report: &Report) -> Report {
    let mut report = report.clone();
    report.gaps.push(risk_model::Gap {
        what: "something".into(),
        source: "somebody",
        reason: risk_model::GapReason::Unavailable,
        affects: risk_model::Affects::Value,
        since: None,
    });
    report
}
