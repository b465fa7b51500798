//! What each act does to an alert: the rules that every store shares. Where a rule says that nothing changed, nothing
//! is written and nothing is told.

use risk_app::delivery::Route;
use risk_app::records::{Alert, Applied};
use risk_engine::alarm::Transition;
use risk_model::{AlertState, ChannelId, Happening, Timestamp};

/// Which alert a transition is about.
pub(crate) enum Target {
    /// One to be opened, with no id yet.
    New(Box<Alert>),
    /// The one of this id.
    Existing(u64),
}

/// Which alert a transition is about.
pub(crate) fn target(transition: &Transition, at: Timestamp) -> Target {
    match transition {
        Transition::Open { identity, severity, message, action, measured, threshold } => {
            Target::New(Box::new(Alert {
                id: 0,
                wallet: identity.wallet,
                account: identity.account.clone(),
                kind: identity.kind,
                severity: *severity,
                state: AlertState::Open,
                message: message.clone(),
                action: action.clone(),
                measured: *measured,
                threshold: *threshold,
                clear_sweeps: 0,
                opened_at: at,
                updated_at: at,
                acknowledged_at: None,
                resolved_at: None,
                resolution: None,
                told: 1,
            }))
        }
        Transition::Escalate { id, .. } | Transition::Refresh { id, .. } | Transition::Resolve { id, .. } => {
            Target::Existing(*id)
        }
    }
}

/// Does to an alert what a transition says; whether that changed it. A resolved alert stays as it is, and so does one
/// whose severity is not under the one it should rise to: another run was first.
pub(crate) fn alter(alert: &mut Alert, transition: &Transition, at: Timestamp) -> bool {
    if alert.state == AlertState::Resolved {
        return false;
    }
    match transition {
        Transition::Open { .. } => return false,
        Transition::Escalate { severity, message, action, measured, threshold, .. } => {
            if *severity <= alert.severity {
                return false;
            }
            alert.severity = *severity;
            alert.message.clone_from(message);
            alert.action.clone_from(action);
            alert.measured = *measured;
            alert.threshold = *threshold;
            alert.clear_sweeps = 0;
            alert.told = alert.told.saturating_add(1);
        }
        Transition::Refresh { clear_sweeps, message, action, measured, id: _ } => {
            alert.message.clone_from(message);
            alert.action.clone_from(action);
            alert.measured = measured.unwrap_or(alert.measured);
            alert.clear_sweeps = *clear_sweeps;
        }
        Transition::Resolve { reason, .. } => return resolve(alert, at, reason),
    }
    alert.updated_at = at;
    true
}

/// Adds an alert that a transition opened or changed to what is told of the batch. A refresh is not told.
pub(crate) fn note(applied: &mut Applied, transition: &Transition, alert: Alert) {
    match transition {
        Transition::Open { .. } => applied.opened.push(alert),
        Transition::Escalate { .. } => applied.escalated.push(alert),
        Transition::Resolve { .. } => applied.resolved.push(alert),
        Transition::Refresh { .. } => {}
    }
}

/// What somebody is told of a transition that changed an alert; nothing of a refresh.
pub(crate) const fn happening(transition: &Transition) -> Option<Happening> {
    match transition {
        Transition::Open { .. } => Some(Happening::Opened),
        Transition::Escalate { .. } => Some(Happening::Escalated),
        Transition::Resolve { .. } => Some(Happening::Resolved),
        Transition::Refresh { .. } => None,
    }
}

/// The channels that are told of an alert.
pub(crate) fn told_to<'a>(alert: &Alert, routes: &'a [Route]) -> impl Iterator<Item = &'a ChannelId> {
    let severity = alert.severity;
    routes.iter().filter(move |route| severity >= route.min_severity).map(|route| &route.channel)
}

/// Open becomes acknowledged; whether it did.
pub(crate) fn acknowledge(alert: &mut Alert, at: Timestamp) -> bool {
    if alert.state != AlertState::Open {
        return false;
    }
    alert.state = AlertState::Acknowledged;
    alert.acknowledged_at = Some(at);
    alert.told = alert.told.saturating_add(1);
    alert.updated_at = at;
    true
}

/// Open or acknowledged becomes resolved; whether it did.
pub(crate) fn resolve(alert: &mut Alert, at: Timestamp, resolution: &str) -> bool {
    if alert.state == AlertState::Resolved {
        return false;
    }
    alert.state = AlertState::Resolved;
    alert.resolved_at = Some(at);
    alert.told = alert.told.saturating_add(1);
    alert.resolution = Some(resolution.to_owned());
    alert.updated_at = at;
    true
}
