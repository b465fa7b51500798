//! The watch list in memory.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;
use risk_app::records::Watch;
use risk_app::stores::{StoreError, Watches};
use risk_app::sweeping::Lane;
use risk_model::Wallet;

use super::{MemoryStore, counted};

#[async_trait]
impl Watches for MemoryStore {
    async fn put_watches(&self, watches: &[Watch]) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        for watch in watches {
            let created_at =
                shelves.watches.get(&watch.wallet).map_or(watch.created_at, |old| old.created_at);
            shelves.watches.insert(watch.wallet, Watch { created_at, ..watch.clone() });
        }
        Ok(())
    }

    async fn remove_watches(&self, wallets: &[Wallet]) -> Result<u64, StoreError> {
        let mut shelves = self.shelves()?;
        let removed = wallets.iter().filter(|wallet| shelves.watches.remove(wallet).is_some());
        Ok(counted(removed.count()))
    }

    async fn find_watches(&self, wallets: &[Wallet]) -> Result<Vec<Watch>, StoreError> {
        let shelves = self.shelves()?;
        let distinct: BTreeSet<_> = wallets.iter().collect();
        Ok(distinct.into_iter().filter_map(|wallet| shelves.watches.get(wallet)).cloned().collect())
    }

    async fn page_watches(&self, after: Option<Wallet>, limit: u32) -> Result<Vec<Watch>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let shelves = self.shelves()?;
        Ok(shelves
            .watches
            .range((from, Bound::Unbounded))
            .take(limit)
            .map(|(_, watch)| watch.clone())
            .collect())
    }

    async fn page_lane(
        &self,
        lane: Lane,
        after: Option<Wallet>,
        last: Wallet,
        limit: u32,
    ) -> Result<Vec<Watch>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if after.is_some_and(|after| after >= last) {
            return Ok(Vec::new());
        }
        let shelves = self.shelves()?;
        let range = (from, Bound::Included(last));
        Ok(match lane {
            Lane::Every => shelves.watches.range(range).take(limit).map(|(_, watch)| watch.clone()).collect(),
            Lane::Near => {
                let near = shelves.near.range(range).filter_map(|wallet| shelves.watches.get(wallet));
                near.take(limit).cloned().collect()
            }
        })
    }

    async fn count_watches(&self) -> Result<u64, StoreError> {
        Ok(counted(self.shelves()?.watches.len()))
    }
}
