//! The watch list.

use risk_model::Wallet;
use risk_model::request::{WatchRequest, WatchesRequest};

use super::{AppError, Service};
use crate::records::Watch;

impl Service {
    /// Watches a wallet, or changes how. A new one is assessed at once, so that its tokens are known to every sweep;
    /// if no provider answers it is watched all the same, and the sweeps try again.
    ///
    /// # Errors
    /// Store errors.
    pub async fn watch(&self, wallet: Wallet, request: WatchRequest) -> Result<Watch, AppError> {
        let now = self.ports.clock.now();
        let is_new = self.ports.store.find_watches(&[wallet]).await?.is_empty();
        let watch = Watch {
            wallet,
            label: request.label,
            health_factor_threshold: request.health_factor,
            thresholds: request.thresholds,
            channels: request.channels,
            min_severity: request.min_severity,
            created_at: now,
            updated_at: now,
        };
        self.ports.store.put_watches(&[watch]).await?;
        if is_new {
            match self.assess_one(wallet).await {
                Ok(_) | Err(AppError::NothingKnown(_)) => self.summaries.invalidate(&wallet).await,
                Err(error) => return Err(error),
            }
        }
        self.watched(wallet).await
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
