//! Sweeps on the bus: `SweepShardRequested`, which a rule brings to the workers' queue, and `SweepCompleted`.

use async_trait::async_trait;
use risk_app::ports::{Bus, BusError};
use risk_app::records::SweepReport;
use risk_app::summary::rfc3339;
use risk_app::sweeping::{Lane, Shard};
use risk_model::Timestamp;
use serde_json::json;

use super::{Event, EventBus};

#[async_trait]
impl Bus for EventBus {
    async fn request_shards(&self, lane: Lane, shards: &[Shard], at: Timestamp) -> Result<(), BusError> {
        let request = |shard: &Shard| Event {
            detail_type: "SweepShardRequested",
            at,
            detail: json!({"lane": lane.name(), "index": shard.index(), "count": shard.count()}),
        };
        let events: Vec<Event> = shards.iter().map(request).collect();
        self.publish(&events).await.map_err(|error| BusError(error.to_string()))
    }

    async fn sweep_completed(&self, report: &SweepReport) -> Result<(), BusError> {
        let event = Event {
            detail_type: "SweepCompleted",
            at: report.finished_at,
            detail: json!({
                "lane": report.lane,
                "shard": report.shard,
                "started_at": rfc3339(report.started_at),
                "finished_at": rfc3339(report.finished_at),
                "wallets": report.wallets,
                "unknown": report.unknown,
                "opened": report.opened,
                "escalated": report.escalated,
                "resolved": report.resolved,
                "stopped": report.stopped,
            }),
        };
        self.publish(&[event]).await.map_err(|error| BusError(error.to_string()))
    }
}
