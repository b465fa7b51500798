//! The watch list.

use risk_model::request::{WatchLine, WatchRequest, WatchesRequest};
use risk_model::{Timestamp, Wallet};

use super::{AppError, Service};
use crate::records::Watch;

/// Watches looked up and written at once.
const IMPORT_BATCH: usize = 1_000;

/// What an import stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Wallets that were not watched before.
    pub created: u64,
    /// Wallets that were.
    pub updated: u64,
}

impl Service {
    /// Watches a wallet, or changes how. A new one is assessed at once, so that its tokens are known to every sweep;
    /// if no provider answers it is watched all the same, and the sweeps try again.
    ///
    /// # Errors
    /// Store errors.
    pub async fn watch(&self, wallet: Wallet, request: WatchRequest) -> Result<Watch, AppError> {
        let is_new = self.ports.store.find_watches(&[wallet]).await?.is_empty();
        self.ports.store.put_watches(&[watch_of(wallet, request, self.ports.clock.now())]).await?;
        if is_new {
            match self.assess_one(wallet).await {
                Ok(_) | Err(AppError::NothingKnown(_)) => self.summaries.invalidate(&wallet).await,
                Err(error) => return Err(error),
            }
        }
        self.watched(wallet).await
    }

    /// Watches many wallets, each once, or changes how. They are assessed by the sweeps to come, not at once: a file may
    /// hold more than providers answer within a request. What was stored before the store failed stays stored.
    ///
    /// # Errors
    /// Store errors.
    pub async fn import(&self, lines: &[WatchLine]) -> Result<Imported, AppError> {
        let now = self.ports.clock.now();
        let mut imported = Imported::default();
        for batch in lines.chunks(IMPORT_BATCH) {
            let wallets: Vec<Wallet> = batch.iter().map(|line| line.wallet).collect();
            let known = count(self.ports.store.find_watches(&wallets).await?.len());
            let watches: Vec<Watch> =
                batch.iter().map(|line| watch_of(line.wallet, line.settings.clone(), now)).collect();
            self.ports.store.put_watches(&watches).await?;
            imported.updated += known;
            imported.created += count(watches.len()) - known;
        }
        Ok(imported)
    }

    /// How a wallet is watched.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where it is not; store errors.
    pub async fn watched(&self, wallet: Wallet) -> Result<Watch, AppError> {
        let found = self.ports.store.find_watches(&[wallet]).await?;
        found.into_iter().next().ok_or(AppError::NotFound("watch"))
    }

    /// Watches no longer. Its alerts and assessments stay.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where it was not watched; store errors.
    pub async fn unwatch(&self, wallet: Wallet) -> Result<(), AppError> {
        let removed = self.ports.store.remove_watches(&[wallet]).await?;
        (removed > 0).then_some(()).ok_or(AppError::NotFound("watch"))
    }

    /// A page of the watch list in the order of the address, those of `visible` only (every wallet where `None`).
    ///
    /// # Errors
    /// Store errors.
    pub async fn watches(
        &self,
        request: &WatchesRequest,
        visible: Option<&[Wallet]>,
    ) -> Result<Vec<Watch>, AppError> {
        let Some(wallets) = visible else {
            return Ok(self.ports.store.page_watches(request.cursor, request.limit).await?);
        };
        let mut found = self.ports.store.find_watches(wallets).await?;
        found.sort_by_key(|watch| watch.wallet);
        found.retain(|watch| request.cursor.is_none_or(|after| watch.wallet > after));
        found.truncate(usize::try_from(request.limit).unwrap_or(usize::MAX));
        Ok(found)
    }
}

fn watch_of(wallet: Wallet, request: WatchRequest, now: Timestamp) -> Watch {
    Watch {
        wallet,
        label: request.label,
        health_factor_threshold: request.health_factor,
        thresholds: request.thresholds,
        channels: request.channels,
        min_severity: request.min_severity,
        created_at: now,
        updated_at: now,
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
