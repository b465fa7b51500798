//! The sweep as a Lambda function: a schedule's event sweeps, or asks for shards over the bus; a queue's events, which are
//! those requests, sweep a shard each.

use std::time::Duration;

use anyhow::Context;
use lambda_runtime::{LambdaEvent, service_fn};
use risk_app::service::SweepOrder;
use risk_app::sweeping::{Lane, Shard};
use risk_boot::Wired;
use risk_model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{info, warn};

use crate::SweepBody;
use crate::rounds::run_once;

/// Most seconds of a Lambda's time kept for the last page to end.
const MOST_RESERVE_SECONDS: u64 = 15;
/// Most of it that is used for messages after the last page.
const DELIVER_WITHIN: Duration = Duration::from_secs(5);

/// What the function is invoked with. Only what it reads is named.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Invocation {
    /// Messages of an SQS queue.
    Queue {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// An event of EventBridge: a schedule's.
    Event(BusEvent),
}

/// A message of a queue; its body is an event that a rule of the bus has put there.
#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "messageId")]
    message_id: String,
    body: String,
}

/// An event as EventBridge sends it.
#[derive(Debug, Deserialize)]
struct BusEvent {
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(default)]
    detail: Value,
}

/// The detail of `SweepShardRequested`.
#[derive(Debug, Deserialize)]
struct ShardRequest {
    lane: String,
    index: u32,
    count: u32,
}

/// Serves events until the runtime ends the process.
///
/// # Errors
/// The runtime API failed.
pub async fn serve_lambda(wired: Wired) -> anyhow::Result<()> {
    let handler = service_fn(move |event: LambdaEvent<Invocation>| {
        let wired = wired.clone();
        async move {
            let deadline = last_page_before(wired.service.clock().now(), event.context.deadline);
            let run = Run { id: event.context.request_id, deadline };
            answer(&wired, event.payload, &run)
                .await
                .map_err(|error| lambda_runtime::Error::from(format!("{error:#}")))
        }
    });
    lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!(error))
}

/// One invocation. Its id, and not that of the event, names who holds a lease: a queue may bring an event again while the
/// first run of it goes on, and the two are not one holder.
struct Run {
    id: String,
    deadline: Option<Timestamp>,
}

impl Run {
    fn order(&self, lane: Lane, shard: Shard) -> SweepOrder {
        SweepOrder { holder: self.id.clone(), lane, shard, deadline: self.deadline, progress: None }
    }
}

async fn answer(wired: &Wired, invocation: Invocation, run: &Run) -> anyhow::Result<Value> {
    match invocation {
        Invocation::Queue { records } => {
            let mut failed = Vec::new();
            for record in records {
                if let Err(error) = sweep_requested(wired, &record, run).await {
                    warn!(
                        message.id = record.message_id,
                        cause = format!("{error:#}"),
                        "a shard was not swept"
                    );
                    failed.push(json!({"itemIdentifier": record.message_id}));
                }
            }
            Ok(json!({"batchItemFailures": failed}))
        }
        Invocation::Event(event) => {
            info!(event.kind = event.detail_type, "an event of the bus");
            let (lane, own) = (wired.settings.sweep_lane, wired.settings.sweep_shard);
            if let Some(bus) = wired.bus.as_ref().filter(|_| own.count() > 1) {
                let shards: Vec<Shard> = Shard::all(own.count()).collect();
                bus.request_shards(lane, &shards, wired.service.clock().now()).await?;
                return Ok(json!({"outcome": "planned", "lane": lane.name(), "shards": shards.len()}));
            }
            let done = run_once(wired, &run.order(lane, own), DELIVER_WITHIN).await?;
            Ok(serde_json::to_value(done)?)
        }
    }
}

/// Sweeps the shard that a message asks for. One that is not done is an error: the queue brings the message again, and
/// the next run goes on at the cursor.
async fn sweep_requested(wired: &Wired, record: &Record, run: &Run) -> anyhow::Result<()> {
    let event: BusEvent = serde_json::from_str(&record.body).context("the body is no event")?;
    anyhow::ensure!(event.detail_type == "SweepShardRequested", "the event asks for no shard");
    let request: ShardRequest = serde_json::from_value(event.detail).context("the detail is malformed")?;
    let shard = Shard::new(request.index, request.count).context("there is no such shard")?;
    let lane = [Lane::Every, Lane::Near].into_iter().find(|lane| lane.name() == request.lane);
    let lane = lane.context("there is no such lane")?;
    let SweepBody { outcome, .. } = run_once(wired, &run.order(lane, shard), DELIVER_WITHIN).await?;
    anyhow::ensure!(outcome == "done", "the sweep is {outcome}");
    Ok(())
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
        let text = include_str!("../../../tests/events/scheduled.json");
        let Ok(Invocation::Event(event)) = serde_json::from_str(text) else { panic!("{text}") };
        assert_eq!(event.detail_type, "Scheduled Event");
    }

    #[test]
    fn messages_of_a_queue_are_read_as_sqs_sends_them() {
        let text = include_str!("../../../tests/events/queue.json");
        let Ok(Invocation::Queue { records }) = serde_json::from_str(text) else { panic!("{text}") };
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].message_id, "059f36b4-87a3-44ab-83d2-661975830a7d");
    }

    #[test]
    fn a_part_of_the_time_is_kept_for_the_last_page() {
        let now = Timestamp::new(1_000);
        assert_eq!(last_page_before(now, 1_900_000), Some(Timestamp::new(1_885)));
        assert_eq!(last_page_before(now, 1_008_000), Some(Timestamp::new(1_006)));
        assert_eq!(last_page_before(now, 1_000_000), None);
        assert_eq!(last_page_before(now, 0), None);
    }
}
