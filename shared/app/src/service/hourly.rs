//! Hourly closes of a batch: those kept from the last hours where they are fresh enough, the rest read anew and kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use risk_engine::lending::Lending;
use risk_engine::market::HourlyCloses;
use risk_engine::position::{Reading, WalletPositions};
use risk_model::{Asset, Timestamp};
use tracing::warn;

use super::Service;
use crate::ports::Found;
use crate::records::KeptHourly;

/// Kept hourly closes are read anew after this long, seconds: four requests a day and asset, so that CoinGecko's free
/// 10,000 calls a month carry about 60 assets beside their daily closes and prices. What a path needs of the last
/// hours is the volatility, which a few hours do not change by much; what an alert needs is the quote, which is fresh.
const READ_EVERY_SECONDS: u64 = 6 * 3_600;

impl Service {
    /// Hourly closes of distinct assets. Kept ones that are due stand in where the provider fails; the engine judges
    /// their age.
    pub(super) async fn hourly(&self, assets: &[Asset], hours: u32) -> Found<Arc<HourlyCloses>> {
        let now = self.ports.clock.now();
        let mut kept = self.kept_hourly(assets).await;
        let is_fresh = |asset: &Asset| {
            kept.get(asset).is_some_and(|one| now.seconds_since(one.read_at) < READ_EVERY_SECONDS)
        };
        let (current, wanted): (Vec<Asset>, Vec<Asset>) = assets.iter().copied().partition(is_fresh);
        let mut found = if wanted.is_empty() {
            Found::default()
        } else {
            self.ports.histories.hourly(&wanted, hours).await
        };
        self.keep_hourly(&found, now).await;
        for asset in &wanted {
            if let (false, Some(one)) = (found.values.contains_key(asset), kept.remove(asset)) {
                found.values.insert(*asset, Arc::new(one.closes));
            }
        }
        let current: Vec<KeptHourly> = current.iter().filter_map(|asset| kept.remove(asset)).collect();
        found.readings.extend(reading(&current));
        found.values.extend(current.into_iter().map(|one| (one.asset, Arc::new(one.closes))));
        found
    }

    /// A store that fails here costs requests, not figures: everything is read anew.
    async fn kept_hourly(&self, assets: &[Asset]) -> HashMap<Asset, KeptHourly> {
        let kept = self.ports.store.hourly(assets).await.unwrap_or_else(|error| {
            warn!(error = %error, "kept hourly closes could not be read");
            Vec::new()
        });
        kept.into_iter().map(|one| (one.asset, one)).collect()
    }

    async fn keep_hourly(&self, found: &Found<Arc<HourlyCloses>>, now: Timestamp) {
        if found.values.is_empty() {
            return;
        }
        let record = |(asset, closes): (&Asset, &Arc<HourlyCloses>)| KeptHourly {
            asset: *asset,
            closes: HourlyCloses::clone(closes),
            read_at: now,
        };
        let histories: Vec<KeptHourly> = found.values.iter().map(record).collect();
        if let Err(error) = self.ports.store.put_hourly(&histories).await {
            warn!(error = %error, "hourly closes could not be kept");
        }
    }
}

/// What the coverage says of closes that were read before: of when the oldest of them were.
fn reading(kept: &[KeptHourly]) -> Option<Reading> {
    let oldest = kept.iter().min_by_key(|one| one.read_at)?;
    Some(Reading {
        what: "hourly closes, kept".to_owned(),
        source: oldest.closes.source,
        chain: None,
        block: None,
        observed_at: oldest.read_at,
    })
}

/// The assets of accounts that the simulation may be asked about: those that owe, and are more than one asset against
/// another. Requests for hourly closes grow with these, not with everything held.
pub(super) fn simulated_assets(positions: &[WalletPositions]) -> Vec<Asset> {
    let mut assets = BTreeSet::new();
    for account in positions.iter().flat_map(|wallet| &wallet.accounts) {
        let facts = account.account.facts();
        let counting: BTreeSet<Asset> =
            facts.parts.iter().filter(|part| part.counts()).map(|part| part.asset).collect();
        let has_both = facts.parts.iter().any(|part| part.counts_as_collateral() && !part.owed.is_zero());
        if facts.owes != Some(false) && (counting.len() > 2 || has_both) {
            assets.extend(counting);
        }
    }
    assets.into_iter().collect()
}
