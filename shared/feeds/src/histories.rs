//! Price histories: CoinGecko's daily closes, kept until the next day's are there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use moka::future::Cache;
use risk_app::ports::{Clock, Found, Histories};
use risk_engine::market::DailyCloses;
use risk_engine::position::Reading;
use risk_model::{Affects, Asset, Gap, GapReason, Timestamp};
use tokio::time::{Instant, timeout_at};

use crate::coingecko::{COINGECKO, ChartFault, CoinGecko, Name};

/// Charts asked for at once.
const CONCURRENCY: usize = 8;
/// Most histories kept: a year of days takes 6 KB.
const MAX_KEPT: u64 = 1_000;
/// The close of a day is there this long after midnight.
const READY_AFTER_SECONDS: u64 = 40 * 60;
/// A failure is not taken as known for longer.
const KEEP_FAILURE_SECONDS: u64 = 60;
/// Nor is "no such coin": true for long, but said wrongly in an outage it would blind a day.
const KEEP_MISSING_SECONDS: u64 = 3_600;
/// The last day of kept closes may lie this many days back when new ones cannot be had.
const LAST_DAY_WITHIN: u64 = 2;
const DAY_SECONDS: u64 = 86_400;

/// Daily closes of CoinGecko, kept in the process.
pub struct PriceHistories {
    coingecko: Arc<CoinGecko>,
    clock: Arc<dyn Clock>,
    kept: Cache<(Name, u32), Arc<Kept>>,
}

/// What is known of one coin's history.
struct Kept {
    closes: Option<Arc<DailyCloses>>,
    /// Why there are no closes, or no newer ones.
    fault: Option<(GapReason, Option<Timestamp>)>,
    fresh_until: Timestamp,
}

impl PriceHistories {
    /// Histories of this provider.
    #[must_use]
    pub fn new(coingecko: Arc<CoinGecko>, clock: Arc<dyn Clock>) -> Self {
        let kept = Cache::builder().max_capacity(MAX_KEPT);
        let kept = kept.time_to_idle(Duration::from_secs(2 * DAY_SECONDS)).build();
        Self { coingecko, clock, kept }
    }

    /// One coin's history, kept or asked for; questions at the same time share one request.
    async fn history(&self, name: Name, days: u32) -> Arc<Kept> {
        let now = self.clock.now();
        let key = (name.clone(), days);
        let before = self.kept.get(&key).await;
        let ask = async { Arc::new(self.ask(&name, days, before).await) };
        let entry = self.kept.entry(key).or_insert_with_if(ask, |kept| kept.fresh_until <= now).await;
        entry.into_value()
    }

    async fn ask(&self, name: &Name, days: u32, before: Option<Arc<Kept>>) -> Kept {
        let answer = self.coingecko.daily_closes(name, days).await;
        let now = self.clock.now();
        let (fault, keep_seconds) = match answer {
            Ok(closes) => {
                return Kept { closes: Some(Arc::new(closes)), fault: None, fresh_until: next_close(now) };
            }
            Err(ChartFault::Missing) => ((GapReason::Missing, None), KEEP_MISSING_SECONDS),
            Err(ChartFault::Failed { reason, since }) => ((reason, since), KEEP_FAILURE_SECONDS),
        };
        Kept {
            closes: before.and_then(|kept| kept.closes.clone()).filter(|closes| is_recent(closes, now)),
            fault: Some(fault),
            fresh_until: now.plus_seconds(keep_seconds),
        }
    }
}

#[async_trait]
impl Histories for PriceHistories {
    async fn daily(&self, assets: &[Asset], days: u32) -> Found<Arc<DailyCloses>> {
        let mut assets_of: BTreeMap<Name, Vec<Asset>> = BTreeMap::new();
        for (asset, name) in self.coingecko.names(assets).await {
            assets_of.entry(name).or_default().push(asset);
        }
        // A rate budget can make a cold start take minutes: what is not there in time is a gap now and, asked
        // again by the next sweep, there later. A little longer than a call, whose own error says more.
        let deadline = Instant::now() + self.coingecko.deadline() * 5 / 4;
        let ask = |name: Name| async move {
            let kept = timeout_at(deadline, self.history(name.clone(), days)).await;
            (name, kept.ok())
        };
        let names: Vec<Name> = assets_of.keys().cloned().collect();
        let answers = stream::iter(names).map(ask).buffer_unordered(CONCURRENCY).collect::<Vec<_>>().await;
        let mut found = Found::default();
        for (name, kept) in answers {
            for asset in assets_of.get(&name).into_iter().flatten() {
                add(&mut found, *asset, kept.as_deref());
            }
        }
        found.readings.extend(reading(&found));
        found
    }
}

/// Adds what is known of one asset; `None` is "not in time".
fn add(found: &mut Found<Arc<DailyCloses>>, asset: Asset, kept: Option<&Kept>) {
    let closes = kept.and_then(|kept| kept.closes.clone());
    let fault = kept.map_or(Some((GapReason::Unavailable, None)), |kept| kept.fault);
    if let Some((reason, since)) = fault {
        let (what, affects) = match closes {
            Some(_) => (format!("newest daily close of {asset}"), Affects::Confirmation),
            None => (format!("daily closes of {asset}"), Affects::Volatility),
        };
        found.asset_gaps.insert(asset, vec![Gap { what, source: COINGECKO, reason, affects, since }]);
    }
    if let Some(closes) = closes {
        found.values.insert(asset, closes);
    }
}

/// One reading for all closes, dated by the end of the oldest last day.
fn reading(found: &Found<Arc<DailyCloses>>) -> Option<Reading> {
    let last_day = found.values.values().map(|closes| last_day(closes)).min()?;
    Some(Reading {
        what: "daily closes".to_owned(),
        source: COINGECKO,
        chain: None,
        block: None,
        observed_at: Timestamp::new((last_day + 1) * DAY_SECONDS),
    })
}

fn last_day(closes: &DailyCloses) -> u64 {
    let length = u64::try_from(closes.closes.len()).unwrap_or_default();
    closes.first_day.saturating_add(length).saturating_sub(1)
}

fn is_recent(closes: &DailyCloses, now: Timestamp) -> bool {
    last_day(closes) + LAST_DAY_WITHIN >= now.day()
}

/// When the next close is there: 40 minutes after the next midnight, or after this one.
fn next_close(now: Timestamp) -> Timestamp {
    let today = now.day() * DAY_SECONDS + READY_AFTER_SECONDS;
    if now.seconds() < today { Timestamp::new(today) } else { Timestamp::new(today + DAY_SECONDS) }
}

#[cfg(test)]
mod tests;
