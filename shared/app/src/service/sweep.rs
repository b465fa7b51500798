//! One sweep: the watched wallets of a lane of a shard, a page at a time under a lease; it may be killed at any point
//! and run again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use risk_model::request::Scope;
use risk_model::{Asset, KnownMarkets, RiskLevel, Timestamp, Wallet};
use tokio::sync::mpsc;
use tokio::sync::watch::Sender;
use tracing::{info, instrument};

use super::assess::Read;
use super::decided::Decided;
use super::judge::{Assessed, Judged, Watches};
use super::{AppError, Service};
use crate::ports::{Depth, WalletQuery};
use crate::records::{Applied, SweepReport, Watch};
use crate::stores::StoreError;
use crate::sweeping::{Fence, Lane, Lease, Shard, lease_name};

/// Who sweeps what, and until when.
#[derive(Clone, Debug)]
pub struct SweepOrder {
    /// A name of this run, unique among all that may run.
    pub holder: String,
    /// Which wallets of the shard.
    pub lane: Lane,
    /// Which part of the watch list.
    pub shard: Shard,
    /// Read no page after this; what was read is still written, and the next run goes on from there.
    pub deadline: Option<Timestamp>,
    /// Is told after each page how many wallets this run has done.
    pub progress: Option<Arc<Sender<u64>>>,
}

/// Wallets judged and written at once: a page is read whole, because that takes the fewest requests, and written in
/// parts, so that little is held and little is done twice after a crash.
const PART: usize = 500;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// At the last wallet.
    Done,
    /// Its time was over.
    Late,
    /// Another run took the lease.
    Lost,
}

/// What of a page is judged and written at once.
struct Part {
    read: Read,
    watches: Watches,
    /// The last wallet that the pass has done when this is written; `None` where others before it are still to do.
    cursor: Option<Wallet>,
}

/// The lease of a run, as it took it, and what the run has not written yet.
pub(super) struct Held<'a> {
    pub(super) order: &'a SweepOrder,
    pub(super) name: String,
    pub(super) token: u64,
    pub(super) decided: Decided,
}

impl Service {
    /// Assesses the wallets of a lane of a shard, from where the last unfinished run of it ended. `None` where another
    /// run has the lease.
    ///
    /// # Errors
    /// Store errors; what was committed before stays. Alerts that were decided are still written where the store is back before
    /// the lease would end.
    #[instrument(skip_all, fields(sweep.holder = %order.holder, sweep.lane = order.lane.name(), sweep.shard = %order.shard))]
    pub async fn sweep(&self, order: &SweepOrder) -> Result<Option<SweepReport>, AppError> {
        let mut report = SweepReport {
            started_at: self.ports.clock.now(),
            lane: order.lane.name().to_owned(),
            shard: order.shard.to_string(),
            ..SweepReport::default()
        };
        let name = lease_name(order.lane, order.shard);
        let end = match self.lease(&name, order).await? {
            None => End::Lost,
            Some(lease) => {
                let decided = Decided::default();
                let held = Held { order, name: name.clone(), token: lease.token, decided };
                match self.pages(&held, lease.cursor, &mut report).await {
                    Ok(end) => end,
                    Err(AppError::Store(StoreError::Fenced)) => End::Lost,
                    Err(error) => {
                        self.write_decided(&held, &error).await;
                        return Err(error);
                    }
                }
            }
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
        self.ports.store.release(&name, &order.holder, end == End::Done).await?;
        measure(&report);
        Ok(Some(report))
    }

    /// Takes or renews the lease of a run.
    async fn lease(&self, name: &str, order: &SweepOrder) -> Result<Option<Lease>, StoreError> {
        let now = self.ports.clock.now();
        let until = now.plus_seconds(self.settings.lease_seconds);
        self.ports.store.lease(name, &order.holder, now, until).await
    }

    /// Reads, judges and writes side by side: while a part is written the next is judged and the next page is read.
    async fn pages(
        &self,
        held: &Held<'_>,
        cursor: Option<Wallet>,
        report: &mut SweepReport,
    ) -> Result<End, AppError> {
        let (pages, mut read) = mpsc::channel::<Vec<Part>>(1);
        let (parts, mut judged) = mpsc::channel(1);
        let reading = self.read_pages(held.order, cursor, pages);
        let judging = async {
            while let Some(page) = read.recv().await {
                for Part { read, watches, cursor } in page {
                    let part = self.judge(read, watches, false).await?;
                    held.decided.keep(part.decided(self.ports.clock.now()));
                    if parts.send((part, cursor)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            drop(parts);
            Ok(())
        };
        let writing = async {
            while let Some((part, cursor)) = judged.recv().await {
                self.write(held, part, cursor, report).await?;
            }
            Ok(())
        };
        // An error of one ends all: what was not written is done again by the next run.
        let (end, (), ()) = tokio::try_join!(reading, judging, writing)?;
        Ok(end)
    }

    /// Reads page after page, at most one ahead of what is judged.
    async fn read_pages(
        &self,
        order: &SweepOrder,
        mut after: Option<Wallet>,
        pages: mpsc::Sender<Vec<Part>>,
    ) -> Result<End, AppError> {
        let mut discoveries = self.settings.discoveries_per_sweep;
        let (last, since) = (order.shard.last(), self.ports.clock.now());
        loop {
            // The room first: a page that was read waits for nobody but the one before it.
            let Ok(room) = pages.reserve().await else { return Ok(End::Lost) };
            if order.deadline.is_some_and(|deadline| self.ports.clock.now() >= deadline) {
                return Ok(End::Late);
            }
            let from = after.or(order.shard.before());
            let page = self.ports.store.page_lane(order.lane, from, last, self.settings.page_size).await?;
            let Some(end) = page.last() else { return Ok(End::Done) };
            after = Some(end.wallet);
            room.send(self.read_page(page, since, &mut discoveries).await?);
        }
    }

    async fn read_page(
        &self,
        page: Vec<Watch>,
        since: Timestamp,
        discoveries: &mut usize,
    ) -> Result<Vec<Part>, AppError> {
        let wallets: Vec<Wallet> = page.iter().map(|watch| watch.wallet).collect();
        let end = wallets.last().copied();
        let (known, markets) =
            tokio::try_join!(self.ports.store.tokens(&wallets), self.ports.store.markets(&wallets))?;
        let mut known: HashMap<Wallet, Vec<Asset>> = known.into_iter().collect();
        let mut markets: HashMap<Wallet, Vec<KnownMarkets>> = markets.into_iter().collect();
        let (mut queries, mut to_discover, mut undiscovered) = (Vec::new(), Vec::new(), HashSet::new());
        for wallet in wallets {
            let tokens = known.remove(&wallet);
            let is_known = tokens.is_some();
            let query = WalletQuery {
                wallet,
                known_tokens: tokens.unwrap_or_default(),
                known_markets: markets.remove(&wallet).unwrap_or_default(),
            };
            if !is_known && *discoveries > 0 {
                *discoveries -= 1;
                to_discover.push(query);
                continue;
            }
            if !is_known {
                // Its lending accounts are read all the same; that its tokens are not is a gap in the answer.
                undiscovered.insert(wallet);
            }
            queries.push(query);
        }
        let watches: Watches = Arc::new(page.into_iter().map(|watch| (watch.wallet, watch)).collect());
        let mut parts = Vec::new();
        for (queries, depth) in [(to_discover, Depth::Discover), (queries, Depth::Known { since })] {
            let read = self.read(&queries, depth, &Scope::default(), &undiscovered).await;
            let read = read.in_parts(PART);
            parts.extend(read.into_iter().map(|read| {
                // The cursor may pass a wallet when all before it are written: those to discover come first.
                let cursor = if depth == Depth::Discover { None } else { read.wallets().last().copied() };
                Part { read, watches: Arc::clone(&watches), cursor }
            }));
        }
        if let Some(part) = parts.last_mut() {
            part.cursor = end;
        }
        Ok(parts)
    }

    /// Writes a part under the renewed lease, so that a run killed between two repeats rather than skips.
    async fn write(
        &self,
        held: &Held<'_>,
        mut part: Judged,
        cursor: Option<Wallet>,
        report: &mut SweepReport,
    ) -> Result<(), AppError> {
        // Of a wallet whose data was deleted since it was read nothing comes back.
        let wallets = part.wallets();
        let watched = self.ports.store.find_watches(&wallets).await?;
        if watched.len() < wallets.len() {
            part.keep(&watched.iter().map(|watch| watch.wallet).collect());
        }
        self.lease(&held.name, held.order).await?.ok_or(StoreError::Fenced)?;
        let fence = Fence { lease: held.name.clone(), token: held.token, cursor };
        let (assessed, applied) = self.settle(part, Some(fence)).await?;
        held.decided.written();
        add(report, &assessed, &applied);
        info!(
            sweep.wallets = report.wallets,
            sweep.unknown = report.unknown,
            sweep.opened = report.opened,
            "part done"
        );
        if let Some(progress) = &held.order.progress {
            progress.send_replace(report.wallets);
        }
        Ok(())
    }
}

fn add(report: &mut SweepReport, assessed: &[Assessed], applied: &Applied) {
    let open = assessed.iter().filter(|one| one.level == RiskLevel::Unknown).count();
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
