//! The sweep: every watched wallet once, as a process that ends or as the handler of a scheduled event.

use std::sync::Arc;

use anyhow::Context;
use lambda_runtime::{LambdaEvent, service_fn};
use risk_app::Service;
use risk_app::records::SweepReport;
use risk_app::service::SweepOrder;
use risk_model::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::info;

/// Milliseconds of a Lambda's time kept for the last page to end.
const RESERVE_MS: u64 = 15_000;

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

impl From<Option<SweepReport>> for SweepBody {
    fn from(report: Option<SweepReport>) -> Self {
        let outcome = match &report {
            None => "busy",
            Some(report) if report.stopped.is_some() => "stopped",
            Some(_) => "done",
        };
        let report = report.unwrap_or_default();
        Self {
            outcome,
            wallets: report.wallets,
            unknown: report.unknown,
            opened: report.opened,
            escalated: report.escalated,
            resolved: report.resolved,
        }
    }
}

/// One pass over the watch list.
///
/// # Errors
/// The store failed; what was committed before stays.
pub async fn run_once(
    service: &Service,
    holder: String,
    deadline: Option<Timestamp>,
) -> anyhow::Result<SweepBody> {
    let report = service.sweep(&SweepOrder { holder, deadline }).await.context("the sweep failed")?;
    Ok(report.into())
}

/// Serves scheduled events until the runtime ends the process.
///
/// # Errors
/// The runtime API failed.
pub async fn serve_lambda(service: Arc<Service>) -> anyhow::Result<()> {
    let handler = service_fn(move |event: LambdaEvent<ScheduledEvent>| {
        let service = Arc::clone(&service);
        async move {
            info!(event.kind = %event.payload.detail_type, "scheduled event");
            let end_ms = event.context.deadline.saturating_sub(RESERVE_MS);
            let deadline = Timestamp::new(end_ms / 1_000);
            run_once(&service, event.payload.id, Some(deadline))
                .await
                .map_err(|error| lambda_runtime::Error::from(format!("{error:#}")))
        }
    });
    lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!(error))
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
    fn a_run_that_found_the_lease_taken_says_so() {
        assert_eq!(SweepBody::from(None).outcome, "busy");
        let stopped = SweepReport { stopped: Some("late".into()), ..SweepReport::default() };
        assert_eq!(SweepBody::from(Some(stopped)).outcome, "stopped");
        assert_eq!(SweepBody::from(Some(SweepReport::default())).outcome, "done");
    }
}
