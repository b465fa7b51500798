//! One sweep: every watched wallet, a page at a time under a lease; it may be killed at any point and run again.

use std::collections::{HashMap, HashSet};

use risk_model::{Asset, KnownMarkets, RiskLevel, Timestamp, Wallet};
use tracing::{info, instrument};

use super::{AppError, Assessed, Service};
use crate::ports::{Depth, WalletQuery};
use crate::records::{Applied, SweepReport, Watch};

/// Who sweeps, and until when.
#[derive(Clone, Debug)]
pub struct SweepOrder {
    /// A name of this run, unique among all that may run.
    pub holder: String,
    /// Stop before a page would begin after this; the next run starts anew.
    pub deadline: Option<Timestamp>,
}

impl Service {
    /// Assesses every watched wallet once. `None` where another run has the lease.
    ///
    /// # Errors
    /// Store errors; what was committed before stays.
    #[instrument(skip_all, fields(sweep.holder = %order.holder))]
    pub async fn sweep(&self, order: &SweepOrder) -> Result<Option<SweepReport>, AppError> {
        let mut report = SweepReport { started_at: self.ports.clock.now(), ..SweepReport::default() };
        let (mut after, mut discoveries) = (None, self.settings.discoveries_per_sweep);
        loop {
            let now = self.ports.clock.now();
            if !self
                .ports
                .store
                .lease(&order.holder, now, now.plus_seconds(self.settings.lease_seconds))
                .await?
            {
                info!("another sweep is running");
                return Ok(None);
            }
            if order.deadline.is_some_and(|deadline| now >= deadline) {
                report.stopped = Some("the time given to this run was over".to_owned());
                break;
            }
            let page = self.ports.store.page_watches(after, self.settings.page_size).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.wallet);
            self.sweep_page(&page, &mut discoveries, &mut report).await?;
        }
        report.finished_at = self.ports.clock.now();
        self.ports.store.record(&report).await?;
        self.ports.store.release(&order.holder).await?;
        measure(&report);
        Ok(Some(report))
    }

    async fn sweep_page(
        &self,
        page: &[Watch],
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
        for (queries, depth) in [(queries, Depth::Known), (to_discover, Depth::Discover)] {
            if queries.is_empty() {
                continue;
            }
            let (assessed, applied) = self.assess_and_commit(&queries, page, depth, &undiscovered).await?;
            add(report, &assessed, &applied);
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
