//! Health and status for operators: what is cheap to know, without a call to any provider.

use futures::future::join;

use super::{AppError, Service};
use crate::delivery::{OutboxState, SwitchedOff};
use crate::ports::UpstreamHealth;
use crate::records::SweepReport;
use crate::sweeping::{Lane, Shard};

/// How the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Everything answers.
    Healthy,
    /// It works, with parts missing.
    Degraded,
    /// It cannot do its job.
    Unhealthy,
}

impl HealthState {
    /// The lower-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// The health verdict and what it was made of.
#[derive(Clone, Debug)]
pub struct Health {
    /// The verdict.
    pub state: HealthState,
    /// Whether the store answered.
    pub is_store_up: bool,
    /// Every upstream.
    pub upstreams: Vec<UpstreamHealth>,
    /// Age of the last finished sweep, of several shards that of the one longest without, seconds; `None` where one has
    /// none.
    pub last_sweep_age_seconds: Option<u64>,
    /// Whether a non-empty watch list was never swept, or not for two intervals.
    pub is_sweep_late: bool,
}

/// Counts for operators.
#[derive(Clone, Debug)]
pub struct Status {
    /// The store's name.
    pub store: &'static str,
    /// Watched wallets.
    pub watches: u64,
    /// Alerts not resolved.
    pub standing_alerts: u64,
    /// Messages that wait and those that were given up.
    pub outbox: OutboxState,
    /// Channels that are switched off.
    pub switched_off: Vec<SwitchedOff>,
    /// The last sweeps, newest first.
    pub sweeps: Vec<SweepReport>,
    /// Every upstream.
    pub upstreams: Vec<UpstreamHealth>,
    /// Summaries in memory.
    pub cached_summaries: u64,
}

impl Service {
    /// The verdict. A dead store is unhealthy; an open breaker or a late sweep is degraded.
    pub async fn health(&self) -> Health {
        let upstreams = self.ports.upstreams.health();
        // Side by side: a store that cannot be reached takes its time to say so.
        let (sweeps, watches) = join(
            self.ports.store.recent(Some(Lane::Every), 8 * self.settings.shards),
            self.ports.store.count_watches(),
        )
        .await;
        let is_store_up = sweeps.is_ok() && watches.is_ok();
        let last_sweep_age_seconds = self.longest_unswept(&sweeps.unwrap_or_default());
        let late_after = 2 * self.settings.sweep_interval_seconds;
        let is_sweep_late =
            watches.is_ok_and(|count| count > 0) && last_sweep_age_seconds.is_none_or(|age| age > late_after);
        let is_open = upstreams.iter().any(|upstream| upstream.breaker == "open");
        let state = match (is_store_up, is_open || is_sweep_late) {
            (false, _) => HealthState::Unhealthy,
            (true, true) => HealthState::Degraded,
            (true, false) => HealthState::Healthy,
        };
        Health { state, is_store_up, upstreams, last_sweep_age_seconds, is_sweep_late }
    }

    /// The age of the oldest among the newest sweeps of every shard; `None` where a shard has none among these reports,
    /// newest first: a shard that nobody sweeps is not hidden by those that are swept.
    fn longest_unswept(&self, sweeps: &[SweepReport]) -> Option<u64> {
        let newest = |shard: Shard| sweeps.iter().find(|report| report.shard == shard.to_string());
        let ages = Shard::all(self.settings.shards).map(|shard| Some(self.age(newest(shard)?.finished_at)));
        ages.collect::<Option<Vec<u64>>>()?.into_iter().max()
    }

    /// Counts, sweeps and upstreams.
    ///
    /// # Errors
    /// Store errors.
    pub async fn status(&self) -> Result<Status, AppError> {
        Ok(Status {
            store: self.ports.store.name(),
            watches: self.ports.store.count_watches().await?,
            standing_alerts: self.ports.store.count_standing().await?,
            outbox: self.ports.store.outbox().await?,
            switched_off: self.ports.store.switched_off().await?,
            sweeps: self.ports.store.recent(None, 5).await?,
            upstreams: self.ports.upstreams.health(),
            cached_summaries: self.summaries.entry_count(),
        })
    }
}
