//! All that is kept of one wallet: told to who asks for it, and deleted.

use risk_model::{Asset, KnownMarkets, Timestamp, Wallet};

use super::{AppError, Service};
use crate::records::{Alert, AlertFilter, AssessmentRecord, Watch};
use crate::traces::{Erased, Traces};

/// Alerts read at once.
const PAGE: u32 = 1_000;

/// Everything that is kept of a wallet.
#[derive(Clone, Debug)]
pub struct WalletData {
    /// When it was read. Its parts are read one after the other, so a sweep may write between them.
    pub at: Timestamp,
    /// How it is watched.
    pub watch: Option<Watch>,
    /// Its newest assessment.
    pub latest: Option<AssessmentRecord>,
    /// Its newest informative assessment, where that is another one.
    pub last_known: Option<AssessmentRecord>,
    /// The tokens known of it; `None` where they were never looked for.
    pub tokens: Option<Vec<Asset>>,
    /// The markets known of it, by the chains on which they were looked for.
    pub markets: Vec<KnownMarkets>,
    /// Every alert, newest first.
    pub alerts: Vec<Alert>,
    /// What else there is.
    pub traces: Option<Traces>,
}

impl Service {
    /// Everything that is kept of a wallet.
    ///
    /// # Errors
    /// Store errors.
    pub async fn wallet_data(&self, wallet: Wallet) -> Result<WalletData, AppError> {
        let store = &self.ports.store;
        let one = [wallet];
        let latest = store.latest(&one).await?.into_iter().next();
        let last_known = store.last_known(&one).await?.into_iter().next();
        Ok(WalletData {
            at: self.ports.clock.now(),
            watch: store.find_watches(&one).await?.into_iter().next(),
            last_known: last_known.filter(|known| latest.as_ref() != Some(known)),
            latest,
            tokens: store.tokens(&one).await?.into_iter().next().map(|(_, tokens)| tokens),
            markets: store.markets(&one).await?.into_iter().flat_map(|(_, markets)| markets).collect(),
            alerts: self.every_alert(wallet).await?,
            traces: store.traces(&one).await?.into_iter().next(),
        })
    }

    async fn every_alert(&self, wallet: Wallet) -> Result<Vec<Alert>, AppError> {
        let mut alerts: Vec<Alert> = Vec::new();
        loop {
            let filter = AlertFilter {
                wallets: Some(vec![wallet]),
                before: alerts.last().map(|alert| alert.id),
                limit: PAGE,
                ..AlertFilter::default()
            };
            let (page, _) = self.ports.store.list(&filter).await?;
            if page.is_empty() {
                return Ok(alerts);
            }
            alerts.extend(page);
        }
    }

    /// Deletes everything that is kept of a wallet, its watch too, and answers how much that was. Nothing of it is sent
    /// any more but what is on its way at this moment.
    ///
    /// # Errors
    /// Store errors.
    pub async fn forget(&self, wallet: Wallet) -> Result<Erased, AppError> {
        let erased = self.ports.store.erase(&[wallet]).await?;
        self.summaries.invalidate(&wallet).await;
        self.answered.invalidate(&wallet).await;
        Ok(erased)
    }
}
