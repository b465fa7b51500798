//! Daily closes of a batch: those kept from before where they are still the newest, the rest read anew and kept.

use std::collections::HashMap;
use std::sync::Arc;

use risk_engine::market::DailyCloses;
use risk_engine::position::Reading;
use risk_model::{Affects, Asset, Timestamp};
use tracing::warn;

use super::Service;
use crate::ports::Found;
use crate::records::KeptCloses;

/// A day's close is given this long after midnight, seconds: until then the day before is the newest there is.
const PUBLISHED_AFTER_SECONDS: u64 = 40 * 60;

impl Service {
    /// Closes of distinct assets. Kept ones that are not the newest any more stand in where the provider fails, with
    /// their gap kept as a note; the engine judges their age.
    pub(super) async fn closes(&self, assets: &[Asset], days: u32) -> Found<Arc<DailyCloses>> {
        let newest = newest_day(self.ports.clock.now());
        let mut kept = self.kept_closes(assets, days).await;
        let is_newest =
            |asset: &&Asset| kept.get(asset).is_some_and(|closes| last_day(closes) >= Some(newest));
        let (current, wanted): (Vec<&Asset>, Vec<&Asset>) = assets.iter().partition(is_newest);
        let wanted: Vec<Asset> = wanted.into_iter().copied().collect();
        let current: Vec<Asset> = current.into_iter().copied().collect();
        let mut found = if wanted.is_empty() {
            Found::default()
        } else {
            self.ports.histories.daily(&wanted, days).await
        };
        self.keep_closes(&found, days).await;
        for asset in &wanted {
            if found.values.contains_key(asset) {
                continue;
            }
            if let Some(closes) = kept.remove(asset) {
                found.values.insert(*asset, closes);
                let gaps = found.asset_gaps.entry(*asset).or_default();
                gaps.iter_mut().for_each(|gap| gap.affects = Affects::Confirmation);
            }
        }
        let current: Vec<_> =
            current.into_iter().filter_map(|asset| Some((asset, kept.remove(&asset)?))).collect();
        found.readings.extend(current.first().map(|(_, closes)| kept_reading(closes.source, newest)));
        found.values.extend(current);
        found
    }

    /// A store that fails here costs requests, not figures: everything is read anew.
    async fn kept_closes(&self, assets: &[Asset], days: u32) -> HashMap<Asset, Arc<DailyCloses>> {
        let kept = self.ports.store.closes(assets).await.unwrap_or_else(|error| {
            warn!(error = %error, "kept closes could not be read");
            Vec::new()
        });
        let whole = kept.into_iter().filter(|one| one.window_days >= days);
        whole.map(|one| (one.asset, Arc::new(one.closes))).collect()
    }

    async fn keep_closes(&self, found: &Found<Arc<DailyCloses>>, days: u32) {
        if found.values.is_empty() {
            return;
        }
        let record = |(asset, closes): (&Asset, &Arc<DailyCloses>)| KeptCloses {
            asset: *asset,
            closes: DailyCloses::clone(closes),
            window_days: days,
        };
        let histories: Vec<KeptCloses> = found.values.iter().map(record).collect();
        if let Err(error) = self.ports.store.put_closes(&histories).await {
            warn!(error = %error, "closes could not be kept");
        }
    }
}

/// The newest day that a provider can have closed.
const fn newest_day(now: Timestamp) -> u64 {
    Timestamp::new(now.seconds().saturating_sub(PUBLISHED_AFTER_SECONDS)).day().saturating_sub(1)
}

/// What the coverage says of closes that were read before: of when they are, which is the end of their newest day.
fn kept_reading(source: &'static str, newest_day: u64) -> Reading {
    Reading {
        what: "daily closes, kept".to_owned(),
        source,
        chain: None,
        block: None,
        observed_at: Timestamp::new((newest_day + 1) * 86_400),
    }
}

fn last_day(closes: &DailyCloses) -> Option<u64> {
    let last = closes.closes.iter().rposition(Option::is_some)?;
    Some(closes.first_day + last as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_close_is_yesterdays_from_forty_minutes_past_midnight_on() {
        let midnight = 20_000 * 86_400;
        assert_eq!(newest_day(Timestamp::new(midnight + 39 * 60)), 19_998);
        assert_eq!(newest_day(Timestamp::new(midnight + 40 * 60)), 19_999);
    }

    #[test]
    fn the_last_day_is_that_of_the_last_close_there_is() {
        let closes = DailyCloses { first_day: 10, closes: vec![Some(1.0), Some(2.0), None], source: "test" };
        assert_eq!(last_day(&closes), Some(11));
        assert_eq!(last_day(&DailyCloses { closes: vec![None], ..closes }), None);
    }
}
