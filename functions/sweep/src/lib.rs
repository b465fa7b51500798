//! The sweep: the watched wallets once, as a process that ends, round after round, or as the handler of events.

mod events;
mod rounds;

use risk_app::records::SweepReport;
use risk_app::sweeping::Lane;
use serde::Serialize;

pub use events::serve_lambda;
pub use rounds::{sweep_on, sweep_once};

/// What a sweep answers its caller.
#[derive(Debug, PartialEq, Serialize)]
pub struct SweepBody {
    /// `done`, `stopped` before the end of the list, or `busy` while another run has the lease.
    pub outcome: &'static str,
    /// `every` watched wallet, or those `near` liquidation.
    pub lane: &'static str,
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
}

impl SweepBody {
    /// What a sweep of a lane did; `None` is one that found the lease taken.
    #[must_use]
    pub fn of(lane: Lane, report: Option<SweepReport>) -> Self {
        let outcome = match &report {
            None => "busy",
            Some(report) if report.stopped.is_some() => "stopped",
            Some(_) => "done",
        };
        let report = report.unwrap_or_default();
        Self {
            outcome,
            lane: lane.name(),
            wallets: report.wallets,
            unknown: report.unknown,
            opened: report.opened,
            escalated: report.escalated,
            resolved: report.resolved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_found_the_lease_taken_says_so() {
        assert_eq!(SweepBody::of(Lane::Every, None).outcome, "busy");
        let stopped = SweepReport { stopped: Some("late".into()), ..SweepReport::default() };
        assert_eq!(SweepBody::of(Lane::Every, Some(stopped)).outcome, "stopped");
        assert_eq!(SweepBody::of(Lane::Near, Some(SweepReport::default())).outcome, "done");
    }
}
