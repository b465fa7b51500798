//! Daily and hourly closes in memory.

use async_trait::async_trait;
use risk_app::records::{KeptCloses, KeptHourly};
use risk_app::stores::{Closes, StoreError};
use risk_model::Asset;

use super::MemoryStore;

#[async_trait]
impl Closes for MemoryStore {
    async fn closes(&self, assets: &[Asset]) -> Result<Vec<KeptCloses>, StoreError> {
        let shelves = self.shelves()?;
        Ok(assets.iter().filter_map(|asset| shelves.closes.get(asset)).cloned().collect())
    }

    async fn put_closes(&self, histories: &[KeptCloses]) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        for history in histories {
            shelves.closes.insert(history.asset, history.clone());
        }
        Ok(())
    }

    async fn hourly(&self, assets: &[Asset]) -> Result<Vec<KeptHourly>, StoreError> {
        let shelves = self.shelves()?;
        Ok(assets.iter().filter_map(|asset| shelves.hourly.get(asset)).cloned().collect())
    }

    async fn put_hourly(&self, histories: &[KeptHourly]) -> Result<(), StoreError> {
        let mut shelves = self.shelves()?;
        for history in histories {
            shelves.hourly.insert(history.asset, history.clone());
        }
        Ok(())
    }
}
