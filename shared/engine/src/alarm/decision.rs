//! The decision: signals against standing alerts. Only two clear sweeps in a row on full data close an alert.

use std::collections::{BTreeMap, BTreeSet};

use risk_model::{AlertKind, Severity};

use super::memory::Rest;
use super::{Condition, Identity, Signal, Standing, Transition};

/// Clear sweeps in a row that close an alert.
const CLEAR_SWEEPS_TO_RESOLVE: u8 = 2;
/// What to do while an alert is on its way out.
const WAIT: &str =
    "Nothing now: the alert closes by itself after two sweeps on the safe side with full data.";

/// What becomes of the alerts of one wallet, in the order of the identities.
///
/// `full_data` is [`super::is_full`] of the report: without it nothing moves towards closing. An identity that stands
/// and has no signal any more (the account is gone) counts as clear on full data and as unknown otherwise.
/// Severity only rises while an alert stands.
///
/// `resting` are the wallet's alerts that resolved by themselves a short while ago: the same identity opens again only
/// at a higher severity, so that what comes and goes is told once. A critical `liquidation_risk` never rests: who was
/// told that it is over has to be told that it is back.
#[must_use]
pub fn decide(
    standing: &[Standing],
    signals: &[Signal],
    full_data: bool,
    resting: &[&Rest],
) -> Vec<Transition> {
    let by_identity: BTreeMap<&Identity, &Condition> =
        signals.iter().map(|signal| (&signal.identity, &signal.condition)).collect();
    let known: BTreeSet<&Identity> = standing.iter().map(|alert| &alert.identity).collect();
    let mut transitions: Vec<(&Identity, Transition)> = by_identity
        .iter()
        .filter(|(identity, _)| !known.contains(*identity))
        .filter_map(|(identity, condition)| Some((*identity, open(identity, condition, resting)?)))
        .collect();
    for alert in standing {
        let condition = by_identity.get(&alert.identity).copied();
        if let Some(transition) = advance(alert, condition, full_data) {
            transitions.push((&alert.identity, transition));
        }
    }
    transitions.sort_by(|a, b| a.0.cmp(b.0));
    transitions.into_iter().map(|(_, transition)| transition).collect()
}

fn rests(identity: &Identity, severity: Severity, resting: &[&Rest]) -> bool {
    if identity.kind == AlertKind::LiquidationRisk && severity == Severity::Critical {
        return false;
    }
    let same = |rest: &&Rest| rest.account == identity.account && rest.kind == identity.kind;
    resting.iter().any(|rest| same(rest) && severity <= rest.severity)
}

fn open(identity: &Identity, condition: &Condition, resting: &[&Rest]) -> Option<Transition> {
    let Condition::Firing { severity, message, action, measured, threshold } = condition else {
        return None;
    };
    if rests(identity, *severity, resting) {
        return None;
    }
    Some(Transition::Open {
        identity: identity.clone(),
        severity: *severity,
        message: message.clone(),
        action: action.clone(),
        measured: *measured,
        threshold: *threshold,
    })
}

fn advance(alert: &Standing, condition: Option<&Condition>, full_data: bool) -> Option<Transition> {
    match condition {
        Some(Condition::Firing { severity, message, action, measured, threshold }) => {
            let (message, action) = (message.clone(), action.clone());
            Some(if *severity > alert.severity {
                Transition::Escalate {
                    id: alert.id,
                    severity: *severity,
                    message,
                    action,
                    measured: *measured,
                    threshold: *threshold,
                }
            } else {
                Transition::Refresh {
                    id: alert.id,
                    clear_sweeps: 0,
                    message,
                    action,
                    measured: Some(*measured),
                }
            })
        }
        Some(Condition::Between { message, measured }) => Some(Transition::Refresh {
            id: alert.id,
            clear_sweeps: 0,
            message: message.clone(),
            action: WAIT.to_owned(),
            measured: *measured,
        }),
        Some(Condition::Clear { message, measured }) if full_data => Some(settle(alert, message, *measured)),
        None if full_data => Some(settle(alert, "what the alert was about is no longer there", None)),
        Some(Condition::Clear { .. } | Condition::Unknown) | None => None,
    }
}

/// One more sweep on the safe side.
fn settle(alert: &Standing, message: &str, measured: Option<f64>) -> Transition {
    let clear_sweeps = alert.clear_sweeps.saturating_add(1);
    if clear_sweeps >= CLEAR_SWEEPS_TO_RESOLVE {
        let reason = format!("clear in {CLEAR_SWEEPS_TO_RESOLVE} sweeps in a row with full data: {message}");
        return Transition::Resolve { id: alert.id, reason };
    }
    Transition::Refresh {
        id: alert.id,
        clear_sweeps,
        message: message.to_owned(),
        action: WAIT.to_owned(),
        measured,
    }
}
