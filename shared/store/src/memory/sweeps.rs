//! Sweep reports and the lease that keeps two sweeps apart, in memory.

use async_trait::async_trait;
use risk_app::records::SweepReport;
use risk_app::stores::{StoreError, Sweeps};
use risk_model::Timestamp;

use super::{Lease, MemoryStore};
use crate::KEPT_SWEEPS;

#[async_trait]
impl Sweeps for MemoryStore {
    async fn record(&self, report: &SweepReport) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        shelves.sweeps.push_front(report.clone());
        shelves.sweeps.truncate(usize::try_from(KEPT_SWEEPS).unwrap_or(usize::MAX));
        Ok(())
    }

    async fn recent(&self, limit: u32) -> Result<Vec<SweepReport>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.shelves()?.sweeps.iter().take(limit).cloned().collect())
    }

    async fn lease(&self, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let mut shelves = self.shelves()?;
        let is_taken =
            shelves.lease.as_ref().is_some_and(|lease| lease.holder != holder && lease.until > now);
        if !is_taken {
            shelves.lease = Some(Lease { holder: holder.to_owned(), until });
        }
        Ok(!is_taken)
    }

    async fn release(&self, holder: &str) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        if shelves.lease.as_ref().is_some_and(|lease| lease.holder == holder) {
            shelves.lease = None;
        }
        Ok(())
    }
}
