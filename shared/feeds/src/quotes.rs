//! Market quotes from two sources: CoinGecko serves, DefiLlama confirms or stands in.

mod agreement;
mod shared;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use moka::future::Cache;
use risk_app::ports::{Clock, Found, Prices};
use risk_app::sharing::SharedCache;
use risk_engine::market::Quote;
use risk_engine::position::Reading;
use risk_model::{Asset, Gap, Timestamp};

use crate::coingecko::{COINGECKO, CoinGecko};
use crate::defillama::{DEFILLAMA, DefiLlama};
use crate::provider::{ProviderPrices, Said};

use agreement::judge;
use shared::Shared;

/// Most quotes kept.
const MAX_KEPT: u64 = 10_000;

/// When two prices agree, and how long a quote lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuoteLimits {
    /// Prices no further apart than this confirm each other, a fraction of the lower.
    pub confirm_within: f64,
    /// Prices further apart than this are no price at all, a fraction of the lower.
    pub diverge_over: f64,
    /// Older prices are not used while the other source has a fresher one, seconds.
    pub max_age_seconds: u64,
    /// How long a quote is kept before both sources are asked again, seconds; 0 asks each time.
    pub keep_seconds: u64,
    /// The same while a source fails, so that its return shows soon.
    pub keep_failed_seconds: u64,
}

impl Default for QuoteLimits {
    /// 2 %, 5 %, 15 minutes, 20 s, 5 s.
    fn default() -> Self {
        Self {
            confirm_within: 0.02,
            diverge_over: 0.05,
            max_age_seconds: 900,
            keep_seconds: 20,
            keep_failed_seconds: 5,
        }
    }
}

/// Quotes of CoinGecko confirmed by DefiLlama.
pub struct MarketQuotes {
    coingecko: Arc<CoinGecko>,
    defillama: Arc<DefiLlama>,
    limits: QuoteLimits,
    clock: Arc<dyn Clock>,
    kept: Cache<Asset, Arc<Kept>>,
    /// Where processes share what the providers said, if they do.
    shared: Option<Arc<dyn SharedCache>>,
}

/// Everything found about one asset, as it was found.
struct Kept {
    quote: Option<Quote>,
    gap: Option<Gap>,
    /// Gaps of whole providers at that time.
    failures: Vec<Gap>,
    /// Which providers gave a price, and of when.
    heard: Vec<(&'static str, Timestamp)>,
    read_at: Timestamp,
}

impl MarketQuotes {
    /// Quotes of these two providers.
    #[must_use]
    pub fn new(
        coingecko: Arc<CoinGecko>,
        defillama: Arc<DefiLlama>,
        limits: QuoteLimits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        // The clock decides; this only frees what nobody asks for any more.
        let longest = limits.keep_seconds.max(limits.keep_failed_seconds).max(1);
        let kept = Cache::builder().max_capacity(MAX_KEPT).time_to_live(Duration::from_secs(longest)).build();
        Self { coingecko, defillama, limits, clock, kept, shared: None }
    }

    /// The same, sharing what the providers say with other processes: what one has asked the others need not.
    #[must_use]
    pub fn sharing(self, cache: Arc<dyn SharedCache>) -> Self {
        Self { shared: Some(cache), ..self }
    }

    fn is_fresh(&self, kept: &Kept, now: Timestamp) -> bool {
        let limits = &self.limits;
        let seconds = if kept.failures.is_empty() { limits.keep_seconds } else { limits.keep_failed_seconds };
        now.seconds_since(kept.read_at) < seconds
    }

    /// What other processes were told, and for the rest: asks for what nobody else asks for, and waits for the others. A
    /// process that said that it asks and died is not waited for any longer than a provider would be.
    async fn ask_together(&self, cache: &dyn SharedCache, assets: Vec<Asset>) -> Vec<(Asset, Arc<Kept>)> {
        let (mut known, missing) = self.recall(cache, assets).await;
        if missing.is_empty() {
            return known;
        }
        let names: Vec<String> = missing.iter().map(shared::name).collect();
        let claimed = cache.claim(&names, shared::CLAIM).await;
        let mut claims = claimed.into_iter().chain(std::iter::repeat(true));
        let (mine, others): (Vec<Asset>, Vec<Asset>) =
            missing.into_iter().partition(|_| claims.next().unwrap_or(true));
        let (asked, (awaited, left)) =
            futures::join!(self.ask_what_is_claimed(cache, mine), self.wait_for(cache, others));
        known.extend(asked);
        known.extend(awaited);
        if !left.is_empty() {
            metrics::counter!("shared_cache_waits_in_vain_total").increment(1);
            known.extend(self.ask_and_share(cache, &left).await);
        }
        known
    }

    /// Asks for what this process claimed, but for what another was told, and gave its claim back, between our look and
    /// our claim.
    async fn ask_what_is_claimed(
        &self,
        cache: &dyn SharedCache,
        mine: Vec<Asset>,
    ) -> Vec<(Asset, Arc<Kept>)> {
        if mine.is_empty() {
            return Vec::new();
        }
        let (mut known, missing) = self.recall(cache, mine).await;
        if !known.is_empty() {
            let claims: Vec<String> = known.iter().map(|(asset, _)| shared::name(asset)).collect();
            cache.settle(&[], &claims, Duration::ZERO).await;
        }
        known.extend(self.ask_and_share(cache, &missing).await);
        known
    }

    async fn wait_for(
        &self,
        cache: &dyn SharedCache,
        mut assets: Vec<Asset>,
    ) -> (Vec<(Asset, Arc<Kept>)>, Vec<Asset>) {
        let mut known = Vec::new();
        for _ in 0..shared::LOOKS {
            if assets.is_empty() {
                break;
            }
            tokio::time::sleep(shared::LOOK).await;
            let (found, missing) = self.recall(cache, assets).await;
            known.extend(found);
            assets = missing;
        }
        (known, assets)
    }

    /// What is shared of these assets, judged here and kept here too, and those of which nothing is.
    async fn recall(
        &self,
        cache: &dyn SharedCache,
        assets: Vec<Asset>,
    ) -> (Vec<(Asset, Arc<Kept>)>, Vec<Asset>) {
        let now = self.clock.now();
        let (entries, missing) = shared::recall(cache, assets, now, self.limits.keep_seconds).await;
        let mut known = Vec::with_capacity(entries.len());
        for (asset, Shared { coingecko, defillama, read_at }) in entries {
            known.push((asset, self.keep(asset, (&coingecko, &defillama), Vec::new(), (read_at, now)).await));
        }
        (known, missing)
    }

    async fn ask_and_share(&self, cache: &dyn SharedCache, assets: &[Asset]) -> Vec<(Asset, Arc<Kept>)> {
        if assets.is_empty() {
            return Vec::new();
        }
        let (found, said) = self.ask(assets).await;
        let entry =
            |(asset, shared): (Asset, Shared)| Some((shared::name(&asset), shared::written(&shared)?));
        let entries: Vec<_> = said.into_iter().filter_map(entry).collect();
        let claims: Vec<String> = assets.iter().map(shared::name).collect();
        cache.settle(&entries, &claims, Duration::from_secs(self.limits.keep_seconds)).await;
        found
    }

    /// Judges what both said of an asset, and keeps it.
    async fn keep(
        &self,
        asset: Asset,
        (one, other): (&Said, &Said),
        failures: Vec<Gap>,
        (read_at, now): (Timestamp, Timestamp),
    ) -> Arc<Kept> {
        let (quote, gap) = judge(&asset, one, other, &self.limits, now);
        let heard = [(COINGECKO, one), (DEFILLAMA, other)].into_iter().filter_map(heard_of).collect();
        let kept = Arc::new(Kept { quote, gap, failures, heard, read_at });
        self.kept.insert(asset, Arc::clone(&kept)).await;
        kept
    }

    /// Asks both about the assets, keeps what they say, and gives it, judged and as it was said.
    async fn ask(&self, assets: &[Asset]) -> (Vec<(Asset, Arc<Kept>)>, Vec<(Asset, Shared)>) {
        let (first, second) = futures::join!(self.coingecko.prices(assets), self.defillama.prices(assets));
        let now = self.clock.now();
        let failures = failures(&first, &second);
        let mut found = Vec::with_capacity(assets.len());
        let mut said = Vec::with_capacity(assets.len());
        for asset in assets {
            let (Some(one), Some(other)) = (first.said.get(asset), second.said.get(asset)) else {
                continue;
            };
            found.push((*asset, self.keep(*asset, (one, other), failures.clone(), (now, now)).await));
            let shared = Shared { coingecko: one.clone(), defillama: other.clone(), read_at: now };
            said.push((*asset, shared));
        }
        (found, said)
    }
}

#[async_trait]
impl Prices for MarketQuotes {
    async fn quotes(&self, assets: &[Asset]) -> Found<Quote> {
        let now = self.clock.now();
        let distinct: BTreeSet<Asset> = assets.iter().copied().collect();
        let mut known = Vec::with_capacity(distinct.len());
        let mut unknown = Vec::new();
        for asset in distinct {
            match self.kept.get(&asset).await {
                Some(kept) if self.is_fresh(&kept, now) => known.push((asset, kept)),
                _ => unknown.push(asset),
            }
        }
        if !unknown.is_empty() {
            known.extend(match &self.shared {
                Some(cache) => self.ask_together(cache.as_ref(), unknown).await,
                None => self.ask(&unknown).await.0,
            });
        }
        gather(known)
    }
}

fn heard_of((source, said): (&'static str, &Said)) -> Option<(&'static str, Timestamp)> {
    match said {
        Said::Price(price) => Some((source, price.observed_at)),
        Said::Without(_) | Said::Unheard { .. } => None,
    }
}

fn failures(first: &ProviderPrices, second: &ProviderPrices) -> Vec<Gap> {
    [&first.failure, &second.failure].into_iter().flatten().cloned().collect()
}

/// The port's answer: a provider's failure once, and one reading a provider, dated by its oldest price.
fn gather(known: Vec<(Asset, Arc<Kept>)>) -> Found<Quote> {
    let mut found = Found::default();
    let mut oldest: HashMap<&'static str, Timestamp> = HashMap::new();
    for (asset, kept) in known {
        if let Some(quote) = &kept.quote {
            found.values.insert(asset, quote.clone());
        }
        if let Some(gap) = &kept.gap {
            found.asset_gaps.insert(asset, vec![gap.clone()]);
        }
        for gap in &kept.failures {
            // Kept quotes may remember the same failure as of another second.
            if !found.gaps.iter().any(|known: &Gap| known.source == gap.source) {
                found.gaps.push(gap.clone());
            }
        }
        for (source, observed_at) in &kept.heard {
            let of = oldest.entry(source).or_insert(*observed_at);
            *of = (*of).min(*observed_at);
        }
    }
    for source in [COINGECKO, DEFILLAMA] {
        found.readings.extend(oldest.get(source).map(|observed_at| Reading {
            what: "prices".to_owned(),
            source,
            chain: None,
            block: None,
            observed_at: *observed_at,
        }));
    }
    found
}

#[cfg(test)]
mod tests;
