//! Sweeps of a process: once, or round after round; what they find is delivered meanwhile.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use risk_app::records::SweepReport;
use risk_app::service::{Delivering, SweepOrder};
use risk_app::sweeping::Lane;
use risk_boot::host::{print_line, run_id};
use risk_boot::{Settings, Wired, shutdown};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use crate::SweepBody;

/// A process that ends stays this long for messages that can be sent at once.
const DELIVER_WITHIN: Duration = Duration::from_secs(20);

/// Sweeps once, delivers, and prints what was done.
///
/// # Errors
/// The store failed; what was committed before stays.
pub async fn sweep_once(wired: &Wired) -> anyhow::Result<()> {
    let mut order = order(&wired.settings, wired.settings.sweep_lane)?;
    let bar = if std::io::stderr().is_terminal() { Some(bar(wired, &mut order).await?) } else { None };
    let done = run_once(wired, &order, DELIVER_WITHIN).await?;
    if let Some((bar, following)) = bar {
        following.abort();
        bar.finish_and_clear();
    }
    print_line(&serde_json::to_string(&done)?);
    Ok(())
}

/// Sweeps every wallet and, in between, those near liquidation, and delivers, until the process is asked to end. A line
/// is printed for each round. A round that fails is told, and the next one begins at its time.
///
/// # Errors
/// The system gave no randomness.
pub async fn sweep_on(wired: &Wired) -> anyhow::Result<()> {
    let delivering = Delivering::begin(&wired.service);
    let mut every = rounds(wired.settings.sweep_interval_seconds);
    let mut near = rounds(wired.settings.near_interval_seconds);
    // Both begin at once, and the first round of all is a round of those near too.
    near.tick().await;
    let mut end = std::pin::pin!(shutdown::requested());
    loop {
        let lane = tokio::select! {
            () = &mut end => break,
            _ = every.tick() => Lane::Every,
            _ = near.tick() => Lane::Near,
        };
        let order = order(&wired.settings, lane)?;
        tokio::select! {
            // What is committed stays, and the next process goes on from there when the lease has run out.
            () = &mut end => break,
            done = wired.service.sweep(&order) => match done {
                Ok(report) => {
                    announce(wired, report.as_ref()).await;
                    print_line(&serde_json::to_string(&SweepBody::of(lane, report))?);
                }
                Err(cause) => error!(%cause, "a sweep failed"),
            },
        }
    }
    delivering.end(DELIVER_WITHIN).await;
    Ok(())
}

/// One sweep, with its alerts on their way while it runs, and at most `deliver_within` after it.
pub(crate) async fn run_once(
    wired: &Wired,
    order: &SweepOrder,
    deliver_within: Duration,
) -> anyhow::Result<SweepBody> {
    let delivering = Delivering::begin(&wired.service);
    let report = wired.service.sweep(order).await;
    delivering.end(deliver_within).await;
    let report = report.context("the sweep failed")?;
    announce(wired, report.as_ref()).await;
    Ok(SweepBody::of(order.lane, report))
}

/// Tells the bus that a run has ended. What a run found is kept whether or not anybody hears that it ended.
async fn announce(wired: &Wired, report: Option<&SweepReport>) {
    if let (Some(bus), Some(report)) = (&wired.bus, report)
        && let Err(cause) = bus.sweep_completed(report).await
    {
        error!(%cause, "nobody was told that the sweep has ended");
    }
}

/// A bar on the terminal that follows the sweep. Its end is that of the whole list: a shard or the near lane ends before.
async fn bar(wired: &Wired, order: &mut SweepOrder) -> anyhow::Result<(ProgressBar, JoinHandle<()>)> {
    let (progress, mut done) = watch::channel(0);
    order.progress = Some(Arc::new(progress));
    let bar = ProgressBar::new(wired.service.store().count_watches().await?);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} wallets, {per_sec}, {eta} left")?);
    let shown = bar.clone();
    let following = tokio::spawn(async move {
        while done.changed().await.is_ok() {
            shown.set_position(*done.borrow_and_update());
        }
    });
    Ok((bar, following))
}

fn order(settings: &Settings, lane: Lane) -> anyhow::Result<SweepOrder> {
    Ok(SweepOrder { holder: run_id()?, lane, shard: settings.sweep_shard, deadline: None, progress: None })
}

fn rounds(seconds: u64) -> tokio::time::Interval {
    let mut rounds = interval(Duration::from_secs(seconds));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds
}
