//! One sweep: the watched wallets of a lane of a shard, a page at a time under a lease; it may be killed at any point
//! and run again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use risk_model::{Asset, KnownMarkets, RiskLevel, Timestamp, Wallet};
use tokio::sync::watch::Sender;
use tracing::{info, instrument};

use super::{AppError, Assessed, Service};
use crate::ports::{Depth, WalletQuery};
use crate::records::{Applied, SweepReport, Watch};
use crate::stores::StoreError;
use crate::sweeping::{Fence, Lane, Shard, lease_name};

/// Who sweeps what, and until when.
#[derive(Clone, Debug)]
pub struct SweepOrder {
    /// A name of this run, unique among all that may run.
    pub holder: String,
    /// Which wallets of the shard.
    pub lane: Lane,
    /// Which part of the watch list.
    pub shard: Shard,
    /// Stop before a page would begin after this; the next run goes on from there.
    pub deadline: Option<Timestamp>,
    /// Is told after each page how many wallets this run has done.
    pub progress: Option<Arc<Sender<u64>>>,
}

/// How a run ended.
enum End {
    /// At the last wallet.
    Done,
    /// Its time was over.
    Late,
    /// Another run took the lease.
    Lost,
}

impl Service {
    /// Assesses the wallets of a lane of a shard, from where the last unfinished run of it ended. `None` where another
    /// run has the lease.
    ///
    /// # Errors
    /// Store errors; what was committed before stays.
    #[instrument(skip_all, fields(sweep.holder = %order.holder, sweep.lane = order.lane.name(), sweep.shard = %order.shard))]
    pub async fn sweep(&self, order: &SweepOrder) -> Result<Option<SweepReport>, AppError> {
        let mut report = SweepReport {
            started_at: self.ports.clock.now(),
            lane: order.lane.name().to_owned(),
            shard: order.shard.to_string(),
            ..SweepReport::default()
        };
        let end = match self.pages(order, &mut report).await {
            Err(AppError::Store(StoreError::Fenced)) => End::Lost,
            other => other?,
        };
        report.stopped = match end {
            End::Done => None,
            End::Late => Some("the time given to this run was over".to_owned()),
            End::Lost if report.wallets == 0 => {
                info!("another sweep is running");
                return Ok(None);
            }
            End::Lost => Some("another run has taken the lease".to_owned()),
        };
        report.finished_at = self.ports.clock.now();
        self.ports.store.record(&report).await?;
        let lease = lease_name(order.lane, order.shard);
        self.ports.store.release(&lease, &order.holder, matches!(end, End::Done)).await?;
        measure(&report);
        Ok(Some(report))
    }

    /// Page after page, each under the renewed lease.
    async fn pages(&self, order: &SweepOrder, report: &mut SweepReport) -> Result<End, AppError> {
        let lease_name = lease_name(order.lane, order.shard);
        let mut discoveries = self.settings.discoveries_per_sweep;
        loop {
            let now = self.ports.clock.now();
            let until = now.plus_seconds(self.settings.lease_seconds);
            let Some(lease) = self.ports.store.lease(&lease_name, &order.holder, now, until).await? else {
                return Ok(End::Lost);
            };
            if order.deadline.is_some_and(|deadline| now >= deadline) {
                return Ok(End::Late);
            }
            let after = lease.cursor.or(order.shard.before());
            let last = order.shard.last();
            let page = self.ports.store.page_lane(order.lane, after, last, self.settings.page_size).await?;
            if page.is_empty() {
                return Ok(End::Done);
            }
            let fence = Fence { lease: lease_name.clone(), token: lease.token, cursor: None };
            self.sweep_page(&page, fence, &mut discoveries, report).await?;
            info!(
                sweep.wallets = report.wallets,
                sweep.unknown = report.unknown,
                sweep.opened = report.opened,
                "page done"
            );
            if let Some(progress) = &order.progress {
                progress.send_replace(report.wallets);
            }
        }
    }

    async fn sweep_page(
        &self,
        page: &[Watch],
        fence: Fence,
        discoveries: &mut usize,
        report: &mut SweepReport,
    ) -> Result<(), AppError> {
        let wallets: Vec<Wallet> = page.iter().map(|watch| watch.wallet).collect();
        let known: HashMap<Wallet, Vec<Asset>> =
            self.ports.store.tokens(&wallets).await?.into_iter().collect();
        let mut markets: HashMap<Wallet, Vec<KnownMarkets>> =
            self.ports.store.markets(&wallets).await?.into_iter().collect();
        let (mut queries, mut to_discover, mut undiscovered) = (Vec::new(), Vec::new(), HashSet::new());
        for wallet in wallets {
            let tokens = known.get(&wallet);
            let query = WalletQuery {
                wallet,
                known_tokens: tokens.cloned().unwrap_or_default(),
                known_markets: markets.remove(&wallet).unwrap_or_default(),
            };
            match tokens {
                Some(_) => queries.push(query),
                None if *discoveries > 0 => {
                    *discoveries -= 1;
                    to_discover.push(query);
                }
                // Its lending accounts are read all the same; that its tokens are not is a gap in the answer.
                None => {
                    undiscovered.insert(wallet);
                    queries.push(query);
                }
            }
        }
        // The cursor moves with the page's last write, so that a run killed between two repeats rather than skips.
        let cursor = page.last().map(|watch| watch.wallet);
        let batches = [(queries, Depth::Known), (to_discover, Depth::Discover)];
        let mut batches = batches.iter().filter(|(queries, _)| !queries.is_empty()).peekable();
        while let Some((queries, depth)) = batches.next() {
            let cursor = cursor.filter(|_| batches.peek().is_none());
            let fence = Fence { cursor, ..fence.clone() };
            let done = self.assess_and_commit(queries, page, (*depth, &undiscovered), Some(fence)).await?;
            add(report, &done.0, &done.1);
        }
        Ok(())
    }
}

fn add(report: &mut SweepReport, assessed: &[Assessed], applied: &Applied) {
    let open = assessed.iter().filter(|one| one.report.level == RiskLevel::Unknown).count();
    report.wallets += assessed.len() as u64;
    report.unknown += open as u64;
    report.opened += applied.opened.len() as u64;
    report.escalated += applied.escalated.len() as u64;
    report.resolved += applied.resolved.len() as u64;
}

fn measure(report: &SweepReport) {
    let seconds = report.finished_at.seconds_since(report.started_at);
    info!(
        sweep.wallets = report.wallets,
        sweep.unknown = report.unknown,
        sweep.opened = report.opened,
        sweep.escalated = report.escalated,
        sweep.resolved = report.resolved,
        sweep.stopped = report.stopped.as_deref(),
        duration_seconds = seconds,
        "sweep done"
    );
    metrics::counter!("sweeps_total").increment(1);
    metrics::gauge!("sweep_last_success_timestamp_seconds").set(report.finished_at.seconds() as f64);
    metrics::histogram!("sweep_duration_seconds").record(seconds as f64);
}
