//! The sweep: every watched wallet once, as a process that ends or as the handler of a scheduled event.

mod rounds;

use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use risk_app::records::SweepReport;
use risk_app::service::SweepOrder;
use risk_app::sweeping::Lane;
use risk_boot::Wired;
use risk_model::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::info;

pub use rounds::{sweep_on, sweep_once};

/// Most seconds of a Lambda's time kept for the last page to end.
const MOST_RESERVE_SECONDS: u64 = 15;
/// Most of it that is used for messages after the last page.
const DELIVER_WITHIN: Duration = Duration::from_secs(5);

/// The part of an EventBridge scheduled event that a sweep reads: its id names the run.
#[derive(Debug, Deserialize)]
pub struct ScheduledEvent {
    /// Unique per firing.
    pub id: String,
    /// `Scheduled Event`.
    #[serde(rename = "detail-type")]
    pub detail_type: String,
}

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

/// Serves scheduled events until the runtime ends the process.
///
/// # Errors
/// The runtime API failed.
pub async fn serve_lambda(wired: Wired) -> anyhow::Result<()> {
    let handler = service_fn(move |event: LambdaEvent<ScheduledEvent>| {
        let wired = wired.clone();
        async move {
            info!(event.kind = %event.payload.detail_type, "scheduled event");
            let deadline = last_page_before(wired.service.clock().now(), event.context.deadline);
            let (lane, shard) = (wired.settings.sweep_lane, wired.settings.sweep_shard);
            let order = SweepOrder { holder: event.payload.id, lane, shard, deadline, progress: None };
            rounds::run_once(&wired.service, &order, DELIVER_WITHIN)
                .await
                .map_err(|error| lambda_runtime::Error::from(format!("{error:#}")))
        }
    });
    lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!(error))
}

/// When the last page may begin: a quarter of the time that is left is kept for it to end, at most
/// [`MOST_RESERVE_SECONDS`]. `None` where the runtime gives no time that is still to come: it sets no limit then.
fn last_page_before(now: Timestamp, end_ms: u64) -> Option<Timestamp> {
    let left = Timestamp::new(end_ms / 1_000).seconds_since(now);
    let reserve = (left / 4).min(MOST_RESERVE_SECONDS);
    (left > 0).then(|| now.plus_seconds(left - reserve))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduled_event_is_read_as_event_bridge_sends_it() {
        let text = r#"{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",
            "source":"aws.events","account":"123456789012","time":"2015-10-08T16:53:06Z","region":"us-east-1",
            "resources":["arn:aws:events:us-east-1:123456789012:rule/sweep"],"detail":{}}"#;
        let event: ScheduledEvent = serde_json::from_str(text).unwrap();
        assert_eq!(event.id, "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa");
        assert_eq!(event.detail_type, "Scheduled Event");
    }

    #[test]
    fn a_part_of_the_time_is_kept_for_the_last_page() {
        let now = Timestamp::new(1_000);
        assert_eq!(last_page_before(now, 1_900_000), Some(Timestamp::new(1_885)));
        assert_eq!(last_page_before(now, 1_008_000), Some(Timestamp::new(1_006)));
        assert_eq!(last_page_before(now, 1_000_000), None);
        assert_eq!(last_page_before(now, 0), None);
    }

    #[test]
    fn a_run_that_found_the_lease_taken_says_so() {
        assert_eq!(SweepBody::of(Lane::Every, None).outcome, "busy");
        let stopped = SweepReport { stopped: Some("late".into()), ..SweepReport::default() };
        assert_eq!(SweepBody::of(Lane::Every, Some(stopped)).outcome, "stopped");
        assert_eq!(SweepBody::of(Lane::Near, Some(SweepReport::default())).outcome, "done");
    }
}
