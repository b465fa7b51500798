//! API keys in memory, by hash.

use async_trait::async_trait;
use risk_app::records::ApiKey;
use risk_app::stores::{ApiKeys, StoreError};
use risk_model::Timestamp;

use super::{MemoryStore, counted};

#[async_trait]
impl ApiKeys for MemoryStore {
    async fn put_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.shelves()?.api_keys.insert(key.hash, key.clone());
        Ok(())
    }

    async fn find_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.shelves()?.api_keys.get(hash).cloned())
    }

    async fn touch_key(&self, hash: &[u8; 32], at: Timestamp) -> Result<(), StoreError> {
        if let Some(key) = self.shelves()?.api_keys.get_mut(hash) {
            key.last_used_at = key.last_used_at.max(Some(at));
        }
        Ok(())
    }

    async fn count_keys(&self) -> Result<u64, StoreError> {
        Ok(counted(self.shelves()?.api_keys.len()))
    }
}
