//! Price histories: CoinGecko's daily closes, kept until the next day's are there, and its hourly ones, for an hour.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use moka::future::Cache;
use risk_app::ports::{Clock, Found, Histories};
use risk_engine::market::{DailyCloses, HourlyCloses};
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
const HOUR_SECONDS: u64 = 3_600;

/// Daily and hourly closes of CoinGecko, kept in the process.
pub struct PriceHistories {
    coingecko: Arc<CoinGecko>,
    clock: Arc<dyn Clock>,
    daily: Cache<(Name, u32), Arc<Kept<DailyCloses>>>,
    hourly: Cache<(Name, u32), Arc<Kept<HourlyCloses>>>,
}

/// What is known of one coin's history.
struct Kept<T> {
    closes: Option<Arc<T>>,
    /// Why there are no closes, or no newer ones.
    fault: Option<(GapReason, Option<Timestamp>)>,
    fresh_until: Timestamp,
}

impl PriceHistories {
    /// Histories of this provider.
    #[must_use]
    pub fn new(coingecko: Arc<CoinGecko>, clock: Arc<dyn Clock>) -> Self {
        Self { coingecko, clock, daily: kept(), hourly: kept() }
    }

    async fn ask_daily(
        &self,
        name: Name,
        days: u32,
        before: Option<Arc<Kept<DailyCloses>>>,
    ) -> Kept<DailyCloses> {
        let answer = self.coingecko.daily_closes(&name, days).await;
        let now = self.clock.now();
        Kept::of(answer, before, now, next_close(now), |closes| is_recent(closes, now))
    }

    async fn ask_hourly(
        &self,
        name: Name,
        hours: u32,
        before: Option<Arc<Kept<HourlyCloses>>>,
    ) -> Kept<HourlyCloses> {
        let answer = self.coingecko.hourly_closes(&name, hours).await;
        let now = self.clock.now();
        // How old is too old is the engine's to say.
        Kept::of(answer, before, now, now.plus_seconds(HOUR_SECONDS), |_| true)
    }

    /// What is known of each coin, kept or asked for, by asset; `None` is "not in time". Questions at the same time
    /// share one request.
    async fn histories<T, F>(
        &self,
        assets: &[Asset],
        span: u32,
        cache: &Cache<(Name, u32), Arc<Kept<T>>>,
        ask: impl Fn(Name, Option<Arc<Kept<T>>>) -> F,
    ) -> Vec<(Asset, Option<Arc<Kept<T>>>)>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Kept<T>>,
    {
        let mut assets_of: BTreeMap<Name, Vec<Asset>> = BTreeMap::new();
        for (asset, name) in self.coingecko.names(assets).await {
            assets_of.entry(name).or_default().push(asset);
        }
        // A rate budget can make a cold start take minutes: what is not there in time is a gap now and, asked
        // again by the next sweep, there later. A little longer than a call, whose own error says more.
        let deadline = Instant::now() + self.coingecko.deadline() * 5 / 4;
        let now = self.clock.now();
        let one = |name: Name| {
            let ask = &ask;
            async move {
                let key = (name.clone(), span);
                let before = cache.get(&key).await;
                let asked = async { Arc::new(ask(name.clone(), before).await) };
                let entry = cache.entry(key).or_insert_with_if(asked, |kept| kept.fresh_until <= now);
                (name.clone(), timeout_at(deadline, entry).await.ok().map(moka::Entry::into_value))
            }
        };
        let names: Vec<Name> = assets_of.keys().cloned().collect();
        let answers: Vec<_> = stream::iter(names).map(one).buffer_unordered(CONCURRENCY).collect().await;
        let by_asset = |(name, kept): (Name, Option<Arc<Kept<T>>>)| {
            let assets = assets_of.get(&name).cloned().unwrap_or_default();
            assets.into_iter().map(move |asset| (asset, kept.clone()))
        };
        answers.into_iter().flat_map(by_asset).collect()
    }
}

fn kept<T: Send + Sync + 'static>() -> Cache<(Name, u32), Arc<Kept<T>>> {
    let kept = Cache::builder().max_capacity(MAX_KEPT);
    kept.time_to_idle(Duration::from_secs(2 * DAY_SECONDS)).build()
}

impl<T> Kept<T> {
    /// An answer, or the closes from before as far as they are usable.
    fn of(
        answer: Result<T, ChartFault>,
        before: Option<Arc<Self>>,
        now: Timestamp,
        fresh_until: Timestamp,
        is_usable: impl Fn(&T) -> bool,
    ) -> Self {
        let (fault, keep_seconds) = match answer {
            Ok(closes) => return Self { closes: Some(Arc::new(closes)), fault: None, fresh_until },
            Err(ChartFault::Missing) => ((GapReason::Missing, None), KEEP_MISSING_SECONDS),
            Err(ChartFault::Failed { reason, since }) => ((reason, since), KEEP_FAILURE_SECONDS),
        };
        Self {
            closes: before.and_then(|kept| kept.closes.clone()).filter(|closes| is_usable(closes)),
            fault: Some(fault),
            fresh_until: now.plus_seconds(keep_seconds),
        }
    }
}

#[async_trait]
impl Histories for PriceHistories {
    async fn daily(&self, assets: &[Asset], days: u32) -> Found<Arc<DailyCloses>> {
        let ask = |name, before| self.ask_daily(name, days, before);
        let answers = self.histories(assets, days, &self.daily, ask).await;
        let mut found = Found::default();
        for (asset, kept) in answers {
            add(&mut found, asset, kept.as_deref());
        }
        found.readings.extend(reading(&found));
        found
    }

    async fn hourly(&self, assets: &[Asset], hours: u32) -> Found<Arc<HourlyCloses>> {
        let ask = |name, before| self.ask_hourly(name, hours, before);
        let answers = self.histories(assets, hours, &self.hourly, ask).await;
        let mut found = Found::default();
        for (asset, kept) in answers {
            let fault = kept.as_deref().map_or(Some((GapReason::Unavailable, None)), |kept| kept.fault);
            if let Some((reason, since)) = fault {
                let what = format!("hourly closes of {asset}");
                let gap = Gap { what, source: COINGECKO, reason, affects: Affects::Confirmation, since };
                found.asset_gaps.insert(asset, vec![gap]);
            }
            found.values.extend(kept.and_then(|kept| kept.closes.clone()).map(|closes| (asset, closes)));
        }
        let ended = |closes: &HourlyCloses| {
            let hours = u64::try_from(closes.closes.len()).unwrap_or_default();
            closes.first_hour.saturating_add(hours).saturating_mul(HOUR_SECONDS)
        };
        found.readings.extend(found.values.values().map(|closes| ended(closes)).min().map(|seconds| {
            Reading {
                what: "hourly closes".to_owned(),
                source: COINGECKO,
                chain: None,
                block: None,
                observed_at: Timestamp::new(seconds),
            }
        }));
        found
    }
}

/// Adds what is known of one asset; `None` is "not in time".
fn add(found: &mut Found<Arc<DailyCloses>>, asset: Asset, kept: Option<&Kept<DailyCloses>>) {
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
