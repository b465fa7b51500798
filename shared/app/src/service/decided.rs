//! Alerts that a sweep has decided and not yet written: kept over an outage of the store, and written when it is back.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use risk_model::Wallet;
use tracing::{info, warn};

use super::judge::keep_of;
use super::sweep::Held;
use super::{AppError, Service};
use crate::records::Commit;
use crate::stores::StoreError;
use crate::sweeping::Fence;

/// How long to wait before the store is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// What each part that was judged and not yet written decided, in their order. Parts wait in a queue of one, so that
/// there are at most three.
#[derive(Default)]
pub(super) struct Decided(Mutex<VecDeque<Commit>>);

impl Decided {
    fn parts(&self) -> MutexGuard<'_, VecDeque<Commit>> {
        // Nothing is done in between that could leave it half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a part decided.
    pub(super) fn keep(&self, decided: Commit) {
        self.parts().push_back(decided);
    }

    /// The oldest part was written whole.
    pub(super) fn written(&self) {
        self.parts().pop_front();
    }
}

impl Service {
    /// Where the store could not be reached: writes the alerts that were decided once it can be again, for as long as a
    /// lease lasts. The cursor stays, so that the next run does these wallets again; what stands by then stands once.
    pub(super) async fn write_decided(&self, held: &Held<'_>, error: &AppError) {
        if !matches!(error.root(), AppError::Store(StoreError::Unavailable(_))) {
            return;
        }
        let mut parts: Vec<Commit> = held.decided.parts().drain(..).collect();
        parts.retain(|decided| !decided.transitions.is_empty());
        let transitions = parts.iter().map(|decided| decided.transitions.len()).sum::<usize>();
        if transitions == 0 {
            return;
        }
        warn!(alerts.transitions = transitions, "the store is away: alerts that were decided wait for it");
        let lease = self.settings.lease_seconds;
        let now = self.ports.clock.now();
        let left = held.order.deadline.map_or(lease, |deadline| deadline.seconds_since(now).min(lease));
        let writing = self.write_when_back(held, parts);
        match tokio::time::timeout(Duration::from_secs(left), writing).await {
            Ok(Ok(())) => {
                info!(alerts.transitions = transitions, "alerts that waited for the store are written");
                // So that the next run need not wait for the end of the lease; where this fails it does.
                let released = self.ports.store.release(&held.name, &held.order.holder, false).await;
                if let Err(error) = released {
                    warn!(%error, "the lease could not be given back");
                }
            }
            Ok(Err(StoreError::Fenced)) => info!("another run has the lease and decides these alerts anew"),
            Ok(Err(_)) | Err(_) => {
                warn!(alerts.transitions = transitions, "the store stayed away: the next run decides anew");
            }
        }
    }

    async fn write_when_back(&self, held: &Held<'_>, parts: Vec<Commit>) -> Result<(), StoreError> {
        for decided in parts {
            loop {
                match self.write_of_watched(held, decided.clone()).await {
                    Ok(()) => break,
                    Err(StoreError::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                    Err(other) => return Err(other),
                }
            }
        }
        Ok(())
    }

    /// Of a wallet whose data was deleted meanwhile nothing comes back.
    async fn write_of_watched(&self, held: &Held<'_>, mut decided: Commit) -> Result<(), StoreError> {
        let wallets: Vec<Wallet> = decided.routes.keys().copied().collect();
        let watched = self.ports.store.find_watches(&wallets).await?;
        keep_of(&mut decided, &watched.iter().map(|watch| watch.wallet).collect());
        decided.fence = Some(Fence { lease: held.name.clone(), token: held.token, cursor: None });
        self.ports.store.commit(decided).await.map(|_| ())
    }
}
