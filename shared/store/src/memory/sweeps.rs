//! Sweep reports and the leases that keep two sweeps of a shard apart, in memory.

use async_trait::async_trait;
use risk_app::records::SweepReport;
use risk_app::stores::{StoreError, Sweeps};
use risk_app::sweeping::{Fence, Lane, Lease};
use risk_model::Timestamp;

use super::{HeldLease, MemoryStore, Shelves};
use crate::KEPT_SWEEPS;

#[async_trait]
impl Sweeps for MemoryStore {
    async fn record(&self, report: &SweepReport) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        shelves.sweeps.push_front(report.clone());
        shelves.sweeps.truncate(usize::try_from(KEPT_SWEEPS).unwrap_or(usize::MAX));
        Ok(())
    }

    async fn recent(&self, lane: Option<Lane>, limit: u32) -> Result<Vec<SweepReport>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let shelves = self.shelves()?;
        let of = shelves.sweeps.iter().filter(|report| lane.is_none_or(|lane| report.lane == lane.name()));
        Ok(of.take(limit).cloned().collect())
    }

    async fn lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let mut shelves = self.shelves()?;
        let held = shelves.leases.entry(name.to_owned()).or_insert_with(|| HeldLease {
            holder: String::new(),
            until: Timestamp::new(0),
            lease: Lease { token: 0, cursor: None, began_at: now },
        });
        if held.holder != holder && held.until > now {
            return Ok(None);
        }
        if held.holder != holder {
            holder.clone_into(&mut held.holder);
            held.lease.token += 1;
            if held.lease.cursor.is_none() {
                held.lease.began_at = now;
            }
        }
        held.until = until;
        Ok(Some(held.lease.clone()))
    }

    async fn release(&self, name: &str, holder: &str, is_done: bool) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        if let Some(held) = shelves.leases.get_mut(name).filter(|held| held.holder == holder) {
            held.holder.clear();
            held.until = Timestamp::new(0);
            if is_done {
                held.lease.cursor = None;
            }
        }
        Ok(())
    }
}

impl Shelves {
    /// Moves the cursor of a lease, or refuses where it has changed hands.
    pub(super) fn pass_fence(&mut self, fence: &Fence) -> Result<(), StoreError> {
        let held = self.leases.get_mut(&fence.lease);
        let held = held.filter(|held| held.lease.token == fence.token && !held.holder.is_empty());
        let held = held.ok_or(StoreError::Fenced)?;
        held.lease.cursor = fence.cursor.or(held.lease.cursor);
        Ok(())
    }
}
