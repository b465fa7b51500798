//! Telling what was committed to whoever listens. Never in the way: what cannot be told is a warning and a count.

use std::time::Duration;

use super::Service;
use super::judge::Assessed;
use crate::events::{Event, EventKind};
use crate::records::{Alert, Applied};

/// Longest that what happened may take to tell.
const WITHIN: Duration = Duration::from_secs(2);

impl Service {
    /// What a commit did, alerts first.
    pub(super) async fn tell_commit(&self, assessed: &mut [Assessed], applied: &Applied) {
        let moved = [
            (EventKind::AlertOpened, &applied.opened),
            (EventKind::AlertEscalated, &applied.escalated),
            (EventKind::AlertResolved, &applied.resolved),
        ];
        let alerts = moved
            .into_iter()
            .flat_map(|(kind, alerts)| alerts.iter().map(move |alert| Event::of_alert(kind, alert)));
        let made = assessed.iter_mut().filter_map(|one| one.event.take());
        self.tell(alerts.chain(made).collect()).await;
    }

    /// What somebody answered to an alert.
    pub(super) async fn tell_answer(&self, kind: EventKind, alert: &Alert) {
        self.tell(vec![Event::of_alert(kind, alert)]).await;
    }

    async fn tell(&self, events: Vec<serde_json::Result<Event>>) {
        let all = events.len();
        let events: Vec<Event> = events.into_iter().filter_map(Result::ok).collect();
        let count = events.len();
        // What has no JSON form is told to nobody, and counted so.
        metrics::counter!("events_lost_total").increment((all - count) as u64);
        if events.is_empty() {
            return;
        }
        let told = tokio::time::timeout(WITHIN, self.ports.events.publish(&events)).await;
        let cause = match told {
            Ok(Ok(())) => {
                metrics::counter!("events_published_total").increment(count as u64);
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it took longer than {} s", WITHIN.as_secs()),
        };
        metrics::counter!("events_lost_total").increment(count as u64);
        tracing::warn!(cause, events.count = count, "what happened could not be told to the event stream");
    }
}
