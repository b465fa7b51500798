//! Keys that were found in the store within the last half minute, so that not every request asks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use risk_app::Service;
use risk_app::records::ApiKey;
use risk_model::Timestamp;
use subtle::ConstantTimeEq;

use super::key::{admin_key, key_hash};
use crate::problem::Problem;

/// Most keys in memory.
const MOST_KEYS: u64 = 10_000;
/// A key taken from the store goes on being valid for this long, whatever becomes of it there.
const KEPT_SECONDS: u64 = 30;
/// A use is noted in the store at most once in this time.
const TOUCH_SECONDS: u64 = 60;

/// A valid key in memory.
#[derive(Debug)]
pub(crate) struct HeldKey {
    /// The record.
    pub(crate) key: ApiKey,
    noted_at: AtomicU64,
}

/// The keys in memory.
pub(crate) struct VerifiedKeys {
    admin: Option<Arc<HeldKey>>,
    held: Cache<[u8; 32], Arc<HeldKey>>,
}

impl VerifiedKeys {
    /// None yet but the admin key of the settings, which no store needs to hold.
    pub(crate) fn new(admin_key_hash: Option<[u8; 32]>) -> Self {
        let held =
            Cache::builder().max_capacity(MOST_KEYS).time_to_live(Duration::from_secs(KEPT_SECONDS)).build();
        Self { admin: admin_key_hash.map(|hash| Arc::new(HeldKey::of(admin_key(hash)))), held }
    }

    /// The key of a text, if it is one, is known and has not expired. Only keys that were found are kept, so that
    /// guesses cannot push them out.
    pub(crate) async fn verify(
        &self,
        service: &Arc<Service>,
        text: &str,
    ) -> Result<Option<Arc<HeldKey>>, Problem> {
        let Some(hash) = key_hash(text) else { return Ok(None) };
        if let Some(admin) = self.admin.as_ref().filter(|admin| admin.key.hash.ct_eq(&hash).into()) {
            return Ok(Some(Arc::clone(admin)));
        }
        let held = match self.held.get(&hash).await {
            Some(held) => held,
            None => {
                let Some(key) = service.store().find_key(&hash).await? else { return Ok(None) };
                let held = Arc::new(HeldKey::of(key));
                self.held.insert(hash, Arc::clone(&held)).await;
                held
            }
        };
        let now = service.clock().now();
        let is_same = bool::from(held.key.hash.ct_eq(&hash));
        let has_expired = held.key.expires_at.is_some_and(|end| now >= end);
        if !is_same || has_expired {
            return Ok(None);
        }
        held.note_use(service, now);
        Ok(Some(held))
    }
}

impl HeldKey {
    /// A key as the store has it.
    pub(crate) fn of(key: ApiKey) -> Self {
        let noted_at = AtomicU64::new(key.last_used_at.map_or(0, Timestamp::seconds));
        Self { key, noted_at }
    }

    /// Notes the use, off the request's path. A lost note costs nothing but an older "last used".
    fn note_use(&self, service: &Arc<Service>, now: Timestamp) {
        let before = self.noted_at.load(Ordering::Relaxed);
        if now.seconds().saturating_sub(before) < TOUCH_SECONDS {
            return;
        }
        let is_ours = self
            .noted_at
            .compare_exchange(before, now.seconds(), Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
        if is_ours {
            let (service, hash) = (Arc::clone(service), self.key.hash);
            tokio::spawn(async move {
                if let Err(error) = service.store().touch_key(&hash, now).await {
                    tracing::warn!(%error, "the use of an API key could not be noted");
                }
            });
        }
    }
}
